// Package wire writes and reads the calls of AWS's services as their service
// models say: JSON, forms with XML answers, EC2's form of these, paths with JSON
// or XML, CBOR. A request comes in as HTTP and becomes an operation with its
// input; an output or a refusal becomes the answer's bytes.
//
// Inputs and outputs are JSON's values under the names of the API reference: a
// number is a float64, a moment text as in RFC 3339, a blob text in base64. What
// an output has beyond the model is not written. It knows nothing of what the
// operations do.
package wire

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
)

// The models are printed by simaws/internal/modelgen from botocore's; their
// source, licence and hash stand in them.
//
//go:embed models/*.json
var models embed.FS

// API is one service's model.
type API struct {
	Name       string `json:"-"` // the model's, such as "s3control"
	Source     string
	Licence    string
	SHA256     string
	API        string // its version
	Protocol   string
	Signing    string // what signatures and IAM call the service
	Prefix     string // of X-Amz-Target
	Namespace  string
	Operations map[string]*Operation
	Shapes     map[string]*shape
}

// Operation is how a call is written.
type Operation struct {
	Method  string
	URI     string
	Status  int
	Input   string
	Output  string
	Wrapper string

	route route
}

type shape struct {
	Type     string
	Required []string
	Members  map[string]*member
	Element  *member
	Key      *member
	Flat     bool
	Payload  string
	Time     string
	Name     string
	Enum     []string
	Min, Max *int
	Pattern  string

	match func() *regexp.Regexp
}

type member struct {
	Shape string
	Name  string
	In    string
	Query string
	Flat  bool
	Time  string

	*shape `json:"-"`
}

// named is the member's name where it is written.
func (m *member) named(name string) string {
	if m.Name != "" {
		return m.Name
	}
	return name
}

// flat tells whether a list is written without an element around it.
func (m *member) flat() bool { return m.Flat || m.shape.Flat }

// when is how a moment is written, "" where the protocol decides.
func (m *member) when() string {
	if m.Time != "" {
		return m.Time
	}
	return m.shape.Time
}

// services are the models, with what signatures call each service.
var services = []struct{ name, signing string }{
	{"accessanalyzer", "access-analyzer"}, {"cloudtrail", "cloudtrail"}, {"cloudwatch", "monitoring"}, {"config", "config"}, {"ec2", "ec2"},
	{"efs", "elasticfilesystem"}, {"iam", "iam"}, {"kms", "kms"}, {"logs", "logs"}, {"macie2", "macie2"}, {"rds", "rds"}, {"s3", "s3"}, {"s3control", "s3"},
	{"securityhub", "securityhub"}, {"sns", "sns"}, {"sso-admin", "sso"}, {"identitystore", "identitystore"},
	{"guardduty", "guardduty"}, {"ssm", "ssm"}, {"dynamodb", "dynamodb"}, {"backup", "backup"}, {"elb", "elasticloadbalancing"}, {"elbv2", "elasticloadbalancing"}, {"acm", "acm"},
	{"lambda", "lambda"}, {"secretsmanager", "secretsmanager"}, {"redshift", "redshift"}, {"opensearch", "es"}, {"wafv2", "wafv2"}, {"apigateway", "apigateway"}, {"eks", "eks"},
}

// apis are the models, each read once when first used.
var apis = sync.OnceValue(func() map[string]func() *API {
	all := map[string]func() *API{}
	for _, s := range services {
		all[s.name] = sync.OnceValue(func() *API {
			text, err := models.ReadFile("models/" + s.name + ".json")
			if err != nil {
				panic(err) // embedded: a bug of the build
			}
			a, err := readAPI(s.name, text)
			if err != nil {
				panic(fmt.Sprintf("wire: model %s: %v", s.name, err))
			}
			return a
		})
	}
	return all
})

// Named is the model of that name, nil if there is none.
func Named(name string) *API {
	if read := apis()[name]; read != nil {
		return read()
	}
	return nil
}

func readAPI(name string, text []byte) (*API, error) {
	a := &API{Name: name}
	if err := json.Unmarshal(text, a); err != nil {
		return nil, err
	}
	for _, s := range a.Shapes {
		for _, m := range s.Members {
			m.shape = a.Shapes[m.Shape]
		}
		for _, m := range []*member{s.Element, s.Key} {
			if m != nil {
				m.shape = a.Shapes[m.Shape]
			}
		}
		if s.Pattern != "" {
			s.match = sync.OnceValue(func() *regexp.Regexp {
				re, err := regexp.Compile(s.Pattern)
				if err != nil {
					return nil // a pattern that only Java reads: nothing is checked by it
				}
				return re
			})
		}
	}
	for _, op := range a.Operations {
		op.route = parseRoute(op.URI)
	}
	return a, nil
}

// top is a member that stands for a whole input or output; nil where there is
// none.
func (a *API) top(name string) *member {
	if a.Shapes[name] == nil {
		return nil
	}
	return &member{Shape: name, shape: a.Shapes[name]}
}
