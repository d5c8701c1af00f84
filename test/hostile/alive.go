package hostile

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// aliveAck is the acknowledgement that proves that a session goes on.
const (
	aliveEvent = `2987654321["message-with-ack","alive"]`
	aliveAck   = `3987654321["alive"]`
)

// join CONNECTs to the main namespace and waits for the answer and the `auth`
// event that the server says to everybody.
func join(s session) error {
	s.send("0")
	return joined(s)
}

func joined(s session) error { return admitted(s, false) }

// decided is joined, or refused with a CONNECT_ERROR.
func decided(s session) error { return admitted(s, true) }

func admitted(s session, orRefused bool) error {
	for _, prefix := range []string{`0{"sid":"`, `2["auth",`} {
		m, err := s.next()
		if err != nil {
			return err
		}
		if orRefused && strings.HasPrefix(m, `4{"message":`) {
			return nil
		}
		if !strings.HasPrefix(m, prefix) {
			return fmt.Errorf("want %s, got %.80q", prefix, m)
		}
	}
	return nil
}

// alive sees whether a joined session goes on: what it says before the
// acknowledgement has to be exactly the expected.
func alive(s session, expect ...string) outcome {
	s.send(aliveEvent)
	return answered(s, expect...)
}

func answered(s session, expect ...string) outcome {
	got, err := collect(s)
	if err != nil {
		return ended(err)
	}
	if !slices.Equal(got, expect) {
		return outcome(fmt.Sprintf("%s: %.300q", otherReplies, got))
	}
	return open
}

// aliveAfterFlood sees whether a session goes on that asked for more than its
// share: what is beyond its place in the queues is dropped, so it asks again and
// again. What it is told has to be some of the expected.
func aliveAfterFlood(s session, expect ...string) outcome {
	stop := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				ask(s)
			}
		}
	})
	got, err := collect(s)
	close(stop)
	asking.Wait()
	if err != nil {
		return ended(err)
	}
	for _, m := range got {
		if !slices.Contains(expect, m) {
			return outcome(fmt.Sprintf("%s: %.300q", otherReplies, m))
		}
	}
	return open
}

// ask sends the event that proves life; a session that has ended is no matter.
func ask(s session) {
	var err error
	defer guard(&err)
	s.send(aliveEvent)
}

// collect reads up to the acknowledgement of aliveEvent.
func collect(s session) (got []string, err error) {
	for {
		m, err := s.next()
		if err != nil || m == aliveAck {
			return got, err
		}
		got = append(got, m)
	}
}

// joins sees whether a session that has not joined goes on.
func joins(s session) outcome {
	if err := join(s); err != nil {
		return ended(err)
	}
	return alive(s)
}

// fresh connects a new client, over WebSocket or polling, joins, and gets an
// acknowledgement.
func fresh(t *target, overPolling bool) (took time.Duration, err error) {
	defer guard(&err)
	start := time.Now()
	p := newProbe(t, freshLimit)
	defer p.close()
	s, err := p.open(overPolling)
	if err != nil {
		return 0, err
	}
	if err = join(s); err != nil {
		return 0, err
	}
	if got := alive(s); got != open {
		return 0, fmt.Errorf("the acknowledgement: %s", got)
	}
	return time.Since(start), nil
}

// guard turns a panic of dial into the error of a function.
func guard(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%v", r)
	}
}

func (p *probe) open(overPolling bool) (session, error) {
	if overPolling {
		return p.polling()
	}
	return p.websocket()
}

var errNoEcho = fmt.Errorf("no echo within %v", freshLimit)

// bystander is a healthy client that was there before everything else.
type bystander struct {
	name    string
	prefix  string // of its namespace in packets: "" or "/bystander,"
	session session
	probe   *probe
	done    chan struct{} // closed when the reader ends

	mu      sync.Mutex // guards the fields below
	waiting map[string]chan struct{}
	gone    error
}

// newBystander connects and joins the main namespace, or the one of serveBystander;
// its reader ends with the probe's connections.
func newBystander(t *target, overPolling bool, prefix string) (b *bystander, err error) {
	defer guard(&err)
	p := newProbe(t, time.Hour)
	s, err := p.open(overPolling)
	if err == nil {
		err = joinNamespace(s, prefix)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	b = &bystander{name: "websocket", prefix: prefix, session: s, probe: p, done: make(chan struct{}), waiting: map[string]chan struct{}{}}
	if overPolling {
		b.name = "polling"
	}
	b.name += prefix
	go b.read()
	return b, nil
}

// joinNamespace joins; in a namespace other than the main one nobody says `auth`.
func joinNamespace(s session, prefix string) error {
	if prefix == "" {
		return join(s)
	}
	s.send("0" + prefix)
	m, err := s.next()
	if err == nil && !strings.HasPrefix(m, "0"+prefix+"{") {
		err = fmt.Errorf("not let in: %.80q", m)
	}
	return err
}

func (b *bystander) next() (m string, err error) {
	defer guard(&err)
	return b.session.next()
}

func (b *bystander) read() {
	defer close(b.done)
	for {
		m, err := b.next()
		b.mu.Lock()
		if err != nil {
			b.gone = err
			for _, c := range b.waiting {
				close(c)
			}
			b.waiting = map[string]chan struct{}{}
			b.mu.Unlock()
			return
		}
		if c, ok := b.waiting[m]; ok {
			close(c)
			delete(b.waiting, m)
		} else if b.gone == nil {
			b.gone = fmt.Errorf("it was told %.200q, which is not its own", m)
		}
		b.mu.Unlock()
	}
}

// check sees that an echo comes back and nothing else happened.
func (b *bystander) check(token string) (err error) {
	defer guard(&err)
	echo := make(chan struct{})
	b.mu.Lock()
	if b.gone != nil {
		defer b.mu.Unlock()
		return b.gone
	}
	b.waiting[fmt.Sprintf(`2%s["message-back","%s"]`, b.prefix, token)] = echo
	b.mu.Unlock()
	b.session.send(fmt.Sprintf(`2%s["message","%s"]`, b.prefix, token))
	limit := time.NewTimer(freshLimit)
	defer limit.Stop()
	select {
	case <-echo:
	case <-limit.C:
		return errNoEcho
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.gone
}

func (b *bystander) close() {
	b.probe.close()
	<-b.done
}
