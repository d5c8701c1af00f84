package hostile

import (
	"fmt"
	"strings"
	"sync"
)

// newGone is what every failed upgrade has to come to: the new connection goes,
// the session does not notice.
const newGone outcome = "new connection closed, session open"

// upgradeRow is what is sent on a new WebSocket of a joined polling session.
type upgradeRow struct {
	name  string
	bytes []byte
	// probed sends `2probe` first and waits for `3probe`.
	probed bool
	// ends is how we end the connection afterwards; nil waits for the server.
	ends      func(*wire)
	allow     []outcome
	reference []outcome
}

func (r upgradeRow) attack(p *probe) outcome {
	s := must(p.polling())
	if err := join(s); err != nil {
		return ended(err)
	}
	w, answer := p.upgrade(websocketPath + "&sid=" + s.sid)
	if answer.status == 101 {
		n := &websocketSession{wire: w}
		if r.probed {
			if got := n.probeUp(); got != "" {
				return got
			}
		}
		w.say(r.bytes)
		if r.ends != nil {
			r.ends(w)
		} else if got := n.goes(); got != closed {
			return "new connection " + got
		}
	}
	return "new connection closed, session " + alive(s)
}

// probeUp exchanges the probe; empty when it went well.
func (s *websocketSession) probeUp() outcome {
	s.sendRaw("2probe")
	if m, err := s.read(); m != "3probe" {
		return outcome(fmt.Sprintf("probe answered with %q %v", m, err))
	}
	return ""
}

// goes waits for the end of the connection.
func (s *websocketSession) goes() outcome {
	for {
		m, err := s.read()
		if err != nil {
			return ended(err)
		}
		if strings.HasPrefix(m, "4") {
			return outcome("talks: " + m)
		}
	}
}

func upgradeInputs() []input {
	var all []input
	for _, r := range upgradeRows() {
		allow := append(outcomes(newGone), r.allow...)
		all = append(all, input{kind: "upgrade", name: r.name, attack: r.attack, allow: allow, reference: r.reference})
	}
	return append(all, upgradeStories()...)
}

func upgradeRows() []upgradeRow {
	var rows []upgradeRow
	frames := map[string][]byte{
		"nothing but a close frame": closeFrame(1000), "a close frame of one byte": frame{first: finBit | opClose, payload: []byte{3}}.bytes(), "an empty message": textFrame(""), "junk": textFrame("junk"), "NUL": textFrame("\x00"),
		"an event": textFrame(`42["message",1]`), "a CONNECT": textFrame("40"), "an open packet": textFrame("0"), "a close packet": textFrame("1"), "a noop": textFrame("6"),
		"a pong": textFrame("3"), "a pong of a probe": textFrame("3probe"), "a ping": textFrame("2"), "an upper-case probe": textFrame("2Probe"), "a longer probe": textFrame("2probe2"),
		"a binary message": binaryFrame([]byte("42")), "a binary probe": binaryFrame([]byte("2probe")), "a frame unmasked": frame{first: finBit | opText, bare: true, payload: []byte("2probe")}.bytes(),
		"reserved bits": frame{first: 0xf1, payload: []byte("2probe")}.bytes(), "text that is not UTF-8": textFrame("2\xff"), "a message over the limit": frame{first: finBit | opText, announced: new(uint64(1 << 40))}.bytes(),
		"opcode 7": frame{first: finBit | 7}.bytes(), "900 kB": textFrame("2" + strings.Repeat("x", 900_000)), "an unknown type": textFrame("9"),
	}
	for name, b := range frames {
		rows = append(rows, upgradeRow{name: "no probe but " + name, bytes: b}, upgradeRow{name: "after the probe " + name, probed: true, bytes: b})
	}
	for name, end := range map[string]func(*wire){"reset": (*wire).reset, "closed": (*wire).hangUpAll, "half-closed": (*wire).hangUp} {
		rows = append(rows,
			upgradeRow{name: "before the probe " + name, ends: end}, upgradeRow{name: "with the probe " + name, bytes: textFrame("2probe"), ends: end},
			upgradeRow{name: "after the probe " + name, probed: true, ends: end}, upgradeRow{name: "in a frame after the probe " + name, probed: true, bytes: []byte{0x81, 0x85, 1, 2}, ends: end})
	}
	return append(rows,
		upgradeRow{name: "an upgrade without a probe", bytes: textFrame("5"), reference: outcomes("new connection hang")},
		upgradeRow{name: "two probes", probed: true, bytes: textFrame("2probe"), ends: (*wire).hangUpAll},
		upgradeRow{name: "1000 probes", probed: true, bytes: []byte(strings.Repeat(string(textFrame("2probe")), 1000)), ends: (*wire).hangUpAll},
	)
}

// upgradeStories: more than one connection asks for the same session.
func upgradeStories() []input {
	var all []input
	add := func(name string, story func(*probe, *pollingSession) outcome, allow ...outcome) {
		all = append(all, input{kind: "upgrade", name: name, allow: allow, attack: func(p *probe) outcome {
			s := must(p.polling())
			if err := join(s); err != nil {
				return ended(err)
			}
			return story(p, s)
		}})
	}
	add("second upgrade while the first probes", secondUpgrade(false), "second closed, first open")
	add("second upgrade of an upgraded session", secondUpgrade(true), "second closed, first open")
	add("polling after the upgrade", pollingAfterUpgrade, "400/3 400/3 open")
	add("upgrade packet twice", afterUpgrade("5"), open)
	add("upgrade, then pong and noop", afterUpgrade("3", "6", "0"), open)
	add("upgrade, then a probe", afterUpgrade("2probe"), closed)
	add("upgrade, then junk", afterUpgrade("junk"), closed)
	add("upgrade, then an empty message", afterUpgrade(""), closed)
	add("probe and upgrade in one write", hastyUpgrade, open)
	add("ten upgrades at once", manyUpgrades, "at most one")
	add("session closed while probing", closedWhileProbing, "new connection closed")
	add("session broken while probing", brokenWhileProbing, "new connection closed")
	add("junk posted while probing", junkWhileProbing, "new connection closed")
	add("upgrade while a POST is half sent", upgradeInPost, open, closed)
	add("upgrade with the path of another transport", func(p *probe, s *pollingSession) outcome {
		_, r := p.upgrade(pollingPath + "&sid=" + s.sid)
		if r.status != 101 && r.status != 400 {
			return r.outcome()
		}
		return "session " + alive(s)
	}, "session open")
	// The reference lets it take the session over.
	all = append(all, input{kind: "upgrade", name: "upgrade of a WebSocket session", allow: outcomes("second closed, first open"), reference: outcomes("second hang, first hang"), attack: func(p *probe) outcome {
		s := must(p.websocket())
		if err := join(s); err != nil {
			return ended(err)
		}
		return "second " + p.tryUpgrade(s.sid) + ", first " + alive(s)
	}})
	return all
}

// upgraded walks the whole way.
func (p *probe) upgraded(s *pollingSession) *websocketSession {
	n := &websocketSession{wire: must(p.opening(s.sid)), sid: s.sid}
	if got := n.probeUp(); got != "" {
		panic(got)
	}
	n.sendRaw("5")
	return n
}

func (p *probe) opening(sid string) (*wire, error) {
	w, r := p.upgrade(websocketPath + "&sid=" + sid)
	if r.status != 101 {
		return nil, fmt.Errorf("upgrade: %v", r.outcome())
	}
	return w, nil
}

// tryUpgrade probes on another connection, which has to end.
func (p *probe) tryUpgrade(sid string) outcome {
	w, err := p.opening(sid)
	if err != nil {
		return closed
	}
	n := &websocketSession{wire: w}
	n.sendRaw("2probe", "5")
	return n.goes()
}

func secondUpgrade(done bool) func(*probe, *pollingSession) outcome {
	return func(p *probe, s *pollingSession) outcome {
		n := &websocketSession{wire: must(p.opening(s.sid)), sid: s.sid}
		if got := n.probeUp(); got != "" {
			return got
		}
		if done {
			n.sendRaw("5")
			if got := alive(n); got != open {
				return "upgraded " + got
			}
		}
		second := p.tryUpgrade(s.sid)
		if !done {
			n.sendRaw("5")
		}
		return "second " + second + ", first " + alive(n)
	}
}

func pollingAfterUpgrade(p *probe, s *pollingSession) outcome {
	n := p.upgraded(s)
	if got := alive(n); got != open {
		return got
	}
	a := s.get.do("GET", pollingURI(s.sid), nil).outcome()
	b := s.post.do("POST", pollingURI(s.sid), []byte("6")).outcome()
	return a + " " + b + " " + alive(n)
}

func afterUpgrade(packets ...string) func(*probe, *pollingSession) outcome {
	return func(p *probe, s *pollingSession) outcome {
		n := p.upgraded(s)
		n.sendRaw(packets...)
		return alive(n)
	}
}

func hastyUpgrade(p *probe, s *pollingSession) outcome {
	n := &websocketSession{wire: must(p.opening(s.sid)), sid: s.sid}
	n.sendRaw("2probe", "5")
	if m, err := n.read(); m != "3probe" {
		return outcome(fmt.Sprintf("probe answered with %q %v", m, err))
	}
	return alive(n)
}

// manyUpgrades counts on how many connections one session talks.
func manyUpgrades(p *probe, s *pollingSession) outcome {
	var wg sync.WaitGroup
	var mu sync.Mutex
	talking := 0
	for range 10 {
		wg.Go(func() {
			w, err := p.opening(s.sid)
			if err != nil {
				return
			}
			n := &websocketSession{wire: w}
			n.sendRaw("2probe", "5", "4"+aliveEvent)
			for {
				m, err := n.read()
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
		return outcome(fmt.Sprintf("%d connections talk", talking))
	}
	return "at most one"
}

func closedWhileProbing(p *probe, s *pollingSession) outcome {
	n := &websocketSession{wire: must(p.opening(s.sid))}
	if got := n.probeUp(); got != "" {
		return got
	}
	s.sendRaw("1")
	return "new connection " + n.goes()
}

func brokenWhileProbing(p *probe, s *pollingSession) outcome {
	n := &websocketSession{wire: must(p.opening(s.sid))}
	if got := n.probeUp(); got != "" {
		return got
	}
	half := s.start(request("POST", sidPath, "Content-Length: 30") + `42["mess`)
	p.roundTrip()
	half.reset()
	return "new connection " + n.goes()
}

func junkWhileProbing(p *probe, s *pollingSession) outcome {
	n := &websocketSession{wire: must(p.opening(s.sid))}
	if got := n.probeUp(); got != "" {
		return got
	}
	s.sendRaw("junk")
	return "new connection " + n.goes()
}

func upgradeInPost(p *probe, s *pollingSession) outcome {
	w := s.start(request("POST", sidPath, "Content-Length: 3") + "6")
	p.roundTrip()
	n := p.upgraded(s)
	w.say([]byte("xx"))
	return alive(n)
}
