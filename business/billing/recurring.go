package billing

import (
	"math/big"

	"landlord/internal/money"
	"landlord/portfolio"
)

// Recurring is what c pays for a whole month as things stand on the month's last
// day, in which tier: its price less the discounts that last, and its minimum where
// that is more; AWS's cost, credits and tax are not part of it. Rounded half to even
// to a cent. It is not ok if c is not served on that day. A suspension does not end
// what was agreed.
func (b *Biller) Recurring(c portfolio.Customer) (amount money.Cents, tier string, ok bool) {
	days := b.days(c, nil)
	if len(days) == 0 || days[len(days)-1].on != b.month.Day(b.month.Length()) {
		return 0, "", false
	}
	last := days[len(days)-1]
	exact := last.price.Rat()
	if c.Billing != nil {
		for _, off := range c.Billing.Discounts {
			if off.From != "" && last.on < off.From || off.Until != "" && last.on >= off.Until {
				continue
			}
			less := off.Amount.Rat()
			if off.Rate > 0 {
				less = off.Rate.Of(last.price.Rat())
			}
			exact.Sub(exact, less)
		}
		if exact.Sign() < 0 {
			exact = new(big.Rat)
		}
		if least := c.Billing.Minimum.Rat(); exact.Cmp(least) < 0 {
			exact = least
		}
	}
	amount, _ = money.Round(exact) // at most the price
	return amount, last.tier.Key, true
}
