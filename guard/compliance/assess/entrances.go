package assess

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"landlord/guard/compliance"
)

// entrances are the checks of what the internet comes to first: load balancers,
// certificates, functions, web ACLs, APIs.
var entrances = map[string]evaluator{
	"elb.logging": {look: func(l *look) error {
		err := ofBalancers(func(l *look, b balancer) error {
			if b.Type != "application" {
				return nil // the others log in other ways
			}
			return b.attribute(l, "access_logs.s3.enabled", "access is logged", "access is not logged")
		}).look(l)
		if err != nil {
			return err
		}
		return ofClassics(func(l *look, b classic, arn string) error {
			var out struct {
				LoadBalancerAttributes *struct{ AccessLog *struct{ Enabled bool } }
			}
			if err := l.ask("elb:DescribeLoadBalancerAttributes", in{"LoadBalancerName": b.LoadBalancerName}, &out); err != nil {
				return err
			}
			if out.LoadBalancerAttributes == nil || out.LoadBalancerAttributes.AccessLog == nil {
				return errors.New("elb:DescribeLoadBalancerAttributes: the answer does not say whether access is logged")
			}
			l.is(out.LoadBalancerAttributes.AccessLog.Enabled, arn, "access is logged", "access is not logged")
			return nil
		}).look(l)
	}},
	"elb.tls_listeners": ofClassics(func(l *look, b classic, arn string) error {
		var plain []string
		for _, d := range b.ListenerDescriptions {
			if p := strings.ToUpper(d.Listener.Protocol); p != "HTTPS" && p != "SSL" {
				plain = append(plain, fmt.Sprintf("%s on port %d", p, d.Listener.LoadBalancerPort))
			}
		}
		if len(b.ListenerDescriptions) > 0 {
			l.is(plain == nil, arn, "all listeners want TLS", "listeners take what is not encrypted: "+strings.Join(plain, ", "))
		}
		return nil
	}),
	"elb.http_redirect": ofBalancers(func(l *look, b balancer) error {
		if b.Type != "application" {
			return nil
		}
		type listener struct {
			Port           int
			Protocol       string
			DefaultActions []struct {
				Type           string
				RedirectConfig *struct{ Protocol string }
			}
		}
		all, err := list[listener](l, "elasticloadbalancing:DescribeListeners", in{"LoadBalancerArn": b.LoadBalancerArn}, "Listeners")
		if err != nil {
			return err
		}
		for _, e := range all {
			redirects := len(e.DefaultActions) == 1 && e.DefaultActions[0].Type == "redirect" && e.DefaultActions[0].RedirectConfig != nil && e.DefaultActions[0].RedirectConfig.Protocol == "HTTPS"
			if e.Protocol == "HTTP" && !redirects {
				l.say(compliance.Fail, b.LoadBalancerArn, fmt.Sprintf("port %d takes HTTP and does not redirect to HTTPS", e.Port))
				return nil
			}
		}
		l.say(compliance.Pass, b.LoadBalancerArn, "no listener takes HTTP without redirecting to HTTPS")
		return nil
	}),
	"elb.deletion_protection": ofBalancers(func(l *look, b balancer) error {
		return b.attribute(l, "deletion_protection.enabled", "the load balancer is protected from deletion", "the load balancer is not protected from deletion")
	}),
	"acm.expiry": {look: func(l *look) error {
		type listed struct{ CertificateArn string }
		all, err := list[listed](l, "acm:ListCertificates", in{"Includes": in{"KeyTypes": keyTypes}}, "CertificateSummaryList")
		every(l, all, func(c listed) string { return c.CertificateArn }, func(c listed) error { return unexpired(l, c.CertificateArn) })
		return err
	}},
	"lambda.not_public": each("lambda:ListFunctions", nil, "Functions", func(_ *look, f function) string { return f.FunctionArn }, func(l *look, f function, arn string) error {
		var out struct{ Policy string }
		err := l.ask("lambda:GetPolicy", in{"FunctionName": f.FunctionName}, &out)
		if refused(err, "ResourceNotFoundException") {
			l.say(compliance.Pass, arn, "the function has no policy: nobody else may call it")
			return nil
		}
		if err != nil {
			return err
		}
		all, err := statements(out.Policy)
		if err != nil {
			return err
		}
		l.is(!slices.ContainsFunc(all, callable), arn, "the function's policy lets nobody in who is not named", "the function's policy lets everybody call it")
		return nil
	}),
	"waf.logging": {look: func(l *look) error {
		scopes := []string{"REGIONAL"}
		if l.region == "us-east-1" { // where CloudFront's are kept
			scopes = append(scopes, "CLOUDFRONT")
		}
		for _, scope := range scopes {
			type acl struct{ ARN string }
			all, err := list[acl](l, "wafv2:ListWebACLs", in{"Scope": scope}, "WebACLs")
			if err != nil {
				return err
			}
			every(l, all, func(a acl) string { return a.ARN }, func(a acl) error {
				var out struct {
					LoggingConfiguration *struct{ LogDestinationConfigs []string }
				}
				err := l.ask("wafv2:GetLoggingConfiguration", in{"ResourceArn": a.ARN}, &out)
				if err != nil && !refused(err, "WAFNonexistentItemException") {
					return err
				}
				l.is(out.LoggingConfiguration != nil && len(out.LoggingConfiguration.LogDestinationConfigs) > 0, a.ARN, "requests are logged", "requests are not logged")
				return nil
			})
		}
		return nil
	}},
	"apigateway.logging": {look: func(l *look) error {
		type api struct{ Id string }
		all, err := list[api](l, "apigateway:GetRestApis", nil, "Items")
		arn := func(a api) string { return "arn:aws:apigateway:" + l.region + "::/restapis/" + a.Id }
		every(l, all, arn, func(a api) error {
			type stage struct {
				StageName      string
				MethodSettings map[string]struct{ LoggingLevel string }
			}
			stages, err := list[stage](l, "apigateway:GetStages", in{"RestApiId": a.Id}, "Item")
			for _, s := range stages {
				var off []string
				for _, method := range slices.Sorted(maps.Keys(s.MethodSettings)) {
					if level := s.MethodSettings[method].LoggingLevel; level != "ERROR" && level != "INFO" {
						off = append(off, method)
					}
				}
				if _, all := s.MethodSettings["*/*"]; !all {
					off = append(off, "*/*")
				}
				l.is(off == nil, arn(a)+"/stages/"+s.StageName, "the stage logs", "the stage does not log: "+strings.Join(off, ", "))
			}
			return err
		})
		return err
	}},
}

// balancer is a load balancer of the later generation.
type balancer struct{ LoadBalancerArn, Type string }

func ofBalancers(judge func(*look, balancer) error) evaluator {
	return each("elasticloadbalancing:DescribeLoadBalancers", nil, "LoadBalancers", func(_ *look, b balancer) string { return b.LoadBalancerArn },
		func(l *look, b balancer, _ string) error { return judge(l, b) })
}

// attribute judges one that is "true" or not. One that is not told is none.
func (b balancer) attribute(l *look, key, good, bad string) error {
	type attribute struct{ Key, Value string }
	all, err := list[attribute](l, "elasticloadbalancing:DescribeLoadBalancerAttributes", in{"LoadBalancerArn": b.LoadBalancerArn}, "Attributes")
	if err == nil {
		l.is(slices.Contains(all, attribute{key, "true"}), b.LoadBalancerArn, good, bad)
	}
	return err
}

// classic is a load balancer of the first generation.
type classic struct {
	LoadBalancerName     string
	ListenerDescriptions []struct {
		Listener struct {
			Protocol         string
			LoadBalancerPort int
		}
	}
}

func ofClassics(judge func(l *look, b classic, arn string) error) evaluator {
	return each("elb:DescribeLoadBalancers", nil, "LoadBalancerDescriptions", func(l *look, b classic) string {
		return l.arn("elasticloadbalancing", "loadbalancer/"+b.LoadBalancerName)
	}, judge)
}

type function struct{ FunctionName, FunctionArn string }

// narrowing are the condition keys that say whose calls a function takes.
//
// Source: Lambda developer guide, "Using resource-based policies", and Security Hub
// user guide, "Lambda controls", Lambda.1.
var narrowing = []string{"aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:principalorgid", "aws:principalaccount", "aws:principalarn", "aws:sourceorgid"}

// likening are the operators that hold of what a value is, and of nothing else.
//
// Source: IAM user guide, "IAM JSON policy elements: Condition operators".
var likening = []string{"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"}

// callable tells whether a statement lets everybody in, or whoever has a bucket:
// S3 calls for any of them.
func callable(s policyStatement) bool {
	if s.Effect != "Allow" || !everybody(s.Principal) && !strings.Contains(string(s.Principal), "s3.amazonaws.com") {
		return false
	}
	for operator, keys := range s.Condition {
		if !slices.Contains(likening, strings.ToLower(strings.TrimPrefix(operator, "ForAnyValue:"))) {
			continue // it holds where the key is absent too, or says who may not
		}
		for key, values := range keys {
			if slices.Contains(narrowing, strings.ToLower(key)) && !slices.Contains(values, "*") {
				return false
			}
		}
	}
	return true
}

// keyTypes are those of all certificates: unless they are named, ACM lists those
// with RSA keys of up to 2,048 bits.
//
// Source: ACM API reference, Filters, keyTypes.
var keyTypes = []string{"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"}

// unexpired judges whether a certificate is good for 30 days more. One that was
// never issued has no end.
func unexpired(l *look, arn string) error {
	var out struct {
		Certificate *struct {
			Status   string
			NotAfter *time.Time
		}
	}
	if err := l.ask("acm:DescribeCertificate", in{"CertificateArn": arn}, &out); err != nil {
		return err
	}
	switch c := out.Certificate; {
	case c == nil:
		return errors.New("acm:DescribeCertificate: the answer has no certificate")
	case c.NotAfter != nil:
		until := "the certificate ends on " + c.NotAfter.UTC().Format(time.DateOnly)
		l.is(c.NotAfter.After(l.At.AddDate(0, 0, 30)), arn, until, until)
	case c.Status == "ISSUED":
		return errors.New("acm:DescribeCertificate: the answer has no NotAfter")
	}
	return nil
}
