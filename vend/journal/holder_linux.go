package journal

import (
	"fmt"
	"os"
	"strings"
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

// started is when the process with an id started; false if there is none.
//
// Source: proc_pid_stat(5): fields 3 and 22; the command before them may hold blanks and
// parentheses. A zombie has ended.
func started(id int) (ticks string, runs bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	if err != nil {
		return "", false
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const state, start = 0, 19 // the fields before the third are cut off
	if len(fields) <= start || fields[state] == "Z" || fields[state] == "X" {
		return "", false
	}
	return fields[start], true
}
