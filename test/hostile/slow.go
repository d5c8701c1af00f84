package hostile

import (
	"fmt"
	"strings"
	"time"
)

// The table's times, as outcomes say them.
const (
	inTime Outcome = "ended in time"
	late   Outcome = "ended late"
)

// endsWithin waits for the end of the connection and looks at the clock. A
// machine that is busy gets some grace.
func endsWithin(w *Wire, limit time.Duration) Outcome {
	return within(limit, w.end)
}

// closesWithin is the same for a WebSocket, where a close frame is an end.
func closesWithin(w *Wire, limit time.Duration) Outcome {
	return within(limit, func() Outcome {
		for {
			first, _, err := readFrame(w.In)
			if IsTimeout(err) {
				return Hang
			}
			if err != nil || first&15 == opClose {
				return Closed
			}
		}
	})
}

func within(limit time.Duration, wait func() Outcome) Outcome {
	start := time.Now()
	if wait() == Hang {
		return Hang
	}
	if time.Since(start) > limit+3*time.Second {
		return late
	}
	return inTime
}

// headTime is what the table gives a head or a body to arrive.
const headTime = 15 * time.Second

func slowInputs() []Input {
	all := slowRequests()
	for i := range all {
		all[i].reference = Outcomes(Hang, late) // 60 to 300 s there
	}
	all = append(all, slowSessions()...)
	for i := range all {
		all[i].Kind, all[i].Slow = "slow", true
	}
	return all
}

// slowRequests: whoever does not finish its request is cut off.
func slowRequests() []Input {
	var all []Input
	add := func(name string, attack func(*Probe) Outcome) {
		all = append(all, Input{Name: name, Attack: attack, Allow: Outcomes(inTime)})
	}
	for name, raw := range map[string]string{
		"silent connection": "", "one letter": "G", "half a request line": "GET /socket.io/?EIO=4", "request line alone": "GET " + pollingPath + " HTTP/1.1\r\n",
		"half a head": "GET " + pollingPath + " HTTP/1.1\r\nHost: {host}\r\nX-A: ", "head without its end": "GET " + pollingPath + " HTTP/1.1\r\nHost: {host}\r\n", "half an opening": strings.TrimSuffix(Upgrading(WebSocketPath), "\r\n"),
		"TLS hello cut off": "\x16\x03\x01\x02", "empty lines": "\r\n\r\n",
	} {
		add("stalled: "+name, func(p *Probe) Outcome {
			w := p.dial()
			w.Say([]byte(strings.ReplaceAll(raw, "{host}", p.Target.Addr)))
			return endsWithin(w, headTime)
		})
	}
	for _, s := range []string{"G", "X"} {
		add("a byte each half second of a head of "+s, func(p *Probe) Outcome {
			w := p.dial()
			w.Say([]byte("GET " + pollingPath + " HTTP/1.1\r\nHost: " + p.Target.Addr + "\r\nX-A: "))
			return trickle(w, []byte(s), func() Outcome { return endsWithin(w, headTime) })
		})
	}
	for name, body := range map[string]string{"no body": "", "half a body": "6xxx"} {
		add("stalled POST: "+name, func(p *Probe) Outcome {
			s := Must(p.Polling())
			return endsWithin(s.start(request("POST", sidPath, "Content-Length: 100")+body), headTime)
		})
		add("stalled chunked POST: "+name, func(p *Probe) Outcome {
			s := Must(p.Polling())
			chunk := body
			if chunk != "" {
				chunk = "4\r\n" + chunk
			}
			return endsWithin(s.start(request("POST", sidPath, "Transfer-Encoding: chunked")+chunk), headTime)
		})
	}
	add("a byte each half second of a body", func(p *Probe) Outcome {
		s := Must(p.Polling())
		w := s.start(request("POST", sidPath, "Content-Length: 100"))
		return trickle(w, []byte("6"), func() Outcome { return endsWithin(w, headTime) })
	})
	add("a chunk each half second", func(p *Probe) Outcome {
		s := Must(p.Polling())
		w := s.start(request("POST", sidPath, "Transfer-Encoding: chunked"))
		return trickle(w, []byte("1\r\n6\r\n"), func() Outcome { return endsWithin(w, headTime) })
	})
	return all
}

// trickle says something each half second until the connection ends.
func trickle(w *Wire, b []byte, ends func() Outcome) Outcome {
	end := make(chan Outcome, 1)
	go func() { end <- ends() }()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case got := <-end:
			return got
		case <-tick.C:
			w.Say(b)
		}
	}
}

// slowSessions: whoever does not answer heartbeats, or does not go on, is gone
// after the time that the protocol gives it.
func slowSessions() []Input {
	silence := pingInterval + pingTimeout
	ending := func(limit time.Duration, f func(*Probe) *Wire) func(*Probe) Outcome {
		return func(p *Probe) Outcome { return closesWithin(f(p), limit) }
	}
	onWebSocket := func(b []byte, joins bool) func(*Probe) *Wire {
		return func(p *Probe) *Wire {
			s := Must(p.WebSocket())
			if joins {
				_ = join(s)
			}
			s.Say(b)
			return s.Wire
		}
	}
	trickling := func(f func(*Probe) *Wire, b []byte) func(*Probe) Outcome {
		return func(p *Probe) Outcome {
			w := f(p)
			return trickle(w, b, func() Outcome { return closesWithin(w, silence) })
		}
	}
	half := TextFrame(`42["message","` + strings.Repeat("x", 100) + `"]`)[:40]
	all := []Input{
		{Name: "websocket, silent peer", Attack: ending(silence, onWebSocket(nil, true))},
		{Name: "websocket, silent peer that never joined", Attack: ending(silence, onWebSocket(nil, false))},
		{Name: "websocket, stalled in a frame's head", Attack: ending(silence, onWebSocket([]byte{0x81}, true))},
		{Name: "websocket, stalled in a length", Attack: ending(silence, onWebSocket([]byte{0x81, 0xff, 0, 0, 0}, true))},
		{Name: "websocket, stalled in a frame", Attack: ending(silence, onWebSocket(half, true))},
		{Name: "websocket, stalled in a message", Attack: ending(silence, onWebSocket(piece(opText, "4"), true))},
		{Name: "websocket, stalled before 900 kB", Attack: ending(silence, onWebSocket(Frame{First: FinBit | opText, announced: new(uint64(900_000))}.Bytes(), true))},
		{Name: "websocket, only control pings", Attack: trickling(onWebSocket(nil, true), Frame{First: FinBit | OpPing}.Bytes())},
		{Name: "websocket, only Engine.IO noops", Attack: trickling(onWebSocket(nil, true), TextFrame("6"))},
		{Name: "websocket, only events", Attack: trickling(onWebSocket(nil, true), TextFrame(`42["x"]`))},
		{Name: "websocket, a byte of a frame each half second", Attack: trickling(onWebSocket(half[:10], true), []byte("x"))},
		{Name: "websocket, never joins", Attack: neverJoins},
		{Name: "websocket, close frame ignored", Attack: ignoredClose(TextFrame("4junk"))},
		{Name: "websocket, close frame ignored after a bad frame", Attack: ignoredClose([]byte{0xf1, 0x80, 0, 0, 0, 0})},
		{Name: "websocket, reads nothing of 64 MiB", Attack: readsNothing, reference: Outcomes(late, Hang)}, // it keeps all of it
		{Name: "polling, opened and left", Attack: leftPolling(false)},
		{Name: "polling, joined and left", Attack: leftPolling(true)},
		{Name: "polling, answers no ping", Attack: mutePolling},
		{Name: "upgrade, nothing after the opening", Attack: unfinishedUpgrade(false)},
		{Name: "upgrade, nothing after the probe", Attack: unfinishedUpgrade(true)},
	}
	for i := range all {
		all[i].Allow = Outcomes(inTime)
	}
	return append(all,
		Input{Name: "attachment held back", Attack: heldAttachment, Allow: Outcomes(Open, Closed)},
		Input{Name: "300 half requests and frames", Attack: manyHalves, Allow: Outcomes(inTime), reference: Outcomes(Hang, late)})
}

// neverJoins answers heartbeats but never sends a CONNECT.
func neverJoins(p *Probe) Outcome {
	start := time.Now()
	s := Must(p.WebSocket())
	if _, err := s.Next(); Ended(err) != Closed {
		return Ended(err)
	}
	if took := time.Since(start); took > connectTimeout+3*time.Second {
		return late
	}
	return inTime
}

// ignoredClose makes the server close, and does not answer its close frame.
func ignoredClose(b []byte) func(*Probe) Outcome {
	return func(p *Probe) Outcome {
		s := Must(p.WebSocket())
		if err := join(s); err != nil {
			return Ended(err)
		}
		s.Say(b)
		return endsWithin(s.Wire, 32*time.Second)
	}
}

// readsNothing asks for more than the server may keep, and never reads.
func readsNothing(p *Probe) Outcome {
	s := Must(p.WebSocket())
	if err := join(s); err != nil {
		return Ended(err)
	}
	start := time.Now()
	echo := TextFrame(`42["message","` + strings.Repeat("e", 500_000) + `"]`)
	for range 128 {
		if _, err := s.Write(echo); err != nil {
			break
		}
	}
	if time.Since(start) > 35*time.Second {
		return late
	}
	return endsWithin(s.Wire, 32*time.Second)
}

// leftPolling is a polling session that nobody asks for anything.
func leftPolling(joins bool) func(*Probe) Outcome {
	return func(p *Probe) Outcome {
		s := Must(p.Polling())
		if joins {
			if err := join(s); err != nil {
				return Ended(err)
			}
		}
		gone := time.NewTimer(pingInterval + pingTimeout + 3*time.Second)
		defer gone.Stop()
		<-gone.C
		// One question, not several: asking is a sign of life in no protocol.
		switch got := s.post.Do("POST", PollingURI(s.SID), []byte("6")).Outcome(); got {
		case "400/1":
			return inTime
		default:
			return got
		}
	}
}

// mutePolling polls on and on, but answers no ping.
func mutePolling(p *Probe) Outcome {
	s := Must(p.Polling())
	start := time.Now()
	for {
		r := s.get.Do("GET", PollingURI(s.SID), nil)
		if r.Status != 200 || r.body == "1" || strings.HasSuffix(r.body, "\x1e1") {
			break
		}
	}
	if time.Since(start) > pingInterval+pingTimeout+3*time.Second {
		return late
	}
	return inTime
}

// unfinishedUpgrade leaves a probe where it is; the session has to go on.
func unfinishedUpgrade(probed bool) func(*Probe) Outcome {
	return func(p *Probe) Outcome {
		s := Must(p.Polling())
		if err := join(s); err != nil {
			return Ended(err)
		}
		n := &WebSocketSession{Wire: Must(p.opening(s.SID))}
		if probed {
			if got := n.ProbeUp(); got != "" {
				return got
			}
		}
		end := make(chan Outcome, 1)
		go func() { end <- closesWithin(n.Wire, 10*time.Second) }()
		for { // the session answers its heartbeats meanwhile
			if got := alive(s); got != Open {
				return "session " + got
			}
			select {
			case got := <-end:
				if now := alive(s); now != Open {
					return "session " + now
				}
				return got
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
}

// heldAttachment announces an attachment and sends it two heartbeats later.
func heldAttachment(p *Probe) Outcome {
	s := Must(p.WebSocket())
	if err := join(s); err != nil {
		return Ended(err)
	}
	s.Send(`51-["message",` + Seat(0) + "]")
	for pings := 0; pings < 2; {
		m, err := s.Read()
		if err != nil {
			return Ended(err)
		}
		if m == "2" {
			s.SendRaw("3")
			pings++
		}
	}
	s.Send([]byte{1})
	return alive(s, `51-["message-back",`+Seat(0)+"]", "bin:\x01")
}

// manyHalves are 300 connections that stop in the middle, at the same time.
func manyHalves(p *Probe) Outcome {
	var wires []*Wire
	for i := range 300 {
		w := p.dial()
		switch i % 3 {
		case 0:
			w.Say([]byte("GET /socket.io/?EI"))
		case 1:
			w.Say([]byte(fmt.Sprintf("POST %s&sid=x%d HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n4", pollingPath, i)))
		default:
			w.Say(append([]byte(upgradeHead(WebSocketPath, p.Target.Addr)+"\r\n"), 0x81, 0xff, 0))
		}
		wires = append(wires, w)
	}
	start := time.Now()
	for _, w := range wires {
		if w.end() == Hang {
			return Hang
		}
	}
	if time.Since(start) > headTime+3*time.Second {
		return late
	}
	return inTime
}
