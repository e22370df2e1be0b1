package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"landlord/service/store"
)

// metrics are what Prometheus reads of one process.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	answered *prometheus.HistogramVec
	runs     *prometheus.CounterVec
	ran      *prometheus.HistogramVec
	calls    *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "landlord_http_requests_total", Help: "Requests answered, by kind of address, method and status."}, []string{"to", "method", "status"}),
		answered: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "landlord_http_request_seconds", Help: "How long answers took, by kind of address; streams are left out.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"to"}),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "landlord_runs_total", Help: "Runs that ended here, by kind and what they came to."}, []string{"kind", "state"}),
		ran: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "landlord_run_seconds", Help: "How long runs took from being asked for to their end.",
			Buckets: []float64{1, 5, 15, 60, 300, 900, 3600, 4 * 3600}}, []string{"kind"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "landlord_aws_calls_total", Help: "Calls to AWS that were answered, by operation."}, []string{"operation"}),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.requests, m.answered, m.runs, m.ran, m.calls)
	return m
}

// database adds what is read of the database when somebody asks.
func (m *metrics) database(s *store.Store) {
	pool := s.Pool()
	if pool == nil {
		return
	}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "landlord_database_connections", Help: "Connections of the operator's pool."}, func() float64 { return float64(pool.Stat().TotalConns()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "landlord_database_connections_busy", Help: "Connections of the operator's pool in use."}, func() float64 { return float64(pool.Stat().AcquiredConns()) }),
	)
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// run counts a run that ended.
func (m *metrics) run(kind, state string, took time.Duration) {
	m.runs.WithLabelValues(kind, state).Inc()
	m.ran.WithLabelValues(kind).Observe(took.Seconds())
}

// call counts a call to AWS.
func (m *metrics) call(_ bool, operation string, _ time.Duration) {
	m.calls.WithLabelValues(operation).Inc()
}

// answer is a ResponseWriter that remembers the status.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController, by which streams flush.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// kindOf is what an address is, in few enough words to count by.
func kindOf(path string) string {
	for _, k := range []struct{ begins, kind string }{{"/api/", "api"}, {"/static/", "static"}, {"/portal", "portal"}, {"/signin", "sign-in"}, {"/healthz", "health"}, {"/readyz", "health"}, {"/metrics", "health"}} {
		if len(path) >= len(k.begins) && path[:len(k.begins)] == k.begins {
			return k.kind
		}
	}
	return "console"
}

// watched counts and traces what h answers.
func (m *metrics) watched(h http.Handler) http.Handler {
	tracer := otel.Tracer("landlord/http")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		to := kindOf(r.URL.Path)
		ctx := otel.GetTextMapPropagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		// The path is left out: it may name a customer.
		ctx, span := tracer.Start(ctx, r.Method+" "+to, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attribute.String("http.request.method", r.Method)))
		a := &answer{ResponseWriter: w}
		defer func() {
			if a.status == 0 {
				a.status = http.StatusOK
			}
			span.SetAttributes(attribute.Int("http.response.status_code", a.status))
			if a.status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, "")
			}
			span.End()
			m.requests.WithLabelValues(to, method(r.Method), strconv.Itoa(a.status)).Inc()
			if a.Header().Get("Content-Type") != "text/event-stream" {
				m.answered.WithLabelValues(to).Observe(time.Since(began).Seconds())
			}
		}()
		h.ServeHTTP(a, r.WithContext(ctx))
	})
}

// method is one of those there are; whoever makes up others is counted as one.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		return m
	}
	return "other"
}

// traces sends traces to where OTEL_EXPORTER_OTLP_ENDPOINT (or its relative for
// traces alone) says, if it is set. The function it returns sends what is left.
func traces(ctx context.Context) (func() error, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return func() error { return nil }, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "landlord"), attribute.String("service.version", version())), resource.WithFromEnv(), resource.WithProcessPID())
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		_ = provider.Shutdown(ctx) // whoever collects them may be gone
		return nil
	}, nil
}
