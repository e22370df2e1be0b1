package cloud

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"

	"landlord/org"
)

// tagged reads the tags of units, accounts and landlord's policies: in bulk,
// 100 a page, and one by one where that returns nothing (an emulator, a lag, a
// caller who may not). One by one is the truth.
func (c *Client) tagged(ctx context.Context, seen *org.Organization) error {
	bulk, err := c.bulk(ctx)
	if err != nil {
		return err
	}
	var asked []string   // what is asked about one by one
	var told []*org.Tags // where its tags go
	tags := func(id string, to *org.Tags) {
		if t, known := bulk[id]; known {
			*to = t
			return
		}
		asked, told = append(asked, id), append(told, to)
	}
	for i := range seen.Units {
		tags(seen.Units[i].ID, &seen.Units[i].Tags)
	}
	for i := range seen.Policies {
		p := &seen.Policies[i]
		// A policy without a tag and without landlord's name is not asked about
		// one by one where the bulk works: there may be thousands.
		if _, known := bulk[p.ID]; !p.AWSManaged && (known || named(*p) || len(bulk) == 0) {
			tags(p.ID, &p.Tags)
		}
	}
	for i := range seen.Accounts {
		if a := &seen.Accounts[i]; a.ID != seen.Management { // which is never a customer's
			tags(string(a.ID), &a.Tags)
		}
	}
	return c.beside(len(asked), func(i int) (err error) {
		*told[i], err = c.tagsOf(ctx, asked[i])
		return err
	})
}

// beside makes n reads, several at once if the client may, and returns the
// error of the first in order that failed.
func (c *Client) beside(n int, read func(i int) error) error {
	errs := make([]error, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range c.parallel {
		workers.Go(func() {
			for i := range next {
				errs[i] = read(i)
			}
		})
	}
	for i := range n {
		if c.parallel > 0 {
			next <- i
		} else if err := read(i); err != nil {
			return err
		}
	}
	close(next)
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// bulk reads tags through the Resource Groups Tagging API, by resource id. An
// endpoint that refuses tells nothing.
func (c *Client) bulk(ctx context.Context) (map[string]org.Tags, error) {
	tags := map[string]org.Tags{}
	for out, err := range list(ctx, c, "GetResources", c.tags.GetResources,
		func(token *string) *resourcegroupstaggingapi.GetResourcesInput {
			return &resourcegroupstaggingapi.GetResourcesInput{ResourceTypeFilters: []string{"organizations"}, ResourcesPerPage: aws.Int32(100), PaginationToken: token}
		},
		func(out *resourcegroupstaggingapi.GetResourcesOutput) *string { return out.PaginationToken }) {
		if err != nil {
			if _, refused := errors.AsType[*Error](err); refused {
				return nil, nil
			}
			return nil, err
		}
		for _, r := range out.ResourceTagMappingList {
			arn := aws.ToString(r.ResourceARN)
			t := make(org.Tags, len(r.Tags))
			for _, tag := range r.Tags {
				t[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
			}
			tags[arn[strings.LastIndexByte(arn, '/')+1:]] = t
		}
	}
	return tags, nil
}

// tagsOf reads the tags of one root, unit, account or policy.
func (c *Client) tagsOf(ctx context.Context, id string) (org.Tags, error) {
	tags := org.Tags{}
	for out, err := range list(ctx, c, "ListTagsForResource", c.org.ListTagsForResource,
		func(token *string) *organizations.ListTagsForResourceInput {
			return &organizations.ListTagsForResourceInput{ResourceId: &id, NextToken: token}
		},
		func(out *organizations.ListTagsForResourceOutput) *string { return out.NextToken }) {
		if err != nil {
			return nil, err
		}
		for _, tag := range out.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	return tags, nil
}
