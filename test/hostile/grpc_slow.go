package hostile

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// slowServiceInputs: services that do not read, do not speak, or ask for too much
// at once.
func slowServiceInputs() []input {
	gone := outcomes("stream UNAVAILABLE")
	all := []input{
		{name: "service never speaks again", slow: true, allow: gone, attack: func(p *probe) outcome {
			a := p.attached()
			for { // reads, and answers no heartbeat
				var b []byte
				if err := a.stream.RecvMsg(&b); err != nil {
					return streamEnd(err)
				}
			}
		}},
		{name: "service never reads", slow: true, allow: gone, attack: neverReads},
		{name: "service never settles", slow: true, allow: outcomes(open), attack: neverSettles},
		{name: "6000 commands without a result", allow: outcomes("refused", "stream RESOURCE_EXHAUSTED"), attack: tooManyCommands},
		{name: "1000 emits with acks that never come", allow: outcomes(open), attack: acksNeverCome},
	}
	return all
}

// beats keeps heartbeats going beside a service that does nothing else. The
// stream's messages are sent by this goroutine alone from now on.
func (a *actor) beats() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				a.do(&hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
			}
		}
	}()
	return func() { close(quit); <-done }
}

// neverReads is given a megabyte again and again and reads none of it for 14 s; then
// the stream has to be over.
func neverReads(p *probe) outcome {
	a := p.attached()
	b, _ := a.joined()
	a.do(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Deliveries: 10_000, Bytes: 64 << 20}}})
	a.lives() // the window is in force
	for range 30 {
		b.send("2" + a.namespace + `,["x","` + strings.Repeat("x", 800_000) + `"]`)
	}
	stop := a.beats()
	unread := time.NewTimer(14 * time.Second)
	defer unread.Stop()
	go func() { // the browser goes on answering its heartbeats
		for {
			if _, err := b.next(); err != nil {
				return
			}
		}
	}()
	<-unread.C
	stop()
	for {
		var m []byte
		if err := a.stream.RecvMsg(&m); err != nil {
			return streamEnd(err)
		}
	}
}

// neverSettles takes everything and settles nothing; the stream lives, and the
// browser as well.
func neverSettles(p *probe) outcome {
	a := p.attached()
	b, _ := a.joined()
	for range 3000 {
		b.send("2" + a.namespace + `,["x"]`)
	}
	stop := time.NewTimer(8 * time.Second)
	defer stop.Stop()
	items := make(chan error, 2)
	go func() {
		for {
			if _, err := a.next(); err != nil {
				items <- err
				return
			}
		}
	}()
	go func() {
		for {
			if _, err := b.next(); err != nil {
				items <- err
				return
			}
		}
	}()
	select {
	case err := <-items:
		return outcome("ended: " + err.Error())
	case <-stop.C:
		return open
	}
}

// tooManyCommands has more commands in flight than the welcome allows: acks that no
// browser gives.
func tooManyCommands(p *probe) outcome {
	a := p.attached()
	a.joined()
	for i := range uint64(6000) {
		c := emit(&hubv1.Target{Namespace: a.namespace, All: true}, "x", "[]")
		c.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(time.Minute)}
		a.do(command(i+1, c))
	}
	for {
		r, err := a.result()
		if err != nil {
			return streamEnd(err)
		}
		if r.GetStatus().GetCode() == hubv1.Code_CODE_RESOURCE_EXHAUSTED {
			return "refused"
		}
	}
}

// acksNeverCome lets a thousand acknowledgements time out; each has its result.
func acksNeverCome(p *probe) outcome {
	a := p.attached()
	a.joined()
	for i := range uint64(1000) {
		c := emit(&hubv1.Target{Namespace: a.namespace, All: true}, "x", "[]")
		c.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(500 * time.Millisecond)}
		a.do(command(i+1, c))
	}
	for range 1000 {
		if _, err := a.result(); err != nil {
			return streamEnd(err)
		}
	}
	return a.lives()
}
