package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"landlord/guard/identity"
	"landlord/internal/limits"
	"landlord/org"
	"landlord/portfolio"
)

// The kinds of step of sign-in to AWS.
const (
	CreateSet      Kind = "create-permission-set"
	UpdateSet      Kind = "update-permission-set"
	AttachToSet    Kind = "attach-to-permission-set"
	DetachFromSet  Kind = "detach-from-permission-set"
	ClearSet       Kind = "clear-permission-set" // takes its inline policy away
	ProvisionSet   Kind = "provision-permission-set"
	CreateGroup    Kind = "create-group"
	RenameGroup    Kind = "rename-group"
	CreateUser     Kind = "create-user"
	DeleteUser     Kind = "delete-user" // landlord's own, in no group; only where that was asked for
	JoinGroup      Kind = "join-group"
	LeaveGroup     Kind = "leave-group"
	AssignGroup    Kind = "assign-group"
	AwaitAssigning Kind = "await-assignment" // an assignment that was already under way
	UnassignGroup  Kind = "unassign-group"
)

// signInOperations names the one AWS operation that each of these calls.
var signInOperations = map[Kind]string{
	CreateSet: "sso:CreatePermissionSet", UpdateSet: "sso:UpdatePermissionSet", AttachToSet: "sso:AttachManagedPolicyToPermissionSet",
	DetachFromSet: "sso:DetachManagedPolicyFromPermissionSet", ClearSet: "sso:DeleteInlinePolicyFromPermissionSet", ProvisionSet: "sso:ProvisionPermissionSet",
	CreateGroup: "identitystore:CreateGroup", RenameGroup: "identitystore:UpdateGroup", CreateUser: "identitystore:CreateUser", DeleteUser: "identitystore:DeleteUser",
	JoinGroup: "identitystore:CreateGroupMembership", LeaveGroup: "identitystore:DeleteGroupMembership",
	AssignGroup: "sso:CreateAccountAssignment", AwaitAssigning: "sso:CreateAccountAssignment", UnassignGroup: "sso:DeleteAccountAssignment",
}

// The nouns of sign-in.
const (
	ASet         = "permission set"
	AGroup       = "group"
	AUser        = "user"
	AMember      = "member"
	AnAssignment = "assignment"
)

// SignInOptions change how a plan of sign-in is made.
type SignInOptions struct {
	RemoveUsers bool            // delete the users that landlord made and that are in no group
	Only        map[string]bool // customers, by key; nil is all
}

// SignIn returns the plan from what IAM Identity Center was seen to have to what is
// wanted. Into an account nobody more is let unless its door is Open: no group is
// assigned there, and nobody joins one that is. What is not
// landlord's stays as it is: a permission set without its tag, a group without its
// mark, a user whom it did not make. A person who is no longer in the file leaves
// their groups, which is their access; the user stays. The error is a *Conflict.
func SignIn(want identity.Wanted, have identity.Seen, doors map[string]identity.Door, opt SignInOptions) (*Plan, error) {
	s := &signIn{
		maker: &maker{plan: &Plan{}}, want: want, have: have, doors: doors, opt: opt,
		set: map[string]Ref{}, ready: map[string][]int{}, groups: map[string]identity.Group{}, members: map[string]map[string]string{},
		assigned: map[string][]identity.Assignment{}, users: map[string]Ref{}, makers: map[string]int{}, joined: map[Ref]bool{}, last: map[org.AccountID]int{}, owner: map[org.AccountID]string{}, user: map[string]identity.User{}, named: map[string]string{},
	}
	if have.Instance == "" {
		s.problem("IAM Identity Center is not enabled in %s: enable it once in the console of the management account (https://console.aws.amazon.com/singlesignon, \"Enable\"), which no API does; or name its Region under sign_in", want.Region)
		return s.done()
	}
	s.index()
	s.sets()
	for _, c := range want.Customers {
		if opt.Only == nil || opt.Only[c.Key] {
			s.customer(c)
		}
	}
	for _, key := range want.Departed {
		if opt.Only == nil || opt.Only[key] {
			s.customer(identity.Customer{Key: key})
		}
	}
	s.unknown()
	s.unused()
	return s.done()
}

// signIn is a plan of sign-in as it is made.
type signIn struct {
	*maker
	want  identity.Wanted
	have  identity.Seen
	doors map[string]identity.Door
	opt   SignInOptions

	set      map[string]Ref                   // by role: its permission set
	ready    map[string][]int                 // by role: steps after which the set is as wanted
	groups   map[string]identity.Group        // landlord's, by customer and role as Describe has them
	members  map[string]map[string]string     // by group: users, each with the membership's id
	assigned map[string][]identity.Assignment // by group
	user     map[string]identity.User         // by name and address in lower case; without an id where two have the address
	named    map[string]string                // users' names, by id
	users    map[string]Ref                   // of people, by address in lower case
	makers   map[string]int                   // likewise: the step that makes the user
	joined   map[Ref]bool                     // users that steps put into groups
	last     map[org.AccountID]int            // the step that last changes roles there
	owner    map[org.AccountID]string         // whose an account is, by doors
}

func roleOf(key, role string) string { return key + "/" + role }

func (s *signIn) index() {
	names := map[string]bool{}
	for _, c := range s.want.Customers {
		for _, role := range portfolio.Roles() {
			names[strings.ToLower(identity.GroupName(c.Key, role))] = true
		}
	}
	for _, g := range s.have.Groups {
		key, role, own := identity.Described(g.Description)
		switch {
		case !own && names[strings.ToLower(g.Name)]:
			s.problem("group %s (%s) has the name of one of landlord's and not its mark. If it is landlord's, give it the description %q; else rename it", g.Name, g.ID, describeNamed(g.Name))
		case !own:
		case s.groups[roleOf(key, role)].ID != "":
			s.problem("groups %s and %s are both marked for %s as %s; take the mark out of the description of one", s.groups[roleOf(key, role)].ID, g.ID, key, role)
		default:
			s.groups[roleOf(key, role)] = g
		}
	}
	for _, m := range s.have.Members {
		if s.members[m.Group] == nil {
			s.members[m.Group] = map[string]string{}
		}
		s.members[m.Group][m.User] = m.ID
	}
	for _, a := range s.have.Assignments {
		s.assigned[a.Group] = append(s.assigned[a.Group], a)
	}
	for key, d := range s.doors {
		if d.Account != "" {
			s.owner[d.Account] = key
		}
	}
	for _, u := range s.have.Users { // names come before addresses
		for _, e := range u.Emails {
			of := u
			if other, taken := s.user[strings.ToLower(e)]; taken && other.ID != u.ID {
				of = identity.User{} // of two: of nobody
			}
			s.user[strings.ToLower(e)] = of
		}
	}
	for _, u := range s.have.Users {
		s.user[strings.ToLower(u.Name)] = u
		s.named[u.ID] = u.Name
	}
}

// describeNamed is the description that a group of that name would have.
func describeNamed(name string) string {
	for _, role := range portfolio.Roles() {
		if key, is := strings.CutSuffix(strings.TrimPrefix(strings.ToLower(name), "landlord-"), "-"+role); is {
			return identity.Describe(key, role)
		}
	}
	return name
}

// customer plans the groups, the people and the assignments of one customer.
func (s *signIn) customer(c identity.Customer) {
	door := s.doors[c.Key]
	for _, role := range portfolio.Roles() {
		people := c.With(role)
		group, there := s.groups[roleOf(c.Key, role)]
		for _, old := range c.Formerly {
			before, is := s.groups[roleOf(old, role)]
			switch {
			case is && !there:
				group, there = before, true
			case is: // nobody enters by that one beside the present key's
				s.assignments(c.Key, role, door, Ref(before.ID), false, s.people(c.Key, role, nil, Ref(before.ID), nil))
			}
		}
		if len(people) == 0 && !there {
			continue
		}
		ref, after := Ref(group.ID), []int(nil)
		switch name, text := identity.GroupName(c.Key, role), identity.Describe(c.Key, role); {
		case !there:
			ref = Ref("@group/" + roleOf(c.Key, role))
			after = append(after, s.add(Step{Kind: CreateGroup, Customer: c.Key, Makes: ref, Name: name, Text: text}))
			s.change(Change{Action: Create, Noun: AGroup, Customer: c.Key, Name: name})
		case group.Name != name || group.Description != text:
			s.add(Step{Kind: RenameGroup, Customer: c.Key, Target: ref, Name: name, Text: text})
			s.change(Change{Action: Modify, Noun: AGroup, Customer: c.Key, Name: group.Name, Detail: "becomes " + name})
		}
		s.assignments(c.Key, role, door, ref, len(people) > 0, append(after, s.people(c.Key, role, people, ref, after)...))
	}
}

// people puts a role's people into its group and takes all others out of it. It
// returns the steps after which nobody is in it who should not be.
func (s *signIn) people(key, role string, people []portfolio.Person, group Ref, made []int) (left []int) {
	extra := maps.Clone(s.members[string(group)])
	door := s.doors[key]
	enters := slices.ContainsFunc(s.assigned[string(group)], func(a identity.Assignment) bool { return a.Account == door.Account })
	for _, p := range people {
		user, after, there := s.person(p, key)
		if !there {
			continue
		}
		if _, in := extra[string(user)]; in {
			delete(extra, string(user))
			continue
		}
		if enters && door.State == identity.Wait {
			s.plan.Waiting = append(s.plan.Waiting, Waiting{Customer: key, Role: role, Why: door.Why})
			continue
		}
		s.joined[user] = true
		s.add(Step{Kind: JoinGroup, Customer: key, Target: group, From: user, Name: p.Email, After: slices.Concat(made, after)})
		s.change(Change{Action: Create, Noun: AMember, Customer: key, Name: p.Email, Detail: role})
	}
	for _, user := range slices.Sorted(maps.Keys(extra)) {
		name := cmp.Or(s.named[user], user)
		left = append(left, s.add(Step{Kind: LeaveGroup, Customer: key, Target: Ref(extra[user]), Name: name}))
		s.change(Change{Action: Remove, Noun: AMember, Customer: key, Name: name, Detail: role + ": no longer in the file"})
	}
	return left
}

// person finds the user of a person, or has one made.
func (s *signIn) person(p portfolio.Person, key string) (user Ref, after []int, there bool) {
	email := strings.ToLower(p.Email)
	if u := s.user[email]; u.ID != "" {
		return Ref(u.ID), nil, true
	}
	if ref, is := s.users[email]; is {
		return ref, []int{s.makers[email]}, true
	}
	if !s.want.Create {
		text := fmt.Sprintf("%s of %s has no user: whoever makes the users has to make one", p.Email, key)
		if !slices.ContainsFunc(s.plan.Notices, func(n Notice) bool { return n.Text == text }) {
			s.plan.Notices = append(s.plan.Notices, Notice{Text: text})
		}
		return "", nil, false
	}
	ref := Ref("@user/" + email)
	s.users[email] = ref
	s.makers[email] = s.add(Step{Kind: CreateUser, Customer: key, Makes: ref, Email: p.Email, Name: p.Email, Text: p.Name})
	s.change(Change{Action: Create, Noun: AUser, Customer: key, Name: p.Email, Detail: p.Name})
	return ref, []int{s.makers[email]}, true
}

// assignments has a group assigned to its role's permission set in the customer's
// account, where people may be let in, and to nothing in any other.
func (s *signIn) assignments(key, role string, door identity.Door, group Ref, wanted bool, after []int) {
	there := false
	for _, a := range s.assigned[string(group)] {
		elsewhere := a.Account != door.Account
		own := !elsewhere && Ref(a.Set) == s.set[role]
		switch {
		case own && wanted && door.State != identity.Shut:
			there = true
		case door.State == identity.Gone && !elsewhere: // AWS does nothing in a closed account
		case door.Account == "" && s.owner[a.Account] == "": // the customer's, for all that is known
		default:
			why := cmp.Or(door.Why, "nobody has the role")
			switch {
			case elsewhere:
				why = "not the customer's account"
			case !own && door.State != identity.Shut:
				why = "not the permission set of the role"
			}
			s.inTurn(Step{Kind: UnassignGroup, Customer: key, Target: Ref(a.Set), From: group, To: Ref(a.Account), Name: identity.GroupName(key, role)})
			s.change(Change{Action: Remove, Noun: AnAssignment, Customer: key, Name: role + " in " + string(a.Account), Detail: why})
		}
	}
	if there || !wanted || door.State != identity.Open {
		if !there && wanted && door.State == identity.Wait {
			s.plan.Waiting = append(s.plan.Waiting, Waiting{Customer: key, Role: role, Why: door.Why})
		}
		return
	}
	for _, p := range s.have.Pending {
		if p.Group == string(group) && Ref(p.Set) == s.set[role] && p.Account == door.Account {
			s.inTurn(Step{Kind: AwaitAssigning, Customer: key, Target: s.set[role], From: group, To: Ref(door.Account), Name: role, Handle: p.Request})
			s.change(Change{Action: Wait, Noun: AnAssignment, Customer: key, Name: role + " in " + string(door.Account), Detail: "AWS is making it"})
			return
		}
	}
	s.inTurn(Step{Kind: AssignGroup, Customer: key, Target: s.set[role], From: group, To: Ref(door.Account), Name: role, After: slices.Concat(after, s.ready[role])})
	s.change(Change{Action: Create, Noun: AnAssignment, Customer: key, Name: role + " in " + string(door.Account)})
}

// inTurn adds a step that changes the roles of an account: AWS changes one of them
// at a time.
//
// Source: limits.IdentityCenterPage, "roles updated at a time".
func (s *signIn) inTurn(step Step) {
	account := org.AccountID(step.To)
	if before, is := s.last[account]; is && step.Handle == "" {
		step.After = append(step.After, before)
	}
	s.last[account] = s.add(step)
}

// unknown tells of groups of landlord's whose customer the file does not have.
func (s *signIn) unknown() {
	known := map[string]bool{}
	for _, c := range s.want.Customers {
		known[c.Key] = true
		for _, old := range c.Formerly {
			known[old] = true
		}
	}
	for _, key := range s.want.Departed {
		known[key] = true
	}
	left := map[string]bool{}
	for _, g := range s.have.Groups {
		if key, _, own := identity.Described(g.Description); own && !known[key] {
			left[key] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		s.plan.Notices = append(s.plan.Notices, Notice{Text: fmt.Sprintf("%s is not in the file and its people still sign in: move it to `departed:`, which ends that, or bring it back", key)})
	}
}

// unused plans the end of the users that landlord made for people who are in no
// group any more, where that is asked for, and tells of them where not.
func (s *signIn) unused() {
	in := map[string]bool{}
	for _, m := range s.have.Members {
		in[m.User] = true
	}
	for _, u := range s.have.Users {
		switch {
		case u.Type != identity.Made || in[u.ID] || s.joined[Ref(u.ID)]:
		case s.opt.RemoveUsers && s.opt.Only == nil:
			s.add(Step{Kind: DeleteUser, Target: Ref(u.ID), Name: u.Name})
			s.change(Change{Action: Remove, Noun: AUser, Name: u.Name, Detail: "in no group"})
		default:
			s.plan.Notices = append(s.plan.Notices, Notice{Text: fmt.Sprintf("user %s is in no group and so has access to nothing; `landlord identity apply --remove-users` deletes it", u.Name)})
		}
	}
}

// Duration writes how long a session lasts as AWS does.
func Duration(d time.Duration) string {
	text := "PT"
	if h := d / time.Hour; h > 0 {
		text += strconv.Itoa(int(h)) + "H"
	}
	if m := d % time.Hour / time.Minute; m > 0 {
		text += strconv.Itoa(int(m)) + "M"
	}
	return text
}

// AssigningTakes is how long AWS takes for so many assignments at least, by what
// was measured of it.
func AssigningTakes(n int) time.Duration {
	return time.Duration(n) * time.Hour / limits.AssignmentsPerHour
}
