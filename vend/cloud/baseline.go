package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"landlord/guard/baseline"
	"landlord/org"
	"landlord/vend/execute"
	"landlord/vend/plan"
)

// member makes the call of a step of a baseline.
func (c *Client) member(ctx context.Context, s plan.Step) (execute.Result, error) {
	m := c.In(s.Account, s.Region)
	switch s.Kind {
	case plan.EnterAccount:
		return execute.Result{}, m.Enter(ctx)
	case plan.LookTrust:
		var seen org.Organization
		if err := c.trusted(ctx, &seen); err != nil {
			return execute.Result{}, err
		}
		if seen.Trusted == nil {
			return execute.Result{}, fmt.Errorf("%w: which services the organization trusts is not told", execute.ErrCustomer)
		}
		return execute.Result{Seen: baseline.Trust(seen.Trusted)}, nil
	}
	if strings.HasPrefix(string(s.Kind), "look-") {
		seen, err := m.look(ctx, s)
		return execute.Result{Seen: seen}, err
	}
	return m.change(ctx, s)
}

// look reads one piece of a baseline.
func (m *Member) look(ctx context.Context, s plan.Step) (any, error) {
	switch s.Kind {
	case plan.LookRecorder:
		return m.recorder(ctx)
	case plan.LookRecording:
		out, err := inside(ctx, m, "config:DescribeConfigurationRecorderStatus", m.config.DescribeConfigurationRecorderStatus, &configservice.DescribeConfigurationRecorderStatusInput{})
		if err != nil || len(out.ConfigurationRecordersStatus) == 0 {
			return (*baseline.Recording)(nil), err
		}
		st := out.ConfigurationRecordersStatus[0]
		r := &baseline.Recording{On: st.Recording}
		if st.LastStatus == types.RecorderStatusFailure {
			r.Error = strings.TrimSpace(aws.ToString(st.LastErrorCode) + " " + aws.ToString(st.LastErrorMessage))
		}
		return r, nil
	case plan.LookChannel:
		out, err := inside(ctx, m, "config:DescribeDeliveryChannels", m.config.DescribeDeliveryChannels, &configservice.DescribeDeliveryChannelsInput{})
		if err != nil || len(out.DeliveryChannels) == 0 {
			return (*baseline.Channel)(nil), err
		}
		d := out.DeliveryChannels[0]
		return &baseline.Channel{Name: aws.ToString(d.Name), Bucket: aws.ToString(d.S3BucketName), Prefix: aws.ToString(d.S3KeyPrefix)}, nil
	case plan.LookPacks:
		return m.packs(ctx)
	case plan.LookPackStates:
		return m.packStates(ctx, nil)
	case plan.LookRules:
		return m.rules(ctx)
	case plan.LookTrails:
		return m.trails(ctx)
	case plan.LookLogging:
		out, err := inside(ctx, m, "cloudtrail:GetTrailStatus", m.cloudtrail.GetTrailStatus, &cloudtrail.GetTrailStatusInput{Name: &s.Name})
		if code(err) == "TrailNotFoundException" {
			return &baseline.Delivery{}, nil
		}
		if err != nil {
			return nil, err
		}
		return &baseline.Delivery{On: aws.ToBool(out.IsLogging), Error: aws.ToString(out.LatestDeliveryError)}, nil
	case plan.LookBucket:
		out, err := inside(ctx, m, "s3:GetBucketPolicy", m.s3.GetBucketPolicy, &s3.GetBucketPolicyInput{Bucket: &s.Name})
		switch {
		case code(err) == "NoSuchBucket":
			return baseline.BucketPolicy{}, nil
		case code(err) == "NoSuchBucketPolicy":
			return baseline.BucketPolicy{Exists: true}, nil
		case err != nil:
			return nil, err
		}
		return baseline.BucketPolicy{Exists: true, Policy: aws.ToString(out.Policy)}, nil
	case plan.LookPrivate:
		out, err := inside(ctx, m, "s3:GetPublicAccessBlock", m.s3.GetPublicAccessBlock, &s3.GetPublicAccessBlockInput{Bucket: &s.Name})
		switch {
		case code(err) == "NoSuchBucket", code(err) == "NoSuchPublicAccessBlockConfiguration":
			return baseline.BucketPrivate(false), nil
		case err != nil:
			return nil, err
		}
		b := out.PublicAccessBlockConfiguration
		return baseline.BucketPrivate(b != nil && aws.ToBool(b.BlockPublicAcls) && aws.ToBool(b.BlockPublicPolicy) && aws.ToBool(b.IgnorePublicAcls) && aws.ToBool(b.RestrictPublicBuckets)), nil
	}
	return nil, fmt.Errorf("no call for a look of kind %q", s.Kind)
}

func (m *Member) recorder(ctx context.Context) (any, error) {
	out, err := inside(ctx, m, "config:DescribeConfigurationRecorders", m.config.DescribeConfigurationRecorders, &configservice.DescribeConfigurationRecordersInput{})
	if err != nil {
		return nil, err
	}
	for _, r := range out.ConfigurationRecorders {
		if r.ServicePrincipal != nil { // one that an AWS service made for itself
			continue
		}
		seen := &baseline.Recorder{Name: aws.ToString(r.Name), Role: aws.ToString(r.RoleARN)}
		if g := r.RecordingGroup; g != nil {
			seen.All, seen.Global = g.AllSupported, g.IncludeGlobalResourceTypes
		}
		return seen, nil
	}
	return (*baseline.Recorder)(nil), nil
}

// packs are those of landlord's.
func (m *Member) packs(ctx context.Context) (any, error) {
	seen := []baseline.Installed{}
	for token := (*string)(nil); ; {
		out, err := inside(ctx, m, "config:DescribeConformancePacks", m.config.DescribeConformancePacks, &configservice.DescribeConformancePacksInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, p := range out.ConformancePackDetails {
			if !strings.HasPrefix(aws.ToString(p.ConformancePackName), baseline.Prefix) {
				continue
			}
			i := baseline.Installed{Name: aws.ToString(p.ConformancePackName), ID: aws.ToString(p.ConformancePackId), ARN: aws.ToString(p.ConformancePackArn)}
			for _, in := range p.ConformancePackInputParameters {
				if aws.ToString(in.ParameterName) == baseline.VersionParameter {
					i.Version = aws.ToString(in.ParameterValue)
				}
			}
			seen = append(seen, i)
		}
		if token = out.NextToken; aws.ToString(token) == "" {
			return seen, nil
		}
	}
}

// packStates are how far packs are: those of the names, all if there are none.
func (m *Member) packStates(ctx context.Context, names []string) ([]baseline.State, error) {
	seen := []baseline.State{}
	for token := (*string)(nil); ; {
		out, err := inside(ctx, m, "config:DescribeConformancePackStatus", m.config.DescribeConformancePackStatus, &configservice.DescribeConformancePackStatusInput{ConformancePackNames: names, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, p := range out.ConformancePackStatusDetails {
			seen = append(seen, baseline.State{Name: aws.ToString(p.ConformancePackName), State: string(p.ConformancePackState), Reason: aws.ToString(p.ConformancePackStatusReason)})
		}
		if token = out.NextToken; aws.ToString(token) == "" {
			return seen, nil
		}
	}
}

// rules are those that conformance packs made.
func (m *Member) rules(ctx context.Context) (any, error) {
	seen := []baseline.Rule{}
	for token := (*string)(nil); ; {
		out, err := inside(ctx, m, "config:DescribeConfigRules", m.config.DescribeConfigRules, &configservice.DescribeConfigRulesInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, r := range out.ConfigRules {
			if aws.ToString(r.CreatedBy) == "" || r.Source == nil {
				continue
			}
			seen = append(seen, baseline.Rule{Name: aws.ToString(r.ConfigRuleName), Identifier: aws.ToString(r.Source.SourceIdentifier), Parameters: parameters(aws.ToString(r.InputParameters))})
		}
		if token = out.NextToken; aws.ToString(token) == "" {
			return seen, nil
		}
	}
}

// parameters are a rule's, as texts: AWS keeps them as a JSON object.
func parameters(text string) map[string]string {
	var raw map[string]any
	if json.Unmarshal([]byte(text), &raw) != nil || len(raw) == 0 {
		return nil
	}
	all := make(map[string]string, len(raw))
	for name, v := range raw {
		all[name] = fmt.Sprint(v)
	}
	return all
}

// trails are those that a region of the account has itself.
func (m *Member) trails(ctx context.Context) (any, error) {
	out, err := inside(ctx, m, "cloudtrail:DescribeTrails", m.cloudtrail.DescribeTrails, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	seen := baseline.Trails{}
	for _, t := range out.TrailList {
		one := trail(t)
		if one.Name == baseline.TrailName && aws.ToBool(t.HasCustomEventSelectors) {
			if one.Partial, err = m.partial(ctx, t); err != nil {
				return nil, err
			}
		}
		seen = append(seen, one)
	}
	return seen, nil
}

func trail(t trailtypes.Trail) baseline.Trail {
	return baseline.Trail{
		Name: aws.ToString(t.Name), Bucket: aws.ToString(t.S3BucketName), Home: aws.ToString(t.HomeRegion),
		Organization: aws.ToBool(t.IsOrganizationTrail), Everywhere: aws.ToBool(t.IsMultiRegionTrail), Global: aws.ToBool(t.IncludeGlobalServiceEvents), Validated: aws.ToBool(t.LogFileValidationEnabled),
	}
}

// change makes the call of a step that changes something.
func (m *Member) change(ctx context.Context, s plan.Step) (execute.Result, error) {
	var err error
	switch s.Kind {
	case plan.CreateRole:
		_, err = inside(ctx, m, "iam:CreateServiceLinkedRole", m.iam.CreateServiceLinkedRole, &iam.CreateServiceLinkedRoleInput{AWSServiceName: &s.Name})
		if code(err) == "InvalidInput" { // it has been made
			err = nil
		}
	case plan.PutRecorder:
		var r baseline.Recorder
		if err = json.Unmarshal([]byte(s.Document), &r); err != nil {
			break
		}
		_, err = inside(ctx, m, "config:PutConfigurationRecorder", m.config.PutConfigurationRecorder, &configservice.PutConfigurationRecorderInput{ConfigurationRecorder: &types.ConfigurationRecorder{
			Name: &r.Name, RoleARN: &r.Role, RecordingGroup: &types.RecordingGroup{AllSupported: r.All, IncludeGlobalResourceTypes: r.Global},
		}})
	case plan.PutChannel:
		var d baseline.Channel
		if err = json.Unmarshal([]byte(s.Document), &d); err != nil {
			break
		}
		in := &types.DeliveryChannel{Name: &d.Name, S3BucketName: &d.Bucket}
		if d.Prefix != "" {
			in.S3KeyPrefix = &d.Prefix
		}
		_, err = inside(ctx, m, "config:PutDeliveryChannel", m.config.PutDeliveryChannel, &configservice.PutDeliveryChannelInput{DeliveryChannel: in})
	case plan.StartRecord:
		_, err = inside(ctx, m, "config:StartConfigurationRecorder", m.config.StartConfigurationRecorder, &configservice.StartConfigurationRecorderInput{ConfigurationRecorderName: &s.Name})
	case plan.PutPack:
		return m.putPack(ctx, s)
	case plan.DeletePack:
		_, err = inside(ctx, m, "config:DeleteConformancePack", m.config.DeleteConformancePack, &configservice.DeleteConformancePackInput{ConformancePackName: &s.Name})
		if code(err) == "NoSuchConformancePackException" {
			err = nil
		}
	default:
		err = m.keepLogs(ctx, s)
	}
	return execute.Result{}, err
}

// putPack has AWS make a conformance pack, or make it anew; it goes on with that
// after its answer.
func (m *Member) putPack(ctx context.Context, s plan.Step) (execute.Result, error) {
	out, err := inside(ctx, m, "config:PutConformancePack", m.config.PutConformancePack, &configservice.PutConformancePackInput{
		ConformancePackName: &s.Name, TemplateBody: &s.Document,
		ConformancePackInputParameters: []types.ConformancePackInputParameter{{ParameterName: aws.String(baseline.VersionParameter), ParameterValue: &s.Text}},
	})
	if err != nil {
		return execute.Result{}, err
	}
	return execute.Result{Handle: aws.ToString(out.ConformancePackArn)}, nil
}

// packMade asks what became of a pack.
func (c *Client) packMade(ctx context.Context, s plan.Step) (execute.Result, error) {
	states, err := c.In(s.Account, s.Region).packStates(ctx, []string{s.Name})
	switch {
	case err != nil && code(err) == "NoSuchConformancePackException":
		return execute.Result{Ended: true}, fmt.Errorf("%w: %w", execute.ErrLater, err)
	case err != nil:
		return execute.Result{}, err
	}
	for _, p := range states {
		switch {
		case p.Name != s.Name || p.State == baseline.Creating:
		case p.State == baseline.Complete:
			return execute.Result{ID: s.Handle, Ended: true}, nil
		default:
			return execute.Result{Ended: true}, fmt.Errorf("%w: AWS did not make the conformance pack %s: %s [%s]", execute.ErrCustomer, s.Name, p.Reason, p.State)
		}
	}
	return execute.Result{}, nil
}

// keepLogs makes the call of a step about the organization's trail and its bucket.
func (m *Member) keepLogs(ctx context.Context, s plan.Step) error {
	var t baseline.Trail
	if s.Document != "" && s.Kind != plan.GuardBucket {
		if err := json.Unmarshal([]byte(s.Document), &t); err != nil {
			return fmt.Errorf("read what trail %s should be: %w", s.Name, err)
		}
	}
	var err error
	switch s.Kind {
	case plan.CreateBucket:
		in := &s3.CreateBucketInput{Bucket: &s.Name}
		if s.Region != region { // which is the one that may not be named
			in.CreateBucketConfiguration = &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(s.Region)}
		}
		_, err = inside(ctx, m, "s3:CreateBucket", m.s3.CreateBucket, in)
		if code(err) == "BucketAlreadyOwnedByYou" {
			err = nil
		}
	case plan.CloseBucket:
		_, err = inside(ctx, m, "s3:PutPublicAccessBlock", m.s3.PutPublicAccessBlock, &s3.PutPublicAccessBlockInput{Bucket: &s.Name, PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{
			BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
		}})
	case plan.GuardBucket:
		_, err = inside(ctx, m, "s3:PutBucketPolicy", m.s3.PutBucketPolicy, &s3.PutBucketPolicyInput{Bucket: &s.Name, Policy: &s.Document})
	case plan.CreateTrail:
		_, err = inside(ctx, m, "cloudtrail:CreateTrail", m.cloudtrail.CreateTrail, &cloudtrail.CreateTrailInput{
			Name: &t.Name, S3BucketName: &t.Bucket, IsOrganizationTrail: &t.Organization, IsMultiRegionTrail: &t.Everywhere, IncludeGlobalServiceEvents: &t.Global, EnableLogFileValidation: &t.Validated,
		})
		if code(err) == "TrailAlreadyExistsException" {
			err = nil
		}
	case plan.UpdateTrail:
		_, err = inside(ctx, m, "cloudtrail:UpdateTrail", m.cloudtrail.UpdateTrail, &cloudtrail.UpdateTrailInput{
			Name: &t.Name, S3BucketName: &t.Bucket, IsOrganizationTrail: &t.Organization, IsMultiRegionTrail: &t.Everywhere, IncludeGlobalServiceEvents: &t.Global, EnableLogFileValidation: &t.Validated,
		})
	case plan.StartTrail:
		_, err = inside(ctx, m, "cloudtrail:StartLogging", m.cloudtrail.StartLogging, &cloudtrail.StartLoggingInput{Name: &s.Name})
	default:
		err = fmt.Errorf("no call for a step of kind %q", s.Kind)
	}
	return err
}
