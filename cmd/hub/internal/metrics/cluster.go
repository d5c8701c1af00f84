package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/siohub/siohub/hub/cluster"
)

// peers are the metrics of other servers and of the engine that the hub shares with them.
type peers struct {
	refused            *bounded[string, prometheus.Counter]
	sent, received     *bounded[string, prometheus.Counter]
	notSent, dropped   *bounded[string, prometheus.Counter]
	bytesOut, bytesIn  prometheus.Counter
	lost, incomplete   prometheus.Counter
	members, connected prometheus.Gauge
	questionsOpen      *bounded[string, prometheus.Gauge]
	questionsRefused   *bounded[string, prometheus.Counter]
	questions          prometheus.Counter
}

func newPeers(f factory) *peers {
	open := f.gaugeVec("cluster_questions_open", "Questions that wait for answers, asked of other servers or answered here.", "side")
	return &peers{
		refused:          f.counters("peer_refused_total", "Commands and questions of other servers that were not carried out, by why.", "why"),
		sent:             f.counters("cluster_sent_total", "Messages that were handed to the engine, by kind.", "kind"),
		received:         f.counters("cluster_received_total", "Messages that came from the engine and were taken, by kind.", "kind"),
		bytesOut:         f.counter("cluster_sent_bytes_total", "Bytes of messages to the engine."),
		bytesIn:          f.counter("cluster_received_bytes_total", "Bytes of messages from the engine."),
		notSent:          f.counters("cluster_not_sent_total", "Messages that were not sent: the engine is away, cluster.queue_bytes wait already, or they are larger than cluster.max_message, by why.", "why"),
		dropped:          f.counters("cluster_dropped_total", "Messages of other servers that were not taken, by why.", "why"),
		lost:             f.counter("cluster_lost_total", "Messages of other hubs that have not arrived."),
		questions:        f.counter("cluster_questions_total", "Questions to other servers that have ended."),
		incomplete:       f.counter("cluster_questions_incomplete_total", "Questions that ended without the answers of all servers."),
		questionsRefused: f.counters("cluster_questions_refused_total", "Questions that were not asked, or not answered here, as too many are open, by side.", "side"),
		questionsOpen: newBounded(maxWords, other, func(side string) prometheus.Gauge {
			return open.WithLabelValues(clean(side)...)
		}),
		members:   f.gauge("cluster_members", "Other servers that are known."),
		connected: f.gauge("cluster_connected", "1 while the engine can be reached."),
	}
}

// ClusterTrace returns the functions that count for the engine.
func (m *Metrics) ClusterTrace() *cluster.Trace {
	p := m.peers
	return &cluster.Trace{
		Sent: func(kind string, bytes int) {
			p.sent.get(kind).Inc()
			p.bytesOut.Add(float64(bytes))
		},
		Received: func(kind string, bytes int) {
			p.received.get(kind).Inc()
			p.bytesIn.Add(float64(bytes))
		},
		NotSent:   func(why string) { p.notSent.get(why).Inc() },
		Dropped:   func(why string) { p.dropped.get(why).Inc() },
		Lost:      func(n int) { p.lost.Add(float64(n)) },
		Questions: func(side string, change int) { p.questionsOpen.get(side).Add(float64(change)) },
		QuestionDone: func(missing int) {
			p.questions.Inc()
			if missing > 0 {
				p.incomplete.Inc()
			}
		},
		QuestionRefused: func(side string) { p.questionsRefused.get(side).Inc() },
		Members:         func(n int) { p.members.Set(float64(n)) },
		Connected: func(yes bool) {
			if yes {
				p.connected.Set(1)
			} else {
				p.connected.Set(0)
			}
		},
		Panic: func(any) { m.panics.get("cluster").Inc() },
	}
}
