package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	programs "landlord/service/api"
	"landlord/service/store"
)

// tokensPart is the part of a page where somebody makes and ends tokens.
type tokensPart struct {
	TokensTo string // the page's own address
	Tokens   []tokenLine
	MayMake  bool
	Token    field
	Scopes   []option
	Secret   string // of the token just made
}

type tokenLine struct {
	ID, Name, Who, May string
	Ends               moment
}

// tokens shows an operator's own tokens.
func (s *Server) tokens(v *visit) error {
	return s.showTokens(v, http.StatusOK, tokenField("", ""), "")
}

// portalTokens shows the tokens of one of a customer's people.
func (s *Server) portalTokens(v *visit) error { return s.tokens(v) }

func tokenField(value, fault string) field {
	return field{Name: "name", Label: "Name", Hint: "What it is for", Type: "text", Needed: true, Value: value, Fault: fault}
}

// tokensPlace is where v's person sees their tokens.
func tokensPlace(v *visit) string {
	if v.Person.Customer != "" {
		return "/portal/tokens"
	}
	return "/settings/tokens"
}

func (s *Server) showTokens(v *visit, status int, name field, text string) error {
	part := tokensPart{TokensTo: tokensPlace(v), MayMake: s.Tokens.New != nil, Token: name, Secret: text}
	if part.MayMake {
		scopes := s.Tokens.Scopes(v.Person.role().String())
		for _, scope := range scopes {
			part.Scopes = append(part.Scopes, option{scope, strings.TrimSuffix(scope+": "+programs.Says(scope), ": "), scope == scopes[0] || slices.Contains(v.PostForm["scope"], scope)})
		}
	}
	err := s.scope(v.Context(), v.Person.Customer, func(tx store.Tx) error {
		if v.Person.Customer != "" {
			c, err := tx.Customer(v.Context(), v.Person.Customer)
			if err != nil {
				return err
			}
			v.whose = c.Name
		}
		all, err := tx.Tokens(v.Context(), v.Person.who())
		for _, t := range all {
			used := "never used"
			if t.UsedAt != nil {
				used = "used " + ago(v.Now, *t.UsedAt)
			}
			part.Tokens = append(part.Tokens, tokenLine{t.ID, t.Name, used, strings.Join(t.Scopes, ", "), momentOf(v.Now, t.ExpiresAt)})
		}
		return err
	})
	if err != nil {
		return notHere(err)
	}
	if v.Person.Customer != "" {
		return s.renderStatus(v, status, "portal_tokens", portalTokensPage{s.shell(v, "Which programs act as you?"), part})
	}
	p := s.settings(v, "tokens", "Which programs act as you?")
	p.tokensPart = part
	p.Lead = "None. They use the API under /api."
	if len(p.Tokens) > 0 {
		p.Lead = count(len(p.Tokens), "token") + ". Each may what you may, within its scope, until it ends."
	}
	return s.renderStatus(v, status, "settings", p)
}

// makeToken makes a token and shows its secret, this once.
func (s *Server) makeToken(v *visit) error {
	if s.Tokens.New == nil {
		return errNotHere
	}
	name := strings.TrimSpace(v.PostFormValue("name"))
	if name == "" || len(name) > 100 {
		return s.showTokens(v, http.StatusUnprocessableEntity, tokenField(name, "Name it, in at most 100 characters."), "")
	}
	may := s.Tokens.Scopes(v.Person.role().String())
	var scopes []string // what was chosen, of what the role may
	for _, scope := range may {
		if slices.Contains(v.PostForm["scope"], scope) || len(may) == 1 {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return s.showTokens(v, http.StatusUnprocessableEntity, tokenField(name, "Choose below what it may."), "")
	}
	days := atoi(v.PostFormValue("days"))
	if days < 1 || days > 365 {
		days = 30
	}
	text, hash := s.Tokens.New(v.Person.Customer)
	err := s.scope(v.Context(), v.Person.Customer, func(tx store.Tx) error {
		t := store.Token{Who: v.Person.who(), ID: newID(), Name: name, Hash: hash, Scopes: scopes, CreatedAt: v.Now, ExpiresAt: v.Now.Add(time.Duration(days) * 24 * time.Hour)}
		if err := tx.NewToken(v.Context(), t); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "token.make", customer: v.Person.Customer, after: name + ", " + strings.Join(scopes, " and ") + ", " + count(days, "day")})
	})
	if err != nil {
		return err
	}
	return s.showTokens(v, http.StatusOK, tokenField("", ""), text)
}

// endToken ends a token of one's own.
func (s *Server) endToken(v *visit) error {
	err := s.scope(v.Context(), v.Person.Customer, func(tx store.Tx) error {
		if err := tx.EndToken(v.Context(), v.Person.who(), v.PathValue("id"), v.Now); err != nil {
			return err
		}
		return s.record(v, tx, act{did: "token.end", customer: v.Person.Customer})
	})
	if err != nil {
		return notHere(err)
	}
	return v.redirect(tokensPlace(v))
}
