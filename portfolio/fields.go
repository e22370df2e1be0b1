package portfolio

import (
	"fmt"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"

	"landlord/guard/guardrail"
	"landlord/internal/limits"
	"landlord/internal/money"
	"landlord/org"
)

// document is a file as it was read, before what it says is compared.
type document struct {
	provider     placed[Provider]
	organization placed[organization]
	tiers        []tier
	customers    []placed[Customer]
	departed     []placed[Departure]
	signIn       placed[SignIn]
	economics    placed[Economics]
	billing      placed[billed]
	support      placed[supported]
}

// organization is an Organization with the places of its simulated accounts.
type organization struct {
	Organization
	simulated []simulated
}

type simulated struct {
	customer *yaml.Node
	account  placed[org.AccountID]
}

// tier is a tier of the file: what it says, and the name it says it under.
type tier struct {
	key *yaml.Node
	placed[Tier]
}

// The tables below are the portfolio file: what is read and what the schema
// tells editors.

var documentValue = mapping("provider, organization and customers", document{economics: placed[Economics]{value: economics}, billing: placed[billed]{value: billed{Billing: billing}}}, []field[document]{
	need("provider", "The company that hosts the customers.", providerValue, func(d *document) *placed[Provider] { return &d.provider }),
	need("organization", "The AWS organization that the customers' accounts are in.", organizationValue, func(d *document) *placed[organization] { return &d.organization }),
	may("tiers", "Changes to the built-in tiers, and tiers of your own.", tiersValue, func(d *document) *[]tier { return &d.tiers }),
	need("customers", "The customers; [] for none.", customersValue, func(d *document) *[]placed[Customer] { return &d.customers }),
	may("departed", "Customers that are gone. Their keys are never used again.", departedValue, func(d *document) *[]placed[Departure] { return &d.departed }),
	may("billing", "How customers are invoiced.", billingValue, func(d *document) *placed[billed] { return &d.billing }),
	may("support", "How mail to support is read, and by when it is answered.", supportValue, func(d *document) *placed[supported] { return &d.support }),
	may("sign_in", "Has customers' people sign in to their accounts, with IAM Identity Center.", signInValue, func(d *document) *placed[SignIn] { return &d.signIn }),
	may("economics", "What running the portfolio takes, in dollars and minutes.", economicsValue, func(d *document) *placed[Economics] { return &d.economics }),
})

// supported is a Support as the file has it.
type supported struct {
	Support
	promised placed[promised]
}

var supportValue = mapping("a mapping with trusted_relays and sla", supported{}, []field[supported]{
	may("trusted_relays", "The mail servers, by the name that they write into Authentication-Results, that have checked a message before it comes here and are believed.", list("a list of names of mail servers", "trusted relay", relayValue), func(s *supported) *[]string { return &s.TrustedRelays }),
	may("sla", "By when customers are answered.", promisedValue, func(s *supported) *placed[promised] { return &s.promised }),
})

var providerValue = mapping("the provider's name and account_email", Provider{}, []field[Provider]{
	need("name", "The provider's name.", line(128), func(p *Provider) *string { return &p.Name }),
	need("account_email", "The pattern of the accounts' root addresses. {customer} becomes the customer's key; mail to each of them must reach you.", patternValue, func(p *Provider) *string { return &p.AccountEmail }),
})

var organizationValue = mapping("a mapping with target and management_account", organization{Organization: Organization{Regions: []string{"us-east-1"}, Drift: Report, Quotas: limits.Present().Name, UnitThreshold: 50}}, []field[organization]{
	need("target", "simulated: a simulated AWS on this machine. aws: AWS.", targetValue, func(o *organization) *string { return &o.Target }),
	need("management_account", "The id of the management account, quoted.", accountValue, func(o *organization) *org.AccountID { return &o.Management }),
	may("regions", "The regions in use, the home region first.", list("a list of AWS regions", "region", regionValue), func(o *organization) *[]string { return &o.Regions }),
	may("simulated_accounts", "The ids that the simulated AWS gives customers, by their keys. AWS gives its own.", simulatedValue, func(o *organization) *[]simulated { return &o.simulated }),
	may("unit_threshold", "How many customers in one unit are so many that a plan proposes to divide it by region or segment.", count(2, limits.AccountsGranted), func(o *organization) *int { return &o.UnitThreshold }),
	may("quotas", "AWS's published quotas that guardrails are packed into policies for.", quotasValue, func(o *organization) *string { return &o.Quotas }),
	may("lock", `Where runs keep out of each other's way: a folder, "s3://bucket/key" or "server".`, lockValue, func(o *organization) *string { return &o.Lock }),
	may("drift", "What a running house does about what somebody changed behind its back: report it, or mend it.", driftValue, func(o *organization) *string { return &o.Drift }),
})

var simulatedValue = value[[]simulated]{
	expects: "a mapping of customer keys to account ids",
	kind:    yaml.MappingNode,
	schema: func() *jsonschema.Schema {
		s := object()
		s.PatternProperties = map[string]*jsonschema.Schema{keyPattern: accountValue.schema()}
		return s
	},
	read: func(r *reader, n *yaml.Node, name string) []simulated {
		var got []simulated
		for key, v := range r.entries(n, name) {
			got = append(got, simulated{key, placed[org.AccountID]{value: accountValue.of(r, v, "account"), node: v}})
		}
		return got
	},
}

// builtin are the tiers that every portfolio has.
var builtin = []Tier{
	{Key: "fintech", Name: "Fintech", Framework: "SOC 2", Unit: "Customers-Fintech", Price: money.Dollars(8000), Partition: Commercial, Units: Flat},
	{Key: "healthcare", Name: "Healthcare", Framework: "HIPAA", Unit: "Customers-Healthcare", Price: money.Dollars(15000), Partition: Commercial, Units: Flat},
	{Key: "government-federal", Name: "Government-Federal", Framework: "FedRAMP", Unit: "Customers-Government-Federal", Price: money.Dollars(25000), Partition: Commercial, Units: Flat},
	{Key: "standard", Name: "Standard", Framework: "CIS", Unit: "Customers-Standard", Price: money.Dollars(2000), Partition: Commercial, Units: Flat},
}

func builtinKeys() []string {
	keys := make([]string, len(builtin))
	for i, t := range builtin {
		keys[i] = t.Key
	}
	return keys
}

var frameworkValue = func() value[string] {
	v := tagged(40)
	read := v.read
	v.read = func(r *reader, n *yaml.Node, name string) string {
		text := read(r, n, name)
		if guardrail.For(text).Name == guardrail.SuspendedName {
			r.fault(n, "%s %s cannot be: its policy would be %s, which landlord keeps for the accounts of suspended customers; choose another name", name, quote(text), guardrail.SuspendedName)
		}
		return text
	}
	return v
}()

// tierOf is a tier that begins as start. What an added one needs is asked for
// when all tiers are known.
func tierOf(start Tier) value[placed[Tier]] {
	return mapping("a mapping with name, framework and price", start, []field[Tier]{
		may("name", "The tier's name.", line(64), func(t *Tier) *string { return &t.Name }),
		may("framework", "The compliance framework: SOC 2, HIPAA, FedRAMP, CIS or one of your own.", frameworkValue, func(t *Tier) *string { return &t.Framework }),
		may("price", "USD a month and customer.", moneyValue, func(t *Tier) *money.Cents { return &t.Price }),
		may("unit", `The name of the tier's organizational unit; "Customers-" and the name, if left out.`, line(limits.UnitNameLength), func(t *Tier) *string { return &t.Unit }),
		may("partition", "The AWS partition of the tier's accounts: aws. aws-us-gov is not built yet.", partitionValue, func(t *Tier) *string { return &t.Partition }),
		may("units", "How the tier's accounts are spread. flat: all in the tier's unit, under the root. by-region, by-segment: a unit for each region or segment in use, in the tier's unit, in the unit Customers.", unitsValue, func(t *Tier) *string { return &t.Units }),
		may("usage", "How AWS's cost is passed on to the tier's customers; without it the price covers it.", usageValue, func(t *Tier) *placed[usage] { return &t.usage }),
		may("guardrails", "Statements that the tier adds to those of its framework.", additionsValue, func(t *Tier) *[]placed[addition] { return &t.added }),
	})
}

var tiersValue = value[[]tier]{
	expects: "a mapping of tier keys to tiers",
	kind:    yaml.MappingNode,
	schema: func() *jsonschema.Schema {
		s := object()
		for _, t := range builtin {
			p := tierOf(t).schema()
			p.Description = fmt.Sprintf("Changes to the built-in tier %s: %s, %s a month.", t.Name, t.Framework, t.Price.Format())
			s.Properties.Set(t.Key, p)
		}
		added := tierOf(Tier{Partition: Commercial, Units: Flat}).schema()
		added.Description = "A tier: one of your own has name, framework and price."
		s.PatternProperties = map[string]*jsonschema.Schema{keyPattern: added}
		return s
	},
	read: func(r *reader, n *yaml.Node, name string) []tier {
		var got []tier
		for key, v := range r.entries(n, name) {
			start := Tier{Key: keyValue.of(r, key, "tier key"), Partition: Commercial, Units: Flat}
			for _, t := range builtin {
				if t.Key == start.Key {
					start = t
				}
			}
			got = append(got, tier{key, tierOf(start).of(r, v, fmt.Sprintf("tier %s", quote(key.Value)))})
		}
		return got
	},
}

var customersValue = list("a list of customers, [] for none", "a customer", customerValue)

var customerValue = mapping("a mapping with key, name, tier and contact", Customer{}, []field[Customer]{
	need("key", "Names the customer for ever; part of its account's address. After a rename the old one goes under formerly.", keyValue, func(c *Customer) *string { return &c.Key }),
	need("name", "The customer's name, in any script.", line(128), func(c *Customer) *string { return &c.Name }),
	need("tier", "The key of the customer's tier.", tierKeyValue, func(c *Customer) *string { return &c.Tier }),
	need("contact", "Whom to write to; never the address of an account.", contactValue, func(c *Customer) *string { return &c.Contact }),
	may("region", "The customer's home region.", regionValue, func(c *Customer) *string { return &c.Region }),
	may("segment", "A market segment for reports.", segmentValue, func(c *Customer) *string { return &c.Segment }),
	may("tags", "Tags of the account beside landlord's own.", tagsValue, func(c *Customer) *[]tag { return &c.tags }),
	may("price", "USD a month, instead of the tier's price.", moneyValue, func(c *Customer) *money.Cents { return &c.Price }),
	may("account", "The id, quoted, or the root address of an account that exists and is this customer's; one outside the organization, by id, is invited. Leave it out and one is created.", adoptValue, func(c *Customer) *adopted { return &c.adopted }),
	may("exempt", "Statements of the tier's guardrails that do not hold this customer, each with a reason and an end.", exemptionsValue, func(c *Customer) *[]placed[Exemption] { return &c.exempt }),
	may("billing", "How the customer is invoiced, beside its tier's price and terms.", customerBillingValue, func(c *Customer) **placed[invoicing] { return &c.billing }),
	may("people", "Who may sign in to the account, where the file has sign_in; left out, it is the contact, as admin.", peopleValue, func(c *Customer) *[]placed[Person] { return &c.people }),
	may("since", "The first day of service.", dateValue, func(c *Customer) *string { return &c.Since }),
	may("until", "The first day without service; after since.", dateValue, func(c *Customer) *string { return &c.Until }),
	may("formerly", "Keys that the customer had before.", list("a list of keys", "former key", keyValue), func(c *Customer) *[]string { return &c.Formerly }),
})

var tierKeyValue = scalar("the key of a tier", jsonschema.Schema{Pattern: keyPattern, Examples: []any{"fintech", "healthcare", "government-federal", "standard"}},
	func(string, string) string { return "" }) // compared when all tiers are known

var departureValue = mapping("a key, or a mapping with key and until", Departure{}, []field[Departure]{
	need("key", "The key of a customer that is gone.", keyValue, func(d *Departure) *string { return &d.Key }),
	may("until", "The first day without service.", dateValue, func(d *Departure) *string { return &d.Until }),
})

var departedValue = list("a list of customer keys", "a departed customer", value[placed[Departure]]{
	expects: departureValue.expects,
	schema: func() *jsonschema.Schema {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{keyValue.schema(), departureValue.schema()}}
	},
	read: func(r *reader, n *yaml.Node, name string) placed[Departure] {
		if n.Kind == yaml.ScalarNode {
			return placed[Departure]{value: Departure{Key: keyValue.of(r, n, "departed key")}, node: n}
		}
		return departureValue.of(r, n, name)
	},
})
