package simaws

import (
	"cmp"
	"slices"
	"strconv"
)

// The Resource Groups Tagging API sees the tags of the organization's root,
// units, accounts and policies, and only from the region that Organizations
// lives in.
const organizationsRegion = "us-east-1"

// resourcePageDefault and resourcePageMost are the sizes of a page.
//
// Source: Resource Groups Tagging API reference, GetResources, ResourcesPerPage.
const (
	resourcePageDefault = 50
	resourcePageMost    = 100
)

type resourceOut struct {
	ResourceARN string   `json:"ResourceARN"`
	Tags        []tagOut `json:"Tags"`
}

type resourcesOut struct {
	PaginationToken        string        `json:"PaginationToken"`
	ResourceTagMappingList []resourceOut `json:"ResourceTagMappingList"`
}

// resource is a tagged entity.
type resource struct {
	number int
	tags   map[string]string
	arn    string
}

func (w *world) getResources(c *call) (any, error) {
	size, last, err := resourcePage(c)
	if err != nil {
		return nil, err
	}
	filters, err := tagFilters(c.in)
	if err != nil {
		return nil, err
	}
	out := resourcesOut{ResourceTagMappingList: []resourceOut{}}
	if w.org == nil || c.who.standing != manager || c.region != organizationsRegion {
		return out, nil
	}
	types := c.in.texts("ResourceTypeFilters")
	for _, r := range w.resourcesAfter(last, size+1, types, filters) {
		if len(out.ResourceTagMappingList) == size {
			out.PaginationToken = c.token("", last)
			break
		}
		out.ResourceTagMappingList = append(out.ResourceTagMappingList, resourceOut{r.arn, tagsOut(r.tags)})
		last = r.number
	}
	return out, nil
}

// resourcePage reads how many resources are wanted and behind which.
func resourcePage(c *call) (size, last int, err error) {
	size = resourcePageDefault
	if c.in["ResourcesPerPage"] != nil {
		size = c.in.number("ResourcesPerPage")
	}
	if size < 1 || size > resourcePageMost {
		return 0, 0, &fault{code: "InvalidParameterException", message: "ResourcesPerPage must be from 1 to " + strconv.Itoa(resourcePageMost) + "."}
	}
	if token := c.in.text("PaginationToken"); token != "" {
		var ok bool
		if last, ok = decodeToken(token, c.operation+"//"); !ok {
			return 0, 0, &fault{code: "PaginationTokenExpiredException", message: "The PaginationToken is not valid. Retry without it."}
		}
	}
	return size, last, nil
}

// tagFilter accepts resources that have the key, with one of the values if any
// are named.
type tagFilter struct {
	key    string
	values []string
}

func tagFilters(in input) ([]tagFilter, error) {
	var filters []tagFilter
	for _, item := range in.list("TagFilters") {
		fields, ok := item.(map[string]any)
		if !ok || input(fields).text("Key") == "" {
			return nil, &fault{code: "InvalidParameterException", message: "A tag filter must have a Key."}
		}
		filters = append(filters, tagFilter{input(fields).text("Key"), input(fields).texts("Values")})
	}
	return filters, nil
}

// resourcesAfter returns up to most resources that pass, by number.
func (w *world) resourcesAfter(last, most int, types []string, filters []tagFilter) []resource {
	var found []resource
	for n := range w.nodesAfter(last) {
		if len(found) == most {
			break
		}
		if kind := resourceKind(n); passes(kind, n.Tags, types, filters) {
			found = append(found, resource{n.Number, n.Tags, w.nodeARN(n)})
		}
	}
	nodes := len(found)
	for _, p := range w.policyList.after(last) {
		if len(found)-nodes == most {
			break
		}
		if passes(kindPolicy, p.Tags, types, filters) {
			found = append(found, resource{p.Number, p.Tags, w.policyARN(p)})
		}
	}
	slices.SortFunc(found, func(a, b resource) int { return cmp.Compare(a.number, b.number) })
	return found[:min(len(found), most)]
}

func resourceKind(n *node) string {
	switch n.kind() {
	case "ROOT":
		return kindRoot
	case "ACCOUNT":
		return kindAccount
	}
	return kindUnit
}

func passes(kind string, tags map[string]string, types []string, filters []tagFilter) bool {
	if len(tags) == 0 {
		return false
	}
	if len(types) > 0 && !slices.Contains(types, "organizations:"+kind) && !slices.Contains(types, "organizations") {
		return false
	}
	for _, f := range filters {
		value, ok := tags[f.key]
		if !ok || len(f.values) > 0 && !slices.Contains(f.values, value) {
			return false
		}
	}
	return true
}
