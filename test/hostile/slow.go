package hostile

import (
	"fmt"
	"strings"
	"time"
)

// The table's times, as outcomes say them.
const (
	inTime outcome = "ended in time"
	late   outcome = "ended late"
)

// endsWithin waits for the end of the connection and looks at the clock. A
// machine that is busy gets some grace.
func endsWithin(w *wire, limit time.Duration) outcome {
	return within(limit, w.end)
}

// closesWithin is the same for a WebSocket, where a close frame is an end.
func closesWithin(w *wire, limit time.Duration) outcome {
	return within(limit, func() outcome {
		for {
			first, _, err := readFrame(w.in)
			if isTimeout(err) {
				return hang
			}
			if err != nil || first&15 == opClose {
				return closed
			}
		}
	})
}

func within(limit time.Duration, wait func() outcome) outcome {
	start := time.Now()
	if wait() == hang {
		return hang
	}
	if time.Since(start) > limit+3*time.Second {
		return late
	}
	return inTime
}

// headTime is what the table gives a head or a body to arrive.
const headTime = 15 * time.Second

func slowInputs() []input {
	all := slowRequests()
	for i := range all {
		all[i].reference = outcomes(hang, late) // 60 to 300 s there
	}
	all = append(all, slowSessions()...)
	for i := range all {
		all[i].kind, all[i].slow = "slow", true
	}
	return all
}

// slowRequests: whoever does not finish its request is cut off.
func slowRequests() []input {
	var all []input
	add := func(name string, attack func(*probe) outcome) {
		all = append(all, input{name: name, attack: attack, allow: outcomes(inTime)})
	}
	for name, raw := range map[string]string{
		"silent connection": "", "one letter": "G", "half a request line": "GET /socket.io/?EIO=4", "request line alone": "GET " + pollingPath + " HTTP/1.1\r\n",
		"half a head": "GET " + pollingPath + " HTTP/1.1\r\nHost: {host}\r\nX-A: ", "head without its end": "GET " + pollingPath + " HTTP/1.1\r\nHost: {host}\r\n", "half an opening": strings.TrimSuffix(upgrading(websocketPath), "\r\n"),
		"TLS hello cut off": "\x16\x03\x01\x02", "empty lines": "\r\n\r\n",
	} {
		add("stalled: "+name, func(p *probe) outcome {
			w := p.dial()
			w.say([]byte(strings.ReplaceAll(raw, "{host}", p.target.addr)))
			return endsWithin(w, headTime)
		})
	}
	for _, s := range []string{"G", "X"} {
		add("a byte each half second of a head of "+s, func(p *probe) outcome {
			w := p.dial()
			w.say([]byte("GET " + pollingPath + " HTTP/1.1\r\nHost: " + p.target.addr + "\r\nX-A: "))
			return trickle(w, []byte(s), func() outcome { return endsWithin(w, headTime) })
		})
	}
	for name, body := range map[string]string{"no body": "", "half a body": "6xxx"} {
		add("stalled POST: "+name, func(p *probe) outcome {
			s := must(p.polling())
			return endsWithin(s.start(request("POST", sidPath, "Content-Length: 100")+body), headTime)
		})
		add("stalled chunked POST: "+name, func(p *probe) outcome {
			s := must(p.polling())
			chunk := body
			if chunk != "" {
				chunk = "4\r\n" + chunk
			}
			return endsWithin(s.start(request("POST", sidPath, "Transfer-Encoding: chunked")+chunk), headTime)
		})
	}
	add("a byte each half second of a body", func(p *probe) outcome {
		s := must(p.polling())
		w := s.start(request("POST", sidPath, "Content-Length: 100"))
		return trickle(w, []byte("6"), func() outcome { return endsWithin(w, headTime) })
	})
	add("a chunk each half second", func(p *probe) outcome {
		s := must(p.polling())
		w := s.start(request("POST", sidPath, "Transfer-Encoding: chunked"))
		return trickle(w, []byte("1\r\n6\r\n"), func() outcome { return endsWithin(w, headTime) })
	})
	return all
}

// trickle says something each half second until the connection ends.
func trickle(w *wire, b []byte, ends func() outcome) outcome {
	end := make(chan outcome, 1)
	go func() { end <- ends() }()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case got := <-end:
			return got
		case <-tick.C:
			w.say(b)
		}
	}
}

// slowSessions: whoever does not answer heartbeats, or does not go on, is gone
// after the time that the protocol gives it.
func slowSessions() []input {
	silence := pingInterval + pingTimeout
	ending := func(limit time.Duration, f func(*probe) *wire) func(*probe) outcome {
		return func(p *probe) outcome { return closesWithin(f(p), limit) }
	}
	onWebSocket := func(b []byte, joins bool) func(*probe) *wire {
		return func(p *probe) *wire {
			s := must(p.websocket())
			if joins {
				_ = join(s)
			}
			s.say(b)
			return s.wire
		}
	}
	trickling := func(f func(*probe) *wire, b []byte) func(*probe) outcome {
		return func(p *probe) outcome {
			w := f(p)
			return trickle(w, b, func() outcome { return closesWithin(w, silence) })
		}
	}
	half := textFrame(`42["message","` + strings.Repeat("x", 100) + `"]`)[:40]
	all := []input{
		{name: "websocket, silent peer", attack: ending(silence, onWebSocket(nil, true))},
		{name: "websocket, silent peer that never joined", attack: ending(silence, onWebSocket(nil, false))},
		{name: "websocket, stalled in a frame's head", attack: ending(silence, onWebSocket([]byte{0x81}, true))},
		{name: "websocket, stalled in a length", attack: ending(silence, onWebSocket([]byte{0x81, 0xff, 0, 0, 0}, true))},
		{name: "websocket, stalled in a frame", attack: ending(silence, onWebSocket(half, true))},
		{name: "websocket, stalled in a message", attack: ending(silence, onWebSocket(piece(opText, "4"), true))},
		{name: "websocket, stalled before 900 kB", attack: ending(silence, onWebSocket(frame{first: finBit | opText, announced: new(uint64(900_000))}.bytes(), true))},
		{name: "websocket, only control pings", attack: trickling(onWebSocket(nil, true), frame{first: finBit | opPing}.bytes())},
		{name: "websocket, only Engine.IO noops", attack: trickling(onWebSocket(nil, true), textFrame("6"))},
		{name: "websocket, only events", attack: trickling(onWebSocket(nil, true), textFrame(`42["x"]`))},
		{name: "websocket, a byte of a frame each half second", attack: trickling(onWebSocket(half[:10], true), []byte("x"))},
		{name: "websocket, never joins", attack: neverJoins},
		{name: "websocket, close frame ignored", attack: ignoredClose(textFrame("4junk"))},
		{name: "websocket, close frame ignored after a bad frame", attack: ignoredClose([]byte{0xf1, 0x80, 0, 0, 0, 0})},
		{name: "websocket, reads nothing of 64 MiB", attack: readsNothing, reference: outcomes(late, hang)}, // it keeps all of it
		{name: "polling, opened and left", attack: leftPolling(false)},
		{name: "polling, joined and left", attack: leftPolling(true)},
		{name: "polling, answers no ping", attack: mutePolling},
		{name: "upgrade, nothing after the opening", attack: unfinishedUpgrade(false)},
		{name: "upgrade, nothing after the probe", attack: unfinishedUpgrade(true)},
	}
	for i := range all {
		all[i].allow = outcomes(inTime)
	}
	return append(all,
		input{name: "attachment held back", attack: heldAttachment, allow: outcomes(open, closed)},
		input{name: "300 half requests and frames", attack: manyHalves, allow: outcomes(inTime), reference: outcomes(hang, late)})
}

// neverJoins answers heartbeats but never sends a CONNECT.
func neverJoins(p *probe) outcome {
	start := time.Now()
	s := must(p.websocket())
	if _, err := s.next(); ended(err) != closed {
		return ended(err)
	}
	if took := time.Since(start); took > connectTimeout+3*time.Second {
		return late
	}
	return inTime
}

// ignoredClose makes the server close, and does not answer its close frame.
func ignoredClose(b []byte) func(*probe) outcome {
	return func(p *probe) outcome {
		s := must(p.websocket())
		if err := join(s); err != nil {
			return ended(err)
		}
		s.say(b)
		return endsWithin(s.wire, 32*time.Second)
	}
}

// readsNothing asks for more than the server may keep, and never reads.
func readsNothing(p *probe) outcome {
	s := must(p.websocket())
	if err := join(s); err != nil {
		return ended(err)
	}
	start := time.Now()
	echo := textFrame(`42["message","` + strings.Repeat("e", 500_000) + `"]`)
	for range 128 {
		if _, err := s.Write(echo); err != nil {
			break
		}
	}
	if time.Since(start) > 35*time.Second {
		return late
	}
	return endsWithin(s.wire, 32*time.Second)
}

// leftPolling is a polling session that nobody asks for anything.
func leftPolling(joins bool) func(*probe) outcome {
	return func(p *probe) outcome {
		s := must(p.polling())
		if joins {
			if err := join(s); err != nil {
				return ended(err)
			}
		}
		gone := time.NewTimer(pingInterval + pingTimeout + 3*time.Second)
		defer gone.Stop()
		<-gone.C
		// One question, not several: asking is a sign of life in no protocol.
		switch got := s.post.do("POST", pollingURI(s.sid), []byte("6")).outcome(); got {
		case "400/1":
			return inTime
		default:
			return got
		}
	}
}

// mutePolling polls on and on, but answers no ping.
func mutePolling(p *probe) outcome {
	s := must(p.polling())
	start := time.Now()
	for {
		r := s.get.do("GET", pollingURI(s.sid), nil)
		if r.status != 200 || r.body == "1" || strings.HasSuffix(r.body, "\x1e1") {
			break
		}
	}
	if time.Since(start) > pingInterval+pingTimeout+3*time.Second {
		return late
	}
	return inTime
}

// unfinishedUpgrade leaves a probe where it is; the session has to go on.
func unfinishedUpgrade(probed bool) func(*probe) outcome {
	return func(p *probe) outcome {
		s := must(p.polling())
		if err := join(s); err != nil {
			return ended(err)
		}
		n := &websocketSession{wire: must(p.opening(s.sid))}
		if probed {
			if got := n.probeUp(); got != "" {
				return got
			}
		}
		end := make(chan outcome, 1)
		go func() { end <- closesWithin(n.wire, 10*time.Second) }()
		for { // the session answers its heartbeats meanwhile
			if got := alive(s); got != open {
				return "session " + got
			}
			select {
			case got := <-end:
				if now := alive(s); now != open {
					return "session " + now
				}
				return got
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
}

// heldAttachment announces an attachment and sends it two heartbeats later.
func heldAttachment(p *probe) outcome {
	s := must(p.websocket())
	if err := join(s); err != nil {
		return ended(err)
	}
	s.send(`51-["message",` + seat(0) + "]")
	for pings := 0; pings < 2; {
		m, err := s.read()
		if err != nil {
			return ended(err)
		}
		if m == "2" {
			s.sendRaw("3")
			pings++
		}
	}
	s.send([]byte{1})
	return alive(s, `51-["message-back",`+seat(0)+"]", "bin:\x01")
}

// manyHalves are 300 connections that stop in the middle, at the same time.
func manyHalves(p *probe) outcome {
	var wires []*wire
	for i := range 300 {
		w := p.dial()
		switch i % 3 {
		case 0:
			w.say([]byte("GET /socket.io/?EI"))
		case 1:
			w.say([]byte(fmt.Sprintf("POST %s&sid=x%d HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n4", pollingPath, i)))
		default:
			w.say(append([]byte(upgradeHead(websocketPath, p.target.addr)+"\r\n"), 0x81, 0xff, 0))
		}
		wires = append(wires, w)
	}
	start := time.Now()
	for _, w := range wires {
		if w.end() == hang {
			return hang
		}
	}
	if time.Since(start) > headTime+3*time.Second {
		return late
	}
	return inTime
}
