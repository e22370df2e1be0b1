package control_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"landlord/service/store"
)

// notes are the audit log's entries of a customer, the newest first, as lines; of
// all customers for "".
func (h *house) notes(t *testing.T, customer string) (lines []string) {
	t.Helper()
	err := h.store.Operator(t.Context(), func(tx store.Tx) error {
		all, err := tx.Entries(t.Context(), store.EntryQuery{Customer: customer})
		for _, e := range all {
			if e.Customer != "" {
				lines = append(lines, line(e))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// reads are the entries that a customer reads.
func (h *house) reads(t *testing.T, customer string) (lines []string) {
	t.Helper()
	err := h.store.Customer(t.Context(), customer, func(tx store.Tx) error {
		all, err := tx.Entries(t.Context(), store.EntryQuery{})
		for _, e := range all {
			lines = append(lines, line(e))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func line(e store.Entry) string {
	before, _ := e.Before.(json.RawMessage)
	after, _ := e.After.(json.RawMessage)
	return fmt.Sprintf("%s %s %s %s %s", e.Action, e.ActorKind, e.Actor, before, after)
}

// TestWhatIsDoneToACustomerIsNoted: an entry of each customer that a push or a run
// changes, none of others, and none that names to a customer what it has left.
func TestWhatIsDoneToACustomerIsNoted(t *testing.T) {
	h := begin(t, fresh(t), nil)
	h.run(t)
	apply := func(base int64, file string) {
		t.Helper()
		_, run := h.push(t, base, file)
		if last := h.await(t, run); last.Run.State != store.RunDone {
			t.Fatalf("the run came to %+v", last.Run)
		}
	}
	begun := func(lines []string, with string) (n int) {
		for _, l := range lines {
			if strings.HasPrefix(l, with+" person ada@example.com ") || strings.HasPrefix(l, with+" person  ") {
				n++
			}
		}
		return n
	}

	apply(0, text(5))
	all := h.notes(t, "")
	if len(all) != 10 || begun(all, "customer.new") != 5 || begun(all, "account.create") != 5 {
		t.Fatalf("five customers with an account each are noted as\n%s", strings.Join(all, "\n"))
	}
	if own := h.reads(t, "c0"); len(own) != 2 || begun(own, "account.create") != 1 {
		t.Errorf("c0 reads\n%s", strings.Join(own, "\n"))
	}

	run, err := h.Begin(t.Context(), store.RunVerify, "", ada)
	if err != nil {
		t.Fatal(err)
	}
	h.await(t, run)
	if now := h.notes(t, ""); len(now) != len(all) {
		t.Errorf("a look that finds nothing new is noted as\n%s", strings.Join(now[:len(now)-len(all)], "\n"))
	}

	renamed := strings.Replace(text(5), "Customer 0", "Zero", 1)
	apply(1, renamed)
	now := h.notes(t, "")
	if want := `customer.change person ada@example.com {"name":"Customer 0"} {"name":"Zero"}`; len(now) != len(all)+1 || now[0] != want {
		t.Errorf("a new name is noted as\n%s\nwant one entry\n%s", strings.Join(now[:len(now)-len(all)], "\n"), want)
	}

	words := map[string][]string{"fintech": {"fintech", "soc 2"}, "standard": {"standard", "cis"}}
	for n, tier := range []string{"standard", "fintech"} { // there, and back
		left := []string{"fintech", "standard"}[n]
		earlier := len(h.notes(t, "c1"))
		apply(int64(2+n), strings.Replace(renamed, "name: Zero, tier: fintech", "name: Zero, tier: "+tier, 1)+strings.Repeat("\n", n))
		whole := false
		for _, l := range h.notes(t, "c0") {
			whole = whole || strings.Contains(l, `"tier":"`+left+`"} {`) && strings.Contains(l, `"tier":"`+tier+`"}`)
		}
		if !whole {
			t.Errorf("no entry of the change to %s has both tiers:\n%s", tier, strings.Join(h.notes(t, "c0"), "\n"))
		}
		own := h.reads(t, "c0")
		if begun(own, "customer.change") == 0 || begun(own, "account.move") == 0 {
			t.Errorf("of the change to %s, c0 reads\n%s", tier, strings.Join(own, "\n"))
		}
		for _, l := range own {
			for _, word := range words[left] {
				if strings.Contains(strings.ToLower(l), word) {
					t.Errorf("in tier %s, c0 reads of %q: %s", tier, word, l)
				}
			}
		}
		if len(h.notes(t, "c1")) != earlier {
			t.Error("of c1, which nothing was done to, there are new entries")
		}
	}
}
