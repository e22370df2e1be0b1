package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"landlord/service/store"
	"landlord/service/store/storetest"
)

// TestTraces: a request's trace has its transactions and their queries, and nothing of
// what they asked about; what no request asks for is not traced.
func TestTraces(t *testing.T) {
	kept := tracetest.NewInMemoryExporter()
	before := otel.GetTracerProvider()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept))
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	s := storetest.New(t)
	ask := func(ctx context.Context) {
		t.Helper()
		if err := s.Operator(ctx, func(tx store.Tx) error {
			c := acme("secret-name")
			if err := tx.PutCustomer(ctx, c); err != nil {
				return err
			}
			_, err := tx.Customer(ctx, c.Key)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	ask(t.Context())
	if got := kept.GetSpans(); len(got) > 0 {
		t.Errorf("without a request there are %d spans", len(got))
	}
	ctx, request := provider.Tracer("test").Start(t.Context(), "GET console")
	ask(ctx)
	_ = s.Customer(ctx, "nobody", func(store.Tx) error { return nil }) // is traced too
	request.End()
	names := map[string]int{}
	for _, span := range kept.GetSpans() {
		names[span.Name]++
		if span.SpanContext.TraceID() != request.SpanContext().TraceID() {
			t.Errorf("%s is of another trace", span.Name)
		}
		if text := fmt.Sprint(span.Attributes, span.Status, span.Events); strings.Contains(text, "secret-name") || strings.Contains(text, "nobody") {
			t.Errorf("%s tells what was asked about: %s", span.Name, text)
		}
	}
	if names["store as operator"] != 1 || names["store as customer"] != 1 || names["SELECT"] < 2 || names["INSERT"] < 1 {
		t.Errorf("the spans are %v", names)
	}
}
