package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/siohub/siohub/hub"
)

// relayed counts what hubs pass on to each other.
type relayed struct {
	sessions   *bounded[string, prometheus.Counter]
	requests   *bounded[pair, prometheus.Counter]
	webSockets prometheus.Gauge
	bytes      prometheus.Counter
	refused    *bounded[string, prometheus.Counter]
}

func newRelayed(f factory) *relayed {
	requests := f.counterVec("relay_requests_total", "Requests of browsers that were passed on to the hub that has their session, by kind and result.", "kind", "result")
	return &relayed{
		sessions: f.counters("session_requests_total", "Requests of browsers that named a session, by whose it is: `here` or `elsewhere`. Counted where there are other hubs (cluster.listen); the share of `elsewhere` is what is passed on.", "session"),
		requests: newBounded(maxPairs, pair{other, other}, func(p pair) prometheus.Counter {
			return requests.WithLabelValues(clean(p[0], p[1])...)
		}),
		webSockets: f.gauge("relay_websockets", "WebSockets that are relayed to the hubs that have their sessions."),
		bytes:      f.counter("relay_websocket_bytes_total", "Bytes that were relayed for them, in either direction."),
		refused:    f.counters("cluster_refused_total", "Connections and requests to the listener for other hubs (cluster.listen) that were not let in, by why.", "why"),
	}
}

// trace returns the functions that count.
func (r *relayed) trace() hub.RelayTrace {
	here, elsewhere := r.sessions.get("here"), r.sessions.get("elsewhere")
	return hub.RelayTrace{
		Request: func(foreign bool) {
			if foreign {
				elsewhere.Inc()
			} else {
				here.Inc()
			}
		},
		PassedOn:   func(kind, result string) { r.requests.get(pair{kind, result}).Inc() },
		WebSockets: func(n int) { r.webSockets.Add(float64(n)) },
		Bytes:      func(n int) { r.bytes.Add(float64(n)) },
		Refused:    func(why string) { r.refused.get(why).Inc() },
	}
}
