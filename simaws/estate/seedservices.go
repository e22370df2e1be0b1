package estate

import (
	"maps"
	"slices"
	"strconv"
)

// services makes what else an account has in its home region, of which only some
// frameworks ask.
func (s seeded) services() {
	s.threats()
	s.agents()
	s.copies()
	s.entrances()
	r := s.chance("services")
	key := "arn:aws:kms:" + s.region + ":" + s.account + ":key/" + uuid(r)

	open := newFunction(s.account, "report", s.region, s.ago(90))
	if !sure(r, 70) {
		open["Policy"] = []Doc{{"Sid": "any", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": open["FunctionArn"]}}
	}
	s.add("function", "report", open)
	s.add("function", "rotate", newFunction(s.account, "rotate", s.region, s.ago(90)))
	secret := newSecret(s.account, "database", word(r, small, 6), s.region, s.ago(90))
	if sure(r, 55) {
		secret["RotationEnabled"], secret["RotationLambdaARN"], secret["LastRotatedDate"] = true, "arn:aws:lambda:"+s.region+":"+s.account+":function:rotate", s.ago(10)
	}
	s.add("secret", text(secret, "ARN"), secret)
	api := word(r, small, 10)
	s.add("restapi", api, Doc{"id": api, "name": "orders", "createdDate": s.ago(90)})
	s.add("stage", api+"/prod", newStage(api, "prod", s.region, s.ago(90), []string{"OFF", "ERROR", "INFO"}[r.IntN(3)]))

	s.add("warehouse", "warehouse", newWarehouse("warehouse", s.region, s.ago(90), !sure(r, 80), sure(r, 55)))
	s.add("domain", "search", newDomain(s.account, "search", s.region, sure(r, 65), sure(r, 65)))
	if !sure(r, 60) {
		key = ""
	}
	s.add("kubernetes", "platform", newKubernetes(s.account, "platform", s.region, s.ago(90), key))
}

// threats makes GuardDuty's detector and what it found.
func (s seeded) threats() {
	r := s.chance("threats")
	d := newDetector(s.account, word(r, hex, 32), s.ago(200), sure(r, 60))
	s.add("detector", text(d, "DetectorId"), d)
	id := word(r, hex, 32)
	s.add("threat", id, Doc{"AccountId": s.account, "Arn": "arn:aws:guardduty:" + s.region + ":" + s.account + ":detector/" + text(d, "DetectorId") + "/finding/" + id, "Id": id, "Region": s.region,
		"SchemaVersion": "2.0", "Severity": 8, "Type": "UnauthorizedAccess:EC2/TorClient", "Title": "An instance talks to a Tor entry node.", "CreatedAt": s.ago(5), "UpdatedAt": s.ago(5),
		"Resource": Doc{"ResourceType": "Instance"}, "Service": Doc{"Archived": sure(r, 65), "Count": 1, "DetectorId": d["DetectorId"], "EventFirstSeen": s.ago(5), "EventLastSeen": s.ago(5)}})
}

// agents makes those of Systems Manager, on instances that have a role for them.
func (s seeded) agents() {
	r := s.chance("agents")
	for _, id := range slices.Sorted(maps.Keys(s.place["instance"])) {
		if s.place["instance"][id]["IamInstanceProfile"] == nil {
			continue
		}
		agent := newAgent(id, s.ago(0))
		if !sure(r, 90) {
			agent["PingStatus"] = "ConnectionLost"
		}
		s.add("agent", id, agent)
		missing := 0
		if !sure(r, 60) {
			missing = 1 + r.IntN(5)
		}
		s.add("patches", id, newPatches(id, s.ago(1), missing))
	}
}

// copies makes tables, backups and snapshots.
func (s seeded) copies() {
	r := s.chance("copies")
	t := newTable(s.account, "orders", s.region, s.ago(150))
	t["Recovery"] = sure(r, 55)
	if sure(r, 50) {
		t["SSEDescription"] = Doc{"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:aws:kms:" + s.region + ":" + s.account + ":key/" + uuid(r)}
	}
	s.add("table", "orders", t)
	vault := newVault(s.account, "Default", s.region, s.ago(150))
	s.add("vault", "Default", vault)
	point := "arn:aws:backup:" + s.region + ":" + s.account + ":recovery-point:" + uuid(r)
	s.add("recoverypoint", point, Doc{"RecoveryPointArn": point, "BackupVaultName": "Default", "BackupVaultArn": vault["BackupVaultArn"], "ResourceType": "EFS", "Status": "COMPLETED",
		"CreationDate": s.ago(2), "CompletionDate": s.ago(2), "BackupSizeInBytes": 4096, "IsEncrypted": sure(r, 75)})
	if days := []int{0, 7, 35}[r.IntN(3)]; days > 0 {
		p := newPlan(s.account, uuid(r), s.region, s.ago(150), Doc{"BackupPlanName": "daily", "Rules": []Doc{{"RuleName": "daily", "RuleId": uuid(r), "TargetBackupVaultName": "Default",
			"ScheduleExpression": "cron(0 5 ? * * *)", "StartWindowMinutes": 480, "CompletionWindowMinutes": 10080, "Lifecycle": Doc{"DeleteAfterDays": days}}}})
		s.add("backupplan", text(p, "BackupPlanId"), p)
	}
	for id, f := range s.place["filesystem"] { // there is one
		s.add("filesystem", id, with(f, Doc{"Backup": enabledOr(sure(r, 50), "DISABLED")}))
	}
	for i, name := range slices.Sorted(maps.Keys(s.place["database"])) {
		id := "before-upgrade-" + strconv.Itoa(i+1)
		snapshot := newSnapshot(s.account, id, s.region, s.ago(60), s.place["database"][name])
		if !sure(r, 80) {
			snapshot["SharedWith"], snapshot["Encrypted"] = []string{"all"}, false
		}
		s.add("dbsnapshot", id, snapshot)
	}
}

// entrances makes load balancers, their certificate and a web ACL.
func (s seeded) entrances() {
	r := s.chance("entrances")
	b := newBalancer(s.account, "web", word(r, hex, 16), s.region, s.ago(120))
	attributes := sub(b, "Attributes")
	if sure(r, 60) {
		attributes["access_logs.s3.enabled"], attributes["access_logs.s3.bucket"] = "true", "logs-"+s.account
	}
	if sure(r, 60) {
		attributes["deletion_protection.enabled"] = "true"
	}
	arn := text(b, "LoadBalancerArn")
	s.add("balancer", arn, b)
	do := Doc{"Type": "redirect", "RedirectConfig": Doc{"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
	if !sure(r, 65) {
		do = Doc{"Type": "forward", "TargetGroupArn": "arn:aws:elasticloadbalancing:" + s.region + ":" + s.account + ":targetgroup/web/" + word(r, hex, 16)}
	}
	listener := "arn:aws:elasticloadbalancing:" + s.region + ":" + s.account + ":listener/app/web/" + word(r, hex, 16) + "/" + word(r, hex, 16)
	s.add("listener", listener, Doc{"ListenerArn": listener, "LoadBalancerArn": arn, "Port": 80, "Protocol": "HTTP", "DefaultActions": []Doc{do}})
	classic := newClassic(s.account, "old", s.region, s.ago(300), "HTTPS", 443)
	if !sure(r, 65) {
		classic = newClassic(s.account, "old", s.region, s.ago(300), "HTTP", 80)
	}
	if sure(r, 70) {
		classic["Attributes"] = with(sub(classic, "Attributes"), Doc{"AccessLog": Doc{"Enabled": true, "S3BucketName": "logs-" + s.account, "EmitInterval": 60}})
	}
	s.add("classic", "old", classic)
	left := 10
	if sure(r, 65) {
		left = 200
	}
	certificate := newCertificate(s.account, uuid(r), s.region, s.ago(165), s.ago(-left), []string{"RSA-2048", "EC-prime256v1"}[r.IntN(2)])
	s.add("certificate", text(certificate, "CertificateArn"), certificate)
	id := uuid(r)
	acl := Doc{"Name": "web", "Id": id, "ARN": "arn:aws:wafv2:" + s.region + ":" + s.account + ":regional/webacl/web/" + id, "LockToken": uuid(r), "Scope": "REGIONAL"}
	if sure(r, 55) {
		acl["Logging"] = Doc{"ResourceArn": acl["ARN"], "LogDestinationConfigs": []string{"arn:aws:s3:::aws-waf-logs-" + s.account}}
	}
	s.add("webacl", text(acl, "ARN"), acl)
}
