package portfolio

import (
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"
)

// Schema returns the JSON Schema (draft 2020-12) of the portfolio file, for
// editors. It comes from the tables that Parse reads by. What compares values,
// such as that a key is there once, only Parse tells.
func Schema() ([]byte, error) {
	s := documentValue.schema()
	s.Version = jsonschema.Version
	s.Title = "landlord portfolio"
	s.Description = "The customers of a provider, their tiers, and the AWS organization that their accounts are in."
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return append(text, '\n'), nil
}
