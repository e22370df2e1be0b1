package portfolio

import "landlord/internal/money"

// Economics is what running the portfolio takes, in dollars and minutes.
type Economics struct {
	Infrastructure         money.Cents // a month, however many customers
	SupportSalary          money.Cents // a month and person
	SupportPeopleMinimum   int
	CustomersPerPerson     int         // whom one person supports
	Hosting                money.Cents // hosting and tools, a month
	Minutes                Minutes
	WorkdayMinutes         int
	ConfigLinesPerCustomer int
	AccountCost            AccountCost
	Thresholds             Thresholds
}

// Minutes are what each task takes a person.
type Minutes struct {
	Configuration int // a customer
	SignIn        int // a customer
	Baseline      int // a customer
	AccessTest    int // a customer
	Invitation    int // a person whom landlord lets sign in
	Validation    int // a batch
	Verification  int // a batch
	Automated     int // a customer, with all of it automated
	Sequential    int // a customer, one after the other
	Fixes         int // a batch
}

// AccountCost is what AWS charges for an account with an idle baseline, a month.
type AccountCost struct{ Low, High money.Cents }

// Thresholds are the numbers of customers from which something becomes an issue.
type Thresholds struct{ DashboardFiltering, TicketRouting, OUNavigation int }

// economics are the defaults. Source: the reference report; that one person
// supports 25 customers, what an idle account costs and what an invitation takes are
// assumptions.
var economics = Economics{
	Infrastructure:         money.Dollars(180),
	SupportSalary:          money.Dollars(3000),
	SupportPeopleMinimum:   2,
	CustomersPerPerson:     25,
	Hosting:                money.Dollars(500),
	Minutes:                Minutes{Configuration: 3, SignIn: 10, Baseline: 15, AccessTest: 5, Invitation: 2, Validation: 5, Verification: 5, Automated: 15, Sequential: 60, Fixes: 30},
	WorkdayMinutes:         480,
	ConfigLinesPerCustomer: 15,
	AccountCost:            AccountCost{money.Dollars(5), money.Dollars(15)},
	Thresholds:             Thresholds{DashboardFiltering: 10, TicketRouting: 10, OUNavigation: 50},
}

// Bounds of the counts. What others are divided by is not 0.
var (
	minutes   = count(0, 100_000)
	divisor   = count(1, 100_000)
	customers = count(1, 1_000_000)
)

var economicsValue = mapping("a mapping of what a month costs", economics, []field[Economics]{
	may("infrastructure", "AWS infrastructure in USD a month, however many customers.", moneyValue, func(e *Economics) *money.Cents { return &e.Infrastructure }),
	may("support_salary", "What a person in support earns in USD a month.", moneyValue, func(e *Economics) *money.Cents { return &e.SupportSalary }),
	may("support_people_minimum", "The least people in support.", count(1, 100_000), func(e *Economics) *int { return &e.SupportPeopleMinimum }),
	may("customers_per_person", "How many customers one person supports.", customers, func(e *Economics) *int { return &e.CustomersPerPerson }),
	may("hosting", "Hosting and tools in USD a month.", moneyValue, func(e *Economics) *money.Cents { return &e.Hosting }),
	may("minutes", "Minutes of a person by task.", inner(minutesValue), func(e *Economics) *Minutes { return &e.Minutes }),
	may("workday_minutes", "Minutes of a working day.", count(1, 1440), func(e *Economics) *int { return &e.WorkdayMinutes }),
	may("config_lines_per_customer", "The most lines that a customer takes in this file.", divisor, func(e *Economics) *int { return &e.ConfigLinesPerCustomer }),
	may("account_cost", "What AWS charges for an account with an idle baseline in USD a month, an estimate.", inner(accountCostValue), func(e *Economics) *AccountCost { return &e.AccountCost }),
	may("thresholds", "From how many customers something becomes an issue.", inner(thresholdsValue), func(e *Economics) *Thresholds { return &e.Thresholds }),
})

var minutesValue = mapping("a mapping of tasks to minutes", economics.Minutes, []field[Minutes]{
	may("configuration", "Writing a customer's entry.", divisor, func(m *Minutes) *int { return &m.Configuration }),
	may("sign_in", "Setting up a customer's sign-in.", minutes, func(m *Minutes) *int { return &m.SignIn }),
	may("baseline", "A customer's compliance baseline.", minutes, func(m *Minutes) *int { return &m.Baseline }),
	may("access_test", "Testing a customer's access to the dashboard.", minutes, func(m *Minutes) *int { return &m.AccessTest }),
	may("invitation", "Having a person whom landlord lets sign in set a password, which no API of AWS does; an assumption.", minutes, func(m *Minutes) *int { return &m.Invitation }),
	may("validation", "Validating a batch of customers.", minutes, func(m *Minutes) *int { return &m.Validation }),
	may("verification", "Verifying a batch of customers on AWS.", minutes, func(m *Minutes) *int { return &m.Verification }),
	may("automated", "A customer with all of it automated.", divisor, func(m *Minutes) *int { return &m.Automated }),
	may("sequential", "A customer, one after the other.", divisor, func(m *Minutes) *int { return &m.Sequential }),
	may("fixes", "Fixes after a batch.", minutes, func(m *Minutes) *int { return &m.Fixes }),
})

var accountCostValue = mapping("low and high", economics.AccountCost, []field[AccountCost]{
	may("low", "The least in USD.", moneyValue, func(a *AccountCost) *money.Cents { return &a.Low }),
	may("high", "The most in USD, at least low.", moneyValue, func(a *AccountCost) *money.Cents { return &a.High }),
})

var thresholdsValue = mapping("a mapping of issues to numbers of customers", economics.Thresholds, []field[Thresholds]{
	may("dashboard_filtering", "The dashboard needs filters.", customers, func(t *Thresholds) *int { return &t.DashboardFiltering }),
	may("ticket_routing", "Tickets need routing.", customers, func(t *Thresholds) *int { return &t.TicketRouting }),
	may("ou_navigation", "The units need a hierarchy.", customers, func(t *Thresholds) *int { return &t.OUNavigation }),
})
