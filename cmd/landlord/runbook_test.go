package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// edits are what a person does to the file where a runbook says $EDITOR, as a
// shell does it.
var edits = map[string]string{
	"off-board.md": `sed -i '/^  - key: startup/,$d' "$1"; echo 'departed: [startup]' >> "$1"`,
}

// event is a call of the days before, as CloudTrail logs it.
const event = `{"Records":[{"eventVersion":"1.11","eventTime":"2026-01-18T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetBucketAcl","awsRegion":"us-east-1","recipientAccountId":"222233334444","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::222233334444:assumed-role/App/i-1","accountId":"222233334444"}}]}`

// TestRunbooks runs every command of docs/operations as it stands there, each page
// in an organization of its own, and compares what is printed with what the page
// says.
func TestRunbooks(t *testing.T) {
	example, err := os.ReadFile("../../examples/five-customers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("../../docs/operations/*.md")
	if err != nil || len(pages) < 8 {
		t.Fatalf("%d runbooks, %v", len(pages), err)
	}
	dir := t.TempDir()
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(page); name != "README.md" {
			script(t, dir, name, string(text))
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANDLORD_FILE", "customers.yaml")
			e.Setenv("NO_COLOR", "1")
			if err := os.Mkdir(e.WorkDir+"/AWSLogs", 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(e.WorkDir+"/AWSLogs/one.json", []byte(event), 0o644); err != nil {
				return err
			}
			return os.WriteFile(e.WorkDir+"/customers.yaml", example, 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"says": says},
	})
}

// block is a fenced block of a page: its language and its text.
var block = regexp.MustCompile("(?ms)^```(sh|text)\n(.*?)^```$")

// script writes a page as a script: its commands block by block, and what they
// say.
func script(t *testing.T, dir, name, page string) {
	var s, files strings.Builder
	if name != "deploy.md" {
		s.WriteString("exec landlord apply --yes\nexec landlord baseline apply --yes\nexec landlord baseline run\n")
	}
	if edit := edits[name]; edit != "" {
		fmt.Fprintf(&s, "chmod 755 edit\nenv EDITOR=$WORK/edit\n")
		fmt.Fprintf(&files, "-- edit --\n#!/bin/sh -eu\n%s\n", edit)
	}
	for i, b := range block.FindAllStringSubmatch(page, -1) {
		file := fmt.Sprint("block", i)
		if b[1] == "text" {
			fmt.Fprintf(&s, "says %s\n", file)
		} else {
			fmt.Fprintf(&s, "exec sh -eu %s\n", file)
		}
		fmt.Fprintf(&files, "-- %s --\n%s", file, b[2])
	}
	if err := os.WriteFile(filepath.Join(dir, strings.TrimSuffix(name, ".md")+".txtar"), []byte(s.String()+files.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// says compares what the commands before printed with a file: each of its lines is
// one of those printed, in their order; … stands for anything.
func says(ts *testscript.TestScript, neg bool, args []string) {
	printed := strings.Split(ts.ReadFile("stdout"), "\n")
	for want := range strings.Lines(ts.ReadFile(args[0])) {
		want = strings.TrimSpace(want)
		line := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*") + "$")
		at := -1
		for i, p := range printed {
			if line.MatchString(strings.TrimSpace(p)) {
				at = i
				break
			}
		}
		if at < 0 {
			ts.Fatalf("not printed, or not in this order: %q", want)
		}
		printed = printed[at+1:]
	}
}

// TestRunbooksNameEveryProcedure: a page for each, in the list.
func TestRunbooksNameEveryProcedure(t *testing.T) {
	list, err := os.ReadFile("../../docs/operations/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, procedure := range []string{"deploy", "verify", "onboard", "invoice", "baseline", "off-board", "incident"} {
		if !strings.Contains(string(list), "("+procedure+".md)") {
			t.Errorf("the list has no %s", procedure)
		}
		if text, err := os.ReadFile("../../docs/operations/" + procedure + ".md"); err != nil || !strings.Contains(string(text), "```sh") {
			t.Errorf("%s has no command: %v", procedure, err)
		}
	}
}
