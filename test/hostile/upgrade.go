package hostile

import (
	"fmt"
	"strings"
	"sync"
)

// newGone is what every failed upgrade has to come to: the new connection goes,
// the session does not notice.
const newGone Outcome = "new connection closed, session open"

// upgradeRow is what is sent on a new WebSocket of a joined polling session.
type upgradeRow struct {
	name  string
	bytes []byte
	// probed sends `2probe` first and waits for `3probe`.
	probed bool
	// ends is how we end the connection afterwards; nil waits for the server.
	ends      func(*Wire)
	allow     []Outcome
	reference []Outcome
}

func (r upgradeRow) attack(p *Probe) Outcome {
	s := Must(p.Polling())
	if err := join(s); err != nil {
		return Ended(err)
	}
	w, answer := p.Upgrade(WebSocketPath + "&sid=" + s.SID)
	if answer.Status == 101 {
		n := &WebSocketSession{Wire: w}
		if r.probed {
			if got := n.ProbeUp(); got != "" {
				return got
			}
		}
		w.Say(r.bytes)
		if r.ends != nil {
			r.ends(w)
		} else if got := n.goes(); got != Closed {
			return "new connection " + got
		}
	}
	return "new connection closed, session " + alive(s)
}

// ProbeUp exchanges the probe; empty when it went well.
func (s *WebSocketSession) ProbeUp() Outcome {
	s.SendRaw("2probe")
	if m, err := s.Read(); m != "3probe" {
		return Outcome(fmt.Sprintf("probe answered with %q %v", m, err))
	}
	return ""
}

// goes waits for the end of the connection.
func (s *WebSocketSession) goes() Outcome {
	for {
		m, err := s.Read()
		if err != nil {
			return Ended(err)
		}
		if strings.HasPrefix(m, "4") {
			return Outcome("talks: " + m)
		}
	}
}

func upgradeInputs() []Input {
	var all []Input
	for _, r := range upgradeRows() {
		allow := append(Outcomes(newGone), r.allow...)
		all = append(all, Input{Kind: "upgrade", Name: r.name, Attack: r.attack, Allow: allow, reference: r.reference})
	}
	return append(all, upgradeStories()...)
}

func upgradeRows() []upgradeRow {
	var rows []upgradeRow
	frames := map[string][]byte{
		"nothing but a close frame": closeFrame(1000), "a close frame of one byte": Frame{First: FinBit | opClose, payload: []byte{3}}.Bytes(), "an empty message": TextFrame(""), "junk": TextFrame("junk"), "NUL": TextFrame("\x00"),
		"an event": TextFrame(`42["message",1]`), "a CONNECT": TextFrame("40"), "an open packet": TextFrame("0"), "a close packet": TextFrame("1"), "a noop": TextFrame("6"),
		"a pong": TextFrame("3"), "a pong of a probe": TextFrame("3probe"), "a ping": TextFrame("2"), "an upper-case probe": TextFrame("2Probe"), "a longer probe": TextFrame("2probe2"),
		"a binary message": BinaryFrame([]byte("42")), "a binary probe": BinaryFrame([]byte("2probe")), "a frame unmasked": Frame{First: FinBit | opText, bare: true, payload: []byte("2probe")}.Bytes(),
		"reserved bits": Frame{First: 0xf1, payload: []byte("2probe")}.Bytes(), "text that is not UTF-8": TextFrame("2\xff"), "a message over the limit": Frame{First: FinBit | opText, announced: new(uint64(1 << 40))}.Bytes(),
		"opcode 7": Frame{First: FinBit | 7}.Bytes(), "900 kB": TextFrame("2" + strings.Repeat("x", 900_000)), "an unknown type": TextFrame("9"),
	}
	for name, b := range frames {
		rows = append(rows, upgradeRow{name: "no probe but " + name, bytes: b}, upgradeRow{name: "after the probe " + name, probed: true, bytes: b})
	}
	for name, end := range map[string]func(*Wire){"reset": (*Wire).Reset, "closed": (*Wire).hangUpAll, "half-closed": (*Wire).HangUp} {
		rows = append(rows,
			upgradeRow{name: "before the probe " + name, ends: end}, upgradeRow{name: "with the probe " + name, bytes: TextFrame("2probe"), ends: end},
			upgradeRow{name: "after the probe " + name, probed: true, ends: end}, upgradeRow{name: "in a frame after the probe " + name, probed: true, bytes: []byte{0x81, 0x85, 1, 2}, ends: end})
	}
	return append(rows,
		upgradeRow{name: "an upgrade without a probe", bytes: TextFrame("5"), reference: Outcomes("new connection hang")},
		upgradeRow{name: "two probes", probed: true, bytes: TextFrame("2probe"), ends: (*Wire).hangUpAll},
		upgradeRow{name: "1000 probes", probed: true, bytes: []byte(strings.Repeat(string(TextFrame("2probe")), 1000)), ends: (*Wire).hangUpAll},
	)
}

// upgradeStories: more than one connection asks for the same session.
func upgradeStories() []Input {
	var all []Input
	add := func(name string, story func(*Probe, *PollingSession) Outcome, allow ...Outcome) {
		all = append(all, Input{Kind: "upgrade", Name: name, Allow: allow, Attack: func(p *Probe) Outcome {
			s := Must(p.Polling())
			if err := join(s); err != nil {
				return Ended(err)
			}
			return story(p, s)
		}})
	}
	add("second upgrade while the first probes", secondUpgrade(false), "second closed, first open")
	add("second upgrade of an upgraded session", secondUpgrade(true), "second closed, first open")
	add("polling after the upgrade", pollingAfterUpgrade, "400/3 400/3 open")
	add("upgrade packet twice", afterUpgrade("5"), Open)
	add("upgrade, then pong and noop", afterUpgrade("3", "6", "0"), Open)
	add("upgrade, then a probe", afterUpgrade("2probe"), Closed)
	add("upgrade, then junk", afterUpgrade("junk"), Closed)
	add("upgrade, then an empty message", afterUpgrade(""), Closed)
	add("probe and upgrade in one write", hastyUpgrade, Open)
	add("ten upgrades at once", manyUpgrades, "at most one")
	add("session closed while probing", whileProbing(closedSession), "new connection closed")
	add("session broken while probing", whileProbing(brokenPostOf), "new connection closed")
	add("junk posted while probing", whileProbing(junk), "new connection closed")
	add("upgrade while a POST is half sent", upgradeInPost, Open, Closed)
	add("upgrade with the path of another transport", func(p *Probe, s *PollingSession) Outcome {
		_, r := p.Upgrade(pollingPath + "&sid=" + s.SID)
		if r.Status != 101 && r.Status != 400 {
			return r.Outcome()
		}
		return "session " + alive(s)
	}, "session open")
	// The reference lets it take the session over.
	all = append(all, Input{Kind: "upgrade", Name: "upgrade of a WebSocket session", Allow: Outcomes("second closed, first open"), reference: Outcomes("second hang, first hang"), Attack: func(p *Probe) Outcome {
		s := Must(p.WebSocket())
		if err := join(s); err != nil {
			return Ended(err)
		}
		return "second " + p.tryUpgrade(s.sid) + ", first " + alive(s)
	}})
	return all
}

// upgraded walks the whole way.
func (p *Probe) upgraded(s *PollingSession) *WebSocketSession {
	n := &WebSocketSession{Wire: Must(p.opening(s.SID)), sid: s.SID}
	if got := n.ProbeUp(); got != "" {
		panic(got)
	}
	n.SendRaw("5")
	return n
}

func (p *Probe) opening(sid string) (*Wire, error) {
	w, r := p.Upgrade(WebSocketPath + "&sid=" + sid)
	if r.Status != 101 {
		return nil, fmt.Errorf("upgrade: %v", r.Outcome())
	}
	return w, nil
}

// tryUpgrade probes on another connection, which has to end.
func (p *Probe) tryUpgrade(sid string) Outcome {
	w, err := p.opening(sid)
	if err != nil {
		return Closed
	}
	n := &WebSocketSession{Wire: w}
	n.SendRaw("2probe", "5")
	return n.goes()
}

func secondUpgrade(done bool) func(*Probe, *PollingSession) Outcome {
	return func(p *Probe, s *PollingSession) Outcome {
		n := &WebSocketSession{Wire: Must(p.opening(s.SID)), sid: s.SID}
		if got := n.ProbeUp(); got != "" {
			return got
		}
		if done {
			n.SendRaw("5")
			if got := alive(n); got != Open {
				return "upgraded " + got
			}
		}
		second := p.tryUpgrade(s.SID)
		if !done {
			n.SendRaw("5")
		}
		return "second " + second + ", first " + alive(n)
	}
}

func pollingAfterUpgrade(p *Probe, s *PollingSession) Outcome {
	n := p.upgraded(s)
	if got := alive(n); got != Open {
		return got
	}
	a := s.get.Do("GET", PollingURI(s.SID), nil).Outcome()
	b := s.post.Do("POST", PollingURI(s.SID), []byte("6")).Outcome()
	return a + " " + b + " " + alive(n)
}

func afterUpgrade(packets ...string) func(*Probe, *PollingSession) Outcome {
	return func(p *Probe, s *PollingSession) Outcome {
		n := p.upgraded(s)
		n.SendRaw(packets...)
		return alive(n)
	}
}

func hastyUpgrade(p *Probe, s *PollingSession) Outcome {
	n := &WebSocketSession{Wire: Must(p.opening(s.SID)), sid: s.SID}
	n.SendRaw("2probe", "5")
	if m, err := n.Read(); m != "3probe" {
		return Outcome(fmt.Sprintf("probe answered with %q %v", m, err))
	}
	return alive(n)
}

// manyUpgrades counts on how many connections one session talks.
func manyUpgrades(p *Probe, s *PollingSession) Outcome {
	var wg sync.WaitGroup
	var mu sync.Mutex
	talking := 0
	for range 10 {
		wg.Go(func() {
			w, err := p.opening(s.SID)
			if err != nil {
				return
			}
			n := &WebSocketSession{Wire: w}
			n.SendRaw("2probe", "5", "4"+aliveEvent)
			for {
				m, err := n.Read()
				if err != nil {
					return
				}
				if m == "4"+aliveAck {
					mu.Lock()
					talking++
					mu.Unlock()
					_ = w.Close()
				}
			}
		})
	}
	wg.Wait()
	if talking > 1 {
		return Outcome(fmt.Sprintf("%d connections talk", talking))
	}
	return "at most one"
}

// whileProbing does something to the session while a new connection has been probed.
func whileProbing(do func(*Probe, *PollingSession)) func(*Probe, *PollingSession) Outcome {
	return func(p *Probe, s *PollingSession) Outcome {
		n := &WebSocketSession{Wire: Must(p.opening(s.SID))}
		if got := n.ProbeUp(); got != "" {
			return got
		}
		do(p, s)
		return "new connection " + n.goes()
	}
}

func closedSession(_ *Probe, s *PollingSession) { s.SendRaw("1") }

func junk(_ *Probe, s *PollingSession) { s.SendRaw("junk") }

func brokenPostOf(p *Probe, s *PollingSession) {
	half := s.start(request("POST", sidPath, "Content-Length: 30") + `42["mess`)
	p.roundTrip()
	half.Reset()
}

func upgradeInPost(p *Probe, s *PollingSession) Outcome {
	w := s.start(request("POST", sidPath, "Content-Length: 3") + "6")
	p.roundTrip()
	n := p.upgraded(s)
	w.Say([]byte("xx"))
	return alive(n)
}
