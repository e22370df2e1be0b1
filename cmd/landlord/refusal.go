package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"landlord/org"
	"landlord/vend/plan"
)

// refusalFile is what the folder of --dir keeps of AWS's last refusal to close
// accounts. It can be deleted at any time: AWS is asked again.
const refusalFile = "closures.json"

// keptRefusal is a refusal, and of which organization.
type keptRefusal struct {
	Organization string `json:"organization"` // o-…
	Endpoint     string `json:"endpoint"`
	plan.Refusal
}

// refusal is whose accounts AWS is known not to close, as the folder has it.
func (p *program) refusal(w world, seen org.Organization) []string {
	var kept keptRefusal
	text, err := os.ReadFile(filepath.Join(p.dir, refusalFile))
	if err != nil || json.Unmarshal(text, &kept) != nil || kept.Organization != seen.ID || kept.Endpoint != w.AWS().Endpoint() {
		return nil
	}
	return kept.At(seen.Seen)
}

// keepRefusal keeps that AWS would not close the accounts of customers. Without it AWS
// is asked once more in vain.
func (p *program) keepRefusal(w world, seen org.Organization, customers []string) {
	text, err := json.Marshal(keptRefusal{seen.ID, w.AWS().Endpoint(), plan.RefusalOf(seen, customers)})
	if err == nil {
		err = os.MkdirAll(p.dir, 0o700)
	}
	if err == nil {
		err = writeWhole(filepath.Join(p.dir, refusalFile), append(text, '\n'), 0o600)
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "landlord: that AWS refused is not kept: %s\n", clean(err.Error()))
	}
}
