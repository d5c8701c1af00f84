package metrics

import "github.com/prometheus/client_golang/prometheus"

// peers are the metrics of what other servers of a cluster say.
type peers struct {
	refused *bounded[string, prometheus.Counter]
}

func newPeers(f factory) *peers {
	return &peers{
		refused: f.counters("peer_refused_total", "Commands and questions of other servers that were not carried out, by why.", "why"),
	}
}
