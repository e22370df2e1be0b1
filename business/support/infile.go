package support

import "landlord/portfolio"

// InFile is what a portfolio file knows of its customers: their contacts, which count
// as verified, their accounts, and near which domains their contacts are.
func InFile(p *portfolio.Portfolio) Known {
	k := Known{Contacts: map[string]string{}, Domains: map[string][]string{}, Accounts: map[string]string{}, Near: map[string][]string{}}
	for _, c := range p.Customers {
		if address, ok := AddressOf(c.Contact); ok {
			k.Contacts[address] = c.Key
			if domain := DomainOf(address); !Public(domain) {
				k.Near[domain] = append(k.Near[domain], c.Key)
			}
		}
		if c.Account != "" {
			k.Accounts[string(c.Account)] = c.Key
		} else if id, is := p.Organization.SimulatedAccounts[c.Key]; is && p.Organization.Target == portfolio.Simulated {
			k.Accounts[string(id)] = c.Key
		}
	}
	return k
}
