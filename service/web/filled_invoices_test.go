package web

var filledDrafts = []invoiceDraftLine{{"acme", "February 2026", "8,000.00 USD", "6 Mar 2026", ""}, {"quantum", "February 2026", "8,012.34 USD", "6 Mar 2026", "AWS's cost of February 2026 has not come in"}}

func filledInvoices(to string) []invoiceRow {
	row := func(number, total, left string, state tone) invoiceRow {
		return invoiceRow{number, to + "/" + number, "startup", "January 2026", state, "6 Feb 2026", "8 Mar 2026", total, left}
	}
	return []invoiceRow{row("INV-000007", "2,000.00 USD", "2,000.00 USD", tone{"warn", "to be paid"}), row("INV-000006", "100,000,000.00 USD", "99,999,999.99 USD", tone{"bad", "overdue"}),
		row("CN-000001", "−119.00 USD", "", tone{"", "credit note"}), row("INV-000001", "2,000.00 USD", "", tone{"good", "paid"})}
}

func filledInvoice(to string, note bool) invoicePart {
	p := invoicePart{invoiceRow: filledInvoices(to)[0], Currency: "USD",
		Lines:    []invoiceLine{{"Standard, January 2026", "2000.00 a month", "2,000.00 USD"}, {"AWS: Amazon Elastic Compute Cloud of January 2026, after INV-000001", "+0.000000004123 at cost since then", "0.01 USD"}, {"Sales tax", "8.25 % of 2000.01", "165.00 USD"}},
		Payments: []invoicePayment{{"20 Feb 2026", "bank transfer", "T 4711", "1,000.00 USD"}}, Files: []place{{Name: "PDF", To: to + "/INV-000007/pdf"}, {Name: "GOBL", To: to + "/INV-000007/gobl"}}}
	if note {
		p.Note, p.Of, p.ToOf, p.Reason, p.Payments = true, "INV-000001", to+"/INV-000001", "Outage in January", nil
	}
	return p
}
