package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"landlord/service/web"
)

// How long somebody may take over what they send and read, so that nobody keeps
// connections busy by being slow; and how long answers may take to end when the
// house stops. How long the house takes to answer is not bounded here: a plan of
// 10,000 accounts takes AWS minutes.
const (
	headerPatience = 10 * time.Second // for a request's head, and for TLS
	bodyPatience   = 10 * time.Second // for all that it sends; for each part of a portfolio
	largePatience  = time.Minute      // for all of a portfolio
	hugePatience   = time.Hour        // for all of a file of findings
	answerPatience = time.Minute      // for each part of the answer to be taken
	idlePatience   = 2 * time.Minute  // between requests
	farewell       = 5 * time.Second
	largestHead    = 64 << 10
)

// newServer serves h to whoever comes, each within those times.
func newServer(ctx context.Context, h http.Handler, faults *log.Logger) *http.Server {
	return &http.Server{
		Handler: hurried(h), ReadHeaderTimeout: headerPatience, IdleTimeout: idlePatience, MaxHeaderBytes: largestHead, ErrorLog: faults,
		DisableGeneralOptionsHandler: true,                                              // what it answers lacks the policy
		BaseContext:                  func(net.Listener) context.Context { return ctx }, // what streams ends with the house
	}
}

// hurried bounds how long a request's body may take to come, and each part of its
// answer to be taken. Between the parts of a stream nothing is bounded.
// ReadTimeout and WriteTimeout would count the time that an answer takes to be made.
func hurried(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := &hurriedAnswer{ResponseWriter: w, control: http.NewResponseController(w)}
		if r.ContentLength != 0 {
			b := &hurriedBody{ReadCloser: r.Body, control: to.control, ends: time.Now().Add(bodyPatience)}
			_ = b.control.SetReadDeadline(b.ends) // a connection that has none is gone
			if web.Large(r) {
				b.ends = b.ends.Add(largePatience - bodyPatience)
			} else if web.Huge(r) {
				b.ends = b.ends.Add(hugePatience - bodyPatience)
			}
			r.Body = b
		}
		h.ServeHTTP(to, r)
	})
}

// hurriedBody gives each part of a body its time, within that of the whole. When all
// is read it takes the deadline away: left there, it would end the request while it is
// answered.
type hurriedBody struct {
	io.ReadCloser
	control *http.ResponseController
	ends    time.Time
	read    bool // to its end
}

func (b *hurriedBody) Read(p []byte) (int, error) {
	if b.read {
		return 0, io.EOF
	}
	if part := time.Now().Add(bodyPatience); part.Before(b.ends) {
		_ = b.control.SetReadDeadline(part)
	} else {
		_ = b.control.SetReadDeadline(b.ends)
	}
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.read = true
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// hurriedAnswer gives each part of an answer its time.
type hurriedAnswer struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (a *hurriedAnswer) Write(p []byte) (int, error) {
	_ = a.control.SetWriteDeadline(time.Now().Add(answerPatience))
	return a.ResponseWriter.Write(p)
}

// FlushError sends what was written; until the next part there is no deadline. One
// that passes while a stream is silent ends it, in HTTP/2.
func (a *hurriedAnswer) FlushError() error {
	_ = a.control.SetWriteDeadline(time.Now().Add(answerPatience))
	if err := a.control.Flush(); err != nil {
		return err
	}
	return a.control.SetWriteDeadline(time.Time{})
}

// Flush is FlushError for who does not ask.
func (a *hurriedAnswer) Flush() { _ = a.FlushError() }

// SetWriteDeadline keeps what writes streams from setting deadlines of its own: they
// are here.
func (a *hurriedAnswer) SetWriteDeadline(time.Time) error { return nil }

// Unwrap is for http.ResponseController.
func (a *hurriedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
