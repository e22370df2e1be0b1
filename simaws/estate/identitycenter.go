package estate

import (
	"maps"
	"slices"
	"strings"

	"landlord/internal/limits"
)

// IAM Identity Center: the instance of the organization, its permission sets
// and what is provisioned of these in accounts. Assignments are in assignment.go,
// people and groups in identitystore.go. All of it is kept in the management
// account; the roles that come of it are the members'.

var ssoOperations = map[string]Operation{
	"ListInstances":      listInstances,
	"DescribeInstance":   ofInstance(func(_ *Call, i Doc) (Doc, error) { return i, nil }),
	"UpdateInstance":     ofInstance(updateInstance),
	"ListPermissionSets": ofInstance(listSets), "CreatePermissionSet": ofInstance(createSet), "DescribePermissionSet": ofSet(shown("PermissionSet")),
	"UpdatePermissionSet": ofSet(updateSet), "DeletePermissionSet": ofSet(deleteSet),
	"AttachManagedPolicyToPermissionSet": ofSet(attachToSet), "DetachManagedPolicyFromPermissionSet": ofSet(detachFromSet), "ListManagedPoliciesInPermissionSet": ofSet(policiesInSet),
	"PutInlinePolicyToPermissionSet": ofSet(putSetInline), "GetInlinePolicyForPermissionSet": ofSet(setInline), "DeleteInlinePolicyFromPermissionSet": ofSet(deleteSetInline),
	"ProvisionPermissionSet": ofSet(provisionSet), "DescribePermissionSetProvisioningStatus": ofInstance(requestStatus(provisioning)), "ListPermissionSetProvisioningStatus": ofInstance(requestList(provisioning)),
	"ListPermissionSetsProvisionedToAccount": ofInstance(setsInAccount), "ListAccountsForProvisionedPermissionSet": ofSet(accountsOfSet),
	"CreateAccountAssignment": ofSet(createAssignment), "DeleteAccountAssignment": ofSet(deleteAssignment),
	"DescribeAccountAssignmentCreationStatus": ofInstance(requestStatus(creation)), "ListAccountAssignmentCreationStatus": ofInstance(requestList(creation)),
	"DescribeAccountAssignmentDeletionStatus": ofInstance(requestStatus(deletion)), "ListAccountAssignmentDeletionStatus": ofInstance(requestList(deletion)),
	"ListAccountAssignments": ofSet(listAssignments), "ListAccountAssignmentsForPrincipal": ofInstance(assignmentsOf),
	"TagResource": ofTagged(tagSet), "UntagResource": ofTagged(untagSet), "ListTagsForResource": ofTagged(setTags),
}

// ssoPages cuts lists of both services.
var ssoPages = pager{"MaxResults", "NextToken", "NextToken", 100, ""}

func missingResource(what string) error {
	return refuse("ResourceNotFoundException", what+" is not found.")
}

// center is the organization's instance, as its management account sees it in
// the instance's Region; nil elsewhere.
func (c *Call) center() Doc {
	if !c.Manager || c.World.IdentityRegion() != c.Region {
		return nil
	}
	r := c.chance("identity center")
	i := Doc{"InstanceArn": "arn:aws:sso:::instance/ssoins-" + word(r, hex, 16), "IdentityStoreId": "d-" + word(r, hex, 10), "OwnerAccountId": c.Account, "CreatedDate": stamp(c.since), "Status": "ACTIVE"}
	return with(i, c.one(Global, "ssoinstance", "name"))
}

func listInstances(c *Call) (Doc, error) {
	if i := c.center(); i != nil {
		return ssoPages.list(c, "Instances", []Doc{i})
	}
	return ssoPages.list(c, "Instances", nil)
}

// ofInstance runs an operation on the instance that the call names.
func ofInstance(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		i := c.center()
		if i == nil || text(i, "InstanceArn") != c.text("InstanceArn") {
			return nil, missingResource("Instance " + c.text("InstanceArn"))
		}
		return run(c, i)
	}
}

func updateInstance(c *Call, _ Doc) (Doc, error) {
	c.put(Global, "ssoinstance", "name", Doc{"Name": c.In["Name"]})
	return nil, nil
}

// ofSet runs an operation on the permission set that the call names.
func ofSet(run func(*Call, Doc) (Doc, error)) Operation {
	return ofInstance(func(c *Call, _ Doc) (Doc, error) {
		set := c.one(Global, "permissionset", c.text("PermissionSetArn"))
		if set == nil {
			return nil, missingResource("PermissionSet " + c.text("PermissionSetArn"))
		}
		return run(c, set)
	})
}

func listSets(c *Call, _ Doc) (Doc, error) {
	var arns []string
	for _, set := range c.all(Global, "permissionset") {
		arns = append(arns, text(set, "PermissionSetArn"))
	}
	return texted("PermissionSets", arns, c)
}

// texted is a page of texts.
func texted(name string, all []string, c *Call) (Doc, error) {
	items := make([]Doc, len(all))
	for i, one := range all {
		items[i] = Doc{"is": one}
	}
	out, err := ssoPages.list(c, name, items)
	if err != nil {
		return nil, err
	}
	page := docs(out, name)
	only := make([]any, len(page))
	for i, d := range page {
		only[i] = d["is"]
	}
	out[name] = only
	return out, nil
}

func createSet(c *Call, i Doc) (Doc, error) {
	all := c.all(Global, "permissionset")
	switch {
	case slices.ContainsFunc(all, func(d Doc) bool { return text(d, "Name") == c.text("Name") }):
		return nil, refuse("ConflictException", "PermissionSet with name "+c.text("Name")+" already exists.")
	case len(all) >= limits.PermissionSets:
		return nil, refuse("ServiceQuotaExceededException", "The number of permission sets is at its limit.")
	}
	arn := "arn:aws:sso:::permissionSet/" + strings.TrimPrefix(text(i, "InstanceArn"), "arn:aws:sso:::instance/") + "/ps-" + word(c.Chance, hex, 16)
	set := Doc{"Name": c.text("Name"), "PermissionSetArn": arn, "CreatedDate": stamp(c.Now), "SessionDuration": "PT1H", "revision": 1, "tags": tagsIn(c.In, nil)}
	for _, member := range []string{"Description", "SessionDuration", "RelayState"} {
		if v := c.In[member]; v != nil {
			set[member] = v
		}
	}
	c.put(Global, "permissionset", arn, set)
	return Doc{"PermissionSet": set}, nil
}

// changeSet keeps a permission set that was changed; roles that were provisioned
// of it stay as they are until it is provisioned again.
//
// Source: API reference, UpdatePermissionSet, ProvisionPermissionSet.
func (c *Call) changeSet(set, changes Doc) (Doc, error) {
	c.put(Global, "permissionset", text(set, "PermissionSetArn"), with(set, with(changes, Doc{"revision": number(set, "revision") + 1})))
	return nil, nil
}

func updateSet(c *Call, set Doc) (Doc, error) {
	changes := Doc{}
	for _, member := range []string{"Description", "SessionDuration", "RelayState"} {
		if v := c.In[member]; v != nil {
			changes[member] = v
		}
	}
	return c.changeSet(set, changes)
}

func deleteSet(c *Call, set Doc) (Doc, error) {
	if arn := text(set, "PermissionSetArn"); len(c.at(Global)["provisioned/"+arn]) == 0 {
		c.put(Global, "permissionset", arn, nil)
		return nil, nil
	}
	return nil, refuse("ConflictException", "Permission set is assigned to accounts: delete its assignments first.")
}

// attachedMost is how many AWS managed policies a permission set may have.
//
// Source: IAM Identity Center user guide, "Quotas and limits": the quota of managed
// policies of an IAM role, 10 by default.
const attachedMost = 10

func attachToSet(c *Call, set Doc) (Doc, error) {
	arn := c.text("ManagedPolicyArn")
	have := docs(set, "managed")
	switch {
	case !strings.HasPrefix(arn, "arn:aws:iam::aws:policy/"):
		return nil, refuse("ResourceNotFoundException", "Policy "+arn+" does not exist or is not attachable.")
	case slices.ContainsFunc(have, func(d Doc) bool { return text(d, "Arn") == arn }):
		return nil, refuse("ConflictException", "Policy "+arn+" is already attached to the permission set.")
	case len(have) >= attachedMost:
		return nil, refuse("ServiceQuotaExceededException", "The number of managed policies of a permission set is at its limit.")
	}
	return c.changeSet(set, Doc{"managed": append(slices.Clone(have), Doc{"Arn": arn, "Name": arn[strings.LastIndexByte(arn, '/')+1:]})})
}

func detachFromSet(c *Call, set Doc) (Doc, error) {
	arn := c.text("ManagedPolicyArn")
	have := docs(set, "managed")
	left := slices.DeleteFunc(slices.Clone(have), func(d Doc) bool { return text(d, "Arn") == arn })
	if len(left) == len(have) {
		return nil, missingResource("Policy " + arn)
	}
	return c.changeSet(set, Doc{"managed": left})
}

func policiesInSet(c *Call, set Doc) (Doc, error) {
	return ssoPages.list(c, "AttachedManagedPolicies", docs(set, "managed"))
}

func putSetInline(c *Call, set Doc) (Doc, error) {
	if checkPolicy(c.text("InlinePolicy")) != nil {
		return nil, refuse("ValidationException", "The inline policy is not a valid policy document.")
	}
	return c.changeSet(set, Doc{"inline": c.text("InlinePolicy")})
}

func setInline(_ *Call, set Doc) (Doc, error) { return Doc{"InlinePolicy": text(set, "inline")}, nil }

func deleteSetInline(c *Call, set Doc) (Doc, error) { return c.changeSet(set, Doc{"inline": nil}) }

func setsInAccount(c *Call, _ Doc) (Doc, error) {
	return texted("PermissionSets", slices.Sorted(maps.Keys(c.at(Global)["sets/"+c.text("AccountId")])), c)
}

func accountsOfSet(c *Call, set Doc) (Doc, error) {
	var ids []string
	for _, p := range c.all(Global, "provisioned/"+text(set, "PermissionSetArn")) {
		latest := "LATEST_PERMISSION_SET_PROVISIONED"
		if number(p, "revision") != number(set, "revision") {
			latest = "LATEST_PERMISSION_SET_NOT_PROVISIONED"
		}
		if want := c.text("ProvisioningStatus"); want == "" || want == latest {
			ids = append(ids, text(p, "account"))
		}
	}
	return texted("AccountIds", ids, c)
}

// ofTagged runs an operation on the permission set whose tags the call is about.
func ofTagged(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		set := c.one(Global, "permissionset", c.text("ResourceArn"))
		if c.center() == nil || set == nil {
			return nil, missingResource("Resource " + c.text("ResourceArn"))
		}
		return run(c, set)
	}
}

func tagsIn(in, have Doc) Doc {
	tags := maps.Clone(have)
	if tags == nil {
		tags = Doc{}
	}
	for _, t := range docs(in, "Tags") {
		tags[text(t, "Key")] = t["Value"]
	}
	return tags
}

// keepTags changes no revision: roles have none of the tags.
func (c *Call) keepTags(set, tags Doc) (Doc, error) {
	if len(tags) > limits.TagsPerResource {
		return nil, refuse("ServiceQuotaExceededException", "A resource has at most 50 tags.")
	}
	c.put(Global, "permissionset", text(set, "PermissionSetArn"), with(set, Doc{"tags": tags}))
	return nil, nil
}

func tagSet(c *Call, set Doc) (Doc, error) { return c.keepTags(set, tagsIn(c.In, sub(set, "tags"))) }

func untagSet(c *Call, set Doc) (Doc, error) {
	tags := tagsIn(nil, sub(set, "tags"))
	for _, key := range c.texts("TagKeys") {
		delete(tags, key)
	}
	return c.keepTags(set, tags)
}

func setTags(c *Call, set Doc) (Doc, error) {
	var all []Doc
	for _, key := range slices.Sorted(maps.Keys(sub(set, "tags"))) {
		all = append(all, Doc{"Key": key, "Value": sub(set, "tags")[key]})
	}
	return ssoPages.list(c, "Tags", all)
}
