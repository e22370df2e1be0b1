package economics

import (
	"math/big"
	"time"

	"landlord/portfolio"
)

// Effort is what a batch of customers takes a person, in minutes. Nothing in
// it happens beside anything else: it is a sum.
type Effort struct {
	Customers     int
	Configuration int // writing the entries
	Validation    int // once a batch
	Verification  int // once a batch, on AWS
	SignIn        int
	Baseline      int
	AccessTest    int
	Sequential    int // one customer after the other, by the stated minutes
}

// EffortOf returns what n customers take in one batch.
func EffortOf(e portfolio.Economics, n int) Effort {
	m := e.Minutes
	return Effort{
		Customers:     n,
		Configuration: n * m.Configuration,
		Validation:    m.Validation,
		Verification:  m.Verification,
		SignIn:        n * m.SignIn,
		Baseline:      n * m.Baseline,
		AccessTest:    n * m.AccessTest,
		Sequential:    n * m.Sequential,
	}
}

// Unattended returns what n customers take a person in one batch whom landlord
// onboards: writing the entries, the batch's validation and verification, and
// inviting those of their people who need it. Nobody waits for the deployment.
func Unattended(e portfolio.Economics, n, invited int) Effort {
	m := e.Minutes
	return Effort{
		Customers:     n,
		Configuration: n * m.Configuration,
		Validation:    m.Validation,
		Verification:  m.Verification,
		SignIn:        invited * m.Invitation,
		Sequential:    n * m.Sequential,
	}
}

// Each is what each customer of the batch takes besides what is done once for all,
// in minutes, exact; 0 without customers.
func (e Effort) Each() *big.Rat {
	return big.NewRat(int64(e.Configuration+e.After()), int64(max(e.Customers, 1)))
}

// PerDay is how many customers of the batch's kind fit a working day of so many
// minutes, exact. It is not ok if they take no time.
func (e Effort) PerDay(workday int) (customers *big.Rat, ok bool) {
	each := e.Each()
	if each.Sign() == 0 {
		return nil, false
	}
	return each.Quo(big.NewRat(int64(workday), 1), each), true
}

// Before is what is done before the deployment.
func (e Effort) Before() int { return e.Configuration + e.Validation }

// During is the deployment, watched, and its verification.
func (e Effort) During(deployment time.Duration) *big.Rat {
	return new(big.Rat).Add(Minutes(deployment), big.NewRat(int64(e.Verification), 1))
}

// After is what is done for the customers once their accounts stand.
func (e Effort) After() int { return e.SignIn + e.Baseline + e.AccessTest }

// Total is all of it, with a deployment that takes so long.
func (e Effort) Total(deployment time.Duration) *big.Rat {
	return new(big.Rat).Add(e.During(deployment), big.NewRat(int64(e.Before()+e.After()), 1))
}

// Saved is what the batch saves against one customer after the other, in
// percent, exact; negative if it takes longer. It is not ok if that takes no
// time.
func (e Effort) Saved(deployment time.Duration) (percent *big.Rat, ok bool) {
	if e.Sequential == 0 {
		return nil, false
	}
	sequential := big.NewRat(int64(e.Sequential), 1)
	saved := new(big.Rat).Sub(sequential, e.Total(deployment))
	return saved.Mul(saved.Quo(saved, sequential), big.NewRat(100, 1)), true
}

// Minutes is d in minutes, exact.
func Minutes(d time.Duration) *big.Rat { return big.NewRat(int64(d), int64(time.Minute)) }

// PerCustomer is what taking on one customer takes a person, in minutes,
// besides what is done once a batch.
func PerCustomer(e portfolio.Economics) int {
	return e.Minutes.Configuration + e.Minutes.SignIn + e.Minutes.Baseline + e.Minutes.AccessTest
}

// PerDay is how many customers of so many minutes each fit a working day,
// exact. It is not ok if they take no time.
func PerDay(e portfolio.Economics, minutes int) (customers *big.Rat, ok bool) {
	if minutes == 0 {
		return nil, false
	}
	return big.NewRat(int64(e.WorkdayMinutes), int64(minutes)), true
}
