package estate

import (
	"slices"
	"strings"
)

// The Identity Store of IAM Identity Center: people, groups, and who is in
// which.

var storeOperations = map[string]Operation{
	"CreateGroup": ofStore(createPrincipal(directoryGroup)), "DescribeGroup": ofStore(describePrincipal(directoryGroup)), "UpdateGroup": ofStore(updatePrincipal(directoryGroup)),
	"DeleteGroup": ofStore(deletePrincipal(directoryGroup)), "ListGroups": ofStore(listPrincipals(directoryGroup)), "GetGroupId": ofStore(findPrincipal(directoryGroup)),
	"CreateUser": ofStore(createPrincipal(directoryUser)), "DescribeUser": ofStore(describePrincipal(directoryUser)), "UpdateUser": ofStore(updatePrincipal(directoryUser)),
	"DeleteUser": ofStore(deletePrincipal(directoryUser)), "ListUsers": ofStore(listPrincipals(directoryUser)), "GetUserId": ofStore(findPrincipal(directoryUser)),
	"CreateGroupMembership": ofStore(createMembership), "DescribeGroupMembership": ofStore(ofMembership(describeMembership)), "DeleteGroupMembership": ofStore(ofMembership(deleteMembership)),
	"GetGroupMembershipId": ofStore(membershipID), "ListGroupMemberships": ofStore(listMembers), "ListGroupMembershipsForMember": ofStore(listMemberships), "IsMemberInGroups": ofStore(isMember),
}

// principalKind is a user or a group of the store.
type principalKind struct {
	kind   string
	word   string // in messages
	id     string // member with its id
	name   string // member with the name that no other has
	listed string
	fields []string // what a call may give beside the name
}

var (
	directoryGroup = principalKind{"directorygroup", "GROUP", "GroupId", "DisplayName", "Groups", []string{"Description"}}
	directoryUser  = principalKind{"directoryuser", "USER", "UserId", "UserName", "Users", []string{
		"Name", "DisplayName", "NickName", "ProfileUrl", "Emails", "Addresses", "PhoneNumbers", "UserType", "Title", "PreferredLanguage", "Locale", "Timezone", "Website", "Birthdate"}}
)

// ofStore runs an operation on the store that the call names.
func ofStore(run Operation) Operation {
	return func(c *Call) (Doc, error) {
		if i := c.center(); i == nil || text(i, "IdentityStoreId") != c.text("IdentityStoreId") {
			return nil, missingResource("IDENTITY_STORE")
		}
		return run(c)
	}
}

// named finds who has a name; case does not tell two apart.
func (c *Call) named(k principalKind, name string) string {
	return text(c.one(Global, k.kind+"name", strings.ToLower(name)), "id")
}

func createPrincipal(k principalKind) Operation {
	return func(c *Call) (Doc, error) {
		name := c.text(k.name)
		switch {
		case name == "":
			return nil, refuse("ValidationException", k.name+" must be given.")
		case c.named(k, name) != "":
			return nil, refuse("ConflictException", "Duplicate "+k.word+"_NAME")
		}
		p := Doc{k.name: name, k.id: uuid(c.Chance), "IdentityStoreId": c.In["IdentityStoreId"], "CreatedAt": stamp(c.Now), "UpdatedAt": stamp(c.Now), "CreatedBy": c.Caller, "UpdatedBy": c.Caller}
		if k.kind == directoryUser.kind {
			p["UserStatus"] = "ENABLED"
		}
		for _, member := range k.fields {
			if v := c.In[member]; v != nil {
				p[member] = v
			}
		}
		c.put(Global, k.kind, text(p, k.id), p)
		c.put(Global, k.kind+"name", strings.ToLower(name), Doc{"id": p[k.id]})
		return Doc{k.id: p[k.id], "IdentityStoreId": p["IdentityStoreId"]}, nil
	}
}

// ofPrincipal runs an operation on who the call names.
func ofPrincipal(k principalKind, run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		p := c.one(Global, k.kind, c.text(k.id))
		if p == nil {
			return nil, missingResource(k.word)
		}
		return run(c, p)
	}
}

func describePrincipal(k principalKind) Operation {
	return ofPrincipal(k, func(_ *Call, p Doc) (Doc, error) { return p, nil })
}

// updatePrincipal changes the attributes that a call names by their paths, such as
// name.familyName.
func updatePrincipal(k principalKind) Operation {
	return ofPrincipal(k, func(c *Call, p Doc) (Doc, error) {
		before := text(p, k.name)
		for _, op := range docs(c.In, "Operations") {
			member, below, within := strings.Cut(text(op, "AttributePath"), ".")
			if member != "" {
				member = strings.ToUpper(member[:1]) + member[1:]
			}
			value := op["AttributeValue"]
			if within {
				value = with(sub(p, member), Doc{strings.ToUpper(below[:1]) + below[1:]: value})
			}
			if member != k.name && !slices.Contains(k.fields, member) {
				return nil, refuse("ValidationException", "The attribute "+text(op, "AttributePath")+" cannot be changed.")
			}
			p = with(p, Doc{member: value})
		}
		name := text(p, k.name)
		if other := c.named(k, name); name == "" || other != "" && other != text(p, k.id) {
			return nil, refuse("ConflictException", "Duplicate "+k.word+"_NAME")
		}
		c.put(Global, k.kind+"name", strings.ToLower(before), nil)
		c.put(Global, k.kind+"name", strings.ToLower(name), Doc{"id": p[k.id]})
		c.put(Global, k.kind, text(p, k.id), with(p, Doc{"UpdatedAt": stamp(c.Now), "UpdatedBy": c.Caller}))
		return nil, nil
	})
}

func deletePrincipal(k principalKind) Operation {
	return ofPrincipal(k, func(c *Call, p Doc) (Doc, error) {
		id := text(p, k.id)
		all := append(c.all(Global, "members/"+id), c.all(Global, "groupsof/"+id)...)
		for _, m := range all {
			c.unjoin(m)
		}
		c.put(Global, k.kind, id, nil)
		c.put(Global, k.kind+"name", strings.ToLower(text(p, k.name)), nil)
		return nil, nil
	})
}

func listPrincipals(k principalKind) Operation {
	return func(c *Call) (Doc, error) {
		filters := docs(c.In, "Filters")
		if len(filters) == 0 {
			return ssoPages.list(c, k.listed, c.all(Global, k.kind))
		}
		if text(filters[0], "AttributePath") != k.name {
			return nil, refuse("ValidationException", "The filter's attribute must be "+k.name+".")
		}
		if id := c.named(k, text(filters[0], "AttributeValue")); id != "" {
			return ssoPages.list(c, k.listed, []Doc{c.one(Global, k.kind, id)})
		}
		return ssoPages.list(c, k.listed, nil)
	}
}

// findPrincipal finds who has a name, or a user by an address.
func findPrincipal(k principalKind) Operation {
	return func(c *Call) (Doc, error) {
		unique := sub(sub(c.In, "AlternateIdentifier"), "UniqueAttribute")
		id, value := "", text(unique, "AttributeValue")
		switch path := text(unique, "AttributePath"); {
		case strings.EqualFold(path, k.name):
			id = c.named(k, value)
		case k.kind == directoryUser.kind && strings.EqualFold(path, "emails.value"):
			for _, u := range c.all(Global, k.kind) {
				for _, e := range docs(u, "Emails") {
					if strings.EqualFold(text(e, "Value"), value) {
						id = text(u, k.id)
					}
				}
			}
		}
		if id == "" {
			return nil, missingResource(k.word)
		}
		return Doc{k.id: id, "IdentityStoreId": c.In["IdentityStoreId"]}, nil
	}
}

func createMembership(c *Call) (Doc, error) {
	group, user := c.text("GroupId"), text(sub(c.In, "MemberId"), "UserId")
	switch {
	case c.one(Global, directoryGroup.kind, group) == nil:
		return nil, missingResource("GROUP")
	case c.one(Global, directoryUser.kind, user) == nil:
		return nil, missingResource("USER")
	case c.one(Global, "members/"+group, user) != nil:
		return nil, refuse("ConflictException", "Member and Group relationship already exists.")
	}
	m := Doc{"MembershipId": uuid(c.Chance), "GroupId": group, "MemberId": Doc{"UserId": user}, "IdentityStoreId": c.In["IdentityStoreId"], "CreatedAt": stamp(c.Now), "CreatedBy": c.Caller}
	c.put(Global, "membership", text(m, "MembershipId"), m)
	c.put(Global, "members/"+group, user, m)
	c.put(Global, "groupsof/"+user, group, m)
	return Doc{"MembershipId": m["MembershipId"], "IdentityStoreId": m["IdentityStoreId"]}, nil
}

// unjoin ends a membership.
func (c *Call) unjoin(m Doc) {
	group, user := text(m, "GroupId"), text(sub(m, "MemberId"), "UserId")
	c.put(Global, "membership", text(m, "MembershipId"), nil)
	c.put(Global, "members/"+group, user, nil)
	c.put(Global, "groupsof/"+user, group, nil)
}

func ofMembership(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		m := c.one(Global, "membership", c.text("MembershipId"))
		if m == nil {
			return nil, missingResource("GROUP_MEMBERSHIP")
		}
		return run(c, m)
	}
}

func describeMembership(_ *Call, m Doc) (Doc, error) { return m, nil }

func deleteMembership(c *Call, m Doc) (Doc, error) {
	c.unjoin(m)
	return nil, nil
}

func membershipID(c *Call) (Doc, error) {
	m := c.one(Global, "members/"+c.text("GroupId"), text(sub(c.In, "MemberId"), "UserId"))
	if m == nil {
		return nil, missingResource("GROUP_MEMBERSHIP")
	}
	return Doc{"MembershipId": m["MembershipId"], "IdentityStoreId": m["IdentityStoreId"]}, nil
}

func listMembers(c *Call) (Doc, error) {
	if c.one(Global, directoryGroup.kind, c.text("GroupId")) == nil {
		return nil, missingResource("GROUP")
	}
	return ssoPages.list(c, "GroupMemberships", c.all(Global, "members/"+c.text("GroupId")))
}

func listMemberships(c *Call) (Doc, error) {
	user := text(sub(c.In, "MemberId"), "UserId")
	if c.one(Global, directoryUser.kind, user) == nil {
		return nil, missingResource("USER")
	}
	return ssoPages.list(c, "GroupMemberships", c.all(Global, "groupsof/"+user))
}

func isMember(c *Call) (Doc, error) {
	member := sub(c.In, "MemberId")
	var all []Doc
	for _, group := range c.texts("GroupIds") {
		all = append(all, Doc{"GroupId": group, "MemberId": member, "MembershipExists": c.one(Global, "members/"+group, text(member, "UserId")) != nil})
	}
	return Doc{"Results": all}, nil
}
