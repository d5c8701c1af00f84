package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/siohub/siohub/hub"
)

// browsers counts what hub.Trace tells.
type browsers struct {
	sessions                    prometheus.Gauge
	opened, closed              *bounded[string, prometheus.Counter]
	refused, requests, upgrades *bounded[string, prometheus.Counter]
	forged                      prometheus.Counter
	unproxied                   *bounded[string, prometheus.Counter]
	packetsIn, packetsOut       prometheus.Counter
	bytesIn, bytesOut           prometheus.Counter
	overflows                   *bounded[string, prometheus.Counter]
	connects, bad, limits       *bounded[string, prometheus.Counter]
	policies, early, recoveries *bounded[string, prometheus.Counter]
	namespaces                  *bounded[string, namespace]
	disconnects                 *bounded[string, prometheus.Counter]
	acks                        *bounded[string, prometheus.Counter]
}

// namespace has the handles of one namespace.
type namespace struct {
	sockets            prometheus.Gauge
	events, eventBytes prometheus.Counter
	queued, dropped    prometheus.Counter
}

func newBrowsers(f factory) *browsers {
	return &browsers{
		sessions:    f.gauge("sessions", "Browsers that are connected."),
		opened:      f.counters("sessions_opened_total", "Sessions opened, by their first transport.", "transport"),
		closed:      f.counters("sessions_closed_total", "Sessions closed, by reason.", "reason"),
		refused:     f.counters("handshakes_refused_total", "Engine.IO requests refused, by error code.", "code"),
		requests:    f.counters("requests_refused_total", "Requests refused without an error code, by HTTP status.", "status"),
		forged:      f.counter("forwarded_ignored_total", "Handshakes with headers such as X-Forwarded-For that do not come from a trusted proxy (http.trusted_proxies)."),
		unproxied:   f.counters("proxy_headers_refused_total", "Connections closed for want of a header of the PROXY protocol from a trusted proxy, by why.", "why"),
		upgrades:    f.counters("upgrades_total", "Upgrades from polling to another transport that ended, by result.", "result"),
		packetsIn:   f.counter("packets_received_total", "Engine.IO packets from browsers."),
		packetsOut:  f.counter("packets_sent_total", "Engine.IO packets to browsers."),
		bytesIn:     f.counter("received_bytes_total", "Bytes of packets from browsers."),
		bytesOut:    f.counter("sent_bytes_total", "Bytes of packets to browsers."),
		overflows:   f.counters("outbox_overflows_total", "Browsers that were closed because they read too slowly, by why.", "why"),
		connects:    f.counters("connects_refused_total", "Browsers that were not let into a namespace, by why.", "why"),
		bad:         f.counters("bad_packets_total", "Packets that Socket.IO does not allow, by kind; their browsers were closed.", "kind"),
		limits:      f.counters("limits_reached_total", "Limits that were reached, by key of the configuration.", "limit"),
		policies:    f.counters("events_refused_total", "Events of browsers that their socket's policy dropped, by why.", "why"),
		early:       f.counters("early_packets_total", "Packets that browsers sent to a namespace before they were let in, by result.", "result"),
		recoveries:  f.counters("recoveries_total", "Browsers that wanted to take up the session that they had, by result.", "result"),
		disconnects: f.counters("disconnects_total", "Sockets that left a namespace, by reason.", "reason"),
		acks:        f.counters("acks_total", "Acknowledgements that were asked of browsers, by result, and those nobody waited for (unexpected).", "result"),
		namespaces:  f.namespaces(),
	}
}

func (f factory) namespaces() *bounded[string, namespace] {
	const label = "namespace"
	sockets := f.gaugeVec("sockets", "Sockets that are in a namespace.", label)
	events := f.counterVec("events_received_total", "Events from browsers.", label)
	bytes := f.counterVec("event_received_bytes_total", "Bytes of the arguments and attachments of events from browsers.", label)
	queued := f.counterVec("events_queued_total", "Events put into browsers' queues: a broadcast to ten counts ten.", label)
	dropped := f.counterVec("events_dropped_total", "Events not put into a browser's queue: volatile and not ready, too slow, or gone.", label)
	return newBounded(maxNames, other, func(name string) namespace {
		values := clean(name)
		return namespace{
			sockets: sockets.WithLabelValues(values...),
			events:  events.WithLabelValues(values...), eventBytes: bytes.WithLabelValues(values...),
			queued: queued.WithLabelValues(values...), dropped: dropped.WithLabelValues(values...),
		}
	})
}

// HubTrace returns the functions that count for the hub.
func (m *Metrics) HubTrace() *hub.Trace {
	b := m.browsers
	t := &hub.Trace{
		EventDropped: func(_ *hub.Socket, why hub.DropReason) { b.policies.get(string(why)).Inc() },
		Requests: hub.RequestTrace{
			HandshakeRefused:   func(code int) { b.refused.get(strconv.Itoa(code)).Inc() },
			RequestRefused:     func(status int) { b.requests.get(strconv.Itoa(status)).Inc() },
			ForwardedIgnored:   b.forged.Inc,
			ProxyHeaderRefused: func(why string) { b.unproxied.get(why).Inc() },
			Relay:              m.relayed.trace(),
		},
		SessionOpened: func(transport string) {
			b.sessions.Inc()
			b.opened.get(transport).Inc()
		},
		SessionClosed: func(reason hub.Reason) {
			b.sessions.Dec()
			b.closed.get(string(reason)).Inc()
		},
		Upgraded: func(ok bool) {
			if ok {
				b.upgrades.get("done").Inc()
			} else {
				b.upgrades.get("failed").Inc()
			}
		},
		PacketReceived: func(bytes int) {
			b.packetsIn.Inc()
			b.bytesIn.Add(float64(bytes))
		},
		PacketSent: func(bytes int) {
			b.packetsOut.Inc()
			b.bytesOut.Add(float64(bytes))
		},
		OutboxOverflow: func(reason string) { b.overflows.get(reason).Inc() },
		BadPacket:      func(kind string) { b.bad.get(kind).Inc() },
		LimitReached:   func(limit string) { b.limits.get(limit).Inc() },
		Panic:          func(any) { m.panics.get("browser").Inc() },
		PeerRefused:    func(_, why string) { m.peers.refused.get(why).Inc() },
	}
	b.traceSockets(t)
	return t
}

// traceSockets fills in what happens in namespaces.
func (b *browsers) traceSockets(t *hub.Trace) {
	t.ConnectRefused = func(_ string, why hub.Refusal) { b.connects.get(string(why)).Inc() }
	t.SocketOpened = func(name string) { b.namespaces.get(name).sockets.Inc() }
	t.SocketClosed = func(name string, reason hub.Reason) {
		b.namespaces.get(name).sockets.Dec()
		b.disconnects.get(string(reason)).Inc()
	}
	t.EarlyPackets = func(outcome string, n int) { b.early.get(outcome).Add(float64(n)) }
	t.Recovery = func(outcome hub.RecoveryOutcome) { b.recoveries.get(string(outcome)).Inc() }
	t.EventReceived = func(name string, bytes int) {
		n := b.namespaces.get(name)
		n.events.Inc()
		n.eventBytes.Add(float64(bytes))
	}
	t.EventSent = func(name string, queued, dropped int) {
		n := b.namespaces.get(name)
		n.queued.Add(float64(queued))
		if dropped > 0 {
			n.dropped.Add(float64(dropped))
		}
	}
	t.AckReceived = func(_ string, expected bool) {
		if !expected {
			b.acks.get("unexpected").Inc()
		}
	}
	t.AcksDone = func(_ string, total hub.AckTotal) {
		b.acks.get("acked").Add(float64(total.Acked))
		b.acks.get("timed_out").Add(float64(total.TimedOut))
		b.acks.get("disconnected").Add(float64(total.Disconnected))
	}
}
