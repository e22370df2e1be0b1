package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// spanned begins a span of the store within the one of ctx; none where nothing is
// traced, such as what loops ask for now and then.
func spanned(ctx context.Context, name string, about ...attribute.KeyValue) (context.Context, func(error)) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, func(error) {}
	}
	ctx, span := otel.Tracer("landlord/store").Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(append(about, attribute.String("db.system.name", "postgresql"))...))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "") // its words may name a customer
		}
		span.End()
	}
}

// queries traces each query, without what it asks about: a text of SQL holds none of
// its arguments.
type queries struct{}

type endKey struct{}

func (queries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	text := strings.Join(strings.Fields(q.SQL), " ")
	verb, _, _ := strings.Cut(text, " ")
	ctx, end := spanned(ctx, strings.ToUpper(verb), attribute.String("db.query.text", text))
	return context.WithValue(ctx, endKey{}, end)
}

func (queries) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryEndData) {
	if end, is := ctx.Value(endKey{}).(func(error)); is {
		end(q.Err)
	}
}
