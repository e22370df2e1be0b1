package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"landlord/service/store"
)

// once does a write that has an Idempotency-Key once, and answers it the same
// however often it is sent. What failed on our side is not remembered.
func (a *API) once(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "" || r.Method == http.MethodGet || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
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
		c := from(r.Context())
		var before store.Reply
		var again bool
		err = a.scope(r.Context(), func(tx store.Tx) error {
			before, again, err = tx.Once(r.Context(), c.who.ID, key, h.Sum(nil), a.Clock.Now())
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
			next.ServeHTTP(kept, r)
			a.remember(r.Context(), c.who.ID, key, kept)
		}
	})
}

func typeOf(status int) string {
	if status >= http.StatusBadRequest {
		return "application/problem+json"
	}
	return "application/json"
}

// remember keeps an answer, or forgets that there was a request.
func (a *API) remember(ctx context.Context, actor, key string, kept *recorder) {
	ctx = context.WithoutCancel(ctx) // the sender may be gone; it will ask again
	err := a.scope(ctx, func(tx store.Tx) error {
		if kept.status >= http.StatusInternalServerError || kept.status == 0 {
			return tx.ForgetReply(ctx, actor, key)
		}
		return tx.Replied(ctx, actor, key, store.Reply{Status: kept.status, Body: kept.body.Bytes()})
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
