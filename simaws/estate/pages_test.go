package estate

import (
	"fmt"
	"testing"
)

// TestListsAreCut: a list longer than a page is given page by page, each thing once,
// and a token that is none is refused.
func TestListsAreCut(t *testing.T) {
	const made = 120
	for _, row := range []struct {
		service, create, list, member, token, next string
		page                                       int
		in                                         func(i int) Doc
	}{
		{"logs", "CreateLogGroup", "DescribeLogGroups", "logGroups", "nextToken", "nextToken", 50, func(i int) Doc { return Doc{"logGroupName": fmt.Sprint("group-", i)} }},
		{"sns", "CreateTopic", "ListTopics", "Topics", "NextToken", "NextToken", 100, func(i int) Doc { return Doc{"Name": fmt.Sprint("topic-", i)} }},
		{"kms", "CreateKey", "ListKeys", "Keys", "Marker", "NextMarker", 100, func(int) Doc { return Doc{} }},
		{"efs", "CreateFileSystem", "DescribeFileSystems", "FileSystems", "Marker", "NextMarker", 100, func(i int) Doc { return Doc{"CreationToken": fmt.Sprint("files-", i)} }},
		{"cloudwatch", "PutMetricAlarm", "DescribeAlarms", "MetricAlarms", "NextToken", "NextToken", 50, func(i int) Doc { return Doc{"AlarmName": fmt.Sprint("alarm-", i), "MetricName": "m", "Namespace": "n"} }},
		{"iam", "CreateUser", "ListUsers", "Users", "Marker", "Marker", 100, func(i int) Doc { return Doc{"UserName": fmt.Sprint("user-", i)} }},
	} {
		c := newCaller(t, 1)
		before := len(docs(c.must(row.service, row.list, Doc{}), row.member))
		for i := range made {
			c.must(row.service, row.create, row.in(i))
		}
		seen, pages, in := map[string]bool{}, 0, Doc{}
		for {
			out := c.must(row.service, row.list, in)
			all := docs(out, row.member)
			for _, one := range all {
				seen[fmt.Sprint(one)] = true
			}
			if pages++; len(all) > row.page || pages > 9 {
				t.Fatalf("%s: page %d has %d", row.list, pages, len(all))
			}
			token := text(out, row.next)
			if token == "" {
				break
			}
			in = Doc{row.token: token}
		}
		if len(seen) != before+made || pages < 2 {
			t.Errorf("%s: %d things on %d pages, want %d", row.list, len(seen), pages, before+made)
		}
		if _, err := c.call(row.service, row.list, Doc{row.token: "nonsense"}); err == nil {
			t.Errorf("%s takes any token", row.list)
		}
	}
}
