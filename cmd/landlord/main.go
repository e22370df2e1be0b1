// landlord makes a file of customers a running, verified AWS organization.
//
// This command parses flags, wires the packages and turns errors into exit
// codes: 0 done, 1 something is wrong, 2 `plan --detailed-exitcode` found
// changes, 130 interrupted. One file per subcommand.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"landlord/portfolio"
	"landlord/vend/journal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first asks to stop, a second ends the process
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes.
const (
	exitFault       = 1
	exitChanges     = 2
	exitInterrupted = 130
)

// exit is an error that has been told already and only sets the exit code.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// run is the whole program. Scripts call it too.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	out := &output{Writer: stdout}
	p := &program{stdin: stdin, stdout: out, stderr: stderr}
	defer func() {
		if bug := recover(); bug != nil {
			fmt.Fprintf(stderr, "landlord: a bug in landlord: %v. What was done so far stands; the next run goes on from there.\n%s", bug, debug.Stack())
			code = exitFault
		}
	}()
	root := p.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = out.err // what was not written was not said
	}
	if err == nil {
		return 0
	}
	if code, told := errors.AsType[exit](err); told {
		return int(code)
	}
	code = exitFault
	if ctx.Err() != nil {
		code = exitInterrupted
		err = fmt.Errorf("stopped; nothing more was begun (%w)", err)
	}
	if p.json && !out.used {
		_ = printJSON(out, map[string]string{"error": err.Error()}) // the error itself is told below
	}
	if faults, is := errors.AsType[*portfolio.Faults](err); is {
		faults.Write(stderr, isTerminal(stderr))
		return code
	}
	fmt.Fprintf(stderr, "landlord: %s\n", cleanLines(err.Error()))
	return code
}

// output is standard output. It keeps the first error of writing, since a
// table or a plan that nobody can read is a failure too.
type output struct {
	io.Writer
	used bool
	err  error
}

func (o *output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	o.used = true
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("write the output: %w", err)
	}
	return n, err
}

// program is what every subcommand is given.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer

	file   string // -f, the argument, or LANDLORD_FILE
	named  bool   // by -f
	target string // --target
	dir    string // --dir
	server string // --server
	json   bool   // --json
	digest string // of the portfolio file, as load found it

	self journal.Holder // this run, once it has asked for the lock
}

func (p *program) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "landlord",
		Short: "One AWS account per customer, in the unit of its compliance tier",
		Long: `landlord takes a file of customers in compliance tiers and makes it a running,
verified AWS organization: a unit and a guardrail policy per tier, an account per
customer. AWS holds all state; what a run leaves undone the next one finishes.

  landlord validate -f examples/five-customers.yaml   is the file right?
  landlord plan     -f examples/five-customers.yaml   what would change?
  landlord apply    -f examples/five-customers.yaml   change it
  landlord verify   -f examples/five-customers.yaml   is it so?
  landlord simulate examples/five-customers.yaml      what will it take?
  landlord preflight -f examples/five-customers.yaml --customers 1000   what would stop it?

The file can also be named by LANDLORD_FILE or given as the argument.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
	}
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpTemplate(helpTemplate)
	root.SetUsageTemplate(usageTemplate)
	root.AddCommand(
		p.validateCommand(), p.schemaCommand(), p.planCommand(), p.applyCommand(), p.onboardCommand(), p.verifyCommand(), p.historyCommand(), p.terraformCommand(),
		p.importCommand(), p.customerCommand(), p.identityCommand(), p.guardrailCommand(), p.baselineCommand(), p.preflightCommand(), p.simulateCommand(), p.soakCommand(), p.simawsCommand(), p.permissionsCommand(),
		p.findingsCommand(), p.reportCommand(), p.economicsCommand(), p.invoiceCommand(), p.usageCommand(), p.supportCommand(), p.dbCommand(), p.auditCommand(),
		p.upCommand(), p.serveCommand(), p.operatorCommand(), p.loginCommand(), p.logoutCommand(), p.pushCommand(), p.pullCommand(), p.runsCommand(),
		&cobra.Command{Use: "version", Short: "Print landlord's version", Args: noArguments("See `landlord version --help`"), Example: "  landlord version", Long: "version prints the version that the build recorded.",
			RunE: func(*cobra.Command, []string) error {
				_, err := fmt.Fprintln(p.stdout, "landlord version", version())
				return err
			}},
	)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	grouped(root)
	return root
}

// helpTemplate begins with what a command is for and an example that works.
const helpTemplate = `{{.Short}}.
{{if .Example}}
{{.Example}}
{{end}}
{{.Long}}

{{.UsageString}}`

const usageTemplate = `Usage:{{if and .Runnable (not .HasAvailableSubCommands)}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND

Commands:{{range .Commands}}{{if or .IsAvailableCommand (eq .Name "help")}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Global flags:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

"{{.CommandPath}} COMMAND --help" tells more.{{end}}
`

// portfolioFlags are the flags of a subcommand that reads a portfolio.
func (p *program) portfolioFlags(c *cobra.Command) {
	c.Flags().StringVarP(&p.file, "file", "f", os.Getenv("LANDLORD_FILE"), "the portfolio file (LANDLORD_FILE)")
	_ = c.RegisterFlagCompletionFunc("file", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
	})
	c.Flags().StringVar(&p.target, "target", "", `"simulated" or "aws" instead of the file's organization.target`)
	_ = c.RegisterFlagCompletionFunc("target", cobra.FixedCompletions([]string{"simulated", "aws"}, cobra.ShellCompDirectiveNoFileComp))
	c.Args = portfolioArgument
	c.PreRun = func(c *cobra.Command, _ []string) { p.named = c.Flags().Changed("file") }
}

func portfolioArgument(c *cobra.Command, args []string) error {
	if len(args) == 1 && args[0] == "" {
		return fmt.Errorf("%s: the portfolio file's name is empty, perhaps by a variable that is not set", called(c))
	}
	return maybeArgument("one portfolio file")(c, args)
}

// load reads the portfolio that the flags or the argument name.
func (p *program) load(args []string) (*portfolio.Portfolio, error) {
	if len(args) == 1 {
		if p.named && p.file != args[0] {
			return nil, fmt.Errorf("the portfolio is named twice: -f %s and %s", p.file, args[0])
		}
		p.file = args[0]
	}
	if p.file == "" {
		return nil, errors.New("no portfolio file: name one with -f FILE or LANDLORD_FILE. `landlord schema` tells what it holds; examples/five-customers.yaml is one")
	}
	p.digest = digestOf(p.file) // before it is read: what changes now is then seen to have changed
	folio, err := portfolio.Load(p.file)
	if err != nil {
		return nil, err
	}
	switch p.target {
	case "":
	case "simulated", "aws":
		folio.Organization.Target = p.target
	default:
		return nil, fmt.Errorf("--target %q: want simulated or aws", p.target)
	}
	return folio, nil
}
