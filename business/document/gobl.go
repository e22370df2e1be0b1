package document

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/invopop/gobl/c14n"

	"landlord/internal/money"
	"landlord/portfolio"
)

// What a GOBL envelope of an invoice holds, in GOBL's order. The library itself makes
// every start of the command 20 ms longer with its tables, so it is in tests only,
// which compare byte by byte what it makes of the same documents.
// Source: gobl.org/draft-0/envelope and gobl.org/draft-0/bill/invoice.
type (
	envelope struct {
		Schema string `json:"$schema"`
		Head   struct {
			UUID   string `json:"uuid"`
			Digest digest `json:"dig"`
		} `json:"head"`
		Doc goblInvoice `json:"doc"`
	}
	digest struct {
		Algorithm string `json:"alg"`
		Value     string `json:"val"`
	}
	goblInvoice struct {
		Schema    string        `json:"$schema"`
		UUID      string        `json:"uuid"`
		Type      string        `json:"type"`
		Code      string        `json:"code"`
		Issued    string        `json:"issue_date"`
		Currency  string        `json:"currency"`
		Preceding []goblRef     `json:"preceding,omitempty"`
		Supplier  goblParty     `json:"supplier"`
		Customer  goblParty     `json:"customer"`
		Lines     []goblLine    `json:"lines,omitempty"`
		Ordering  *goblOrdering `json:"ordering,omitempty"`
		Payment   *goblPayment  `json:"payment,omitempty"`
		Totals    goblTotals    `json:"totals"`
		Notes     []goblNote    `json:"notes,omitempty"`
	}
	goblRef struct {
		Code   string `json:"code"`
		Reason string `json:"reason,omitempty"`
	}
	goblParty struct {
		Name       string         `json:"name,omitempty"`
		Identities []goblIdentity `json:"identities,omitempty"`
		Addresses  []goblAddress  `json:"addresses,omitempty"`
		Emails     []goblEmail    `json:"emails,omitempty"`
	}
	goblIdentity struct {
		Label string `json:"label"`
		Code  string `json:"code"`
	}
	goblAddress struct {
		Street   string `json:"street,omitempty"`
		Extra    string `json:"street_extra,omitempty"`
		Locality string `json:"locality,omitempty"`
		Country  string `json:"country,omitempty"`
	}
	goblEmail struct {
		Address string `json:"addr"`
	}
	goblLine struct {
		Index    int       `json:"i"`
		Quantity string    `json:"quantity"`
		Item     goblItem  `json:"item"`
		Sum      string    `json:"sum"`
		Taxes    []goblTax `json:"taxes,omitempty"`
		Total    string    `json:"total"`
	}
	goblItem struct {
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
		Price       string `json:"price"`
	}
	goblTax struct {
		Category string `json:"cat"`
		Key      string `json:"key,omitempty"`
		Percent  string `json:"percent"`
	}
	goblOrdering struct {
		Code string `json:"code"`
	}
	goblPayment struct {
		Terms struct {
			Due []goblDue `json:"due_dates"`
		} `json:"terms"`
	}
	goblDue struct {
		Date    string `json:"date"`
		Amount  string `json:"amount"`
		Percent string `json:"percent"`
	}
	goblTotals struct {
		Sum      string     `json:"sum"`
		Total    string     `json:"total"`
		Taxes    *goblTaxes `json:"taxes,omitempty"`
		Tax      string     `json:"tax"`
		WithTax  string     `json:"total_with_tax"`
		Rounding string     `json:"rounding,omitempty"`
		Payable  string     `json:"payable"`
	}
	goblTaxes struct {
		Categories []goblCategory `json:"categories"`
		Sum        string         `json:"sum"`
	}
	goblCategory struct {
		Code   string     `json:"code"`
		Rates  []goblRate `json:"rates"`
		Amount string     `json:"amount"`
	}
	goblRate struct {
		Key     string `json:"key,omitempty"`
		Base    string `json:"base"`
		Percent string `json:"percent"`
		Amount  string `json:"amount"`
	}
	goblNote struct {
		Text string `json:"text"`
	}
)

// GOBL writes d as a GOBL envelope with a digest. Its tax is the rate of the sum,
// rounded half away from 0 as GOBL does; where d has it the other way at half a cent,
// the difference is its rounding; more is an error.
func (d *Document) GOBL(w io.Writer) error {
	doc, err := d.gobl()
	if err != nil {
		return fmt.Errorf("%s as GOBL: %w", d.Number, err)
	}
	text, err := c14n.MarshalJSON(doc)
	if err != nil {
		return fmt.Errorf("%s as GOBL: %w", d.Number, err)
	}
	env := envelope{Schema: "https://gobl.org/draft-0/envelope", Doc: doc}
	env.Head.UUID = doc.UUID
	env.Head.Digest = digest{"sha256", fmt.Sprintf("%x", sha256.Sum256(text))}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(env)
}

// id names the envelope by when the document was issued and which it is, so that it is
// called the same each time: a UUID of version 7.
// Source: RFC 9562, section 5.7.
func (d *Document) id() string {
	sum := sha256.Sum256([]byte("landlord " + d.Customer + " " + d.Number))
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(d.Issued.UnixMilli()))
	b := append(at[2:8:8], sum[:10]...)
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (d *Document) gobl() (goblInvoice, error) {
	sign := money.Cents(1)
	doc := goblInvoice{
		Schema: "https://gobl.org/draft-0/bill/invoice", UUID: d.id(), Type: "standard", Code: d.Number, Currency: d.Currency,
		Issued: d.Issued.UTC().Format(time.DateOnly), Supplier: goblPartyOf(d.Terms.From), Customer: goblPartyOf(d.Terms.To),
	}
	if d.Note() {
		sign = -1 // GOBL's credit notes have their amounts above nothing
		doc.Type, doc.Preceding = "credit-note", []goblRef{{d.Of, strings.TrimSpace(d.Reason)}}
	}
	lines, taxes, net, _ := d.parts()
	net *= sign
	var tax money.Cents
	var rates []goblTax
	doc.Totals = goblTotals{Sum: net.Fixed(), Total: net.Fixed()}
	if rate := d.Terms.Tax.Rate; len(taxes) > 0 && rate > 0 {
		of := goblTax{Category: "VAT", Key: "standard", Percent: money.Decimal(big.NewRat(int64(rate), 10000), 4) + "%"}
		if d.Terms.From.Country == "US" {
			of.Category, of.Key = "ST", ""
		}
		rates, tax = []goblTax{of}, awayFromZero(rate.Of(net.Rat()))
		doc.Totals.Taxes = &goblTaxes{
			[]goblCategory{{of.Category, []goblRate{{of.Key, net.Fixed(), of.Percent, tax.Fixed()}}, tax.Fixed()}}, tax.Fixed(),
		}
	}
	for i, l := range lines {
		amount, quantity := sign*l.Amount, "1"
		price := amount
		if amount < 0 {
			price, quantity = -amount, "-1" // GOBL has no price below nothing
		}
		doc.Lines = append(doc.Lines, goblLine{i + 1, quantity, goblItem{strings.TrimSpace(l.Description), strings.TrimSpace(l.How), price.Fixed()}, amount.Fixed(), rates, amount.Fixed()})
	}
	off := sign*d.Total - net - tax
	if off < -1 || off > 1 {
		return doc, fmt.Errorf("it comes to %s there, not to %s", (net + tax).Fixed(), (sign * d.Total).Fixed())
	}
	doc.Totals.Tax, doc.Totals.WithTax, doc.Totals.Payable = tax.Fixed(), (net + tax).Fixed(), (sign * d.Total).Fixed()
	if off != 0 {
		doc.Totals.Rounding = off.Fixed()
	}
	if code := goblCode(d.Terms.To.Order); code != "" {
		doc.Ordering = &goblOrdering{code}
	}
	if _, err := time.Parse(time.DateOnly, d.Due); err == nil && d.Total > 0 {
		doc.Payment = &goblPayment{}
		doc.Payment.Terms.Due = []goblDue{{d.Due, doc.Totals.Payable, "100%"}}
	}
	for _, l := range taxes {
		doc.Notes = append(doc.Notes, goblNote{l.Description + ": " + l.How})
	}
	return doc, nil
}

// awayFromZero rounds an exact amount to a cent, half away from 0.
func awayFromZero(exact *big.Rat) money.Cents {
	cents := new(big.Rat).Mul(exact, big.NewRat(100, 1))
	half := big.NewRat(int64(cents.Sign()), 2)
	cents.Add(cents, half)
	return money.Cents(new(big.Int).Quo(cents.Num(), cents.Denom()).Int64()) // Quo cuts towards 0
}

// goblPartyOf is p as GOBL has it. A tax number that GOBL would check by its country's
// rules is kept as an identity: whether it is a right one is not landlord's to say.
func goblPartyOf(p portfolio.Party) goblParty {
	out := goblParty{Name: strings.TrimSpace(p.Name)}
	if code := goblCode(p.TaxID); code != "" {
		out.Identities = []goblIdentity{{"Tax ID", code}}
	}
	if len(p.Address) > 0 || p.Country != "" {
		a := goblAddress{Country: p.Country}
		for i, line := range p.Address {
			switch i {
			case 0:
				a.Street = strings.TrimSpace(line)
			case 1:
				a.Locality = strings.TrimSpace(line)
			default:
				a.Extra = strings.TrimSpace(a.Extra + " " + line)
			}
		}
		out.Addresses = []goblAddress{a}
	}
	if p.Email != "" {
		out.Emails = []goblEmail{{p.Email}}
	}
	return out
}

// How GOBL has a code: blocks of letters and digits with one sign between.
// Source: cbc.Code of github.com/invopop/gobl.
var (
	codeSeparators = regexp.MustCompile(`([.\-:/,_& ])[^A-ZÑa-z0-9]+`)
	codeForeign    = regexp.MustCompile(`[^A-ZÑa-z0-9.\-:/,_& ]+`)
)

// goblCode is a code with what GOBL does not allow left out.
func goblCode(text string) string {
	text = codeSeparators.ReplaceAllString(strings.TrimSpace(text), "$1")
	return strings.Trim(codeForeign.ReplaceAllString(text, ""), `.-:/,_& `)
}
