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
func join(s Session) error {
	s.Send("0")
	return joined(s)
}

func joined(s Session) error { return admitted(s, false) }

// decided is joined, or refused with a CONNECT_ERROR.
func decided(s Session) error { return admitted(s, true) }

func admitted(s Session, orRefused bool) error {
	for _, prefix := range []string{`0{"sid":"`, `2["auth",`} {
		m, err := s.Next()
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
func alive(s Session, expect ...string) Outcome {
	s.Send(aliveEvent)
	return answered(s, expect...)
}

func answered(s Session, expect ...string) Outcome {
	got, err := collect(s)
	if err != nil {
		return Ended(err)
	}
	if !slices.Equal(got, expect) {
		return Outcome(fmt.Sprintf("%s: %.300q", OtherReplies, got))
	}
	return Open
}

// aliveAfterFlood sees whether a session goes on that asked for more than its
// share: what is beyond its place in the queues is dropped, so it asks again and
// again. What it is told has to be some of the expected.
func aliveAfterFlood(s Session, expect ...string) Outcome {
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
		return Ended(err)
	}
	for _, m := range got {
		if !slices.Contains(expect, m) {
			return Outcome(fmt.Sprintf("%s: %.300q", OtherReplies, m))
		}
	}
	return Open
}

// ask sends the event that proves life; a session that has ended is no matter.
func ask(s Session) {
	var err error
	defer Guard(&err)
	s.Send(aliveEvent)
}

// collect reads up to the acknowledgement of aliveEvent.
func collect(s Session) (got []string, err error) {
	for {
		m, err := s.Next()
		if err != nil || m == aliveAck {
			return got, err
		}
		got = append(got, m)
	}
}

// joins sees whether a session that has not joined goes on.
func joins(s Session) Outcome {
	if err := join(s); err != nil {
		return Ended(err)
	}
	return alive(s)
}

// Fresh connects a new client, over WebSocket or polling, joins, and gets an
// acknowledgement.
func Fresh(t *Target, overPolling bool) (took time.Duration, err error) {
	defer Guard(&err)
	start := time.Now()
	p := NewProbe(t, FreshLimit)
	defer p.Close()
	s, err := p.open(overPolling)
	if err != nil {
		return 0, err
	}
	if err = join(s); err != nil {
		return 0, err
	}
	if got := alive(s); got != Open {
		return 0, fmt.Errorf("the acknowledgement: %s", got)
	}
	return time.Since(start), nil
}

// Guard turns a panic of dial into the error of a function.
func Guard(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%v", r)
	}
}

func (p *Probe) open(overPolling bool) (Session, error) {
	if overPolling {
		return p.Polling()
	}
	return p.WebSocket()
}

// ErrNoEcho says that a bystander waited for FreshLimit; the machine may have been busy.
var ErrNoEcho = fmt.Errorf("no echo within %v", FreshLimit)

// Bystander is a healthy client that was there before everything else.
type Bystander struct {
	Name    string
	Prefix  string // of its namespace in packets: "" or "/bystander,"
	session Session
	Probe   *Probe
	done    chan struct{} // closed when the reader ends

	mu      sync.Mutex // guards the fields below
	waiting map[string]chan struct{}
	gone    error
}

// NewBystander connects and joins the main namespace, or the one of serveBystander;
// its reader ends with the probe's connections.
func NewBystander(t *Target, overPolling bool, prefix string) (b *Bystander, err error) {
	defer Guard(&err)
	p := NewProbe(t, time.Hour)
	s, err := p.open(overPolling)
	if err == nil {
		err = JoinNamespace(s, prefix)
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	b = &Bystander{Name: "websocket", Prefix: prefix, session: s, Probe: p, done: make(chan struct{}), waiting: map[string]chan struct{}{}}
	if overPolling {
		b.Name = "polling"
	}
	b.Name += prefix
	go b.read()
	return b, nil
}

// JoinNamespace joins; in a namespace other than the main one nobody says `auth`.
func JoinNamespace(s Session, prefix string) error {
	if prefix == "" {
		return join(s)
	}
	s.Send("0" + prefix)
	m, err := s.Next()
	if err == nil && !strings.HasPrefix(m, "0"+prefix+"{") {
		err = fmt.Errorf("not let in: %.80q", m)
	}
	return err
}

func (b *Bystander) next() (m string, err error) {
	defer Guard(&err)
	return b.session.Next()
}

func (b *Bystander) read() {
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

// Check sees that an echo comes back and nothing else happened.
func (b *Bystander) Check(token string) (err error) {
	defer Guard(&err)
	echo := make(chan struct{})
	b.mu.Lock()
	if b.gone != nil {
		defer b.mu.Unlock()
		return b.gone
	}
	b.waiting[fmt.Sprintf(`2%s["message-back","%s"]`, b.Prefix, token)] = echo
	b.mu.Unlock()
	b.session.Send(fmt.Sprintf(`2%s["message","%s"]`, b.Prefix, token))
	limit := time.NewTimer(FreshLimit)
	defer limit.Stop()
	select {
	case <-echo:
	case <-limit.C:
		return ErrNoEcho
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.gone
}

// Close ends its connections and waits for its reader.
func (b *Bystander) Close() {
	b.Probe.Close()
	<-b.done
}
