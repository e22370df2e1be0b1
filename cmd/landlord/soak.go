package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"landlord/simulate/soak"
)

// soakFlags are the settings of `landlord soak`.
type soakFlags struct {
	seeds     int
	from      uint64
	rule      string
	outsiders string
	trace     string
	counted   bool // --seeds was given
}

// seedsBroken is within how many seeds every broken rule fails.
const seedsBroken = 2000

// failuresShown is after how many failing seeds a soak ends.
const failuresShown = 10

func (p *program) soakCommand() *cobra.Command {
	f := &soakFlags{}
	c := &cobra.Command{
		Use:   "soak",
		Short: "Live whole lives of simulated organizations while everything goes wrong",
		Long: `soak lives one life of a simulated organization from each seed, twice: customers
join, move, are divided by region, invited, suspended, resumed, closed, change
names and keys and leave, while calls are cut and refused, reads lag, creations
fail, runs are killed at any call, two run at once, and, in every other life,
outsiders move, rename, detach and tag. After every call of
landlord's what must hold is checked; when the faults end, one apply must leave
everything as the file says. Nothing outside is read or changed.

Lives without outsiders are judged by the truth, lives with them by what the run
had last read. A seed that fails prints its command; soak then ends with 1.

--break switches one of landlord's rules off, and must make soak fail; --break
list names them.`,
		Example: `  landlord soak --seeds 200
  landlord soak --seeds 1 --from 8812 --trace trace.jsonl
  landlord soak --break attach-after-move`,
		Args: noArguments("See `landlord soak --help`"),
		RunE: func(c *cobra.Command, _ []string) error {
			f.counted = c.Flags().Changed("seeds")
			return p.soak(c.Context(), f, c.Flags().Changed)
		},
	}
	c.Flags().IntVar(&f.seeds, "seeds", 200, "how many seeds; with --break up to 2,000")
	c.Flags().Uint64Var(&f.from, "from", 1, "the first seed")
	c.Flags().StringVar(&f.rule, "break", "", "switch this rule off; list names all")
	c.Flags().StringVar(&f.outsiders, "outsiders", "both", "on, off, or both: every other seed")
	c.Flags().StringVar(&f.trace, "trace", "", "write every call to this file, as JSON lines")
	c.Flags().BoolVar(&p.json, "json", false, "print the report as JSON")
	_ = c.RegisterFlagCompletionFunc("outsiders", cobra.FixedCompletions([]string{"on", "off", "both"}, cobra.ShellCompDirectiveNoFileComp))
	names := []string{"list"}
	for _, r := range soak.Rules() {
		names = append(names, r.Name)
	}
	_ = c.RegisterFlagCompletionFunc("break", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (p *program) soak(ctx context.Context, f *soakFlags, given func(flag string) bool) error {
	for flag, value := range map[string]string{"break": f.rule, "trace": f.trace} {
		if value == "" && given(flag) {
			return fmt.Errorf("--%s: an empty text was given, perhaps by a variable that is not set", flag)
		}
	}
	if f.rule == "list" {
		return p.listRules()
	}
	opt := soak.Options{Seeds: f.seeds, From: f.from, Outsiders: f.outsiders, Workers: runtime.GOMAXPROCS(0), Failures: failuresShown}
	if f.seeds < 1 || f.seeds > 1_000_000 {
		return fmt.Errorf("--seeds %d: want 1 to 1,000,000", f.seeds)
	}
	if !slices.Contains([]string{"on", "off", "both"}, f.outsiders) {
		return fmt.Errorf("--outsiders %q: want on, off or both", f.outsiders)
	}
	if f.rule != "" {
		var known bool
		if opt.Break, known = soak.RuleNamed(f.rule); !known {
			return fmt.Errorf("--break %q: there is no such rule; --break list names them", f.rule)
		}
		opt.Failures = 1
		if !f.counted {
			opt.Seeds = seedsBroken
		}
	}
	var file *os.File
	if f.trace != "" {
		var err error
		if file, err = os.Create(f.trace); err != nil {
			return fmt.Errorf("write the trace: %w", err)
		}
		buffer := bufio.NewWriter(file)
		opt.Trace = buffer
		defer func() { _ = errors.Join(buffer.Flush(), file.Close()) }()
	}
	debug.SetGCPercent(400) // much short-lived garbage, little that stays: see simulate
	began := time.Now()
	report, err := soak.Run(ctx, opt)
	if err != nil {
		return err
	}
	if p.json {
		err = printJSON(p.stdout, report)
	} else {
		p.soaked(report, f, time.Since(began))
	}
	if err == nil && len(report.Failed) > 0 {
		return exit(exitFault)
	}
	return err
}

// listRules prints the rules that can be switched off.
func (p *program) listRules() error {
	if p.json {
		rules := map[string]string{}
		for _, r := range soak.Rules() {
			rules[r.Name] = r.About
		}
		return printJSON(p.stdout, rules)
	}
	for _, r := range soak.Rules() {
		if _, err := fmt.Fprintf(p.stdout, "%-18s %s\n", r.Name, r.About); err != nil {
			return err
		}
	}
	return nil
}

// soaked prints a report.
func (p *program) soaked(r soak.Report, f *soakFlags, took time.Duration) {
	for _, l := range r.Failed {
		command := fmt.Sprintf("landlord soak --seeds 1 --from %d", l.Seed)
		if f.outsiders != "both" {
			command += " --outsiders " + f.outsiders
		}
		if f.rule != "" {
			command += " --break " + f.rule
		}
		fmt.Fprintf(p.stdout, "Seed %d failed. Again: %s\n", l.Seed, command)
		for _, broken := range l.Broken {
			fmt.Fprintf(p.stdout, "  %s\n", cleanLines(broken))
		}
	}
	io.WriteString(p.stdout, map[bool]string{true: "All held", false: fmt.Sprintf("%s failed", count(len(r.Failed), "seed"))}[len(r.Failed) == 0])
	fmt.Fprintf(p.stdout, ": %s, %d with outsiders (%s) and %d without, each lived twice, in %v (%.0f/s).\n",
		count(r.Seeds, "seed"), r.Outsiders, count(r.Meddled, "act"), r.Seeds-r.Outsiders, took.Round(time.Second/10), float64(r.Seeds)/took.Seconds())
	faults := 0
	var kinds []string
	for _, kind := range slices.Sorted(maps.Keys(r.Faults)) {
		faults += r.Faults[kind]
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, r.Faults[kind]))
	}
	fmt.Fprintf(p.stdout, "%s of landlord's, %d of them changes, each judged; %s, %s arrived after that; %s about one customer; %s: %s.\n",
		count(r.Calls, "call"), r.Judged, count(r.Crashes, "kill"), count(r.Late, "request"), count(r.Commands, "command"), count(faults, "fault"), strings.Join(kinds, ", "))
	if r.Accepting > 0 {
		fmt.Fprintf(p.stdout, "%s of them on an endpoint that takes a second account with one e-mail, as AWS does not: there no two runs at once, no stale reads, no late CreateAccount.\n", count(r.Accepting, "seed"))
	}
}
