package metrics

import (
	"fmt"
	"io"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scrape reads what Prometheus would.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != 200 {
		t.Fatal(w.Code, err)
	}
	return string(body)
}

// A hook without a counter is something that an operator never learns.
func TestTraces_EveryHookIsCounted(t *testing.T) {
	m := New("v1")
	for _, trace := range []any{m.HubTrace(), m.ControlTrace()} {
		wantCounted(t, reflect.ValueOf(trace).Elem())
	}
}

func wantCounted(t *testing.T, hooks reflect.Value) {
	for i := range hooks.NumField() {
		switch field := hooks.Field(i); {
		case field.Kind() == reflect.Struct:
			wantCounted(t, field)
		case field.IsNil():
			t.Errorf("%s.%s is not counted", hooks.Type(), hooks.Type().Field(i).Name)
		}
	}
}

func TestHubTrace_CountsUnderTheirNames(t *testing.T) {
	m := New("v1")
	h := m.HubTrace()
	h.Requests.HandshakeRefused(5)
	h.Requests.RequestRefused(431)
	h.SessionOpened("polling")
	h.SessionOpened("websocket")
	h.SessionClosed(hub.ReasonPingTimeout)
	h.Upgraded(true)
	h.Upgraded(false)
	h.PacketReceived(10)
	h.PacketSent(20)
	h.OutboxOverflow("no_progress")
	h.ConnectRefused("/chat", hub.RefusedDenied)
	h.SocketOpened("/chat")
	h.SocketOpened("/chat")
	h.SocketClosed("/chat", hub.ReasonTransportClose)
	h.EventReceived("/chat", 7)
	h.EventSent("/chat", 9, 2)
	h.AckReceived("/chat", false)
	h.AcksDone("/chat", hub.AckTotal{Expected: 6, Acked: 3, TimedOut: 2, Disconnected: 1})
	h.BadPacket("decode")
	h.EarlyPackets("denied", 3)
	h.Recovery(hub.RecoveryGap)
	h.LimitReached("limits.attachments")
	h.PeerRefused("emit", "BAD_ARGS")
	h.Panic("x")
	text := scrape(t, m)
	for _, want := range []string{
		`hub_peer_refused_total{why="BAD_ARGS"} 1`,
		`hub_handshakes_refused_total{code="5"} 1`, `hub_requests_refused_total{status="431"} 1`, `hub_sessions 1`,
		`hub_sessions_opened_total{transport="websocket"} 1`, `hub_sessions_closed_total{reason="ping timeout"} 1`,
		`hub_upgrades_total{result="done"} 1`, `hub_upgrades_total{result="failed"} 1`, `hub_packets_received_total 1`,
		`hub_received_bytes_total 10`, `hub_packets_sent_total 1`, `hub_sent_bytes_total 20`, `hub_outbox_overflows_total{why="no_progress"} 1`,
		`hub_connects_refused_total{why="denied"} 1`, `hub_sockets{namespace="/chat"} 1`,
		`hub_disconnects_total{reason="transport close"} 1`, `hub_events_received_total{namespace="/chat"} 1`,
		`hub_event_received_bytes_total{namespace="/chat"} 7`, `hub_events_queued_total{namespace="/chat"} 9`,
		`hub_events_dropped_total{namespace="/chat"} 2`, `hub_acks_total{result="acked"} 3`, `hub_acks_total{result="timed_out"} 2`,
		`hub_acks_total{result="disconnected"} 1`, `hub_acks_total{result="unexpected"} 1`, `hub_bad_packets_total{kind="decode"} 1`,
		`hub_early_packets_total{result="denied"} 3`, `hub_recoveries_total{result="gap"} 1`,
		`hub_limits_reached_total{limit="limits.attachments"} 1`, `hub_panics_total{place="browser"} 1`,
		`hub_build_info{go_version=`, `version="v1"} 1`, "go_goroutines",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestControlTrace_CountsUnderTheirNames(t *testing.T) {
	m := New("v1")
	c := m.ControlTrace()
	c.Stream.Opened("chat")
	c.Stream.Opened("chat")
	c.Stream.Closed("chat", "Unavailable")
	c.Stream.Received(3)
	c.Stream.Sent(4, 1500*time.Millisecond)
	c.Delivered(trace.KindEvent, 1)
	c.Delivered(trace.KindEvent, 2)
	c.Settled("chat", "/chat", trace.KindEvent, trace.OutcomeReply, time.Millisecond)
	c.SettlementFailed("chat", "ABORTED")
	c.Dropped("chat", "/chat", trace.KindEvent, trace.DropExpired)
	c.Dropped("", "/chat", trace.KindEvent, trace.DropUnhandled)
	c.Parked("chat", 5, 500)
	c.Parked("chat", -2, -100)
	c.Backlog("chat", trace.Backlog{OldestUnsettled: 1500 * time.Millisecond, Unisolated: 2})
	c.WindowStalled("chat")
	c.Moved(7)
	c.Revoked(trace.KindEvent, "MOVED")
	c.Undecided(trace.UndecidedGone)
	c.Command("emit", "OK")
	c.CommandBound("acks")
	c.Slowed(trace.SlowedFaults, 2*time.Second)
	c.NoAuthorizer("chat", "/chat")
	c.AuthFailed()
	c.PanicRecovered("stream")
	text := scrape(t, m)
	for _, want := range []string{
		`hub_streams{group="chat"} 1`, `hub_streams_closed_total{code="Unavailable"} 1`, `hub_envelopes_received_total 1`,
		`hub_actions_received_total 3`, `hub_envelopes_sent_total 1`, `hub_items_sent_total 4`, `hub_send_blocked_seconds_total 1.5`,
		`hub_deliveries_total{kind="event"} 1`, `hub_redeliveries_total{kind="event"} 1`,
		`hub_settlements_total{group="chat",kind="event",namespace="/chat",outcome="reply"} 1`,
		`hub_settlement_seconds_count{group="chat",kind="event"} 1`,
		`hub_settlements_failed_total{code="ABORTED",group="chat"} 1`,
		`hub_deliveries_dropped_total{group="chat",kind="event",namespace="/chat",why="expired"} 1`,
		`hub_deliveries_dropped_total{group="",kind="event",namespace="/chat",why="unhandled"} 1`,
		`hub_parked_events{group="chat"} 3`, `hub_parked_bytes{group="chat"} 400`, `hub_oldest_unsettled_seconds{group="chat"} 1.5`, `hub_window_stalls_total{group="chat"} 1`, `hub_isolations_ended_total{group="chat"} 2`, `hub_moved_sockets_total 7`,
		`hub_undecided_total{why="gone"} 1`, `hub_revoked_total{kind="event",reason="MOVED"} 1`, `hub_commands_total{code="OK",op="emit"} 1`, `hub_no_authorizer_total 1`, `hub_command_bounds_total{bound="acks"} 1`,
		`hub_unauthenticated_calls_total 1`, `hub_panics_total{place="stream"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// A service that invents namespaces, or a browser in /org/*, must not fill the
// memory of the hub and of Prometheus.
func TestHubTrace_NamespacesBeyondTheBoundShareOneLabel(t *testing.T) {
	m := New("v1")
	h := m.HubTrace()
	const extra = 20
	var wait sync.WaitGroup
	for i := range maxNames + extra {
		wait.Go(func() { h.SocketOpened(fmt.Sprintf("/org/%d", i)) })
	}
	wait.Wait()
	text := scrape(t, m)
	if got := strings.Count(text, "hub_sockets{"); got != maxNames+1 {
		t.Errorf("%d series, want %d", got, maxNames+1)
	}
	if want := fmt.Sprintf(`hub_sockets{namespace="other"} %d`, extra); !strings.Contains(text, want) {
		t.Errorf("%s is missing", want)
	}
	for i := range maxNames + extra { // each leaves under the label it came under
		h.SocketClosed(fmt.Sprintf("/org/%d", i), hub.ReasonTransportClose)
	}
	if text := scrape(t, m); !strings.Contains(text, `hub_sockets{namespace="other"} 0`) {
		t.Error("sockets left under another label")
	}
}

// What groups and namespaces are called is up to services and browsers: together they
// are bounded too, and what is beyond still is told by kind and why.
func TestControlTrace_PlacesBeyondTheBoundShareOne(t *testing.T) {
	m := New("v1")
	c := m.ControlTrace()
	const extra = 20
	for i := range maxPlaces + extra {
		c.Dropped("chat", fmt.Sprintf("/org/%d", i), trace.KindEvent, trace.DropExpired)
	}
	text := scrape(t, m)
	if got := strings.Count(text, "hub_deliveries_dropped_total{"); got != maxPlaces+1 {
		t.Errorf("%d series, want %d", got, maxPlaces+1)
	}
	want := fmt.Sprintf(`hub_deliveries_dropped_total{group="other",kind="event",namespace="other",why="expired"} %d`, extra)
	if !strings.Contains(text, want) {
		t.Errorf("%s is missing", want)
	}
}

func TestRegisterer_TakesFurtherMetrics(t *testing.T) {
	m := New("v1")
	factory{registry: m.Registerer(), catalog: new([]Metric)}.counter("extra_total", "More.").Inc()
	if !strings.Contains(scrape(t, m), "hub_extra_total 1") {
		t.Error("missing")
	}
}

func BenchmarkHubTrace_Packet(b *testing.B) {
	h := New("v1").HubTrace()
	b.ReportAllocs()
	for b.Loop() {
		h.PacketReceived(100)
		h.EventReceived("/chat", 90)
	}
}

// Names come from outside: neither a terminal that shows them nor Prometheus, which wants
// UTF-8, is harmed by them.
func TestTraces_NamesAreClean(t *testing.T) {
	m := New("v1")
	h, c := m.HubTrace(), m.ControlTrace()
	h.SocketOpened("/a\x1b[2J")
	h.SocketOpened("/a\x9b[2J") // no UTF-8
	c.Stream.Opened("g\u202e")
	c.Settled("g\u2028", "/a\x1b", trace.Kind("event"), trace.Outcome("done"), time.Second)
	c.SettlementFailed("g\x1b", "ABORTED")
	c.WindowStalled("g\x1b")
	text := scrape(t, m)
	for _, want := range []string{
		"hub_sockets{namespace=\"/a\ufffd[2J\"} 2", "hub_streams{group=\"g\ufffd\"} 1",
		"hub_settlements_total{group=\"g\ufffd\",kind=\"event\",namespace=\"/a\ufffd\",outcome=\"done\"} 1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if i := strings.IndexAny(text, "\x1b\u202e\u2028"); i >= 0 {
		t.Errorf("%q", text[i:i+30])
	}
}
