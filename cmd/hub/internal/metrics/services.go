package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/siohub/siohub/controlplane/trace"
)

// services counts what trace.Hooks tells.
type services struct {
	streams                   *bounded[string, prometheus.Gauge]
	streamsClosed             *bounded[string, prometheus.Counter]
	envelopesIn, envelopesOut prometheus.Counter
	actions, items            prometheus.Counter
	sendBlocked               prometheus.Counter
	deliveries, redeliveries  *bounded[string, prometheus.Counter]
	settlements, dropped      placed
	settleTime                *bounded[pair, prometheus.Observer]
	settlementsFailed         *bounded[pair, prometheus.Counter]
	parkedEvents, parkedBytes *bounded[string, prometheus.Gauge]
	oldestUnsettled, held     *bounded[string, prometheus.Gauge]
	heldLong, unisolated      *bounded[string, prometheus.Counter]
	stalls, undecided         *bounded[string, prometheus.Counter]
	moved, unauthenticated    prometheus.Counter
	noAuthorizer              prometheus.Counter
	keyRefreshes, commands    *bounded[pair, prometheus.Counter]
	commandBounds             *bounded[string, prometheus.Counter]
	decisionCache             *bounded[string, prometheus.Counter]
	slowed, slowedTime        *bounded[string, prometheus.Counter]
	revoked                   *bounded[pair, prometheus.Counter]
}

func newServices(f factory) *services {
	return &services{
		streams:           f.named("streams", "Instances of services that are attached, by group."),
		streamsClosed:     f.counters("streams_closed_total", "Streams of services that ended, by gRPC code.", "code"),
		envelopesIn:       f.counter("envelopes_received_total", "Envelopes from services."),
		envelopesOut:      f.counter("envelopes_sent_total", "Envelopes to services."),
		actions:           f.counter("actions_received_total", "Actions in the envelopes from services."),
		items:             f.counter("items_sent_total", "Items in the envelopes to services."),
		sendBlocked:       f.counter("send_blocked_seconds_total", "Time that envelopes waited for services to read."),
		deliveries:        f.counters("deliveries_total", "Deliveries handed to services for the first time, by kind.", "kind"),
		redeliveries:      f.counters("redeliveries_total", "Deliveries handed to services again, by kind.", "kind"),
		settlements:       f.placed("settlements_total", "Deliveries settled, by group, namespace, kind and outcome.", "kind", "outcome"),
		settleTime:        f.settleTime(),
		settlementsFailed: f.pairs("settlements_failed_total", "Settlements that were refused, by group and code.", "group", "code"),
		dropped:           f.placed("deliveries_dropped_total", "Deliveries given up, by group (empty when none handles it), namespace, kind and why.", "kind", "why"),
		parkedEvents:      f.named("parked_events", "Events that wait for a service, by group."),
		parkedBytes:       f.named("parked_bytes", "Bytes of events that wait for a service, by group."),
		oldestUnsettled:   f.named("oldest_unsettled_seconds", "Age of the oldest delivery that a service has not settled, by group; 0 when all are. Looked at once a second."),
		held:              f.named("held_sockets", "Sockets whose browser is not read, because as much waits for a service as may, by group. Looked at once a second."),
		heldLong:          f.counters("held_long_total", "Sockets whose browser was not read for a minute, by group.", "group"),
		unisolated:        f.counters("isolations_ended_total", "Deliveries that were lost twice and were to be alone on their instance, which takes other work again as that took longer than a minute, by group.", "group"),
		stalls:            f.counters("window_stalls_total", "Deliveries that had to wait because an instance was full or paused, by group.", "group"),
		undecided:         f.counters("undecided_total", "Connect attempts that ended without a decision, by why.", "why"),
		moved:             f.counter("moved_sockets_total", "Sockets that went from one instance to another."),
		unauthenticated:   f.counter("unauthenticated_calls_total", "Calls of services without a token or with a wrong one."),
		noAuthorizer:      f.counter("no_authorizer_total", "Subscriptions to namespaces for which nobody decides connect attempts."),
		revoked:           f.pairs("revoked_total", "Unsettled deliveries that were taken from their instance, by kind and reason.", "kind", "reason"),
		keyRefreshes:      f.pairs("jwks_refreshes_total", "Refreshes of the keys of an issuer of JWTs; while they fail the old keys stay.", "issuer", "result"),
		commands:          f.pairs("commands_total", "Commands of services, by what they do and code.", "op", "code"),
		decisionCache:     f.counters("decision_cache_total", "What became of accepts that ask the hub to decide the same way again.", "what"),
		slowed:            f.counters("services_slowed_total", "Times that a service was made to wait, by why: what it sends is at fault, it opens too many streams, others have their turns, it takes all it can while others suffer (once in 100 ms), the hub was at work with a browser that it let in, or more than half of cluster.queue_bytes waits for the engine.", "why"),
		slowedTime:        f.counters("services_slowed_seconds_total", "Time that services were made to wait, by why.", "why"),
		commandBounds: f.counters("command_bounds_total",
			"What was refused, given up or left out at a bound of commands, by bound.", "bound"),
	}
}

// settleTime has buckets from a local service's half millisecond to the 30 s after
// which a browser has long given up.
func (f factory) settleTime() *bounded[pair, prometheus.Observer] {
	v := f.histogramVec("settlement_seconds", "Time from handing a delivery over to its settlement, by group and kind.",
		[]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}, "group", "kind")
	return newBounded(maxPairs, pair{other, other}, func(p pair) prometheus.Observer { return v.WithLabelValues(clean(p[:]...)...) })
}

// KeysRefreshed counts a refresh of the keys of an issuer.
func (m *Metrics) KeysRefreshed(issuer string, err error) {
	result := "done"
	if err != nil {
		result = "failed"
	}
	m.services.keyRefreshes.get(pair{issuer, result}).Inc()
}

// ControlTrace returns the functions that count for the control plane.
func (m *Metrics) ControlTrace() *trace.Hooks {
	s := m.services
	t := &trace.Hooks{
		Stream:        s.streamHooks(),
		Moved:         func(sockets int) { s.moved.Add(float64(sockets)) },
		Undecided:     func(why trace.Undecided) { s.undecided.get(string(why)).Inc() },
		Command:       func(op, code string) { s.commands.get(pair{op, code}).Inc() },
		DecisionCache: func(what trace.CacheEvent) { s.decisionCache.get(string(what)).Inc() },
		CommandBound:  func(bound string) { s.commandBounds.get(bound).Inc() },
		Slowed: func(why trace.Slowed, d time.Duration) {
			s.slowed.get(string(why)).Inc()
			s.slowedTime.get(string(why)).Add(d.Seconds())
		},
		NoAuthorizer:   func(string, string) { s.noAuthorizer.Inc() },
		AuthFailed:     func() { s.unauthenticated.Inc() },
		PanicRecovered: func(place string) { m.panics.get(place).Inc() },
	}
	s.traceDeliveries(t)
	return t
}

// streamHooks are the functions that count streams and what goes over them.
func (s *services) streamHooks() trace.StreamHooks {
	return trace.StreamHooks{
		Opened: func(group string) { s.streams.get(group).Inc() },
		Closed: func(group, code string) {
			s.streams.get(group).Dec()
			s.streamsClosed.get(code).Inc()
		},
		Received: func(actions int) {
			s.envelopesIn.Inc()
			s.actions.Add(float64(actions))
		},
		Sent: func(items int, blocked time.Duration) {
			s.envelopesOut.Inc()
			s.items.Add(float64(items))
			if blocked > 0 {
				s.sendBlocked.Add(blocked.Seconds())
			}
		},
	}
}

// traceDeliveries fills in what becomes of deliveries.
func (s *services) traceDeliveries(t *trace.Hooks) {
	t.Delivered = func(kind trace.Kind, attempt uint32) {
		if attempt > 1 {
			s.redeliveries.get(string(kind)).Inc()
			return
		}
		s.deliveries.get(string(kind)).Inc()
	}
	t.Settled = func(group, namespace string, kind trace.Kind, outcome trace.Outcome, took time.Duration) {
		s.settlements.get(group, namespace, pair{string(kind), string(outcome)}).Inc()
		s.settleTime.get(pair{group, string(kind)}).Observe(took.Seconds())
	}
	t.SettlementFailed = func(group, code string) { s.settlementsFailed.get(pair{group, code}).Inc() }
	t.Dropped = func(group, namespace string, kind trace.Kind, why trace.Drop) {
		s.dropped.get(group, namespace, pair{string(kind), string(why)}).Inc()
	}
	t.Parked = func(group string, events int, bytes int64) {
		s.parkedEvents.get(group).Add(float64(events))
		s.parkedBytes.get(group).Add(float64(bytes))
	}
	t.Backlog = func(group string, b trace.Backlog) {
		s.oldestUnsettled.get(group).Set(b.OldestUnsettled.Seconds())
		s.held.get(group).Set(float64(b.HeldSockets))
		s.heldLong.get(group).Add(float64(b.HeldLong))
		s.unisolated.get(group).Add(float64(b.Unisolated))
	}
	t.Revoked = func(kind trace.Kind, reason string) { s.revoked.get(pair{string(kind), reason}).Inc() }
	t.WindowStalled = func(group string) { s.stalls.get(group).Inc() }
}
