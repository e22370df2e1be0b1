package assess

import (
	"errors"
	"fmt"
	"slices"
)

// clusters are the checks of what runs on several machines at once, and of the
// secrets that it is entered with.
var clusters = map[string]evaluator{
	"redshift.not_public": ofWarehouses(func(l *look, w warehouse, arn string) error {
		if w.PubliclyAccessible == nil {
			return errors.New("redshift:DescribeClusters: the answer has no PubliclyAccessible")
		}
		l.is(!*w.PubliclyAccessible, arn, "the cluster is not public", "the cluster is public")
		return nil
	}),
	"redshift.audit_logging": ofWarehouses(func(l *look, w warehouse, arn string) error {
		var out struct{ LoggingEnabled bool }
		err := l.ask("redshift:DescribeLoggingStatus", in{"ClusterIdentifier": w.ClusterIdentifier}, &out)
		if err == nil {
			l.is(out.LoggingEnabled, arn, "the cluster logs", "the cluster does not log")
		}
		return err
	}),
	"opensearch.encrypted": ofDomains(func(l *look, d domain) {
		l.is(d.EncryptionAtRestOptions.Enabled, d.ARN, "the domain is encrypted", "the domain is not encrypted")
	}),
	"opensearch.node_encryption": ofDomains(func(l *look, d domain) {
		l.is(d.NodeToNodeEncryptionOptions.Enabled, d.ARN, "what nodes say to each other is encrypted", "what nodes say to each other is not encrypted")
	}),
	"eks.secrets_encrypted": each("eks:ListClusters", nil, "Clusters", func(l *look, name string) string { return l.arn("eks", "cluster/"+name) }, func(l *look, name, arn string) error {
		var out struct {
			Cluster *struct {
				EncryptionConfig []struct{ Resources []string }
			}
		}
		if err := l.ask("eks:DescribeCluster", in{"Name": name}, &out); err != nil {
			return err
		}
		if out.Cluster == nil {
			return errors.New("eks:DescribeCluster: the answer has no cluster")
		}
		on := slices.ContainsFunc(out.Cluster.EncryptionConfig, func(e struct{ Resources []string }) bool { return slices.Contains(e.Resources, "secrets") })
		l.is(on, arn, "secrets are encrypted with a KMS key", "secrets are not encrypted with a KMS key of the account's")
		return nil
	}),
	"secretsmanager.rotation": each("secretsmanager:ListSecrets", nil, "SecretList", func(_ *look, s secret) string { return s.ARN }, func(l *look, s secret, arn string) error {
		l.is(s.RotationEnabled, arn, "the secret rotates", "the secret does not rotate")
		return nil
	}),
}

type secret struct {
	ARN             string
	RotationEnabled bool
}

// warehouse is a cluster of Redshift.
type warehouse struct {
	ClusterIdentifier  string
	PubliclyAccessible *bool
}

func ofWarehouses(judge func(l *look, w warehouse, arn string) error) evaluator {
	return each("redshift:DescribeClusters", nil, "Clusters", func(l *look, w warehouse) string { return l.arn("redshift", "cluster:"+w.ClusterIdentifier) }, judge)
}

// domain is one of OpenSearch.
type domain struct {
	ARN                                                  string
	EncryptionAtRestOptions, NodeToNodeEncryptionOptions struct{ Enabled bool }
}

// ofDomains is a check of each domain. One of which nothing is shown is none that
// passes.
func ofDomains(judge func(*look, domain)) evaluator {
	type listed struct{ DomainName string }
	return each("es:ListDomainNames", nil, "DomainNames", func(l *look, d listed) string { return l.arn("es", "domain/"+d.DomainName) }, func(l *look, d listed, _ string) error {
		all, err := list[domain](l, "es:DescribeDomains", in{"DomainNames": []string{d.DomainName}}, "DomainStatusList")
		if err != nil {
			return err
		}
		if len(all) != 1 {
			return fmt.Errorf("es:DescribeDomains: the answer is of %d domains, not of one", len(all))
		}
		judge(l, all[0])
		return nil
	})
}
