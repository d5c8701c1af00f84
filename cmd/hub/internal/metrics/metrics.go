package metrics

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Bounds of label values. Words of the program are far fewer; namespaces and
// groups are named by others.
const (
	maxNames = 100
	maxWords = 64
	maxPairs = 256
	other    = "other"
)

// Metrics is a registry with everything that the hub counts.
type Metrics struct {
	registry *prometheus.Registry
	browsers *browsers
	services *services
	panics   *bounded[string, prometheus.Counter]
}

// New returns a registry in which nothing has been counted. Version is the
// version of the hub, for hub_build_info.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	f := factory{m.registry}
	info := prometheus.NewGaugeVec(opts("build_info", "Version of the hub and of Go; always 1."), []string{"version", "go_version"})
	m.registry.MustRegister(info)
	info.WithLabelValues(version, runtime.Version()).Set(1)
	m.panics = f.counters("panics_total", "Panics that were caught. Each one is a bug: please report it.", "place")
	m.browsers = newBrowsers(f)
	m.services = newServices(f)
	return m
}

// Registerer takes further metrics, such as those of gRPC calls.
func (m *Metrics) Registerer() prometheus.Registerer { return m.registry }

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// factory makes metrics that are registered already.
type factory struct{ registry prometheus.Registerer }

func opts(name, help string) prometheus.GaugeOpts {
	return prometheus.GaugeOpts{Namespace: "hub", Name: name, Help: help}
}

func (f factory) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts(opts(name, help)))
	f.registry.MustRegister(c)
	return c
}

func (f factory) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(opts(name, help))
	f.registry.MustRegister(g)
	return g
}

// counters makes a counter with one label.
func (f factory) counters(name, help, label string) *bounded[string, prometheus.Counter] {
	v := prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), []string{label})
	f.registry.MustRegister(v)
	return newBounded(maxWords, other, func(value string) prometheus.Counter { return v.WithLabelValues(value) })
}

// pair is a key of two labels.
type pair [2]string

// pairs makes a counter with two labels.
func (f factory) pairs(name, help string, labels ...string) *bounded[pair, prometheus.Counter] {
	v := prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), labels)
	f.registry.MustRegister(v)
	return newBounded(maxPairs, pair{other, other}, func(p pair) prometheus.Counter { return v.WithLabelValues(p[:]...) })
}
