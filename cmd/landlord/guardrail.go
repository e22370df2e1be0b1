package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"landlord/guard/guardrail"
)

func (p *program) guardrailCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "guardrail",
		Short: "Ask what guardrails let through",
		Long: `guardrail asks the policies of an organization, or any others, what they let
through: they are judged as AWS judges service and resource control policies.`,
		Example: `  landlord guardrail test -f examples/five-customers.yaml --customer acme cloudtrail:StopLogging
  landlord guardrail eval requests.jsonl`,
	}
	c.AddCommand(p.guardrailTestCommand(), p.guardrailDiffCommand(), p.guardrailEvalCommand())
	return c
}

func (p *program) guardrailEvalCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "eval [FILE]",
		Short: "Judge requests that bring their own policies, as lines of JSON",
		Long: `eval reads lines of JSON from FILE, or from standard input, and answers each in
order with one line. It needs no organization. A line is

  {"levels":[[POLICY,…],…],"principal":ARN,"action":A,"resource":R,"context":{K:[V,…]}}

levels are the policies of the root, of each unit on the way down and of the
account; a POLICY is a policy document, or a string that holds one. A value of
the context may stand for a list of one. Only levels and action must be there.
"management" may name the management account.

  {"allowed":false,"reason":"explicitDeny","level":1,"policy":0,"statement":"NoRoot"}

reason is allowed, explicitDeny, implicitDeny (at level, nothing allows it),
serviceLinkedRole or managementAccount (never limited). level counts from 0, the
root; statement is the Sid, or the number from 0 of one that has none. What does
not apply is null. A line that cannot be judged is answered {"error":…}, and the
next one is read; the exit code stays 0.`,
		Example: `  echo '{"levels":[[{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}]],"action":"ec2:RunInstances"}' | landlord guardrail eval`,
		Args:    maybeArgument("one file of requests"),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		in := p.stdin
		if len(args) == 1 && args[0] != "-" {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			in = f
		}
		return judgeLines(c.Context().Err, in, p.stdout)
	}
	return c
}

// longestLine is the most bytes of one request with its policies, and endlessLine
// how many are passed over in search of the end of a longer one.
const (
	longestLine = 64 << 20
	endlessLine = 1 << 30
)

// judgeLines answers each line of in with one of out. What is answered is written
// when no further line is there to be read at once.
func judgeLines(stopped func() error, in io.Reader, out io.Writer) error {
	r, w := bufio.NewReaderSize(in, 1<<20), bufio.NewWriterSize(out, 1<<16)
	var lines guardrail.Lines
	for {
		line, tooLong, err := readLine(r)
		if end := err == io.EOF; err != nil && !end {
			return errors.Join(fmt.Errorf("read the requests: %w", err), w.Flush())
		}
		switch text := bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\uFEFF"))); {
		case tooLong:
			writeAnswer(w, guardrail.Decision{}, fmt.Errorf("a line of more than %d MiB", longestLine>>20))
		case len(text) > 0:
			d, wrong := lines.Judge(text)
			writeAnswer(w, d, wrong)
		}
		if ahead, _ := r.Peek(r.Buffered()); err == io.EOF || bytes.IndexByte(ahead, '\n') < 0 {
			if wrong := w.Flush(); wrong != nil || err == io.EOF {
				return wrong
			}
		}
		if err := stopped(); err != nil {
			return errors.Join(err, w.Flush())
		}
	}
}

// readLine reads a line, or leaves out one that is too long; one that does not end
// is an error. The line holds until the next is read.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	part, err := r.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return part, false, err
	}
	line = bytes.Clone(part)
	for passed := len(part); err == bufio.ErrBufferFull; passed += len(part) {
		if passed > endlessLine {
			return nil, true, fmt.Errorf("a line of more than %d MiB", endlessLine>>20)
		}
		part, err = r.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > longestLine; !tooLong {
			line = append(line, part...)
		}
	}
	return line, tooLong, err
}

// answerJSON is one line of `guardrail eval`.
type answerJSON struct {
	Allowed   bool             `json:"allowed"`
	Reason    guardrail.Reason `json:"reason"`
	Level     *int             `json:"level"`
	Policy    *int             `json:"policy"`
	Statement any              `json:"statement"` // the Sid, or the number from 0
}

func writeAnswer(w io.Writer, d guardrail.Decision, wrong error) {
	var v any = map[string]string{"error": fmt.Sprint(wrong)}
	if wrong == nil {
		a := answerJSON{Allowed: d.Allowed, Reason: d.Reason}
		if d.Level >= 0 {
			a.Level = &d.Level
		}
		if d.Policy >= 0 {
			a.Policy = &d.Policy
		}
		switch {
		case d.Sid != "":
			a.Statement = d.Sid
		case d.Statement >= 0:
			a.Statement = d.Statement
		}
		v = a
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // the writer keeps its error until it is flushed
}
