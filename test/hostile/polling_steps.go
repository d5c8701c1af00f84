package hostile

import (
	"fmt"
	"strings"
	"time"
)

// hangUpAll ends both directions in order.
func (w *wire) hangUpAll() { _ = w.Close() }

// start sends a request of the session on a connection of its own.
func (s *pollingSession) start(raw string) *wire {
	w := s.probe.dial()
	raw = strings.ReplaceAll(raw, "{host}", s.probe.target.addr)
	w.say([]byte(strings.ReplaceAll(raw, "{sid}", s.sid)))
	return w
}

// pending starts a GET and waits until the server has it: what a second session
// asked afterwards has been answered.
func (s *pollingSession) pending() *wire {
	w := s.start(get(sidPath))
	s.probe.roundTrip()
	return w
}

// roundTrip lets the server answer something else, so that what was sent before
// has most likely been read.
func (p *probe) roundTrip() {
	for range 3 {
		w := p.dial()
		w.exchange([]byte(strings.ReplaceAll(get("/socket.io/?EIO=4&transport=none"), "{host}", p.target.addr)))
		_ = w.Close()
	}
}

// over sees whether the session ends by itself within 2 s, looking with noops.
func (s *pollingSession) over() outcome {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for until := time.Now().Add(freshLimit); time.Now().Before(until); {
		switch got := s.post.do("POST", pollingURI(s.sid), []byte("6")).outcome(); got {
		case "400/1":
			return closed
		case "200", "400", dropped:
		default:
			return got
		}
		<-tick.C
	}
	return open
}

// overByGET is the same where a POST would itself be one too many.
func (s *pollingSession) overByGET() outcome {
	for {
		r := s.get.do("GET", pollingURI(s.sid), nil)
		switch {
		case r.outcome() == "400/1":
			return closed
		case r.err != nil:
			return r.outcome()
		case strings.Contains(r.body, "2"):
			return open
		}
	}
}

func twoGets(p *probe, s *pollingSession) outcome {
	first := s.pending()
	second := s.start(get(sidPath)).read("GET")
	one := first.read("GET")
	got := []string{"first held", "second " + string(second.outcome()), string(s.over())}
	if one.status == 200 || one.status == 400 {
		got[0] = "first released"
	}
	return outcome(strings.Join(got, ", "))
}

func fiveGets(p *probe, s *pollingSession) outcome {
	var wires []*wire
	for range 5 {
		wires = append(wires, s.start(get(sidPath)))
	}
	for _, w := range wires {
		if r := w.read("GET"); r.outcome() == hang {
			return hang
		}
	}
	return s.over()
}

func twoPosts(p *probe, s *pollingSession) outcome {
	half := s.start(request("POST", sidPath, "Content-Length: 10") + "6")
	p.roundTrip()
	second := s.start(post(sidPath, "6")).read("POST")
	one := half.read("POST")
	got := []string{"second " + string(second.outcome()), "first held", string(s.over())}
	if one.status == 400 || one.status == 200 || isGone(one.err) {
		got[1] = "first released"
	}
	return outcome(strings.Join(got, ", "))
}

func brokenGet(end func(*wire)) func(*probe, *pollingSession) outcome {
	return func(p *probe, s *pollingSession) outcome {
		end(s.pending())
		return s.over()
	}
}

func brokenPost(end func(*wire)) func(*probe, *pollingSession) outcome {
	return func(p *probe, s *pollingSession) outcome {
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

func closedGet(p *probe, s *pollingSession) outcome {
	w := s.pending()
	s.sendRaw("1")
	r := w.read("GET")
	if r.status != 200 && r.status != 400 {
		return outcome(fmt.Sprintf("held: %v", r.outcome()))
	}
	return "released, " + s.over()
}

func afterClose(p *probe, s *pollingSession) outcome {
	s.sendRaw("1")
	a := s.get.do("GET", pollingURI(s.sid), nil)
	b := s.post.do("POST", pollingURI(s.sid), []byte("40"))
	_, c := p.upgrade(websocketPath + "&sid=" + s.sid)
	return outcome(strings.ReplaceAll(fmt.Sprint(a.outcome(), " ", b.outcome(), " ", c.outcome()), ":", "/"))
}

func tooLongPost(p *probe, s *pollingSession) outcome {
	w := s.pending()
	s.postBody([]byte(strings.Repeat("6", maxPayload+1)))
	post := s.lastPost
	_ = w.Close() // a broken poll ends the session, whatever became of the POST
	return post + " " + s.over()
}

func pipelinedGets(p *probe, s *pollingSession) outcome {
	w := s.start(strings.Repeat(get(sidPath), 10))
	p.roundTrip()
	s.sendRaw("1")
	_ = w.read("GET")
	return s.over()
}

func pipelinedPosts(p *probe, s *pollingSession) outcome {
	w := s.start(strings.Repeat(post(sidPath, "6"), 100))
	for range 100 {
		if r := w.read("POST"); r.status != 200 {
			return closed
		}
	}
	return open
}

func octetStream(p *probe, s *pollingSession) outcome {
	w := s.pending()
	got := s.start(post(sidPath, "40", "Content-Type: application/octet-stream")).read("POST").outcome()
	if r := w.read("GET"); r.outcome() == hang {
		return got + ", held"
	}
	return got + ", released, " + s.over()
}
