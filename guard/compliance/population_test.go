package compliance

import "testing"

// TestLabel: every control of SP 800-53 has a label as NIST prints it; ids of others are
// as they are.
func TestLabel(t *testing.T) {
	for id, want := range map[string]string{"ac-2": "AC-2", "ac-2.1": "AC-2(1)", "cm-5.1": "CM-5(1)", "ac-6.10": "AC-6(10)", "164.308(a)(1)(i)": "164.308(a)(1)(i)", "CC6.1": "CC6.1", "2.1.1": "2.1.1", "KSI-IAM-MFA": "KSI-IAM-MFA"} {
		if got := Label(id); got != want {
			t.Errorf("label of %s is %s, want %s", id, got, want)
		}
	}
}

func TestPopulation(t *testing.T) {
	of := func(method string, status Status, names ...string) (all []ResourceResult) {
		for _, name := range names {
			all = append(all, ResourceResult{Region: "us-east-1", Resource: name, Method: method, Status: status})
		}
		return all
	}
	const one, two, root = "arn:aws:rds:us-east-1:222233334444:db:one", "arn:aws:rds:us-east-1:222233334444:db:two", "arn:aws:iam::222233334444:root"
	for _, c := range []struct {
		name string
		all  [][]ResourceResult
		want int
	}{
		{"nothing", nil, 0},
		{"one method, two resources", [][]ResourceResult{of(ByCalls, Pass, one, two)}, 2},
		{"two methods, the same names", [][]ResourceResult{of(ByCalls, Pass, one, two), of(ByConfig, Fail, two, one)}, 2},
		{"Config's ids of what reads name", [][]ResourceResult{of(ByCalls, Pass, one, two), of(ByConfig, Fail, "AWS::RDS::DBInstance db-A", "AWS::RDS::DBInstance db-B")}, 2},
		{"Config has one more", [][]ResourceResult{of(ByCalls, Pass, one), of(ByConfig, Fail, "AWS::RDS::DBInstance db-A", "AWS::RDS::DBInstance db-B")}, 2},
		{"reads have one more", [][]ResourceResult{of(ByCalls, Pass, one, two), of(ByConfig, Fail, "AWS::RDS::DBInstance db-A")}, 2},
		{"a name of both, and an id of another kind", [][]ResourceResult{of(ByCalls, Pass, one), of(ByConfig, Fail, one, "AWS::RDS::DBCluster c")}, 2},
		{"Config alone", [][]ResourceResult{of(ByConfig, Fail, "AWS::IAM::Policy P")}, 1},
		{"the account, named twice", [][]ResourceResult{of(ByCalls, Fail, ""), of(ByConfig, Fail, root)}, 1},
		{"the root user, by both", [][]ResourceResult{of(ByCalls, Fail, root), of(ByConfig, Fail, root)}, 1},
		{"two scanners, two regions' worth of names", [][]ResourceResult{of(Imported+"prowler", Fail, one), of(Imported+"csv", Fail, two)}, 2},
		{"nothing that it asks of", [][]ResourceResult{of(ByCalls, NotApplicable, ""), of(ByConfig, Fail, "AWS::IAM::Policy P")}, 1},
	} {
		var all []ResourceResult
		for _, some := range c.all {
			all = append(all, some...)
		}
		if got := Population(all); got != c.want {
			t.Errorf("%s: %d resources, want %d", c.name, got, c.want)
		}
	}
}
