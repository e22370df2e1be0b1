package web

import (
	"errors"
	"fmt"

	"landlord/guard/compliance"
	"landlord/service/store"
)

// postureLine is how a customer stands to its framework, in a line. It is not Known
// where landlord has no controls of the framework, or nothing was found.
type postureLine struct {
	Known     bool
	Score, Of string
	AsOf      moment
	Lead      string // a sentence, to go on with
}

// postureLineOf reads how a customer stands to its framework.
func postureLineOf(v *visit, tx store.Tx, c store.Customer) (line postureLine, err error) {
	if _, err := compliance.Of(c.Framework, ""); err != nil {
		return line, nil // a framework of the provider's own
	}
	p, err := tx.Posture(v.Context(), c.Key, c.Framework)
	score := p.Controls.Score()
	switch {
	case errors.Is(err, store.ErrNotFound):
		line.Lead = " Nothing was assessed by " + c.Framework + " yet."
		return line, nil
	case err != nil:
		return line, err
	case score.Of == 0:
		return line, nil
	}
	line = postureLine{Known: true, Score: percent(score), Of: fmt.Sprintf("%s of %s pass", whole(score.Pass), count(score.Of, "assessed control"))}
	if p.AsOf != nil {
		line.AsOf = momentOf(v.Now, *p.AsOf)
	}
	if bad := score.Of - score.Pass; bad > 0 {
		line.Lead = fmt.Sprintf(" %s of the %s of %s that were assessed %s not pass.", whole(bad), count(score.Of, "control"), c.Framework, map[bool]string{true: "does", false: "do"}[bad == 1])
	} else {
		line.Lead = fmt.Sprintf(" What was assessed of %s passes.", c.Framework)
	}
	return line, nil
}
