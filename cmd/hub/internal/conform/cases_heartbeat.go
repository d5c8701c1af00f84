package conform

import (
	"fmt"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var heartbeatCases = []*Case{
	{Name: "heartbeats/sends", Rules: []string{"H1"}, slow: true, About: "Something is sent within each interval of 1 s.", run: func(t *T) {
		h := t.Hub()
		h.heartbeat = time.Second
		t.start([]*Hub{h})
		a := h.attach()
		t.rest(5 * time.Second)
		t.locked(func() {
			if n := len(a.stream.requests); n < 4 {
				t.violate("H1", "some 5 heartbeats in 5 s", "%d envelopes", n)
			}
		})
		t.check("H1", a.stream.closed.IsZero(), "a stream that lives", "its end")
	}},
	{Name: "heartbeats/silence", Rules: []string{"H2"}, slow: true, About: "A hub that says nothing for three intervals is given up, and attached anew.", run: func(t *T) {
		h := t.Hub()
		h.heartbeat = time.Second
		t.start([]*Hub{h})
		a := h.attach()
		t.locked(func() { a.stream.silent = true })
		began := time.Now()
		t.within(12*time.Second, "H2", "another stream after 3 s of silence", func() bool { return len(h.streams) > 1 })
		took := time.Since(began)
		t.check("H2", took > 2*time.Second, "patience for three intervals of 1 s", "%s", took)
		h.next()
	}},
	{Name: "heartbeats/any-envelope", Rules: []string{"H2"}, slow: true, About: "Any envelope counts as a heartbeat.", run: func(t *T) {
		h := t.Hub()
		h.heartbeat = time.Second
		t.start([]*Hub{h})
		a := h.attach()
		t.locked(func() { a.stream.silent = true })
		for range 10 {
			t.rest(600 * time.Millisecond)
			a.say(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{Kind: hubv1.NoticeKind_NOTICE_KIND_INTRODUCED, Count: 1}}})
		}
		t.check("H2", a.stream.closed.IsZero() && len(h.streams) == 1, "the same stream after 6 s of notices", "%s", t.seen())
	}},
	{Name: "heartbeats/busy", Rules: []string{"H3", "W2"}, slow: true, About: "Heartbeats are sent, and answers read, while 200 handlers wait.", run: func(t *T) {
		h := t.Hub()
		h.heartbeat = time.Second
		t.start([]*Hub{h})
		a := h.attach()
		for i := range 200 {
			b := a.browser("/")
			a.deliver(b.introduction(&hubv1.Connected{}), b.event("hold", fmt.Sprintf(`["k%d"]`, i)))
		}
		b := a.join(`{}`)
		a.logged("H3", `["hold","k199"]`)
		from := len(a.stream.requests)
		t.rest(3500 * time.Millisecond)
		t.locked(func() {
			if n := len(a.stream.requests) - from; n < 2 {
				t.violate("H3", "some 3 heartbeats in 3.5 s", "%d envelopes", n)
			}
		})
		b.ask("H3", "echo", `[1]`)
	}},
}
