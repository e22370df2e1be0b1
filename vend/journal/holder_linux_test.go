package journal

import (
	"os"
	"os/exec"
	"testing"
)

// TestHiddenProcessRuns: where a process hides others' from who looks, one that
// runs is not taken for one that has ended.
func TestHiddenProcessRuns(t *testing.T) {
	hides := t.TempDir()
	if since, runs := startedIn(hides, os.Getpid()); since != "" || !runs {
		t.Errorf("this process started at %q, and that it runs is %t; want nothing of when, and that it does", since, runs)
	}
	child := exec.Command(os.Args[0], "-test.run=^$")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	if _, runs := startedIn(hides, child.Process.Pid); runs {
		t.Errorf("process %d has ended", child.Process.Pid)
	}
}
