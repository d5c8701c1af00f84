package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/siohub/siohub/cmd/hub/internal/adminui"
)

// pages counts what adminui.Trace tells.
type pages struct {
	connected       prometheus.Gauge
	logins, dropped *bounded[string, prometheus.Counter]
	actions         *bounded[pair, prometheus.Counter]
}

func newPages(f factory) *pages {
	return &pages{
		connected: f.gauge("admin_ui_pages", "Pages of the Admin UI that are connected to this hub."),
		logins:    f.counters("admin_ui_logins_total", "Pages that wanted to come in, by result: accepted, session (with the id of an earlier login), refused, or limited (too many attempts or pages).", "result"),
		dropped:   f.counters("admin_ui_dropped_total", "What the Admin UI is not told, or does not do, because there is more of it than it takes, by event.", "event"),
		actions:   f.pairs("admin_ui_actions_total", "What pages of the Admin UI wanted done, by action and result: done, invalid, or read_only.", "action", "result"),
	}
}

// AdminTrace returns the functions that count for the Admin UI.
func (m *Metrics) AdminTrace() adminui.Trace {
	p := m.pages
	return adminui.Trace{
		Login:   func(result string) { p.logins.get(result).Inc() },
		Pages:   func(n int) { p.connected.Set(float64(n)) },
		Dropped: func(event string, n int) { p.dropped.get(event).Add(float64(n)) },
		Acted:   func(action, result string) { p.actions.get(pair{action, result}).Inc() },
	}
}

// Traffic is what browsers have done, for the Admin UI.
func (m *Metrics) Traffic() adminui.Traffic {
	b := m.browsers
	t := adminui.Traffic{
		Closed:    b.closed.values(),
		PacketsIn: valueOf(b.packetsIn), PacketsOut: valueOf(b.packetsOut), BytesIn: valueOf(b.bytesIn), BytesOut: valueOf(b.bytesOut),
	}
	for _, n := range b.opened.values() {
		t.Opened += n
	}
	return t
}

// values are what counters have counted, by key.
func (b *bounded[K, T]) values() map[K]uint64 {
	known := *b.known.Load()
	all := make(map[K]uint64, len(known))
	for key, handle := range known {
		if counter, ok := any(handle).(prometheus.Counter); ok {
			all[key] = valueOf(counter)
		}
	}
	return all
}

// valueOf is what a counter has counted.
func valueOf(c prometheus.Counter) uint64 {
	var m dto.Metric
	if c.Write(&m) != nil {
		return 0 // it has no labels that could be wrong
	}
	return uint64(m.GetCounter().GetValue())
}
