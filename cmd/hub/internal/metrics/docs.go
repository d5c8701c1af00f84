package metrics

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// intro opens docs/metrics.md.
const intro = `# Metrics

` + "`hub serve`" + ` shows its metrics to Prometheus at ` + "`/metrics`" + ` of ` + "`--admin-listen`" + ` (` + "`127.0.0.1:7421`" + `). Beside those below there
are the ones of the Go runtime (` + "`go_*`" + `), of the process (` + "`process_*`" + `), of the gRPC calls (` + "`grpc_server_*`" + `)
and of the page itself (` + "`promhttp_*`" + `); their libraries describe them.

A metric with labels shows a series once something has been counted in it. A histogram is shown as ` + "`_bucket`, `_sum`" + ` and
` + "`_count`" + `. Labels never name a session, a socket, a user or a room. Their number is bounded: a metric has at most
%d values of ` + "`namespace` or `group`" + `, %d pairs of both, %d values of another label and %d pairs of two labels; all further ones
count as ` + "`%s`" + `.

This page is generated from the code in ` + "`cmd/hub/internal/metrics`" + ` (` + "`go test ./cmd/hub/internal/metrics -update`" + `).
`

// label says what the values of a label are.
type label struct{ name, meaning string }

// labels explains each label once.
var labels = []label{
	{"side", "Of a question between servers: `asked` of the others, or `answered` here."},
	{"session", "Whose session a request names: `here` or `elsewhere`."},
	{"what", "What became of an accept: `kept`, `hit` (it has decided another attempt), `expired`, `revoked`, `left` (with the last instance of its group), `replaced`, `evicted` or `refused`."},
	{"action", "What a page of the Admin UI wants done: `join`, `leave`, `_disconnect` or `emit`; `other` is none of these."},
	{"bound", "What commands of services made the hub keep: `acks`, `answers`, `callees`, `calls`, `open_acks`, `replays` or `snapshots`."},
	{"code", "Error code: a number of Engine.IO, a gRPC code or a code of `hub.v1`; the metric says which."},
	{"event", "Event of the Admin UI that is dropped, by its name there."},
	{"go_version", "Version of Go that the hub was built with."},
	{"group", "Group of a service, as its hello names it. Empty when there is none."},
	{"host", "Host of `tls.acme.hosts`."},
	{"issuer", "Issuer of JWTs, as the configuration names it."},
	{"kind", "Of a delivery: `connect_attempt`, `connected`, `event`, `disconnected`, `auth_expiring` or `service_call`. Of a packet: what is wrong with it. Of a connection: `silent`, or `header` where a part of a request has come, or what cannot be one. Of a request that is passed on to another hub: `get`, `post`, `websocket` or `other`. Of a message between servers: what it is, such as `command`, `question`, `heartbeat` or `foreign`."},
	{"limit", "Key of the configuration that holds the limit."},
	{"listener", "Key of the listener's address: `listen`, `listen_tls`, `control.listen` or `tls.acme.listen_http`."},
	{"namespace", "Namespace of Socket.IO."},
	{"op", "What a command does."},
	{"outcome", "How a service settled a delivery: `done`, `reply`, `accept`, `deny`, `nack` or `retry`."},
	{"place", "Part of the hub in which the panic was."},
	{"reason", "Reason in the words of Socket.IO's server, such as `transport close` or `ping timeout`; of `hub_revoked_total` one of `hub.v1`, such as `MOVED`."},
	{"result", "What came of it: `done` or `failed` for an upgrade or a refresh of keys; `answered`, `refused` or `unreachable` for a request to a certificate authority; `acked`, `timed_out`, `disconnected` or `unexpected` for an acknowledgement; `acted_on`, `denied`, `unknown`, `undecided`, `gone` or `held` (the browser is read no further until there is an answer, and they count again) for early packets; `recovered`, `unknown` (nobody is away with that private id: its time is over, or it was taken up), `offset` (it names none of its session), `rooms` (its rooms have changed too often for what it has missed to be found), `gap` (what it has missed is not kept any more, or more than its outbox holds), `user` (it was accepted as another one), `denied` or `gone` (before it was let in; it may come again) for a session; `answered`, `unknown` (there is no such hub, or it is gone), `unreachable`, `busy` (`cluster.relay.*`) or `gone` (the browser has left) for a request that is passed on to another hub."},
	{"status", "HTTP status."},
	{"transport", "`polling`, `websocket` or `webtransport`."},
	{"version", "Version of the hub."},
	{"why", "Reason in one word, such as `denied`, `timeout` or `expired`. Of who comes as another hub: no `proof` or no `certificate` that is taken, another hub was meant (`target`), a `request` that is none of a hub, or nothing came in time (`late`)."},
}

// WriteDocs writes the reference of all metrics as Markdown. It returns an error if w
// does.
func WriteDocs(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, intro, maxNames, maxPlaces, maxWords, maxPairs, other)
	heading := ""
	for _, m := range New("").Catalog() {
		if m.Group != heading {
			heading = m.Group
			fmt.Fprintf(&b, "\n## %s\n\n| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n", heading)
		}
		names := slices.Clone(m.Labels)
		for i := range names {
			names[i] = "`" + names[i] + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, strings.Join(names, ", "), m.Help)
	}
	b.WriteString("\n## Labels\n\n| label | values |\n| --- | --- |\n")
	for _, l := range labels {
		fmt.Fprintf(&b, "| `%s` | %s |\n", l.name, l.meaning)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
