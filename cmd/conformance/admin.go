package main

import (
	"fmt"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// gauges are what a suite looks at to see that nothing is left behind: a few of
// cmd/hub's metrics, under the same names.
type gauges struct {
	registry *prometheus.Registry
	parked   prometheus.Gauge
	panics   *prometheus.CounterVec
}

func newGauges() *gauges {
	g := &gauges{
		registry: prometheus.NewRegistry(),
		parked:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "hub_parked_events", Help: "Events that wait for services."}),
		panics:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hub_panics_total", Help: "Panics that were caught."}, []string{"place"}),
	}
	g.registry.MustRegister(g.parked, g.panics)
	return g
}

func (g *gauges) hubTrace() *hub.Trace {
	return &hub.Trace{Panic: func(any) { g.panics.WithLabelValues("browser").Inc() }}
}

func (g *gauges) controlTrace() *trace.Hooks {
	return &trace.Hooks{
		Parked:         func(_ string, events int, _ int64) { g.parked.Add(float64(events)) },
		PanicRecovered: func(place string) { g.panics.WithLabelValues(place).Inc() },
	}
}

// handler serves metrics, profiles and health. Call it once.
func (g *gauges) handler(h *hub.Hub) http.Handler {
	g.registry.MustRegister(prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Name: "hub_sessions", Help: "Browsers that are connected."},
		func() float64 { return float64(h.Stats().Sessions) },
	))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") })
	mux.Handle("GET /metrics", promhttp.HandlerFor(g.registry, promhttp.HandlerOpts{Registry: g.registry}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
