package journal

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// machine is the same for all processes that see each other's numbers.
//
// Source: xnu, bsd/kern/kern_sysctl.c: kern.bootsessionuuid is another after each start.
func machine() string {
	boot, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return boot
}

// zombie is the state of a process that has ended and was not waited for.
//
// Source: xnu, bsd/sys/proc.h, SZOMB.
const zombie = 5

// started is when the process with an id started; false if there is none. One of
// which nothing is told runs: it is not taken for gone.
func started(id int) (at string, runs bool) {
	if errors.Is(unix.Kill(id, 0), unix.ESRCH) {
		return "", false
	}
	p, err := unix.SysctlKinfoProc("kern.proc.pid", id)
	if err != nil {
		return "", true
	}
	since := p.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", since.Sec, since.Usec), p.Proc.P_stat != zombie
}
