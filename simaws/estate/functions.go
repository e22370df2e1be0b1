package estate

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Lambda, Secrets Manager and API Gateway: what code is called by, and calls with.

var ofFunction = of("function", "FunctionName", func(name string) error {
	return absent("ResourceNotFoundException", "Function not found: "+name)
})

var lambdaOperations = map[string]Operation{
	"ListFunctions": func(c *Call) (Doc, error) { return functionPages.list(c, "Functions", c.all(c.Region, "function")) },
	"GetPolicy": ofFunction(func(_ *Call, f Doc) (Doc, error) {
		if len(docs(f, "Policy")) == 0 {
			return nil, absent("ResourceNotFoundException", "The resource you requested does not exist.")
		}
		text, err := json.Marshal(Doc{"Version": "2012-10-17", "Id": "default", "Statement": f["Policy"]})
		return Doc{"Policy": string(text)}, err
	}),
	"AddPermission":    ofFunction(addPermission),
	"RemovePermission": ofFunction(removePermission),
}

func newFunction(account, name, region, made string) Doc {
	return Doc{"FunctionName": name, "FunctionArn": "arn:aws:lambda:" + region + ":" + account + ":function:" + name, "Runtime": "python3.13", "Handler": "index.handler", "MemorySize": 128, "Timeout": 3,
		"Role": "arn:aws:iam::" + account + ":role/app", "LastModified": made, "Version": "$LATEST", "PackageType": "Zip", "State": "Active"}
}

// addPermission lets somebody call a function.
func addPermission(c *Call, f Doc) (Doc, error) {
	if slices.ContainsFunc(docs(f, "Policy"), func(s Doc) bool { return s["Sid"] == c.In["StatementId"] }) {
		return nil, &Refusal{Code: "ResourceConflictException", Message: "The statement id (" + c.text("StatementId") + ") provided already exists. Please provide a new statement id, or remove the existing statement.", Status: 409}
	}
	var who any = c.text("Principal")
	switch {
	case who == "*":
	case strings.HasSuffix(c.text("Principal"), ".amazonaws.com"):
		who = Doc{"Service": who}
	default:
		who = Doc{"AWS": who}
	}
	s := Doc{"Sid": c.In["StatementId"], "Effect": "Allow", "Principal": who, "Action": c.In["Action"], "Resource": f["FunctionArn"]}
	conditions := Doc{}
	equals := func(operator, key, member string) {
		if c.text(member) != "" {
			conditions[operator] = with(sub(conditions, operator), Doc{key: c.text(member)})
		}
	}
	equals("StringEquals", "AWS:SourceAccount", "SourceAccount")
	equals("StringEquals", "aws:PrincipalOrgID", "PrincipalOrgID")
	equals("StringEquals", "lambda:FunctionUrlAuthType", "FunctionUrlAuthType")
	equals("ArnLike", "AWS:SourceArn", "SourceArn")
	if len(conditions) > 0 {
		s["Condition"] = conditions
	}
	c.put(c.Region, "function", text(f, "FunctionName"), with(f, Doc{"Policy": append(docs(f, "Policy"), s)}))
	text, err := json.Marshal(s)
	return Doc{"Statement": string(text)}, err
}

func removePermission(c *Call, f Doc) (Doc, error) {
	all := docs(f, "Policy")
	left := slices.DeleteFunc(slices.Clone(all), func(s Doc) bool { return s["Sid"] == c.In["StatementId"] })
	if len(left) == len(all) {
		return nil, absent("ResourceNotFoundException", "Statement "+c.text("StatementId")+" is not found in resource policy.")
	}
	c.put(c.Region, "function", text(f, "FunctionName"), with(f, Doc{"Policy": left}))
	return nil, nil
}

// callable tells whether everybody may call a function.
func callable(f Doc) bool {
	return slices.ContainsFunc(docs(f, "Policy"), func(s Doc) bool {
		conditions := sub(s, "Condition")
		narrowed := sub(conditions, "ArnLike") != nil || sub(conditions, "StringEquals")["AWS:SourceAccount"] != nil || sub(conditions, "StringEquals")["aws:PrincipalOrgID"] != nil
		return everybody(s) && !narrowed
	})
}

// ofSecret runs an operation on the secret that a call names by name or ARN.
func ofSecret(run func(*Call, Doc) (Doc, error)) Operation {
	return func(c *Call) (Doc, error) {
		for _, s := range c.all(c.Region, "secret") {
			if id := c.text("SecretId"); id == text(s, "ARN") || id == text(s, "Name") {
				return run(c, s)
			}
		}
		return nil, refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
}

var secretOperations = map[string]Operation{
	"ListSecrets": func(c *Call) (Doc, error) {
		all := slices.DeleteFunc(c.all(c.Region, "secret"), func(s Doc) bool { return s["DeletedDate"] != nil && !flag(c.In, "IncludePlannedDeletion") })
		return secretPages.list(c, "SecretList", all)
	},
	"DescribeSecret": ofSecret(func(_ *Call, s Doc) (Doc, error) { return s, nil }),
	"CreateSecret": func(c *Call) (Doc, error) {
		if slices.ContainsFunc(c.all(c.Region, "secret"), func(s Doc) bool { return s["Name"] == c.In["Name"] }) {
			return nil, refuse("ResourceExistsException", "The operation failed because the secret "+c.text("Name")+" already exists.")
		}
		s := newSecret(c.Account, c.text("Name"), word(c.Chance, small, 6), c.Region, stamp(c.Now))
		return c.putSecret(s, nil)
	},
	"RotateSecret": ofSecret(func(c *Call, s Doc) (Doc, error) {
		given := c.asked("RotationLambdaARN", "RotationRules")
		if given["RotationLambdaARN"] == nil && s["RotationLambdaARN"] == nil {
			return nil, refuse("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
		}
		return c.putSecret(with(s, given), Doc{"RotationEnabled": true, "LastRotatedDate": stamp(c.Now)})
	}),
	"CancelRotateSecret": ofSecret(func(c *Call, s Doc) (Doc, error) { return c.putSecret(s, Doc{"RotationEnabled": false}) }),
	"DeleteSecret": ofSecret(func(c *Call, s Doc) (Doc, error) {
		days := cmp.Or(number(c.In, "RecoveryWindowInDays"), 30)
		at := stamp(c.Now.Add(time.Duration(days) * 24 * time.Hour))
		_, err := c.putSecret(s, Doc{"DeletedDate": at})
		return Doc{"ARN": s["ARN"], "Name": s["Name"], "DeletionDate": at}, err
	}),
}

func newSecret(account, name, tail, region, made string) Doc {
	return Doc{"ARN": "arn:aws:secretsmanager:" + region + ":" + account + ":secret:" + name + "-" + tail, "Name": name, "CreatedDate": made, "LastChangedDate": made, "RotationEnabled": false}
}

func (c *Call) putSecret(s, changes Doc) (Doc, error) {
	c.put(c.Region, "secret", text(s, "ARN"), with(s, changes))
	return Doc{"ARN": s["ARN"], "Name": s["Name"], "VersionId": uuid(c.Chance)}, nil
}

var gatewayOperations = map[string]Operation{
	"GetRestApis": func(c *Call) (Doc, error) { return gatewayPages.list(c, "items", c.all(c.Region, "restapi")) },
	"GetStages": of("restapi", "restApiId", noAPI)(func(c *Call, api Doc) (Doc, error) {
		all := slices.DeleteFunc(c.all(c.Region, "stage"), func(s Doc) bool { return s["api"] != api["id"] })
		return Doc{"item": listOf(all)}, nil
	}),
	"UpdateStage": func(c *Call) (Doc, error) {
		s := c.one(c.Region, "stage", c.text("restApiId")+"/"+c.text("stageName"))
		if s == nil {
			return nil, absent("NotFoundException", "Invalid stage identifier specified")
		}
		settings := sub(s, "methodSettings")
		for _, p := range docs(c.In, "patchOperations") {
			if text(p, "op") != "replace" || text(p, "path") != "/*/*/logging/loglevel" || !slices.Contains([]string{"OFF", "ERROR", "INFO"}, text(p, "value")) {
				return nil, refuse("BadRequestException", "Invalid patch path '"+text(p, "path")+"' specified for op '"+text(p, "op")+"'.")
			}
			settings = with(settings, Doc{"*/*": with(sub(settings, "*/*"), Doc{"loggingLevel": p["value"]})})
		}
		c.put(c.Region, "stage", text(s, "id"), with(s, Doc{"methodSettings": settings, "lastUpdatedDate": stamp(c.Now)}))
		return c.one(c.Region, "stage", text(s, "id")), nil
	},
}

func noAPI(string) error { return absent("NotFoundException", "Invalid API identifier specified") }

func newStage(api, name, region, made, level string) Doc {
	return Doc{"id": api + "/" + name, "api": api, "arn": "arn:aws:apigateway:" + region + "::/restapis/" + api + "/stages/" + name, "stageName": name, "deploymentId": "d1", "createdDate": made,
		"methodSettings": Doc{"*/*": Doc{"loggingLevel": level, "metricsEnabled": true, "dataTraceEnabled": false}}}
}
