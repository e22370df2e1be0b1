package portfolio

import "github.com/invopop/jsonschema"

// Party is one of the two that an invoice is between, as it stands on it.
type Party struct {
	Name    string   `json:"name"`
	Address []string `json:"address,omitempty"` // lines
	Country string   `json:"country,omitempty"` // ISO 3166-1, two letters
	TaxID   string   `json:"tax_id,omitempty"`
	Email   string   `json:"email,omitempty"`
	PayTo   []string `json:"pay_to,omitempty"` // lines on how to pay; the provider's
	Order   string   `json:"order,omitempty"`  // the customer's purchase order
}

var countryValue = scalar("a country such as US", jsonschema.Schema{Pattern: `^[A-Z]{2}$`}, func(text, name string) string {
	if len(text) != 2 || text[0] < 'A' || text[0] > 'Z' || text[1] < 'A' || text[1] > 'Z' {
		return name + " " + quote(text) + " is not a country; expected two capital letters such as US"
	}
	return ""
})

// partyFields are those of either party.
var partyFields = []field[Party]{
	may("name", "As it stands on invoices, if it is called otherwise there.", line(128), func(p *Party) *string { return &p.Name }),
	may("address", "Its lines.", list("a list of lines", "a line", line(100)), func(p *Party) *[]string { return &p.Address }),
	may("country", "By its ISO 3166 code.", countryValue, func(p *Party) *string { return &p.Country }),
	may("tax_id", "Its tax identification, such as US 12-3456789.", line(64), func(p *Party) *string { return &p.TaxID }),
}

var issuerValue = mapping("a mapping with name, address, country, tax_id, email and pay_to", Party{}, append(partyFields[:len(partyFields):len(partyFields)],
	may("email", "Whom to ask about an invoice.", contactValue, func(p *Party) *string { return &p.Email }),
	may("pay_to", "How to pay, such as a bank account; its lines.", list("a list of lines", "a line", line(100)), func(p *Party) *[]string { return &p.PayTo }),
))

var payerValue = mapping("a mapping with name, address, country, tax_id, email and order", Party{}, append(partyFields[:len(partyFields):len(partyFields)],
	may("email", "Where invoices go, instead of to the contact.", contactValue, func(p *Party) *string { return &p.Email }),
	may("order", "The customer's purchase order, which invoices name.", line(64), func(p *Party) *string { return &p.Order }),
))

// Issuer is the provider as it stands on invoices.
func (p *Portfolio) Issuer() Party {
	from := p.Billing.From
	if from.Name == "" {
		from.Name = p.Provider.Name
	}
	return from
}

// Payer is the customer as it stands on invoices.
func (c Customer) Payer() Party {
	var to Party
	if c.Billing != nil {
		to = c.Billing.To
	}
	if to.Name == "" {
		to.Name = c.Name
	}
	if to.Email == "" {
		to.Email = c.Contact
	}
	return to
}
