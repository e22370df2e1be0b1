package control

import (
	"context"
	"time"

	"landlord/service/store"
	"landlord/vend/verify"
)

// Proof is what the probes of every statement answered in the accounts of every
// tier, by the policies that were found at the last look.
type Proof struct {
	Seen  time.Time     `json:"seen"` // when that look was
	Cells []verify.Cell `json:"cells"`
}

// proofKept is the setting that keeps the proof of the last look by the portfolio
// in force. No customer's scope reads settings.
const proofKept = "proof"

// Proven is the proof of the last look by the portfolio in force; store.ErrNotFound
// until there was one.
func Proven(ctx context.Context, tx store.Tx) (p Proof, err error) {
	err = tx.Setting(ctx, proofKept, &p)
	return p, err
}
