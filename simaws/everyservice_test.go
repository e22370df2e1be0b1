package simaws

// everyService goes on with the services of which only some frameworks ask.
const everyService = `guardduty ListDetectors {}
guardduty GetDetector {"DetectorId":"$DetectorId"}
guardduty ListFindings {"DetectorId":"$DetectorId","FindingCriteria":{"Criterion":{"severity":{"GreaterThanOrEqual":7}}}}
guardduty GetFindings {"DetectorId":"$DetectorId","FindingIds":["$FindingId"]}
guardduty ArchiveFindings {"DetectorId":"$DetectorId","FindingIds":["$FindingId"]}
guardduty UpdateDetector {"DetectorId":"$DetectorId","Enable":true}
guardduty CreateDetector {"Enable":true} !BadRequestException
guardduty DeleteDetector {"DetectorId":"$DetectorId"}
guardduty CreateDetector {"Enable":true}
guardduty GetDetector {"DetectorId":"none"} !BadRequestException
ssm DescribeInstanceInformation {}
ssm ListResourceComplianceSummaries {"Filters":[{"Key":"ComplianceType","Values":["Patch"],"Type":"EQUAL"}]}
ssm PutComplianceItems {"ResourceId":"i-none","ResourceType":"ManagedInstance","ComplianceType":"Patch","ExecutionSummary":{"ExecutionTime":"2026-11-01T00:00:00Z"},"Items":[]} !InvalidResourceId
rds CreateDBInstance {"DBInstanceIdentifier":"d","DBInstanceClass":"db.t3.micro","Engine":"postgres"}
rds CreateDBSnapshot {"DBInstanceIdentifier":"d","DBSnapshotIdentifier":"s"}
rds CreateDBSnapshot {"DBInstanceIdentifier":"d","DBSnapshotIdentifier":"s"} !DBSnapshotAlreadyExists
rds DescribeDBSnapshots {"SnapshotType":"manual"}
rds ModifyDBSnapshotAttribute {"DBSnapshotIdentifier":"s","AttributeName":"restore","ValuesToAdd":["all"]}
rds DescribeDBSnapshotAttributes {"DBSnapshotIdentifier":"s"}
rds DeleteDBSnapshot {"DBSnapshotIdentifier":"s"}
rds DescribeDBSnapshotAttributes {"DBSnapshotIdentifier":"s"} !DBSnapshotNotFound
rds DescribeDBClusterSnapshots {}
rds DescribeDBClusterSnapshotAttributes {"DBClusterSnapshotIdentifier":"c"} !DBClusterSnapshotNotFoundFault
dynamodb CreateTable {"TableName":"t1x","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}
dynamodb ListTables {"Limit":1}
dynamodb ListTables {"ExclusiveStartTableName":"$LastEvaluatedTableName"}
dynamodb UpdateTable {"TableName":"t1x","SSESpecification":{"Enabled":true,"SSEType":"KMS"}}
dynamodb DescribeTable {"TableName":"t1x"}
dynamodb UpdateContinuousBackups {"TableName":"t1x","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}}
dynamodb DescribeContinuousBackups {"TableName":"t1x"}
dynamodb DeleteTable {"TableName":"t1x"}
dynamodb DescribeTable {"TableName":"t1x"} !ResourceNotFoundException
backup CreateBackupVault {"BackupVaultName":"other"}
backup CreateBackupVault {"BackupVaultName":"other"} !AlreadyExistsException
backup ListBackupVaults {}
backup ListRecoveryPointsByBackupVault {"BackupVaultName":"Default"}
backup DeleteRecoveryPoint {"BackupVaultName":"Default","RecoveryPointArn":"$RecoveryPointArn"}
backup CreateBackupPlan {"BackupPlan":{"BackupPlanName":"p","Rules":[{"RuleName":"r","TargetBackupVaultName":"other","ScheduleExpression":"cron(0 5 ? * * *)","Lifecycle":{"DeleteAfterDays":35}}]}}
backup GetBackupPlan {"BackupPlanId":"$BackupPlanId"}
backup UpdateBackupPlan {"BackupPlanId":"$BackupPlanId","BackupPlan":{"BackupPlanName":"p","Rules":[{"RuleName":"r","TargetBackupVaultName":"other"}]}}
backup ListBackupPlans {}
backup DeleteBackupPlan {"BackupPlanId":"$BackupPlanId"}
elb DescribeLoadBalancers {}
elb DescribeLoadBalancerAttributes {"LoadBalancerName":"old"}
elb ModifyLoadBalancerAttributes {"LoadBalancerName":"old","LoadBalancerAttributes":{"AccessLog":{"Enabled":true,"S3BucketName":"x"}}}
elb CreateLoadBalancerListeners {"LoadBalancerName":"old","Listeners":[{"Protocol":"HTTPS","LoadBalancerPort":8443,"InstancePort":80}]}
elb CreateLoadBalancerListeners {"LoadBalancerName":"old","Listeners":[{"Protocol":"HTTPS","LoadBalancerPort":8443,"InstancePort":80}]} !DuplicateListener
elb DeleteLoadBalancerListeners {"LoadBalancerName":"old","LoadBalancerPorts":[8443]}
elb DescribeLoadBalancerAttributes {"LoadBalancerName":"none"} !LoadBalancerNotFound
elbv2 DescribeLoadBalancers {}
elbv2 DescribeLoadBalancerAttributes {"LoadBalancerArn":"$LoadBalancerArn"}
elbv2 ModifyLoadBalancerAttributes {"LoadBalancerArn":"$LoadBalancerArn","Attributes":[{"Key":"deletion_protection.enabled","Value":"true"}]}
elbv2 ModifyLoadBalancerAttributes {"LoadBalancerArn":"$LoadBalancerArn","Attributes":[{"Key":"none","Value":"true"}]} !InvalidConfigurationRequest
elbv2 CreateListener {"LoadBalancerArn":"$LoadBalancerArn","Port":8080,"Protocol":"HTTP","DefaultActions":[{"Type":"redirect","RedirectConfig":{"Protocol":"HTTPS","StatusCode":"HTTP_301"}}]}
elbv2 DescribeListeners {"LoadBalancerArn":"$LoadBalancerArn"}
elbv2 ModifyListener {"ListenerArn":"$ListenerArn","Port":8081}
elbv2 DeleteListener {"ListenerArn":"$ListenerArn"}
elbv2 ModifyListener {"ListenerArn":"$ListenerArn","Port":8081} !ListenerNotFound
acm ListCertificates {"Includes":{"KeyTypes":["RSA_2048","EC_prime256v1"]}}
acm DescribeCertificate {"CertificateArn":"$CertificateArn"}
acm DeleteCertificate {"CertificateArn":"$CertificateArn"}
acm DescribeCertificate {"CertificateArn":"$CertificateArn"} !ResourceNotFoundException
lambda ListFunctions {"MaxItems":1}
lambda ListFunctions {"Marker":"$NextMarker"}
lambda AddPermission {"FunctionName":"rotate","StatementId":"s","Action":"lambda:InvokeFunction","Principal":"secretsmanager.amazonaws.com","SourceAccount":"ID"}
lambda AddPermission {"FunctionName":"rotate","StatementId":"s","Action":"lambda:InvokeFunction","Principal":"*"} !ResourceConflictException
lambda GetPolicy {"FunctionName":"rotate"}
lambda RemovePermission {"FunctionName":"rotate","StatementId":"s"}
lambda GetPolicy {"FunctionName":"rotate"} !ResourceNotFoundException
secretsmanager CreateSecret {"Name":"new","SecretString":"x"}
secretsmanager CreateSecret {"Name":"new","SecretString":"x"} !ResourceExistsException
secretsmanager RotateSecret {"SecretId":"new"} !InvalidRequestException
secretsmanager RotateSecret {"SecretId":"new","RotationLambdaARN":"arn:aws:lambda:us-east-1:ID:function:rotate","RotationRules":{"AutomaticallyAfterDays":30}}
secretsmanager ListSecrets {}
secretsmanager DescribeSecret {"SecretId":"new"}
secretsmanager CancelRotateSecret {"SecretId":"new"}
secretsmanager DeleteSecret {"SecretId":"new"}
secretsmanager DescribeSecret {"SecretId":"none"} !ResourceNotFoundException
redshift DescribeClusters {}
redshift ModifyCluster {"ClusterIdentifier":"warehouse","PubliclyAccessible":false}
redshift EnableLogging {"ClusterIdentifier":"warehouse","LogDestinationType":"cloudwatch","LogExports":["connectionlog"]}
redshift DescribeLoggingStatus {"ClusterIdentifier":"warehouse"}
redshift DisableLogging {"ClusterIdentifier":"warehouse"}
redshift DescribeLoggingStatus {"ClusterIdentifier":"none"} !ClusterNotFound
opensearch ListDomainNames {}
opensearch DescribeDomains {"DomainNames":["search"]}
opensearch UpdateDomainConfig {"DomainName":"search","NodeToNodeEncryptionOptions":{"Enabled":true}}
opensearch UpdateDomainConfig {"DomainName":"search","NodeToNodeEncryptionOptions":{"Enabled":false}} !ValidationException
opensearch UpdateDomainConfig {"DomainName":"none"} !ResourceNotFoundException
wafv2 ListWebACLs {"Scope":"REGIONAL"}
wafv2 PutLoggingConfiguration {"LoggingConfiguration":{"ResourceArn":"$ARN","LogDestinationConfigs":["arn:aws:s3:::aws-waf-logs-x"]}}
wafv2 GetLoggingConfiguration {"ResourceArn":"$ARN"}
wafv2 DeleteLoggingConfiguration {"ResourceArn":"$ARN"}
wafv2 GetLoggingConfiguration {"ResourceArn":"$ARN"} !WAFNonexistentItemException
apigateway GetRestApis {}
apigateway GetStages {"RestApiId":"$Id"}
apigateway UpdateStage {"RestApiId":"$Id","StageName":"prod","PatchOperations":[{"Op":"replace","Path":"/*/*/logging/loglevel","Value":"INFO"}]}
apigateway UpdateStage {"RestApiId":"$Id","StageName":"prod","PatchOperations":[{"Op":"add","Path":"/x","Value":"INFO"}]} !BadRequestException
apigateway GetStages {"RestApiId":"none"} !NotFoundException
eks ListClusters {}
eks DescribeCluster {"Name":"platform"}
eks AssociateEncryptionConfig {"ClusterName":"none","EncryptionConfig":[]} !ResourceNotFoundException
`
