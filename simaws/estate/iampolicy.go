package estate

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// awsManaged begins the ARNs of AWS's own policies.
const awsManaged = "arn:aws:iam::aws:policy/"

// AWS's own policies that checks ask for.
const (
	administratorAccess = awsManaged + "AdministratorAccess"
	supportAccess       = awsManaged + "AWSSupportAccess"
	cloudShellAccess    = awsManaged + "AWSCloudShellFullAccess"
)

// managed are AWS's own policies that lists show; any other may be attached.
var managed = map[string]string{
	administratorAccess:                        `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	supportAccess:                              `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["support:*"],"Resource":"*"}]}`,
	cloudShellAccess:                           `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudshell:*"],"Resource":"*"}]}`,
	awsManaged + "ReadOnlyAccess":              `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*:Get*","*:List*","*:Describe*"],"Resource":"*"}]}`,
	awsManaged + "SecurityAudit":               `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*:Get*","*:List*","*:Describe*"],"Resource":"*"}]}`,
	awsManaged + "service-role/AWS_ConfigRole": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["config:Put*","config:Get*","config:List*"],"Resource":"*"}]}`,
}

// checkPolicy refuses what is no policy.
func checkPolicy(document string) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(document), &fields); err != nil || fields["Statement"] == nil {
		return refuse("MalformedPolicyDocument", "The policy is not in the valid JSON format, or has no Statement.")
	}
	return nil
}

// managedDoc is one of AWS's own policies as IAM shows it.
func managedDoc(arn string) Doc {
	name := arn[strings.LastIndex(arn, "/")+1:]
	path := strings.TrimSuffix(strings.TrimPrefix(arn, awsManaged[:len(awsManaged)-1]), name)
	return Doc{"PolicyName": name, "Arn": arn, "Path": path, "PolicyId": "ANPA" + strings.ToUpper(name), "DefaultVersionId": "v1", "IsAttachable": true,
		"CreateDate": "2015-02-06T18:39:46Z", "UpdateDate": "2015-02-06T18:39:46Z",
		"Versions": []any{Doc{"VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2015-02-06T18:39:46Z", "Document": url.PathEscape(managed[arn])}}}
}

// policy is a policy by its ARN, nil if there is none.
func (c *Call) policy(arn string) Doc {
	if strings.HasPrefix(arn, awsManaged) {
		return managedDoc(arn)
	}
	return c.one(Global, "policy", arn)
}

func ofPolicy(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		p := c.policy(c.text("PolicyArn"))
		if p == nil {
			return nil, absent("NoSuchEntity", "Policy "+c.text("PolicyArn")+" was not found.")
		}
		if strings.HasPrefix(c.text("PolicyArn"), awsManaged) && !strings.HasPrefix(c.Operation, "Get") && !strings.HasPrefix(c.Operation, "List") {
			return nil, &Refusal{Code: "AccessDenied", Message: "Cannot change a policy of AWS.", Status: 403}
		}
		return run(c, with(p, Doc{"AttachmentCount": c.attachments(text(p, "Arn"))}))
	}
}

// attachments counts what a policy is attached to.
func (c *Call) attachments(arn string) float64 {
	n := 0
	for _, kind := range entityKinds {
		for _, d := range c.at(Global)[kind] {
			if slices.Contains(texts(d, "Attached"), arn) {
				n++
			}
		}
	}
	return float64(n)
}

var entityKinds = []string{"user", "group", "role"}

func listPolicies(c *Call) (Doc, error) {
	var all []Doc
	if c.text("Scope") != "AWS" {
		all = c.all(Global, "policy")
	}
	if c.text("Scope") != "Local" {
		for _, arn := range slices.Sorted(maps.Keys(managed)) {
			all = append(all, managedDoc(arn))
		}
	}
	shown := []Doc{}
	for _, p := range all {
		n := c.attachments(text(p, "Arn"))
		if n > 0 || !flag(c.In, "OnlyAttached") {
			shown = append(shown, with(p, Doc{"AttachmentCount": n}))
		}
	}
	return iamPages.list(c, "Policies", under(c, shown))
}

func createPolicy(c *Call) (Doc, error) {
	if err := checkPolicy(c.text("PolicyDocument")); err != nil {
		return nil, err
	}
	path := c.text("Path")
	if path == "" {
		path = "/"
	}
	arn := c.iam("policy" + path + c.text("PolicyName"))
	if c.policy(arn) != nil {
		return nil, &Refusal{Code: "EntityAlreadyExists", Message: "A policy called " + c.text("PolicyName") + " already exists. Duplicate names are not allowed.", Status: 409}
	}
	p := Doc{"PolicyName": c.text("PolicyName"), "Arn": arn, "Path": path, "PolicyId": "ANPA" + word(c.Chance, base32, 17), "DefaultVersionId": "v1",
		"IsAttachable": true, "AttachmentCount": 0, "CreateDate": stamp(c.Now), "UpdateDate": stamp(c.Now), "Versions": []any{version("v1", c.text("PolicyDocument"), stamp(c.Now))}}
	return Doc{"Policy": c.keep("policy", p, nil)}, nil
}

func version(id, document, made string) Doc {
	return Doc{"VersionId": id, "IsDefaultVersion": true, "CreateDate": made, "Document": url.PathEscape(document)}
}

func policyVersions(c *Call, p Doc) (Doc, error) {
	return iamPages.list(c, "Versions", docs(p, "Versions"))
}

func policyVersion(c *Call, p Doc) (Doc, error) {
	for _, v := range docs(p, "Versions") {
		if text(v, "VersionId") == c.text("VersionId") {
			return Doc{"PolicyVersion": v}, nil
		}
	}
	return nil, absent("NoSuchEntity", "Policy "+text(p, "Arn")+" version "+c.text("VersionId")+" does not exist or is not attachable.")
}

// createVersion adds a version, five at most.
//
// Source: IAM user guide, "IAM and AWS STS quotas".
func createVersion(c *Call, p Doc) (Doc, error) {
	versions := docs(p, "Versions")
	if err := checkPolicy(c.text("PolicyDocument")); err != nil {
		return nil, err
	}
	if len(versions) >= 5 {
		return nil, &Refusal{Code: "LimitExceeded", Message: "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.", Status: 409}
	}
	last := strings.TrimPrefix(text(versions[len(versions)-1], "VersionId"), "v")
	n, _ := strconv.Atoi(last) // a version's id is made here: it is a number
	made := version("v"+strconv.Itoa(n+1), c.text("PolicyDocument"), stamp(c.Now))
	made["IsDefaultVersion"] = flag(c.In, "SetAsDefault")
	changes := Doc{"UpdateDate": stamp(c.Now)}
	if flag(c.In, "SetAsDefault") {
		for i, v := range versions {
			versions[i] = with(v, Doc{"IsDefaultVersion": false})
		}
		changes["DefaultVersionId"] = made["VersionId"]
	}
	changes["Versions"] = append(versions, made)
	c.keep("policy", p, changes)
	return Doc{"PolicyVersion": made}, nil
}

func deleteVersion(c *Call, p Doc) (Doc, error) {
	if c.text("VersionId") == text(p, "DefaultVersionId") {
		return nil, &Refusal{Code: "DeleteConflict", Message: "Cannot delete the default version of a policy.", Status: 409}
	}
	rest := slices.DeleteFunc(docs(p, "Versions"), func(v Doc) bool { return text(v, "VersionId") == c.text("VersionId") })
	c.keep("policy", p, Doc{"Versions": rest})
	return nil, nil
}

func deletePolicy(c *Call, p Doc) (Doc, error) {
	if c.attachments(text(p, "Arn")) > 0 || len(docs(p, "Versions")) > 1 {
		return nil, &Refusal{Code: "DeleteConflict", Message: "Cannot delete a policy attached to entities, or with more than its default version.", Status: 409}
	}
	c.put(Global, "policy", text(p, "Arn"), nil)
	return nil, nil
}

func entitiesForPolicy(c *Call) (Doc, error) {
	if c.policy(c.text("PolicyArn")) == nil {
		return nil, absent("NoSuchEntity", "Policy "+c.text("PolicyArn")+" was not found.")
	}
	out := Doc{"IsTruncated": false}
	for _, kind := range entityKinds {
		name := nameOf[kind]
		short := strings.TrimSuffix(name, "Name")
		found := []any{}
		for _, d := range c.all(Global, kind) {
			if slices.Contains(texts(d, "Attached"), c.text("PolicyArn")) && (c.text("EntityFilter") == "" || c.text("EntityFilter") == short) {
				found = append(found, Doc{name: d[name], short + "Id": d[short+"Id"]})
			}
		}
		out["Policy"+short+"s"] = found
	}
	return out, nil
}

func attachedPolicies(c *Call, d Doc) (Doc, error) {
	var all []Doc
	for _, arn := range texts(d, "Attached") {
		all = append(all, Doc{"PolicyArn": arn, "PolicyName": arn[strings.LastIndex(arn, "/")+1:]})
	}
	return iamPages.list(c, "AttachedPolicies", all)
}

func attach(kind string) func(*Call, Doc) (Doc, error) {
	return func(c *Call, d Doc) (Doc, error) {
		arn, own := c.text("PolicyArn"), texts(d, "Attached")
		if c.policy(arn) == nil {
			return nil, absent("NoSuchEntity", "Policy "+arn+" does not exist or is not attachable.")
		}
		if !slices.Contains(own, arn) {
			c.keep(kind, d, Doc{"Attached": append(own, arn)})
		}
		return nil, nil
	}
}

func detach(kind string) func(*Call, Doc) (Doc, error) {
	return func(c *Call, d Doc) (Doc, error) {
		own := texts(d, "Attached")
		i := slices.Index(own, c.text("PolicyArn"))
		if i < 0 {
			return nil, absent("NoSuchEntity", "Policy "+c.text("PolicyArn")+" was not found.")
		}
		c.keep(kind, d, Doc{"Attached": slices.Delete(own, i, i+1)})
		return nil, nil
	}
}

func inlineNames(_ *Call, d Doc) (Doc, error) {
	return Doc{"PolicyNames": listOf(slices.Sorted(maps.Keys(sub(d, "Inline")))), "IsTruncated": false}, nil
}

func inlinePolicy(c *Call, u Doc) (Doc, error) {
	document, ok := sub(u, "Inline")[c.text("PolicyName")].(string)
	if !ok {
		return nil, noSuch("user policy", c.text("PolicyName"))
	}
	return Doc{"UserName": u["UserName"], "PolicyName": c.text("PolicyName"), "PolicyDocument": url.PathEscape(document)}, nil
}

func putInline(c *Call, u Doc) (Doc, error) {
	if err := checkPolicy(c.text("PolicyDocument")); err != nil {
		return nil, err
	}
	c.keep("user", u, Doc{"Inline": with(sub(u, "Inline"), Doc{c.text("PolicyName"): c.text("PolicyDocument")})})
	return nil, nil
}

func deleteInline(c *Call, u Doc) (Doc, error) {
	if _, err := inlinePolicy(c, u); err != nil {
		return nil, err
	}
	c.keep("user", u, Doc{"Inline": with(sub(u, "Inline"), Doc{c.text("PolicyName"): nil})})
	return nil, nil
}

// grants tells whether an escaped policy document allows an action that a test
// accepts on all resources.
func grants(document string, accepts func(action string) bool) bool {
	plain, err := url.PathUnescape(document)
	return err == nil && slices.ContainsFunc(statements(plain), func(s Doc) bool {
		return s["Effect"] == "Allow" && slices.Contains(oneOrMany(s["Resource"]), "*") && slices.ContainsFunc(oneOrMany(s["Action"]), accepts)
	})
}

// statements are those of a policy document, none where it is no policy.
func statements(document string) []Doc {
	var p Doc
	if json.Unmarshal([]byte(document), &p) != nil {
		return nil
	}
	if one := sub(p, "Statement"); one != nil {
		return []Doc{one}
	}
	return docs(p, "Statement")
}

// oneOrMany are the texts of a member that may be one text or a list.
func oneOrMany(value any) []string {
	if one, ok := value.(string); ok {
		return []string{one}
	}
	return texts(Doc{"": value}, "")
}
