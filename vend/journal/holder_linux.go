package journal

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// machine is the same for all processes that see each other's numbers.
func machine() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	numbers, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + numbers
}

// started is when the process with an id started; false if there is none. One of
// which nothing is told runs: it is not taken for gone.
func started(id int) (ticks string, runs bool) { return startedIn("/proc", id) }

func startedIn(procs string, id int) (ticks string, runs bool) {
	stat, err := os.ReadFile(fmt.Sprintf("%s/%d/stat", procs, id))
	if err != nil { // perhaps another user's, which hidepid hides: proc(5)
		return "", !errors.Is(syscall.Kill(id, 0), syscall.ESRCH)
	}
	return inStat(string(stat))
}

// inStat is when a process started, as its stat tells; false if it has ended.
//
// Source: proc_pid_stat(5): fields 3 and 22; the command before them may hold blanks and
// parentheses. A zombie has ended.
func inStat(stat string) (ticks string, runs bool) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const state, start = 0, 19 // the fields before the third are cut off
	if len(fields) <= start || fields[state] == "Z" || fields[state] == "X" {
		return "", false
	}
	return fields[start], true
}
