package support

import "strings"

// Verdict is what DMARC says of a message's author: pass, fail, none, temperror or
// permerror, and how that is known.
type Verdict struct{ Result, How string }

// Pass is the one verdict by which an author is believed.
const Pass = "pass"

// Relayed is the verdict of the topmost Authentication-Results that a relay of ours
// wrote. It is not ok if none did.
//
// A relay takes away those that bear its name and came with a message (RFC 8601,
// section 5), so the topmost is its own. What is quoted or commented in it came from
// the sender: it is read as the grammar has it, not searched.
func Relayed(m Message, relays []string) (v Verdict, ok bool) {
	for _, value := range m.values("authentication-results") {
		r, read := parseResults(value)
		if !read {
			continue
		}
		for _, relay := range relays {
			if strings.EqualFold(r.by, relay) {
				return r.dmarc(m.From), true
			}
		}
	}
	return Verdict{}, false
}

// results is an Authentication-Results: who wrote it, and its results as tokens.
type results struct {
	by   string
	each [][]token
}

// token is a word, a quoted text or a single special character.
type token struct {
	text   string
	quoted bool
}

// parseResults reads an Authentication-Results by the grammar of RFC 8601, section
// 2.2: comments are nothing, quoted text is one token.
func parseResults(value string) (r results, ok bool) {
	tokens, ok := tokensOf(value)
	if !ok {
		return results{}, false
	}
	parts := [][]token{nil}
	for _, t := range tokens {
		if t.text == ";" && !t.quoted {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], t)
	}
	id := parts[0]
	if len(id) == 0 || len(id) > 2 || len(id) == 2 && id[1].text != "1" { // the version
		return results{}, false
	}
	return results{id[0].text, parts[1:]}, true
}

// tokensOf splits at white space, "=" and ";". It is not ok if a comment or a quoted
// text has no end.
func tokensOf(s string) (tokens []token, ok bool) {
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case ' ', '\t':
			i++
		case '=', ';':
			tokens = append(tokens, token{text: string(c)})
			i++
		case '(':
			depth := 0
			for ; i < len(s); i++ {
				switch s[i] {
				case '\\':
					i++
				case '(':
					depth++
				case ')':
					depth--
				}
				if depth == 0 {
					break
				}
			}
			if i++; depth > 0 {
				return nil, false
			}
		case '"':
			var text strings.Builder
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				text.WriteByte(s[i])
			}
			if i++; i > len(s) {
				return nil, false
			}
			tokens = append(tokens, token{text.String(), true})
		default:
			end := i
			for end < len(s) && !strings.ContainsRune(" \t=;(\"", rune(s[end])) {
				end++
			}
			tokens = append(tokens, token{text: s[i:end]})
			i = end
		}
	}
	return tokens, true
}

// dmarc is what r says of DMARC for an author: what it says of another's domain is
// nothing, and of two results the worse one counts.
func (r results) dmarc(from string) Verdict {
	found := Verdict{"none", r.by + " says nothing of DMARC"}
	for _, each := range r.each {
		if len(each) < 3 || each[1].text != "=" || each[1].quoted {
			continue
		}
		method, _, _ := strings.Cut(strings.ToLower(each[0].text), "/")
		if method != "dmarc" || each[0].quoted {
			continue
		}
		v := Verdict{strings.ToLower(each[2].text), ""}
		v.How = "dmarc=" + v.Result + " by " + r.by
		for i := 3; i+2 < len(each); i++ {
			if strings.EqualFold(each[i].text, "header.from") && each[i+1].text == "=" && !sameDomain(each[i+2].text, from) {
				v = Verdict{"fail", r.by + " speaks of another author than the message"}
			}
		}
		if v.Result != Pass {
			return v
		}
		found = v
	}
	return found
}

// sameDomain tells whether a result's header.from, a domain or an address, is that of
// an author.
func sameDomain(said, from string) bool {
	domain, ok := domainOf(said[strings.LastIndex(said, "@")+1:])
	return ok && strings.HasSuffix(from, "@"+domain)
}
