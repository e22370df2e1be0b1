package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"landlord/service/store"
)

// abandoned is how long a claim holds others off whose answer does not come: its
// process is taken for dead then, and the request is done when it is sent again.
const abandoned = time.Minute

// toldOnce marks operations whose answer has a secret: it is never kept.
const toldOnce = "told once"

// streamed marks operations whose body is read while it comes: it is not in memory,
// and what it is tells that it was done before.
const streamed = "streamed"

// once does a write that has an Idempotency-Key once, and answers it the same
// however often the same token sends it. What failed on our side, and did nothing, is
// not remembered.
// It comes after scoped: a token that may not ask is told nothing of what was.
func (a *API) once(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	key := r.Header.Get("Idempotency-Key")
	if key == "" || r.Method == http.MethodGet || r.Method == http.MethodHead || ctx.Operation().Metadata[streamed] != nil {
		next(ctx)
		return
	}
	if len(key) > 255 {
		write(w, huma.Error422UnprocessableEntity("the Idempotency-Key is longer than 255 bytes"))
		return
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		write(w, huma.NewError(http.StatusRequestEntityTooLarge, "the request is larger than 16 MiB, or was cut off"))
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	h := sha256.New()
	io.WriteString(h, r.Method+" "+r.URL.RequestURI()+"\n"+r.Header.Get("If-Match")+"\n")
	h.Write(text)
	now := a.Clock.Now()
	claim := store.Claim{Actor: "token " + from(r.Context()).id, Key: key, At: now}
	var before store.Reply
	var again bool
	err = a.scope(r.Context(), func(tx store.Tx) error {
		before, again, err = tx.Once(r.Context(), claim, h.Sum(nil), now.Add(-abandoned))
		return err
	})
	switch {
	case errors.Is(err, store.ErrTaken):
		write(w, huma.Error422UnprocessableEntity("the Idempotency-Key was used for another request"))
	case err != nil:
		write(w, a.problem(err))
	case again && before.Status == 0:
		write(w, huma.Error409Conflict("the same request is being carried out"))
	case again:
		w.Header().Set("Content-Type", typeOf(before.Status))
		w.Header().Set("Idempotent-Replayed", "true")
		w.WriteHeader(before.Status)
		_, _ = w.Write(before.Body)
	default:
		kept := &recorder{ResponseWriter: w}
		next(humago.NewContext(ctx.Operation(), r.WithContext(context.WithValue(r.Context(), claimKey{}, claim)), kept))
		a.remember(r.Context(), claim, replyOf(ctx.Operation(), kept))
	}
}

// replyOf is what is kept of an answer. Of a token that was made it is that it was,
// and which; never its secret.
func replyOf(op *huma.Operation, kept *recorder) store.Reply {
	if op.Metadata[toldOnce] == nil || kept.status >= http.StatusBadRequest {
		return store.Reply{Status: kept.status, Body: kept.body.Bytes()}
	}
	var made struct{ ID string }
	_ = json.Unmarshal(kept.body.Bytes(), &made) // our own answer; without it, no id is told
	text, _ := json.Marshal(huma.Error409Conflict("this request made the token " + made.ID + "; its secret was told once, in the first answer: end the token if that did not arrive, and make another"))
	return store.Reply{Status: http.StatusConflict, Body: text}
}

func typeOf(status int) string {
	if status >= http.StatusBadRequest {
		return "application/problem+json"
	}
	return "application/json"
}

type claimKey struct{}

// lost is what is kept of a request from when it is done to when its answer is
// known: a process that ends between the two answers it no more.
const lost = `{"title":"Conflict","status":409,"detail":"this request was done, and its answer was lost: read what there is now"}`

// doneOnce makes sure, in the transaction that does what a request with an
// Idempotency-Key asks for, that it is not done by another too: not if this one was
// taken for dead meanwhile, and by nobody from then on.
func doneOnce(ctx context.Context, tx store.Tx) error {
	claim, is := ctx.Value(claimKey{}).(store.Claim)
	if !is {
		return nil
	}
	return tx.Replied(ctx, claim, store.Reply{Status: http.StatusConflict, Body: []byte(lost)})
}

// remember keeps an answer, or forgets that there was a request. Who was taken for
// dead meanwhile keeps nothing.
func (a *API) remember(ctx context.Context, claim store.Claim, reply store.Reply) {
	ctx = context.WithoutCancel(ctx) // the sender may be gone; it will ask again
	err := a.scope(ctx, func(tx store.Tx) error {
		if reply.Status >= http.StatusInternalServerError || reply.Status == 0 {
			return tx.ForgetReply(ctx, claim)
		}
		return tx.Replied(ctx, claim, reply)
	})
	if err != nil {
		a.Log.Warn("the answer to an idempotent request is not kept", "error", err)
	}
}

// recorder keeps what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
