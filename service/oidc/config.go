package oidc

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Config is which providers are believed, of whom.
type Config struct {
	Key       Key
	Operators *Operators          // nil: operators sign in by links
	Customers map[string]Customer // by key
}

// Operators is the provider that operators sign in with.
type Operators struct {
	Provider
	Domains []string // of the addresses that it is believed about
	Roles   []Mapped // by the most that a role may, first
}

// Customer is the provider of a customer's people. It is believed about addresses
// in the customer's verified domains.
type Customer struct {
	Provider
	Roles []Mapped
}

// Mapped is a role, and the groups whose people have it.
type Mapped struct {
	Role   string
	Groups []string
}

// RoleOf is the first role of which somebody in groups is; "" if of none.
func RoleOf(roles []Mapped, groups []string) string {
	for _, m := range roles {
		for _, g := range m.Groups {
			if slices.Contains(groups, g) {
				return m.Role
			}
		}
	}
	return ""
}

// The roles that groups are mapped to, the one that may the most first.
var (
	operatorRoles = []string{"owner", "engineer", "billing", "support", "auditor"}
	customerRoles = []string{"admin", "member"}
)

// configFile is the file as it is written.
type configFile struct {
	Key       secretFrom              `yaml:"key"`
	Operators *providerFile           `yaml:"operators"`
	Customers map[string]providerFile `yaml:"customers"`
}

type providerFile struct {
	Issuer  string              `yaml:"issuer"`
	Client  string              `yaml:"client"`
	Secret  secretFrom          `yaml:"secret"`
	Scopes  []string            `yaml:"scopes"`
	Domains []string            `yaml:"domains"`
	Claim   string              `yaml:"claim"`
	Groups  map[string][]string `yaml:"groups"`
}

// secretFrom is where a secret is: a file, or a variable of the environment.
type secretFrom struct{ File, Env string }

// UnmarshalYAML reads where a secret is. A secret that stands in the file itself
// is refused, and not repeated.
func (s *secretFrom) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[1].Kind == yaml.ScalarNode {
		switch value := n.Content[1].Value; n.Content[0].Value {
		case "file":
			s.File = value
			return nil
		case "env":
			s.Env = value
			return nil
		}
	}
	return fmt.Errorf("line %d: a secret is named, not written here: want {file: PATH} or {env: NAME}", n.Line)
}

// read is the secret, without blanks around it.
func (s secretFrom) read(dir string, env func(string) string) (string, error) {
	text := ""
	switch {
	case s.File != "":
		if !filepath.IsAbs(s.File) {
			s.File = filepath.Join(dir, s.File)
		}
		b, err := os.ReadFile(s.File)
		if err != nil {
			return "", err
		}
		if text = strings.TrimSpace(string(b)); text == "" {
			return "", fmt.Errorf("%s is empty", s.File)
		}
	case s.Env != "":
		if text = strings.TrimSpace(env(s.Env)); text == "" {
			return "", fmt.Errorf("%s is not set in the environment", s.Env)
		}
	default:
		return "", errors.New("is missing: want {file: PATH} or {env: NAME}")
	}
	return text, nil
}

// Read reads a file of providers, and the secrets that it names: files are looked
// for from where it is, variables with env. All that is wrong is told at once.
func Read(path string, env func(string) string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var f configFile
	if err := yaml.Load(text, &f, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := reader{dir: filepath.Dir(path), env: env}
	c := &Config{Customers: map[string]Customer{}}
	key, err := f.Key.read(r.dir, env)
	if err == nil {
		c.Key, err = ParseKey(key)
	}
	r.fault("key", err)
	if f.Operators != nil {
		o := f.Operators
		c.Operators = &Operators{Provider: r.provider("operators", *o), Roles: r.roles("operators", o.Groups, operatorRoles)}
		for _, d := range o.Domains {
			if d = strings.ToLower(d); !domains.MatchString(d) {
				r.fault("operators.domains", fmt.Errorf("%q is no domain", d))
			}
			c.Operators.Domains = append(c.Operators.Domains, d)
		}
		if len(o.Domains) == 0 {
			r.fault("operators.domains", errors.New("is missing: name the domains of operators' addresses"))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(f.Customers)) {
		of, at := f.Customers[k], "customers."+k
		if !keys.MatchString(k) {
			r.fault(at, errors.New("is no key of a customer"))
		}
		if len(of.Domains) > 0 {
			r.fault(at+".domains", errors.New("a customer's domains are those verified for it, not listed here"))
		}
		c.Customers[k] = Customer{r.provider(at, of), r.roles(at, of.Groups, customerRoles)}
	}
	if len(r.faults) > 0 {
		return nil, fmt.Errorf("%s:\n  %s", path, strings.Join(r.faults, "\n  "))
	}
	return c, nil
}

var (
	keys    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	domains = regexp.MustCompile(`^[^@\s.]+(\.[^@\s.]+)+$`)
)

// reader gathers what is wrong.
type reader struct {
	dir    string
	env    func(string) string
	faults []string
}

func (r *reader) fault(at string, err error) {
	if err != nil {
		r.faults = append(r.faults, at+": "+err.Error())
	}
}

func (r *reader) provider(at string, f providerFile) Provider {
	p := Provider{Issuer: f.Issuer, Client: f.Client, Scopes: f.Scopes, Claim: cmp.Or(f.Claim, "groups")}
	if !reachable(f.Issuer) || strings.ContainsAny(f.Issuer, "?# ") {
		r.fault(at+".issuer", fmt.Errorf("%q: want an address such as https://login.example.com, exactly as the provider writes it", shown(f.Issuer)))
	}
	if f.Client == "" {
		r.fault(at+".client", errors.New("is missing: the id that the provider gave the house"))
	}
	var err error
	p.Secret, err = f.Secret.read(r.dir, r.env)
	r.fault(at+".secret", err)
	return p
}

// shown is an address without the password that somebody wrote into it.
func shown(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return "what is written there"
}

// roles puts what groups are mapped to in order.
func (r *reader) roles(at string, groups map[string][]string, known []string) (roles []Mapped) {
	for _, role := range known {
		if len(groups[role]) > 0 {
			roles = append(roles, Mapped{role, groups[role]})
		}
	}
	for _, role := range slices.Sorted(maps.Keys(groups)) {
		if !slices.Contains(known, role) {
			r.fault(at+".groups", fmt.Errorf("%q is no role: want %s", role, strings.Join(known, ", ")))
		} else if len(groups[role]) == 0 || slices.Contains(groups[role], "") {
			r.fault(at+".groups."+role, errors.New("names no group"))
		}
	}
	return roles
}
