package web

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"landlord/internal/pace"
	programs "landlord/service/api"
	"landlord/service/store"
)

// A program without a token asks for two codes, shows one to its user and asks with
// the other whether an operator has answered. Source: RFC 8628.

type devicePage struct {
	shell
	Code    field
	Asks    *deviceAsks // nil while there is no code
	Scopes  []option
	Done    string // what was answered
	Spoken  string
	Refused bool
}

// deviceAsks is a program that waits.
type deviceAsks struct {
	Name, Source string
	Since        moment
}

const (
	deviceLasts = 10 * time.Minute
	devicePolls = 5 * time.Second // a program asks no more often
)

var (
	devicesFrom  = store.Bound{Most: 20, Within: 15 * time.Minute} // codes asked for by one source
	devicesTyped = store.Bound{Most: 10, Within: 15 * time.Minute} // wrong codes typed by one operator
)

const noProgram = "No program waits with this code. It is good for 10 minutes, once."

// spokenLetters are those of a code that people type: no vowels make words, and none
// looks like another. Source: RFC 8628, section 6.1.
const spokenLetters = "BCDFGHJKLMNPQRSTVWXZ"

// spokenCode is a new code that people type: 20^8 are 2.6e10.
func spokenCode() string {
	var code []byte
	b := make([]byte, 64)
	for len(code) < 8 {
		_, _ = rand.Read(b) // never fails
		for _, c := range b {
			if int(c) < 256/len(spokenLetters)*len(spokenLetters) && len(code) < 8 {
				code = append(code, spokenLetters[int(c)%len(spokenLetters)])
			}
		}
	}
	return string(code[:4]) + "-" + string(code[4:])
}

// spokenHash is what is kept of a code, however it is typed.
func spokenHash(typed string) []byte {
	return hashOf("spoken " + strings.Map(func(r rune) rune {
		if strings.ContainsRune(spokenLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(typed)))
}

// askDevice gives a program its codes.
func (s *Server) askDevice(v *visit) error {
	if s.Tokens.New == nil || s.Store.Pool() == nil {
		return errNotHere
	}
	text, hash := secret()
	code := spokenCode()
	name := strings.TrimSpace(v.PostFormValue("client_name"))
	if name == "" || len([]rune(name)) > 100 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		name = "a program"
	}
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		if err := s.try(v, tx, "device codes from "+pace.Network(v.source), devicesFrom); err != nil {
			return err
		}
		return tx.NewDeviceLogin(v.Context(), store.DeviceLogin{Code: hash, Spoken: spokenHash(code), Name: name, Source: v.source, CreatedAt: v.Now, ExpiresAt: v.Now.Add(deviceLasts)})
	})
	if err != nil {
		return err
	}
	to := s.Base.JoinPath("device")
	whole := *to
	whole.RawQuery = "code=" + code
	return v.json(http.StatusOK, map[string]any{"device_code": text, "user_code": code, "verification_uri": to.String(), "verification_uri_complete": whole.String(),
		"expires_in": int(deviceLasts / time.Second), "interval": int(devicePolls / time.Second)})
}

// json answers a program.
func (v *visit) json(status int, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	v.Header().Set("Content-Type", "application/json")
	v.Header().Set("Cache-Control", "no-store")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(text) // the reader may be gone
	return nil
}

// pollDevice tells a program whether it was answered, and gives it its token, once.
func (s *Server) pollDevice(v *visit) error {
	if s.Tokens.New == nil || s.Store.Pool() == nil {
		return errNotHere
	}
	hash, fault := hashOf(v.PostFormValue("device_code")), ""
	var token string
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		d, err := tx.PollDeviceLogin(v.Context(), hash, v.Now)
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && !d.ExpiresAt.After(v.Now):
			fault = "expired_token"
			return nil
		case err != nil:
			return err
		case d.PolledAt != nil && v.Now.Sub(*d.PolledAt) < devicePolls:
			fault = "slow_down"
			return nil
		case d.Person == "":
			fault = "authorization_pending"
			return nil
		}
		if err := tx.EndDeviceLogin(v.Context(), hash); err != nil {
			return err
		}
		who, err := person(v.Context(), tx, store.Who{ID: d.Person})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		// What the person may not do any more, the token may not.
		scopes := slices.DeleteFunc(d.Scopes, func(scope string) bool { return !slices.Contains(s.Tokens.Scopes(who.role().String()), scope) })
		if len(scopes) == 0 {
			fault = "access_denied"
			return nil
		}
		var kept []byte
		token, kept = s.Tokens.New("")
		t := store.Token{Who: who.who(), ID: newID(), Name: d.Name, Hash: kept, Scopes: scopes, CreatedAt: v.Now, ExpiresAt: v.Now.Add(time.Duration(d.Days) * 24 * time.Hour)}
		if err := tx.NewToken(v.Context(), t); err != nil {
			return err
		}
		v.Person = who
		return s.record(v, tx, act{did: "token.make", after: d.Name + ", " + strings.Join(scopes, " and ") + ", " + count(d.Days, "day")})
	})
	if v.Person = (Person{}); err != nil {
		return err
	}
	if fault != "" {
		return v.json(http.StatusBadRequest, map[string]string{"error": fault})
	}
	return v.json(http.StatusOK, map[string]string{"access_token": token, "token_type": "Bearer"})
}

// device shows an operator which program asks for a token of theirs.
func (s *Server) device(v *visit) error {
	return s.showDevice(v, http.StatusOK, v.FormValue("code"), "")
}

func (s *Server) showDevice(v *visit, status int, typed, fault string) error {
	if s.Tokens.New == nil {
		return errNotHere
	}
	p := devicePage{shell: s.shell(v, "Give a program a token?"), Spoken: strings.TrimSpace(typed)}
	if p.Spoken != "" && fault == "" {
		err := s.asking(v, p.Spoken, func(_ store.Tx, d store.DeviceLogin) error {
			p.Asks = &deviceAsks{d.Name, d.Source, momentOf(v.Now, d.CreatedAt)}
			return nil
		})
		if errors.Is(err, store.ErrNotFound) {
			status, fault = http.StatusNotFound, noProgram
		} else if err != nil {
			return err
		}
	}
	for i, scope := range s.Tokens.Scopes(v.Person.role().String()) {
		p.Scopes = append(p.Scopes, option{scope, scope + ": " + programs.Says(scope), i == 0})
	}
	p.Code = field{Name: "code", Label: "Code", Hint: "That the program shows, like BCDF-GHJK", Type: "text", Needed: true, Value: p.Spoken, Fault: fault}
	return s.renderStatus(v, status, "device", p)
}

// asking does something with the program whose code was typed. That there is none is
// counted when the transaction has ended, so that no guess holds two.
func (s *Server) asking(v *visit, typed string, do func(store.Tx, store.DeviceLogin) error) error {
	who := "device codes typed by " + v.Person.ID
	err := s.Store.Operator(v.Context(), func(tx store.Tx) error {
		wait, err := tx.Wait(v.Context(), who, devicesTyped, v.Now)
		if err != nil {
			return err
		}
		if wait > 0 {
			return tooMany(v, wait)
		}
		d, err := tx.SpokenDeviceLogin(v.Context(), spokenHash(typed), v.Now)
		if err != nil {
			return err
		}
		return do(tx, d)
	})
	if errors.Is(err, store.ErrNotFound) {
		return cmp.Or(s.Store.Operator(v.Context(), func(tx store.Tx) error { return s.try(v, tx, who, devicesTyped) }), err)
	}
	return err
}

// answerDevice gives the program a token of the operator's, or refuses it.
func (s *Server) answerDevice(v *visit) error {
	if s.Tokens.New == nil {
		return errNotHere
	}
	typed, refused := v.PostFormValue("code"), v.PostFormValue("do") == "refuse"
	var scopes []string
	for _, scope := range s.Tokens.Scopes(v.Person.role().String()) {
		if !refused && slices.Contains(v.PostForm["scope"], scope) {
			scopes = append(scopes, scope)
		}
	}
	if !refused && len(scopes) == 0 {
		return s.showDevice(v, http.StatusUnprocessableEntity, typed, "")
	}
	days := atoi(v.PostFormValue("days"))
	if days < 1 || days > 90 {
		days = 30
	}
	var name string
	err := s.asking(v, typed, func(tx store.Tx, d store.DeviceLogin) error {
		name = d.Name
		if err := tx.AnswerDeviceLogin(v.Context(), spokenHash(typed), v.Person.ID, scopes, days, v.Now); err != nil {
			return err
		}
		if refused {
			return s.record(v, tx, act{did: "device.refuse", after: d.Name + ", from " + d.Source})
		}
		return s.record(v, tx, act{did: "device.approve", after: d.Name + ", from " + d.Source + ", " + strings.Join(scopes, " and ") + ", " + count(days, "day")})
	})
	if errors.Is(err, store.ErrNotFound) {
		return s.showDevice(v, http.StatusNotFound, typed, noProgram)
	}
	if err != nil {
		return err
	}
	title := "The program has its token"
	if refused {
		title = "The program gets nothing"
	}
	return s.render(v, "device", devicePage{shell: s.shell(v, title), Done: name, Refused: refused})
}
