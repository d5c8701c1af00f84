package hostile

import (
	"fmt"
	"strings"
)

// packetRow is a run of Socket.IO packets, sent over polling and over WebSocket.
type packetRow struct {
	name string
	// packets are strings (text, without the Engine.IO digit) and []byte
	// (attachments).
	packets []any
	// unjoined leaves the CONNECT out; then joins proves that the session lives.
	unjoined bool
	// replies are what the session says before it proves that it is alive.
	replies []string
	// flood is more than a browser's share: not all of it has to be answered.
	flood bool
	// judge replaces the comparison with replies.
	judge func(got []string) Outcome
	// after replaces what is done after the packets.
	after     func(Session) Outcome
	allow     []Outcome
	reference []Outcome
}

func (r packetRow) attack(overPolling bool) func(*Probe) Outcome {
	return func(p *Probe) Outcome {
		s := Must(p.open(overPolling))
		if !r.unjoined {
			if err := join(s); err != nil {
				return Ended(err)
			}
		}
		s.Send(r.packets...)
		switch {
		case r.after != nil:
			return r.after(s)
		case r.unjoined:
			return r.later(s)
		case r.flood:
			return aliveAfterFlood(s, r.replies...)
		case r.judge == nil:
			return alive(s, r.replies...)
		}
		s.Send(aliveEvent)
		got, err := collect(s)
		if err != nil {
			return Ended(err)
		}
		return r.judge(got)
	}
}

// later reads the replies to what was sent before joining, and then joins.
func (r packetRow) later(s Session) Outcome {
	for _, want := range r.replies {
		m, err := s.Next()
		if err != nil {
			return Ended(err)
		}
		if m != want {
			return Outcome(fmt.Sprintf("%s: %.300q", OtherReplies, m))
		}
	}
	return joins(s)
}

func bothWays(kind string, rows []packetRow) []Input {
	var all []Input
	for _, r := range rows {
		for transport, overPolling := range map[string]bool{"polling": true, "websocket": false} {
			all = append(all, Input{Kind: kind, Name: r.name + " over " + transport, Attack: r.attack(overPolling), Allow: r.allow, reference: r.reference})
		}
	}
	return all
}

func packetInputs() []Input {
	var rows []packetRow
	for _, make := range []func() []packetRow{typeRows, connectRows, namespaceRows, eventRows, nameRows, jsonRows, sizeRows, ackRows} {
		rows = append(rows, make()...)
	}
	return bothWays("packets", rows)
}

// fatal makes a row for a single packet that ends the session.
func fatal(name, packet string) packetRow {
	return packetRow{name: name, packets: []any{packet}, allow: Outcomes(Closed)}
}

// typeRows: seven types, and a client sends five of them.
func typeRows() []packetRow {
	var rows []packetRow
	for _, p := range []string{
		"7", "8", "9", `7["message",1]`, "a", "Z", "-1", "x[]", "\x00", "é", "２[\"x\"]", " 2[\"message\",1]", "{}", "[]", "null", `"2"`, "\ufeff2[\"message\",1]",
		`4{"message":"x"}`, "4", `4"x"`, "4/custom,{}", "", "2", "3", "5", "6", "2 ", "99[]", "\x1f", "::", "+2[\"message\"]",
	} {
		row := fatal(fmt.Sprintf("packet %.30q", p), p)
		if p == "2" || p == "2 " || p == "3" { // the reference does not look whether there is a payload
			row.reference = Outcomes(Open)
		}
		rows = append(rows, row)
	}
	for _, p := range []string{"1{}", `1["x"]`, "1null", `1"x"`, "11", "1 ", "1x"} {
		rows = append(rows, packetRow{name: fmt.Sprintf("disconnect with data %.30q", p), packets: []any{p}, allow: Outcomes(Closed), reference: Outcomes(Hang)})
	}
	// The reference may drop an event for a socket that goes at this moment.
	return append(rows,
		packetRow{name: "disconnect, then an event", packets: []any{"1"}, allow: Outcomes(Closed), reference: Outcomes(Hang)},
		packetRow{name: "disconnect, then disconnect", packets: []any{"1", "1"}, allow: Outcomes(Closed), reference: Outcomes(Hang)},
		packetRow{name: "disconnect, then CONNECT", packets: []any{"1", "0"}, allow: Outcomes(Closed, OtherReplies+"*")},
	)
}

// connectRows: a namespace is joined once, with an object or nothing.
func connectRows() []packetRow {
	rows := []packetRow{
		fatal("CONNECT twice", "0"),
		fatal("CONNECT twice with auth", `0{"a":1}`),
		{name: "CONNECT twice in one write", packets: Repeated("0", 2), unjoined: true, after: once, allow: Outcomes(Closed, Open), reference: Outcomes("a second socket")},
		{name: "CONNECT fifty times in one write", packets: Repeated("0", 50), unjoined: true, after: once, allow: Outcomes(Closed, Open), reference: Outcomes("a second socket")},
		{name: "CONNECT and an event in one write", packets: []any{"0", `2["message",1]`}, unjoined: true, after: once, allow: Outcomes(Closed, Open), reference: Outcomes("a second socket")},
		{name: "CONNECT and DISCONNECT in one write", packets: []any{"0", "1"}, unjoined: true, allow: Outcomes(Closed, Open),
			after: func(s Session) Outcome { _, err := s.Next(); return Ended(err) }},
		{name: "CONNECT of two namespaces, each twice", packets: []any{"0/custom,", "0", "0/custom,", "0"}, unjoined: true, after: once, allow: Outcomes(Closed, Open), reference: Outcomes("a second socket")},
	}
	for _, auth := range []string{
		`"x"`, "[]", `["x"]`, "null", "true", "{", "}", "{}{}", "{},", `{"a":}`, `{"a":1`, `{a:1}`, `{'a':1}`, "{} x", "[", "NaN", "-", "{\"a\":\x01}", "\x00", "{\"a\":1}\x00",
		`{"a":01}`, `{"a":1,}`, "{}//", "undefined", "/custom,[]", `/custom,"x"`, "/custom,null", "/custom,{",
	} {
		rows = append(rows, packetRow{name: fmt.Sprintf("CONNECT with %.30q", auth), packets: []any{"0" + auth}, unjoined: true, allow: Outcomes(Closed)})
	}
	for name, p := range map[string]string{
		"event": `2["message",1]`, "event with ack": `21["message-with-ack",1]`, "ack": "31[]", "disconnect": "1", "connect error": `4{"message":"x"}`, "binary event": `51-["message",{"_placeholder":true,"num":0}]`,
		"event of another namespace": `2/custom,["x"]`, "ack of another namespace": "3/custom,1[]", "disconnect of another namespace": "1/custom,",
	} {
		row := packetRow{name: name + " before CONNECT", packets: []any{p}, unjoined: true, allow: Outcomes(Closed)}
		if name == "binary event" {
			row.packets = append(row.packets, []byte{1})
		}
		rows = append(rows, row)
	}
	for name, p := range map[string]string{
		"event": `2/custom,["message",1]`, "event with ack": `2/custom,1["message-with-ack",1]`, "ack": "3/custom,1[]", "disconnect": "1/custom,", "connect error": `4/custom,{"message":"x"}`,
		"event of a namespace that is none": `2/nowhere,["x"]`, "ack of a namespace that is none": "3/nowhere,1[]", "disconnect of a namespace that is none": "1/nowhere,",
		"event of a namespace of 64 KiB": "2/" + strings.Repeat("n", 64<<10) + `,["x"]`,
	} {
		rows = append(rows, fatal(name+" where not joined", p))
	}
	return rows
}

// once sees that there is at most one socket in the main namespace, however
// often a client asked for it.
func once(s Session) Outcome {
	sockets := 0
	count := func(m string) {
		if strings.HasPrefix(m, `0{"sid":`) {
			sockets++
		}
	}
	for m := ""; !strings.HasPrefix(m, `2["auth",`); {
		var err error
		if m, err = s.Next(); err != nil {
			return Ended(err)
		}
		count(m)
	}
	s.Send(aliveEvent)
	got, err := collect(s)
	for _, m := range got {
		count(m)
	}
	switch {
	case sockets > 1:
		return "a second socket"
	case err != nil:
		return Ended(err)
	}
	return Open
}

// namespaceRows: an unknown namespace is refused, and the session goes on. A long
// name is not repeated in the answer.
func namespaceRows() []packetRow {
	var rows []packetRow
	refusal := `{"message":"Invalid namespace"}`
	for _, nsp := range []string{
		"/nowhere", "/../", "/../../etc/passwd", "/a/b/c", "/ ", "/\x00", "/\x01\x02", "/<b>x</b>", "/^.*$", "/.*", "/(a+)+$", "/[", "/*", "/__proto__", "/constructor",
		"/toString", "/é", "/😀", "/%2e%2e", "/CUSTOM", "/custom/", "//", "//custom", "/custom ", "/\\", "/'\"", "/custom?token=1", "/\u2028", "/user:1", "/#", "/{}", "/1", "/null",
	} {
		row := packetRow{name: fmt.Sprintf("namespace %q", nsp), packets: []any{"0" + nsp + ","}, replies: []string{"4" + nsp + "," + refusal}, allow: Outcomes(Open)}
		if strings.Contains(nsp, "?") { // old clients put their auth there
			row.allow = append(row.allow, Closed, OtherReplies+"*")
		}
		rows = append(rows, row)
		row.name, row.unjoined = row.name+" before joining", true
		if len(rows)%3 == 0 {
			rows = append(rows, row)
		}
	}
	for _, n := range []int{1000, 64 << 10, 900_000} {
		row := packetRow{name: fmt.Sprintf("namespace of %d bytes", n), packets: []any{"0/" + strings.Repeat("n", n) + ","}, judge: short, allow: Outcomes(Closed, "refused in short"), reference: Outcomes("repeated")}
		rows = append(rows, row)
	}
	return append(rows,
		packetRow{name: "namespace without a comma", packets: []any{"0/nowhere"}, replies: []string{"4/nowhere," + refusal}, allow: Outcomes(Open)},
		packetRow{name: "namespace with auth", packets: []any{`0/nowhere,{"a":"` + strings.Repeat("x", 10_000) + `"}`}, replies: []string{"4/nowhere," + refusal}, allow: Outcomes(Open)},
		packetRow{name: "namespace with an ack id", packets: []any{"0/nowhere,7"}, replies: []string{"4/nowhere," + refusal}, allow: Outcomes(Open, Closed)},
		packetRow{name: "namespace of a slash", packets: []any{"0/,"}, allow: Outcomes(Closed)},
		packetRow{name: "namespace of a slash without a comma", packets: []any{"0/"}, allow: Outcomes(Closed)},
		packetRow{name: "50 unknown namespaces", packets: Repeated("0/nowhere,", 50), replies: repeatedText("4/nowhere,"+refusal, 50), allow: Outcomes(Open, Closed)},
	)
}

// short sees that an answer does not repeat what was long.
func short(got []string) Outcome {
	if len(strings.Join(got, "")) > 500 {
		return "repeated"
	}
	return "refused in short"
}

// Repeated is the same packet n times.
func Repeated(packet string, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = packet
	}
	return list
}

func repeatedText(s string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = s
	}
	return list
}
