package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/siohub/siohub/cmd/hub/internal/terminal"
)

// namespacePrefix starts the name of every metric.
const namespacePrefix = "hub"

// The types of Prometheus.
const (
	typeCounter   = "counter"
	typeGauge     = "gauge"
	typeHistogram = "histogram"
)

// Metric is one line of the catalog, and of docs/metrics.md.
type Metric struct {
	// Name as Prometheus shows it.
	Name string
	// Type is counter, gauge or histogram.
	Type string
	// Labels are the names of its labels. Empty means none.
	Labels []string
	// Help says what it counts.
	Help string
	// Group is the heading it stands under.
	Group string
}

// factory makes metrics that are registered and stand in the catalog. There is no
// other way to make one, so that the catalog is complete.
type factory struct {
	registry prometheus.Registerer
	catalog  *[]Metric
	group    string // of what is made next
}

// add registers a metric and puts it into the catalog.
func (f factory) add(c prometheus.Collector, kind string, o prometheus.Opts, labels ...string) {
	f.registry.MustRegister(c)
	*f.catalog = append(*f.catalog, Metric{
		Name: prometheus.BuildFQName(o.Namespace, "", o.Name), Type: kind, Labels: labels, Help: o.Help, Group: f.group,
	})
}

func opts(name, help string) prometheus.Opts {
	return prometheus.Opts{Namespace: namespacePrefix, Name: name, Help: help}
}

func (f factory) counter(name, help string) prometheus.Counter {
	o := opts(name, help)
	c := prometheus.NewCounter(prometheus.CounterOpts(o))
	f.add(c, typeCounter, o)
	return c
}

// counterFunc makes a counter that somebody else keeps.
func (f factory) counterFunc(name, help string, count func() float64) {
	o := opts(name, help)
	f.add(prometheus.NewCounterFunc(prometheus.CounterOpts(o), count), typeCounter, o)
}

func (f factory) gauge(name, help string) prometheus.Gauge {
	o := opts(name, help)
	g := prometheus.NewGauge(prometheus.GaugeOpts(o))
	f.add(g, typeGauge, o)
	return g
}

func (f factory) counterVec(name, help string, labels ...string) *prometheus.CounterVec {
	o := opts(name, help)
	v := prometheus.NewCounterVec(prometheus.CounterOpts(o), labels)
	f.add(v, typeCounter, o, labels...)
	return v
}

func (f factory) gaugeVec(name, help string, labels ...string) *prometheus.GaugeVec {
	o := opts(name, help)
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts(o), labels)
	f.add(v, typeGauge, o, labels...)
	return v
}

func (f factory) histogramVec(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	o := opts(name, help)
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: o.Namespace, Name: o.Name, Help: o.Help, Buckets: buckets,
	}, labels)
	f.add(v, typeHistogram, o, labels...)
	return v
}

// clean prepares values of labels: browsers and services name namespaces and groups, and
// whoever looks at /metrics in a terminal must not be steered by that.
func clean(values ...string) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = terminal.Clean(v)
	}
	return all
}

// counters makes a counter with one label.
func (f factory) counters(name, help, label string) *bounded[string, prometheus.Counter] {
	v := f.counterVec(name, help, label)
	return newBounded(maxWords, other, func(value string) prometheus.Counter { return v.WithLabelValues(clean(value)...) })
}

// place is who did it or had it done: a group and a namespace, both named by others.
type place struct{ group, namespace string }

// placed counts by place, and there by two words of the program.
type placed struct {
	places *bounded[place, *bounded[pair, prometheus.Counter]]
}

// get gives the counter of a place and two words.
func (p placed) get(group, namespace string, words pair) prometheus.Counter {
	return p.places.get(place{group, namespace}).get(words)
}

// placed makes a counter with the labels group and namespace, and two more.
func (f factory) placed(name, help string, words ...string) placed {
	v := f.counterVec(name, help, append([]string{"group", "namespace"}, words...)...)
	return placed{newBounded(maxPlaces, place{other, other}, func(at place) *bounded[pair, prometheus.Counter] {
		return newBounded(maxPairs, pair{other, other}, func(p pair) prometheus.Counter {
			return v.WithLabelValues(clean(at.group, at.namespace, p[0], p[1])...)
		})
	})}
}

// named makes a gauge for each group.
func (f factory) named(name, help string) *bounded[string, prometheus.Gauge] {
	v := f.gaugeVec(name, help, "group")
	return newBounded(maxNames, other, func(group string) prometheus.Gauge { return v.WithLabelValues(clean(group)...) })
}

// pair is a key of two labels.
type pair [2]string

// pairs makes a counter with two labels.
func (f factory) pairs(name, help string, labels ...string) *bounded[pair, prometheus.Counter] {
	v := f.counterVec(name, help, labels...)
	return newBounded(maxPairs, pair{other, other}, func(p pair) prometheus.Counter { return v.WithLabelValues(clean(p[:]...)...) })
}
