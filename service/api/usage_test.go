package api_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"landlord/business/usage"
	"landlord/service/api"
	"landlord/service/store"
)

// TestUsage: what AWS charged comes in whole or not at all, and each customer reads
// its own.
func TestUsage(t *testing.T) {
	h := begin(t)
	owner := h.token("owner", all...)
	h.customers(owner, 2)
	h.in(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE customer SET account = CASE key WHEN 'c0' THEN '111122223330' ELSE '111122223331' END`)
		return err
	})
	lines := []usage.Line{
		{Account: "111122223330", Day: "2026-01-02", Service: "Amazon S3", Region: "us-east-1", Category: "Usage", Billed: "0.00000000001", Effective: "0"},
		{Account: "111122223331", Day: "2026-01-02", Service: "Amazon EC2", Region: "", Category: "Usage", Billed: "2", Effective: "1"},
		{Account: "", Day: "2026-01-31", Service: "Tax", Region: "", Category: "Tax", Billed: "0.5", Effective: "0.5"},
	}
	bill := usage.Bill{Account: "999988887777", Month: "2026-01", Currency: "USD", Format: "FOCUS 1.2", Rows: 30, Billed: "2.50000000001", Effective: "1.5", Lines: lines}
	var text bytes.Buffer
	if err := usage.Write(&text, []usage.Bill{bill}); err != nil {
		t.Fatal(err)
	}
	send := func(token, body string) answer {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+api.CostsPath+"?file=january.csv", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/octet-stream")
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		out, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer{got, out}
	}
	whole := text.String()
	h.want(send(h.token("engineer", api.Portfolio), whole), 403, nil)
	for name, body := range map[string]string{
		"half of it":       whole[:len(whole)/2],
		"a line less":      whole[:strings.LastIndex(strings.TrimSuffix(whole, "\n"), "\n")+1],
		"another sum":      strings.Replace(whole, `"2.50000000001"`, `"2.5"`, 1),
		"another amount":   strings.Replace(whole, `"0.00000000001"`, `"1e-11"`, 1),
		"no day":           strings.Replace(whole, `2026-01-31`, `2026-01-32`, 1),
		"other words":      "hello\n",
		"another currency": strings.Replace(whole, `USD`, `EUR`, 1),
	} {
		if a := send(owner, body); a.StatusCode != 422 || !strings.Contains(string(a.text), "Nothing was taken in") {
			t.Errorf("%s: %s: %s", name, a.Status, a.text)
		}
	}
	var month struct {
		Version          int64
		Customers, Pools []struct{ Customer, Pool, Service, Billed string }
	}
	h.want(h.ask(owner, "GET", "/api/v1/usage?month=2026-01", nil), 200, &month)
	if month.Version != 0 || len(month.Customers) != 0 {
		t.Errorf("before anything came in: %+v", month)
	}
	var took struct {
		Items []struct {
			Changed bool
			Version int64
		}
	}
	h.want(send(h.token("billing", api.Billing), whole), 200, &took)
	h.want(send(owner, whole), 200, &took)
	if len(took.Items) != 1 || took.Items[0].Changed {
		t.Errorf("the same again: %+v", took)
	}
	h.want(h.ask(owner, "GET", "/api/v1/usage?month=2026-01", nil), 200, &month)
	if len(month.Customers) != 2 || month.Customers[0].Billed != "0.00000000001" || len(month.Pools) != 1 || month.Pools[0].Pool != "tax" {
		t.Errorf("the month: %+v", month)
	}
	var days struct {
		Items []struct{ Day, Service, Billed string }
	}
	for token, at := range map[string]string{owner: "/api/v1/customers/c1", h.own("c1", "ann@c1.example", "admin", api.Own): "/api/v1/portal"} {
		h.want(h.ask(token, "GET", at+"/usage?month=2026-01", nil), 200, &days)
		if len(days.Items) != 1 || days.Items[0].Service != "Amazon EC2" || days.Items[0].Billed != "2" {
			t.Errorf("%s: %+v", at, days)
		}
	}
}
