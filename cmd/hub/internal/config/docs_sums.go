package config

import (
	"fmt"
	"strings"
)

// sum is a bound on what many browsers, or services, together make the hub hold.
type sum struct {
	what  string
	bound string // in words, with keys in backquotes
	keys  []string
	times int64 // of the keys' defaults; 0: it depends on how many there are
	share int64 // divides that; 0: it is the whole
}

var sums = []sum{
	{"what waits for browsers that do not read; looked at each second, and before an eighth more has come", "`limits.outbox_total_bytes`", []string{"limits.outbox_total_bytes"}, 1, 0},
	{"messages, polling requests and events that are not whole, or that cannot be taken yet; small ones may use a quarter more", "`limits.unfinished_bytes`", []string{"limits.unfinished_bytes"}, 1, 0},
	{"connect attempts without a decision, with what was sent early, and again those that wait to be asked about", "2 × `limits.undecided_bytes`", []string{"limits.undecided_bytes"}, 2, 0},
	{"events that wait for services that are away or behind; as much again if browsers of groups beyond `parking.group_bytes` each add one", "2 × `parking.node_bytes`", []string{"parking.node_bytes"}, 2, 0},
	{"deliveries in the hands of services; each instance may have a 64th of it, and one delivery, beyond", "`control.window.total_bytes`", []string{"control.window.total_bytes"}, 1, 0},
	{"what commands of services leave: results under idempotency keys, acknowledgements, snapshots, calls", "`control.kept_bytes`", []string{"control.kept_bytes"}, 1, 0},
	{"with `recovery.enabled` (it is off by default): sessions of browsers that are away, and what was emitted", "`recovery.total_bytes`", []string{"recovery.total_bytes"}, 0, 0},
	{"with `allow_v09` (it is off by default), beside the first two rows: what waits for clients 0.9, and what they have sent; 4 KiB each way of every one go beyond", "a quarter of `limits.outbox_total_bytes` and of `limits.unfinished_bytes`", []string{"limits.outbox_total_bytes", "limits.unfinished_bytes"}, 0, 4},
	{"a client 0.9 at rest, its connection included", "20 KiB with a WebSocket, 37 KiB with a poll, `limits.max_sessions` times", nil, 0, 0},
	{"a browser that has joined a namespace, at rest: 2.6 KB, and its handshake", "2.6 KB + `limits.handshake_bytes`, `limits.max_sessions` times", nil, 0, 0},
	{"a browser that has not: the whole handshake", "2.6 KB + `http.header_bytes`, `rates.unjoined` times for each address", nil, 0, 0},
	{"data, rooms and names that services give a socket", "`limits.data_bytes`, `limits.rooms_per_socket` × `limits.room_bytes`", nil, 0, 0},
	{"an HTTP connection: 10 to 20 KB while it lives", "`rates.open_connections` for each address; in all what `ulimit -n` leaves for browsers", nil, 0, 0},
	{"what compresses at this moment", "1.5 MiB × `limits.compressors`", nil, 0, 0},
	{"addresses and users that are known to the rates", "65 536 of each, 10 MiB at most", nil, 0, 0},
}

// writeSums writes the table of bounds in sum.
func writeSums(b *strings.Builder) {
	defaults := map[string]int64{}
	for _, k := range Keys() {
		if n, ok := k.Default().(int64); ok {
			defaults[k.Name] = n
		}
	}
	b.WriteString("\n## Bounds in sum\n\nWhat all browsers, and all services, together can make the hub hold has a bound. The bounds add up:\n\n" +
		"| what | bound | by default |\n| --- | --- | --- |\n")
	all := int64(0)
	for _, s := range sums {
		value, n := "depends on their number", int64(0)
		for _, key := range s.keys {
			n += defaults[key] * max(s.times, 1) / max(s.share, 1)
			all += defaults[key] * s.times
			value = fmt.Sprintf("%d MiB", n>>20)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", s.what, s.bound, value)
	}
	fmt.Fprintf(b, "| together, beside what depends on numbers | | **%d MiB** |\n", all>>20)
	b.WriteString(`
These are bytes that are in use. Go's collector lets garbage grow to as much again before it collects (` + "`GOGC=100`" + `), so the resident memory may
reach about twice a bound while an attack fills it: with the default of ` + "`limits.unfinished_bytes`" + ` some 512 MiB for that alone. It does not
stay there for long, as it is given back within minutes. A small hub lets 16 MiB come together first, and 64 MiB while it has much to do and no
browsers come (an eighth of ` + "`GOMEMLIMIT`" + ` where that is less), since everybody waits for a collection; it collects when it has come to rest. ` + "`GOMEMLIMIT`" + ` keeps the collector below a figure: take the sum of what your machine can spare for the
rows above, and lower the bounds until they fit into it with a quarter to spare. From ` + "`rates.memory_percent`" + ` of it on no browser is let in any more;
those that are connected stay. Without ` + "`GOMEMLIMIT`" + ` nothing looks at memory as such.
`)
}
