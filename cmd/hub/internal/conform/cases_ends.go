package conform

import (
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// againCodes end a stream for a while, finalCodes for good.
var againCodes = []struct {
	name   string
	code   codes.Code
	reason string
}{
	{"unavailable", codes.Unavailable, "SHUTDOWN"}, {"deadline-exceeded", codes.DeadlineExceeded, "HELLO_LATE"},
	{"resource-exhausted", codes.ResourceExhausted, "TOO_MANY_INSTANCES"}, {"internal", codes.Internal, "INTERNAL"},
	{"unknown", codes.Unknown, ""}, {"cancelled", codes.Canceled, ""}, {"ok", codes.OK, ""},
}

var finalCodes = []struct {
	name   string
	rule   string
	code   codes.Code
	reason string
}{
	{"invalid-argument", "B2", codes.InvalidArgument, "TWICE"}, {"failed-precondition", "B2", codes.FailedPrecondition, "HELLO_TWICE"},
	{"permission-denied", "B2", codes.PermissionDenied, "NOT_PERMITTED"}, {"unimplemented", "B2", codes.Unimplemented, ""},
	{"aborted", "B3", codes.Aborted, "TAKEN_OVER"},
}

func endCases() (cases []*Case) {
	for _, c := range againCodes {
		cases = append(cases, &Case{Name: "ends/" + c.name, Rules: []string{"B1"}, About: "A stream that ends with " + c.code.String() + " is followed by another one.", run: func(t *T) {
			_, a := t.one()
			a.join(`{}`).ask("B1", "echo", `[1]`)
			a.stream.stop(c.code, c.reason)
			next := a.hub.attach()
			next.join(`{}`).ask("B1", "echo", `[2]`)
		}})
	}
	for _, c := range finalCodes {
		cases = append(cases, &Case{Name: "ends/" + c.name, Rules: []string{c.rule}, About: "A stream that ends with " + c.code.String() + " ends the process with an error.", run: func(t *T) {
			p, a := t.one()
			a.join(`{}`).ask("B1", "echo", `[1]`)
			a.stream.stop(c.code, c.reason)
			code := p.exit(t.opts.Patience, c.rule, "the end of the process after "+c.code.String())
			t.check(c.rule, code != 0, "an exit code that is not 0", "0")
			t.check(c.rule, len(a.hub.streams) == 1, "no other attempt", "%d streams", len(a.hub.streams))
		}})
	}
	return append(cases,
		&Case{Name: "ends/broken", Rules: []string{"B1"}, About: "A connection that breaks is followed by another one.", run: func(t *T) {
			_, a := t.one()
			a.cut()
			a.hub.attach().join(`{}`).ask("B1", "echo", `[1]`)
		}},
		&Case{Name: "ends/hello-unavailable", Rules: []string{"B1"}, About: "A hello that gets `ended` UNAVAILABLE in place of the welcome is said again.", run: func(t *T) {
			h := t.Hub()
			t.start([]*Hub{h})
			h.next().stop(codes.Unavailable, "SHUTDOWN")
			h.attach().join(`{}`).ask("B1", "echo", `[1]`)
		}},
		&Case{Name: "ends/hello-refused", Rules: []string{"B2"}, About: "A hello that gets `ended` PERMISSION_DENIED in place of the welcome ends the process with an error.", run: func(t *T) {
			h := t.Hub()
			p := t.start([]*Hub{h})
			h.next().stop(codes.PermissionDenied, "NOT_PERMITTED")
			t.check("B2", p.exit(t.opts.Patience, "B2", "the end of the process") != 0, "an exit code that is not 0", "0")
		}},
		&Case{Name: "ends/poison", Rules: []string{"B6"}, About: "The envelope that ended a stream is not sent again.", run: poison},
	)
}

func poison(t *T) {
	_, a := t.one()
	b := a.join(`{}`)
	a.hub.answer = nil
	b.emit("free", `["k",{"op":"emit_result","sockets":["poison"],"event":"x"}]`)
	t.until("C6", "the command that ends the stream", func() bool { return poisons(a) == 1 })
	a.stream.stop(codes.ResourceExhausted, "ENVELOPE_TOO_LARGE")
	next := a.hub.attach()
	next.join(`{}`).ask("B6", "echo", `[1]`)
	t.rest(300 * time.Millisecond)
	t.check("B6", poisons(next) == 0, "nothing of the envelope that ended the stream before", "the command again")
}

func poisons(a *Attachment) (n int) {
	for _, c := range a.asked {
		if len(c.GetEmit().GetTarget().GetSockets()) == 1 && c.GetEmit().GetTarget().GetSockets()[0] == "poison" {
			n++
		}
	}
	return n
}

var waitCases = []*Case{
	{Name: "waits/ladder", Rules: []string{"B4"}, slow: true, About: "Waits between attempts are drawn from 0 to a limit of 100 ms that doubles.", run: func(t *T) {
		h := t.Hub()
		h.refuse = func(string) error { return status.Error(codes.Unavailable, "not now") }
		t.start([]*Hub{h})
		t.until("B1", "a first attempt", func() bool { return len(h.streams) > 0 })
		limit := 100 * time.Millisecond
		for n := 2; n <= 8; n++ {
			want := fmt.Sprintf("attempt %d after a wait of at most %s", n, limit)
			t.within(limit+waitSlack, "B4", want, func() bool { return len(h.streams) >= n })
			limit *= 2
		}
		ladder(t, h, 8, "B4")
	}},
	{Name: "waits/welcome-alone", Rules: []string{"B5"}, slow: true, About: "A welcome alone does not reset the wait.", run: func(t *T) {
		h := t.Hub()
		t.start([]*Hub{h})
		for range 8 {
			h.nextWithin(30*time.Second, "B5", "another attempt").welcome()
			t.locked(func() { h.streams[h.taken-1].finish(status.Error(codes.Unavailable, "not now")) })
		}
		ladder(t, h, 8, "B5")
	}},
	{Name: "waits/reset", Rules: []string{"B5", "B4"}, slow: true, About: "A stream that lasted an interval resets the wait; each wait is drawn anew.", run: waitsReset},
	{Name: "waits/hub-returns", Rules: []string{"B7"}, slow: true, About: "A hub that was away for 3 s is found again soon.", run: func(t *T) {
		h := t.Hub()
		p := t.start([]*Hub{h})
		h.attach()
		h.Away()
		t.rest(3 * time.Second)
		h.Back()
		h.nextWithin(15*time.Second, "B7", "a stream within the kit's own wait (6.4 s at this point)").welcome()
		t.check("B7", !p.ended, "a process that waits", "its end")
	}},
}

// gap is the time from the end of one stream to the beginning of the next.
func gap(h *Hub, i int) time.Duration {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	from := h.streams[i-1].closed
	if from.IsZero() { // refused at its beginning
		from = h.streams[i-1].opened
	}
	return h.streams[i].opened.Sub(from)
}

// waitSlack is what a loaded machine and a gRPC library may add to a wait.
const waitSlack = 1500 * time.Millisecond

// ladder holds the first waits against their limits; growth is the rule by which these
// double.
func ladder(t *T, h *Hub, streams int, growth string) {
	limit, full, brief := 100*time.Millisecond, 0, 0
	var last []time.Duration
	for i := 1; i < streams; i++ {
		g := gap(h, i)
		t.check("B4", g <= limit+waitSlack, "a wait of at most "+limit.String(), "%s before attempt %d", g, i+1)
		if i >= streams-4 {
			last = append(last, g.Round(time.Millisecond))
			if g > limit*9/10 {
				full++
			}
			if g < 200*time.Millisecond {
				brief++
			}
		}
		limit = min(2*limit, 10*time.Second)
	}
	// Of the last four limits (800 ms to 6.4 s) even draws all lie above nine tenths once in
	// ten thousand times, and all below 200 ms once in sixteen thousand.
	t.check("B4", full < 4, "waits that are drawn from 0 to the limit", "the last four all above nine tenths of it: %v", last)
	t.check(growth, brief < 4, "waits whose limit doubles", "the last four %v", last)
}

func waitsReset(t *T) {
	h := t.Hub()
	h.heartbeat = time.Second
	away := true
	h.refuse = func(string) error {
		if away {
			return status.Error(codes.Unavailable, "not now")
		}
		return nil
	}
	t.start([]*Hub{h})
	t.within(30*time.Second, "B4", "7 attempts", func() bool { return len(h.streams) >= 7 })
	t.locked(func() { away = false })
	long := 0
	const rounds = 6
	for i := range rounds {
		st := h.nextWithin(30*time.Second, "B5", "another attempt")
		if i > 0 {
			g := gap(h, len(h.streams)-1)
			t.check("B5", g <= 100*time.Millisecond+waitSlack, "a wait of at most 100 ms after a stream of one interval", "%s", g)
			if g > 90*time.Millisecond {
				long++
			}
		}
		st.welcome()
		t.rest(1300 * time.Millisecond)
		st.stop(codes.Unavailable, "SHUTDOWN")
	}
}
