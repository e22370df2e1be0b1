package compliance

import (
	"regexp"
	"strings"
)

// rootUser is the account itself, as AWS Config and scanners name it.
var rootUser = regexp.MustCompile(`^arn:[^:]*:iam::[^:]*:root$`)

// Population is how many resources results are of, at least. Two methods that look at
// one resource may name it differently: AWS Config names a user or a database by an id
// that is no part of its ARN, and an account by its root user. Such a name counts only
// as far as its method gives more of them than there are resources that others alone
// name. That there is nothing in the account is said of none.
func Population(results []ResourceResult) int {
	type resource struct{ region, name string }
	named := map[resource]map[string]bool{} // → methods
	for _, r := range results {
		if r.Status == NotApplicable && (r.Resource == "" || rootUser.MatchString(r.Resource)) {
			continue
		}
		one := resource{r.Region, r.Resource}
		if named[one] == nil {
			named[one] = map[string]bool{}
		}
		named[one][r.Method] = true
	}
	ids := map[string]int{} // method → names that it alone gives, and that may be of what others name
	sure := map[resource]map[string]bool{}
	for one, by := range named {
		if len(by) > 1 || !strings.HasPrefix(one.name, "AWS::") && !rootUser.MatchString(one.name) {
			sure[one] = by
			continue
		}
		for method := range by {
			ids[method]++
		}
	}
	more := 0
	for method, n := range ids {
		others := 0
		for _, by := range sure {
			if !by[method] {
				others++
			}
		}
		more = max(more, n-others)
	}
	return len(sure) + more
}
