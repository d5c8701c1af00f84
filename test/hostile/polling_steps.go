package hostile

import (
	"fmt"
	"strings"
	"time"
)

// hangUpAll ends both directions in order.
func (w *Wire) hangUpAll() { _ = w.Close() }

// start sends a request of the session on a connection of its own.
func (s *PollingSession) start(raw string) *Wire {
	w := s.probe.dial()
	raw = strings.ReplaceAll(raw, "{host}", s.probe.Target.Addr)
	w.Say([]byte(strings.ReplaceAll(raw, "{sid}", s.SID)))
	return w
}

// pending starts a GET and waits until the server has it: what a second session
// asked afterwards has been answered.
func (s *PollingSession) pending() *Wire {
	w := s.start(get(sidPath))
	s.probe.roundTrip()
	return w
}

// roundTrip lets the server answer something else, so that what was sent before
// has most likely been read.
func (p *Probe) roundTrip() {
	for range 3 {
		w := p.dial()
		w.exchange([]byte(strings.ReplaceAll(get("/socket.io/?EIO=4&transport=none"), "{host}", p.Target.Addr)))
		_ = w.Close()
	}
}

// over sees whether the session ends by itself within 2 s, looking with noops.
func (s *PollingSession) over() Outcome {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(FreshLimit); time.Now().Before(until); {
		switch got := s.post.Do("POST", PollingURI(s.SID), []byte("6")).Outcome(); got {
		case "400/1":
			return Closed
		case "200", "400", Dropped:
		default:
			return got
		}
		<-tick.C
	}
	return Open
}

// overByGET is the same where a POST would itself be one too many.
func (s *PollingSession) overByGET() Outcome {
	for {
		r := s.get.Do("GET", PollingURI(s.SID), nil)
		switch {
		case r.Outcome() == "400/1":
			return Closed
		case r.err != nil:
			return r.Outcome()
		case strings.Contains(r.body, "2"):
			return Open
		}
	}
}

func twoGets(p *Probe, s *PollingSession) Outcome {
	first := s.pending()
	second := s.start(get(sidPath)).read("GET")
	one := first.read("GET")
	got := []string{"first held", "second " + string(second.Outcome()), string(s.over())}
	if one.Status == 200 || one.Status == 400 {
		got[0] = "first released"
	}
	return Outcome(strings.Join(got, ", "))
}

func fiveGets(p *Probe, s *PollingSession) Outcome {
	var wires []*Wire
	for range 5 {
		wires = append(wires, s.start(get(sidPath)))
	}
	for _, w := range wires {
		if r := w.read("GET"); r.Outcome() == Hang {
			return Hang
		}
	}
	return s.over()
}

func twoPosts(p *Probe, s *PollingSession) Outcome {
	half := s.start(request("POST", sidPath, "Content-Length: 10") + "6")
	p.roundTrip()
	second := s.start(post(sidPath, "6")).read("POST")
	one := half.read("POST")
	got := []string{"second " + string(second.Outcome()), "first held", string(s.over())}
	if one.Status == 400 || one.Status == 200 || isGone(one.err) {
		got[1] = "first released"
	}
	return Outcome(strings.Join(got, ", "))
}

func brokenGet(end func(*Wire)) func(*Probe, *PollingSession) Outcome {
	return func(p *Probe, s *PollingSession) Outcome {
		end(s.pending())
		return s.over()
	}
}

func brokenPost(end func(*Wire)) func(*Probe, *PollingSession) Outcome {
	return func(p *Probe, s *PollingSession) Outcome {
		if end == nil {
			s.start(request("POST", sidPath, "Content-Length: 30")).hangUpAll()
			return s.overByGET()
		}
		w := s.start(request("POST", sidPath, "Content-Length: 30") + `42["message","half"]`)
		p.roundTrip()
		end(w)
		return s.overByGET()
	}
}

func closedGet(p *Probe, s *PollingSession) Outcome {
	w := s.pending()
	s.SendRaw("1")
	r := w.read("GET")
	if r.Status != 200 && r.Status != 400 {
		return Outcome(fmt.Sprintf("held: %v", r.Outcome()))
	}
	return "released, " + s.over()
}

func afterClose(p *Probe, s *PollingSession) Outcome {
	s.SendRaw("1")
	a := s.get.Do("GET", PollingURI(s.SID), nil)
	b := s.post.Do("POST", PollingURI(s.SID), []byte("40"))
	_, c := p.Upgrade(WebSocketPath + "&sid=" + s.SID)
	return Outcome(strings.ReplaceAll(fmt.Sprint(a.Outcome(), " ", b.Outcome(), " ", c.Outcome()), ":", "/"))
}

func tooLongPost(p *Probe, s *PollingSession) Outcome {
	w := s.pending()
	s.PostBody([]byte(strings.Repeat("6", MaxPayload+1)))
	post := s.LastPost
	_ = w.Close() // a broken poll ends the session, whatever became of the POST
	return post + " " + s.over()
}

func pipelinedGets(p *Probe, s *PollingSession) Outcome {
	w := s.start(strings.Repeat(get(sidPath), 10))
	p.roundTrip()
	s.SendRaw("1")
	_ = w.read("GET")
	return s.over()
}

func pipelinedPosts(p *Probe, s *PollingSession) Outcome {
	w := s.start(strings.Repeat(post(sidPath, "6"), 100))
	for range 100 {
		if r := w.read("POST"); r.Status != 200 {
			return Closed
		}
	}
	return Open
}

func octetStream(p *Probe, s *PollingSession) Outcome {
	w := s.pending()
	got := s.start(post(sidPath, "40", "Content-Type: application/octet-stream")).read("POST").Outcome()
	if r := w.read("GET"); r.Outcome() == Hang {
		return got + ", held"
	}
	return got + ", released, " + s.over()
}
