package metrics

import (
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Bounds of label values. Words of the program are far fewer; namespaces and
// groups are named by others.
const (
	maxNames  = 100
	maxPlaces = 200
	maxWords  = 64
	maxPairs  = 256
	other     = "other"
)

// Metrics is a registry with everything that the hub counts.
type Metrics struct {
	registry *prometheus.Registry
	browsers *browsers
	relayed  *relayed
	services *services
	peers    *peers
	pages    *pages
	panics   *bounded[string, prometheus.Counter]
	refused  *bounded[string, prometheus.Counter] // connections, by listener
	silent   *bounded[string, prometheus.Counter] // connections without a request, by kind
	asked    *bounded[string, prometheus.Counter] // certificate authority, by result
	expiry   *bounded[string, prometheus.Gauge]   // of its certificates, by host
	catalog  []Metric

	droppedLogLines func() uint64 // nil: none
}

// New returns a registry in which nothing has been counted. Version is the
// version of the hub, for hub_build_info.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	f := factory{registry: m.registry, catalog: &m.catalog}
	f.group = "The process"
	info := f.gaugeVec("build_info", "Version of the hub and of Go; always 1.", "version", "go_version")
	info.WithLabelValues(version, runtime.Version()).Set(1)
	m.panics = f.counters("panics_total", "Panics that were caught. Each one is a bug: please report it.", "place")
	f.counterFunc("log_lines_dropped_total", "Log lines that were lost, because whoever reads the log did not take them or the disk is full.", func() float64 {
		if m.droppedLogLines == nil {
			return 0
		}
		return float64(m.droppedLogLines())
	})
	m.refused = f.counters("connections_refused_total", "Connections that were closed at once, because few file descriptors were left, by listener.", "listener")
	m.asked = f.counters("acme_requests_total", "Requests to the certificate authority (tls.acme.directory), by result.", "result")
	expiry := f.gaugeVec("certificate_expiry_timestamp_seconds", "When the certificate of a host of tls.acme.hosts expires, as Unix time; one that is renewed in time is always more than 20 days away, or a fifth of its life.", "host")
	m.expiry = newBounded(maxNames, other, func(host string) prometheus.Gauge { return expiry.WithLabelValues(clean(host)...) })
	f.group = "Browsers"
	m.silent = f.counters("connections_without_request_total", "Connections that were closed because no whole request came in time, by kind.", "kind")
	m.browsers = newBrowsers(f)
	f.group = "Cluster"
	m.relayed = newRelayed(f)
	f.group = "Services"
	m.services = newServices(f)
	f.group = "Cluster"
	m.peers = newPeers(f)
	f.group = "Admin UI"
	m.pages = newPages(f)
	return m
}

// DroppedLogLines says who counts the lines that the log has lost. It is called before the
// metrics are served.
func (m *Metrics) DroppedLogLines(count func() uint64) { m.droppedLogLines = count }

// ConnectionRefused counts a connection that a listener had no descriptor for.
func (m *Metrics) ConnectionRefused(listener string) { m.refused.get(listener).Inc() }

// ConnectionWithoutRequest counts a connection of a browser that was closed because it did not ask for anything.
func (m *Metrics) ConnectionWithoutRequest(kind string) { m.silent.get(kind).Inc() }

// AuthorityAsked counts a request to the certificate authority.
func (m *Metrics) AuthorityAsked(result string) { m.asked.get(result).Inc() }

// CertificateObtained says until when the certificate of a host is good.
func (m *Metrics) CertificateObtained(host string, until time.Time) {
	m.expiry.get(host).Set(float64(until.Unix()))
}

// Registerer takes further metrics, such as those of gRPC calls.
func (m *Metrics) Registerer() prometheus.Registerer { return m.registry }

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Catalog lists the metrics of the hub in the order in which docs/metrics.md shows
// them. Those of Go, of the process and of Registerer are not among them.
func (m *Metrics) Catalog() []Metric { return slices.Clone(m.catalog) }
