package web

import (
	"context"
	"strings"
	"testing"

	"landlord/service/store"
)

// TestReadPortal: a customer's portal is read page by page, its compliance and the
// files of its report among them, also before anything was found; what names another
// framework, or does not answer, is told with its page.
func TestReadPortal(t *testing.T) {
	h := build(t)
	for _, c := range h.folio.Customers {
		if looked, err := h.ReadPortal(t.Context(), c.Key); err != nil {
			t.Errorf("before anything was found, of %s: %v", c.Key, err)
		} else if !strings.HasPrefix(looked, "17 pages answer") { // OSCAL has no place for nothing
			t.Errorf("before anything was found, of %s: %s", c.Key, looked)
		}
	}
	h.assess()
	for _, c := range h.folio.Customers {
		if looked, err := h.ReadPortal(t.Context(), c.Key); err != nil || !strings.HasPrefix(looked, "19 pages answer") {
			t.Errorf("of %s: %s, %v", c.Key, looked, err)
		}
	}
	h.operator(func(ctx context.Context, tx store.Tx) error {
		c, err := tx.Customer(ctx, "startup")
		if err != nil {
			return err
		}
		c.Unit = "Customers-HIPAA"
		return tx.PutCustomer(ctx, c)
	})
	if _, err := h.ReadPortal(t.Context(), "startup"); err == nil || !strings.Contains(err.Error(), "names HIPAA") {
		t.Errorf("of a unit that names another framework: %v", err)
	}
	if _, err := h.ReadPortal(t.Context(), "nobody"); err == nil {
		t.Error("a portal of nobody was read")
	}
}
