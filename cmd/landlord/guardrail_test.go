package main

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestAnswersBeforeTheNextLine: whoever asks line by line is answered, also while a
// part of the next line has come already.
func TestAnswersBeforeTheNextLine(t *testing.T) {
	in, ask := io.Pipe()
	answer, out := io.Pipe()
	ended := make(chan error)
	go func() { ended <- judgeLines(func() error { return nil }, in, out) }()
	answers := bufio.NewReader(answer)
	line := `{"levels":[[]],"action":"s3:GetObject"}`
	for _, part := range []string{line + "\n" + line[:9], line[9:] + "\n" + line + "\n" + line[:1], line[1:] + "\n"} {
		if _, err := io.WriteString(ask, part); err != nil {
			t.Fatal(err)
		}
		for range strings.Count(part, "\n") {
			if got, err := answers.ReadString('\n'); err != nil || !strings.Contains(got, "implicitDeny") {
				t.Fatalf("answered %q, %v", got, err)
			}
		}
	}
	_ = ask.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// endless is one line without end.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// TestLongLines: one that is too long is told and the next one is read; one that
// does not end is an error.
func TestLongLines(t *testing.T) {
	line := `{"levels":[[]],"action":"s3:GetObject"}` + "\n"
	var out bytes.Buffer
	in := io.MultiReader(io.LimitReader(endless{}, longestLine+1), strings.NewReader("\n"+line))
	if err := judgeLines(func() error { return nil }, in, &out); err != nil || !strings.Contains(out.String(), "a line of more than 64 MiB") || !strings.Contains(out.String(), "implicitDeny") {
		t.Errorf("%q, %v", out.String(), err)
	}
	out.Reset()
	if err := judgeLines(func() error { return nil }, io.MultiReader(strings.NewReader(line), endless{}), &out); err == nil || !strings.Contains(out.String(), "implicitDeny") {
		t.Errorf("%q, %v", out.String(), err)
	}
}
