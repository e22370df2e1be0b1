package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"landlord/internal/nearest"
)

// noArguments refuses any argument, and says what to do instead.
func noArguments(instead string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return fmt.Errorf("%s takes no argument, and was given %q. %s", called(c), strings.Join(args, " "), instead)
	}
}

// someArguments asks for one argument, or several, each a thing that is not empty.
func someArguments(thing string, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		example, _, _ := strings.Cut(strings.TrimSpace(c.Example), "\n")
		switch {
		case len(args) == 0:
			return fmt.Errorf("%s needs %s, as in: %s", called(c), thing, example)
		case len(args) > most:
			return tooMany(c, thing, args)
		case slices.ContainsFunc(args, func(a string) bool { return strings.TrimSpace(a) == "" }):
			return fmt.Errorf("%s needs %s; an empty one was given, perhaps by a variable that is not set", called(c), thing)
		}
		return nil
	}
}

// maybeArgument takes one argument or none.
func maybeArgument(thing string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return tooMany(c, thing, args)
		}
		return nil
	}
}

// called is what a command is called, without the program.
func called(c *cobra.Command) string {
	return strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
}

func tooMany(c *cobra.Command, thing string, args []string) error {
	return fmt.Errorf("%s takes %s, not %d arguments: %q", called(c), thing, len(args), args)
}

// grouped makes a command that only holds others tell what it holds, and refuse
// what it does not; and so those within it.
func grouped(c *cobra.Command) {
	if !c.HasSubCommands() {
		return
	}
	c.Args = known
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	for _, one := range c.Commands() {
		if one.Name() == "help" {
			one.Args = func(_ *cobra.Command, args []string) error {
				found, left, err := c.Root().Find(args)
				if err == nil && found.HasSubCommands() {
					err = known(found, left)
				}
				return err
			}
		}
		grouped(one)
	}
}

// known refuses a command that a group does not hold, and names the nearest.
func known(group *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range group.Commands() {
		names = append(names, c.Name())
	}
	if near := nearest.Of(args[0], names); near != "" {
		return fmt.Errorf("unknown command %q. Did you mean `%s %s`?", args[0], group.CommandPath(), near)
	}
	return fmt.Errorf("unknown command %q. `%s --help` lists those there are", args[0], group.CommandPath())
}

// maybeKeys takes customers' keys, any number of them.
func maybeKeys(c *cobra.Command, keys []string) error {
	if slices.ContainsFunc(keys, func(k string) bool { return strings.TrimSpace(k) == "" }) {
		return fmt.Errorf("%s: an empty key was given, perhaps by a variable that is not set", called(c))
	}
	return nil
}
