// Package portfolio reads the portfolio file: who provides, the organization,
// the tiers, the customers, and what a month costs. Bytes come in; a Portfolio
// that is whole and consistent goes out, or every fault of the file at once.
// It does not know which accounts exist: that is AWS's to say.
package portfolio

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"landlord/business/sla"
	"landlord/guard/guardrail"
	"landlord/internal/money"
	"landlord/org"
)

// Portfolio is a valid portfolio file.
type Portfolio struct {
	File         string
	Provider     Provider
	Organization Organization
	Tiers        []Tier      // the built-in four in their order, then the file's own in file order
	Customers    []Customer  // in file order
	Departed     []Departure // in file order
	SignIn       *SignIn     // nil unless customers' people sign in to AWS by the file
	Economics    Economics
	Billing      Billing
	Support      Support
}

// Provider is the company that hosts the customers.
type Provider struct {
	Name         string
	AccountEmail string // pattern of the accounts' root addresses; holds "{customer}" once, before the @
}

// Targets of an organization.
const (
	Simulated = "simulated"
	AWS       = "aws"
)

// Organization is the AWS organization that the customers' accounts are in.
type Organization struct {
	Target            string // Simulated or AWS
	Management        org.AccountID
	Regions           []string                 // at least one, the home region first
	SimulatedAccounts map[string]org.AccountID // by customer key: what a simulated AWS allocates; any other ignores it
	Lock              string                   // a folder, "s3://…" or "server"; "" is none
	Drift             string                   // Report or Mend: what a running house does about what it finds changed
	Quotas            string                   // the name of AWS's published quotas that policies are made for
	UnitThreshold     int                      // customers in one unit at which a plan proposes to divide it
}

// Support is how mail to support is read, and by when it is answered.
type Support struct {
	TrustedRelays []string                 // as they name themselves in Authentication-Results
	SLA           map[string]sla.Agreement // by the key of each tier
}

// Tier is what customers of one compliance framework share.
type Tier struct {
	Key       string
	Name      string
	Framework string
	Unit      string      // name of the organizational unit
	Price     money.Cents // a month
	Partition string      // Commercial
	Units     string      // Flat, ByRegion or BySegment

	Guardrails []guardrail.Rule // what the file adds to the framework's

	Terms Terms // how AWS's cost is passed on

	added []placed[addition] // Guardrails as the file has them
	usage placed[usage]      // Terms likewise
}

// What a running house does about drift.
const (
	Report = "report"
	Mend   = "mend"
)

// How a tier's accounts are spread over units.
const (
	Flat      = "flat"       // all in the tier's unit, which stands under the root
	ByRegion  = "by-region"  // Customers, the tier's unit, a unit for each region
	BySegment = "by-segment" // likewise for each segment
)

// UnitsAbove is the name of the unit that the units of divided tiers stand in.
const UnitsAbove = "Customers"

// Division is the region or segment whose unit c's account belongs in; "" is
// the tier's unit itself.
func (t Tier) Division(c Customer) string {
	switch t.Units {
	case ByRegion:
		return c.Region
	case BySegment:
		return c.Segment
	}
	return ""
}

// Partitions of AWS. GovCloud is known and refused: an account there is a pair,
// in two organizations.
const (
	Commercial = "aws"
	GovCloud   = "aws-us-gov"
)

// Customer is one customer and the account it has or gets.
type Customer struct {
	Key         string // for ever: a rename is a key under Formerly
	Name        string
	Tier        string            // a key of Tiers
	Contact     string            // an e-mail address; never an account's
	Region      string            // "" if the file does not say
	Segment     string            // "" if the file does not say
	Tags        map[string]string // the account's beside landlord's own; nil if the file has none
	Price       money.Cents
	OwnPrice    bool          // Price is the file's for this customer, not its tier's
	Account     org.AccountID // "" unless the file says by its id that the account exists
	Address     string        // "" unless the file says by its root address that the account exists
	Since       string        // "2026-01-31" or "", the first day of service
	Until       string        // "2026-01-31" or "", the first day without; after Since
	Formerly    []string      // keys that it had before
	AccountName string        // AccountName(Name, Key); with the key too where two would be called the same
	Email       string        // AccountEmail of the provider's pattern and Key, the account's root address
	Line        int           // where the entry starts in the file, from 1
	Lines       int           // how many lines it takes

	Exempt  []Exemption // in file order
	Billing *Invoicing  // what it is invoiced by beside the tier's; nil for nothing
	People  []Person    // who may sign in to the account; in file order

	people  []placed[Person]    // People as the file has them
	tags    []tag               // Tags as the file has them
	exempt  []placed[Exemption] // Exempt likewise
	billing *placed[invoicing]  // Billing likewise
	adopted adopted             // Account and Address likewise
}

// Departure is a customer that is gone. Its key is never used again.
type Departure struct {
	Key   string
	Until string // "2026-05-31" or ""
	Line  int
}

// Tier returns the tier with a key.
func (p *Portfolio) Tier(key string) (Tier, bool) {
	i := slices.IndexFunc(p.Tiers, func(t Tier) bool { return t.Key == key })
	if i < 0 {
		return Tier{}, false
	}
	return p.Tiers[i], true
}

// sizeLimit is the most bytes of a portfolio file. 50,000 customers, more than
// AWS grants accounts, take 5 MB.
const sizeLimit = 10_000_000

// Load reads and parses the file at path. What is wrong with it comes back as
// *Faults, whether it cannot be read or does not say what it should.
func Load(path string) (*Portfolio, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// read returns the bytes of a file that is not too large, and stops reading
// where it becomes too large.
func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, unreadable(path, err)
	case info.IsDir():
		return nil, whole(path, nil, "this is a folder; name a portfolio file in it")
	case info.Size() > sizeLimit:
		return nil, whole(path, nil, fmt.Sprintf("the file has %d MB; a portfolio file has at most %d MB", info.Size()/1_000_000, sizeLimit/1_000_000))
	}
	data, err := io.ReadAll(io.LimitReader(file, sizeLimit+1)) // a pipe has no size
	if err != nil {
		return nil, unreadable(path, err)
	}
	return data, nil
}

func unreadable(path string, err error) *Faults {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return whole(path, err, "there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return whole(path, err, "the file may not be read: permission denied")
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return whole(path, err, "the file cannot be read: "+e.Err.Error())
	}
	return whole(path, err, "the file cannot be read: "+err.Error())
}

// Parse reads the text of a portfolio file; file is its name in faults. The
// error is *Faults, with every fault that can be found at once, in file order.
func Parse(file string, data []byte) (*Portfolio, error) {
	if len(data) > sizeLimit {
		return nil, whole(file, nil, fmt.Sprintf("the file has more than %d MB, the most of a portfolio file", sizeLimit/1_000_000))
	}
	src, root, fault := open(data)
	if fault != nil {
		return nil, &Faults{File: file, Faults: []Fault{*fault}, source: src.text}
	}
	r := &reader{}
	r.refuseReferences(root)
	doc := documentValue.of(r, root, "the file")
	r.check(doc.value)
	if len(r.faults) > 0 {
		return nil, &Faults{File: file, Faults: r.sorted(len(src.lines)), source: src.text}
	}
	return doc.value.portfolio(file), nil
}
