package hostile_test

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/siohub/siohub/test/hostile"
)

// Sizes of browserNeighbours.
const (
	attachmentBytes = 990_000
	bombBytes       = 990_000
	joinedAtOnce    = 16
)

// browserNeighbours are kinds of browsers that take as much as they can.
func browserNeighbours() []neighbour {
	return []neighbour{
		{"nothing but a processor", attackers, spin},
		{"16 KiB of auth to a slow decision", 40, asks(16 << 10)},
		{"980 KB of auth, refused", 40, asks(980_000)},
		{"events of 3 MB to a slow handler", 3, pours(binaryEvent(3))},
		{"3000 events at once, WebSocket", 1, pours(bytes.Repeat(packet(quick), 3000))},
		{"3000 events at once, polling", 1, posts(strings.Repeat("\x1e4"+quick, 3000)[1:])},
		{"polling sessions opened", 20, opensPolling},
		{"small echoes", attackers, pours(bytes.Repeat(packet(`2/open,["message","hello"]`), 100))},
		{"small events that nobody handles", attackers, pours(bytes.Repeat(packet(`2/open,["nobody","hello"]`), 100))},
		{"messages that lack a byte", 1000, holds(lackingOne())},
		{"attachments held back", 300, holds(binaryEvent(2))},
		{"deflate bombs", attackers, bombs},
		{"pushed to and reading nothing", 20, deaf},
		{"pings", attackers, pours(bytes.Repeat(hostile.Frame{First: hostile.FinBit | hostile.OpPing}.Bytes(), 1000))},
		{"upgrades", attackers, upgrades},
		{"unknown namespaces", attackers, pours(strangers())},
		{"sixteen namespaces joined and left", attackers, joinsAndLeaves},
		{"many browsers of one user", 16, ofOneUser(bytes.Repeat(packet(`2/user,["nobody","hello"]`), 100))},
		{"connections that come and go", 20, comesAndGoes},
		{"connections that ask half a question", 20, staysSilent},
	}
}

// quick is an event whose handler takes a millisecond.
const quick = `2/open,["ms"]`

// packet is a Socket.IO packet in a frame.
func packet(p string) []byte { return hostile.TextFrame("4" + p) }

// binaryEvent announces three attachments and has as many of them as it says.
func binaryEvent(there int) []byte {
	head := packet(fmt.Sprintf(`53-/open,["slow",%s,%s,%s]`, hostile.Seat(0), hostile.Seat(1), hostile.Seat(2)))
	return append(head, bytes.Repeat(hostile.BinaryFrame(make([]byte, attachmentBytes)), there)...)
}

// lackingOne is a message of the largest size but for its last byte.
func lackingOne() []byte {
	head, tail := `42/open,["nobody","`, `"]`
	whole := hostile.TextFrame(head + strings.Repeat("x", hostile.MaxPayload-len(head)-len(tail)) + tail)
	return whole[:len(whole)-1]
}

func strangers() []byte {
	var b []byte
	for i := range 100 {
		b = append(b, packet(fmt.Sprintf("0/unknown-%d,", i))...)
	}
	return b
}

// guest joins a namespace over WebSocket.
func guest(p *hostile.Probe, namespace string) *hostile.WebSocketSession {
	s := hostile.Must(p.WebSocket())
	mustDo(hostile.JoinNamespace(s, namespace+","))
	return s
}

func mustDo(err error) {
	if err != nil {
		panic(err)
	}
}

// listen reads, and answers pings, until the session ends.
func listen(s hostile.Session) (err error) {
	defer hostile.Guard(&err)
	for {
		if _, err := s.Next(); err != nil {
			return err
		}
	}
}

// pour writes again and again until the session ends, and reads what comes.
func pour(s *hostile.WebSocketSession, b []byte) {
	ended := make(chan error, 1)
	go func() { ended <- listen(s) }()
	for {
		if _, err := s.Write(b); err != nil {
			panic(<-ended)
		}
		blow()
	}
}

// pours is pour for a guest of /open.
func pours(b []byte) func(*hostile.Probe) {
	return func(p *hostile.Probe) { pour(guest(p, "/open"), b) }
}

// holds writes once and waits for the end, which is how it should go.
func holds(b []byte) func(*hostile.Probe) {
	return func(p *hostile.Probe) {
		s := guest(p, "/open")
		go s.Say(b)
		blow()
		_ = listen(s)
	}
}

// asks wants to join with so much of auth, and leaves when it has.
func asks(size int) func(*hostile.Probe) {
	ask := packet(fmt.Sprintf(`0/decided,{"a":"%s"}`, strings.Repeat("x", size-len(`{"a":""}`))))
	return func(p *hostile.Probe) {
		s := hostile.Must(p.WebSocket())
		for {
			_ = hostile.Must(s.Write(ask))
			blow()
			if m := hostile.Must(s.Next()); strings.HasPrefix(m, "0/decided,") {
				s.Send("1/decided,")
			}
		}
	}
}

// posts sends a payload again and again.
func posts(payload string) func(*hostile.Probe) {
	return func(p *hostile.Probe) {
		s := hostile.Must(p.Polling())
		mustDo(hostile.JoinNamespace(s, "/open,"))
		go func() { _ = listen(s) }()
		for {
			blow()
			s.PostBody([]byte(payload))
			if s.LastPost != "200" {
				panic(s.LastPost)
			}
		}
	}
}

func opensPolling(p *hostile.Probe) {
	l := hostile.Line{Probe: p}
	for {
		if r := l.Do("GET", hostile.PollingURI(""), nil); r.Status != 200 {
			panic(r.Outcome())
		}
		blow()
	}
}

// bombs are events of which a thousandth is sent.
func bombs(p *hostile.Probe) {
	s, _ := p.Deflating()
	_ = hostile.Must(s.Read())
	mustDo(hostile.JoinNamespace(s, "/open,"))
	pour(s, hostile.Compressed(hostile.Deflated(fmt.Sprintf(`42/open,["nobody","%0*d"]`, bombBytes, 0))))
}

// deaf asks to be told and does not hear it.
func deaf(p *hostile.Probe) {
	s := guest(p, "/open")
	tick := time.NewTicker(breath)
	defer tick.Stop()
	for ; ; <-tick.C {
		_ = hostile.Must(s.Write(packet(`2/open,["push"]`)))
		blow()
	}
}

func upgrades(p *hostile.Probe) {
	s := hostile.Must(p.Polling())
	w, answer := p.Upgrade(hostile.WebSocketPath + "&sid=" + s.SID)
	if answer.Status != 101 {
		panic(answer.Outcome())
	}
	n := &hostile.WebSocketSession{Wire: w}
	if got := n.ProbeUp(); got != "" {
		panic(got)
	}
	n.SendRaw("5")
	blow()
}

func joinsAndLeaves(p *hostile.Probe) {
	s := hostile.Must(p.WebSocket())
	var joins, leaves []any
	for i := range joinedAtOnce {
		joins = append(joins, fmt.Sprintf("0/many/%d,", i))
		leaves = append(leaves, fmt.Sprintf("1/many/%d,", i))
	}
	for {
		s.Send(joins...)
		for range joins {
			if m := hostile.Must(s.Next()); !strings.HasPrefix(m, "0/many/") {
				panic(m)
			}
		}
		s.Send(leaves...)
		blow()
	}
}
