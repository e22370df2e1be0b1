package simulate

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"landlord/simaws"
)

// TestLanes: jobs go on in the order of their time, no more at once than may, and take
// as long as the last of them.
func TestLanes(t *testing.T) {
	w, err := NewWorld(simaws.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var trace []string
	broken := errors.New("broken")
	job := func(name string, waits ...int) func() error {
		return func() error {
			for _, s := range append([]int{0}, waits...) {
				if err := (laned{w.Clock, w}).Sleep(t.Context(), time.Duration(s)*time.Second); err != nil {
					return err
				}
				trace = append(trace, fmt.Sprintf("%s at %v", name, w.Clock.Now().Sub(Start)))
			}
			if name == "c" {
				return broken
			}
			return nil
		}
	}
	errs := w.lanes(2, []func() error{job("a", 1, 4), job("b", 2), job("c", 2, 2), job("d", 1)})
	want := []string{"a at 0s", "b at 0s", "a at 1s", "b at 2s", "c at 2s", "c at 4s", "a at 5s", "d at 5s", "c at 6s", "d at 6s"}
	if !slices.Equal(trace, want) {
		t.Errorf("trace %v, want %v", trace, want)
	}
	if len(errs) != 1 || !errors.Is(errs[0], broken) {
		t.Errorf("errors %v", errs)
	}
	if errs := w.lanes(2, nil); len(errs) > 0 || w.Clock.Now().Sub(Start) != 6*time.Second {
		t.Errorf("no jobs: %v, %v", errs, w.Clock.Now().Sub(Start))
	}
}
