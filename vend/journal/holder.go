package journal

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"time"
)

// Process is a process of landlord's, known well enough to tell it from one
// that later has its number.
type Process struct {
	User    string `json:"user"`
	Host    string `json:"host"`
	Machine string `json:"machine,omitempty"` // this start of the machine and its process numbers; "" where it cannot be told
	ID      int    `json:"process"`
	Started string `json:"process_started,omitempty"` // as the system tells it; "" where it does not
}

// Self is the process that asks.
func Self() Process {
	p := Process{ID: os.Getpid()}
	p.Host, _ = os.Hostname() // one without a name is told by the rest
	if u, err := user.Current(); err == nil {
		p.User = u.Username
	} else {
		p.User = "user " + strconv.Itoa(os.Getuid())
	}
	p.Machine = machine()
	p.Started, _ = started(p.ID)
	return p
}

// here tells whether p runs, or ran, where other does, so that their numbers
// mean the same.
func (p Process) here(other Process) bool {
	return p.Machine != "" && p.Machine == other.Machine && p.Host == other.Host
}

// Gone tells whether p, seen from by, is known to have ended. One on another
// machine is never known to have.
func (p Process) Gone(by Process) bool {
	if !p.here(by) {
		return false
	}
	since, runs := started(p.ID)
	return !runs || since != "" && since != p.Started
}

// Runs tells whether p, seen from by, is known to run still.
func (p Process) Runs(by Process) bool { return p.here(by) && !p.Gone(by) }

func (p Process) String() string {
	return fmt.Sprintf("%s on %s, process %d", p.User, p.Host, p.ID)
}

// Holder is who holds a lock.
type Holder struct {
	Process
	Run     string    `json:"run"`
	Command string    `json:"command"` // "apply"
	Since   time.Time `json:"since"`
}

func (h Holder) String() string {
	if h.ID == 0 {
		return "another process"
	}
	return fmt.Sprintf("landlord %s of %s, since %s", h.Command, h.Process, h.Since.UTC().Format("2006-01-02 15:04:05 UTC"))
}
