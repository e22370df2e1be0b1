package plan

import (
	"slices"
	"strings"

	"landlord/guard/identity"
	"landlord/internal/limits"
	"landlord/org"
)

// sets has each role's permission set be as it is wanted, and the roles that
// accounts have of it be as the set is.
func (s *signIn) sets() {
	for _, p := range s.have.Sets { // also of a role that nobody has any more
		if role := p.Role(); role != "" {
			s.set[role] = Ref(p.ARN)
		}
	}
	for _, w := range s.want.Sets {
		i := slices.IndexFunc(s.have.Sets, func(p identity.PermissionSet) bool { return p.Role() == w.Role })
		if taken := slices.IndexFunc(s.have.Sets, func(p identity.PermissionSet) bool {
			return strings.EqualFold(p.Name, w.Name) && p.Role() == ""
		}); taken >= 0 {
			p := s.have.Sets[taken]
			s.problem("permission set %s (%s) exists and is not landlord's: its tag %s is missing. To hand it over: aws sso-admin tag-resource --instance-arn %s --resource-arn %s --tags Key=%s,Value=%s",
				p.Name, p.ARN, org.TagRole, s.have.Instance, p.ARN, org.TagRole, w.Role)
			continue
		}
		if i < 0 {
			s.create(w)
			continue
		}
		s.adjust(w, s.have.Sets[i])
	}
}

func (s *signIn) create(w identity.Set) {
	ref := Ref("@set/" + w.Role)
	made := s.add(Step{Kind: CreateSet, Makes: ref, Name: w.Name, Text: w.Description, Session: Duration(w.Session), Tags: org.Tags{org.TagRole: w.Role}})
	s.set[w.Role], s.ready[w.Role] = ref, []int{made}
	for _, policy := range w.Policies {
		s.ready[w.Role] = append(s.ready[w.Role], s.add(Step{Kind: AttachToSet, Target: ref, Name: policy, After: []int{made}}))
	}
	s.change(Change{Action: Create, Noun: ASet, Name: w.Name, Detail: policyNames(w.Policies) + ", " + Duration(w.Session)})
}

// adjust mends what is otherwise than wanted of a set that is there.
func (s *signIn) adjust(w identity.Set, p identity.PermissionSet) {
	ref := Ref(p.ARN)
	s.set[w.Role] = ref
	var steps []int
	mend := func(step Step, detail string) {
		step.Target = ref
		steps = append(steps, s.add(step))
		s.change(Change{Action: Modify, Noun: ASet, Name: w.Name, Detail: detail})
	}
	if p.Description != w.Description || p.Session != w.Session {
		mend(Step{Kind: UpdateSet, Name: w.Name, Text: w.Description, Session: Duration(w.Session)}, "sessions of "+Duration(w.Session))
	}
	for _, policy := range w.Policies {
		if !slices.Contains(p.Policies, policy) {
			mend(Step{Kind: AttachToSet, Name: policy}, policyNames([]string{policy})+" is missing")
		}
	}
	for _, policy := range p.Policies {
		if !slices.Contains(w.Policies, policy) {
			mend(Step{Kind: DetachFromSet, Name: policy}, policyNames([]string{policy})+" is too much")
		}
	}
	if p.Inline != "" {
		mend(Step{Kind: ClearSet, Name: w.Name}, "an inline policy is too much")
	}
	s.ready[w.Role] = steps
	switch {
	case len(steps) > 0 && p.Accounts > 0 && p.Accounts <= limits.ProvisionedAtOnce, len(steps) == 0 && len(p.Outdated) > 0 && p.Accounts <= limits.ProvisionedAtOnce:
		s.add(Step{Kind: ProvisionSet, Target: ref, Name: w.Name, After: steps})
		s.change(Change{Action: Modify, Noun: ASet, Name: w.Name, Detail: "its roles are brought up to it"})
	case len(steps) == 0: // else the next look tells which
		for _, account := range p.Outdated {
			s.add(Step{Kind: ProvisionSet, Target: ref, To: Ref(account), Name: w.Name})
		}
		if len(p.Outdated) > 0 {
			s.change(Change{Action: Modify, Noun: ASet, Name: w.Name, Detail: "its roles are brought up to it"})
		}
	}
}

// policyNames are the names of AWS managed policies, without what is before them.
func policyNames(arns []string) string {
	names := make([]string, len(arns))
	for i, arn := range arns {
		names[i] = arn[strings.LastIndexByte(arn, '/')+1:]
	}
	return strings.Join(names, ", ")
}
