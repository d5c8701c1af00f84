package services

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// slowServiceInputs: services that do not read, do not speak, or ask for too much
// at once.
func slowServiceInputs() []hostile.Input {
	gone := hostile.Outcomes("stream UNAVAILABLE")
	all := []hostile.Input{
		{Name: "service never speaks again", Slow: true, Allow: gone, Attack: func(p *hostile.Probe) hostile.Outcome {
			a := Attached(p)
			for { // reads, and answers no heartbeat
				var b []byte
				if err := a.Stream.RecvMsg(&b); err != nil {
					return streamEnd(err)
				}
			}
		}},
		{Name: "service never reads", Slow: true, Allow: gone, Attack: neverReads},
		{Name: "service never settles", Slow: true, Allow: hostile.Outcomes(hostile.Open), Attack: neverSettles},
		{Name: "6000 commands without a result", Allow: hostile.Outcomes("refused", "stream RESOURCE_EXHAUSTED"), Attack: tooManyCommands},
		{Name: "1000 emits with acks that never come", Allow: hostile.Outcomes(hostile.Open), Attack: acksNeverCome},
	}
	return all
}

// beats keeps heartbeats going beside a service that does nothing else. The
// stream's messages are sent by this goroutine alone from now on.
func (a *Actor) beats() (stop func()) {
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
				a.Do(&hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}})
			}
		}
	}()
	return func() { close(quit); <-done }
}

// neverReads is given a megabyte of each of many browsers and reads none of it for 14 s;
// then the stream has to be over. One browser alone has a share of the window, which gRPC may
// take in without anybody who reads.
func neverReads(p *hostile.Probe) hostile.Outcome {
	a := Attached(p)
	var browsers []*hostile.WebSocketSession
	for range 30 {
		b, _ := a.joined()
		browsers = append(browsers, b)
	}
	a.Do(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Deliveries: 10_000, Bytes: 64 << 20}}})
	a.Lives() // the window is in force
	stop := a.beats()
	unread := time.NewTimer(14 * time.Second)
	defer unread.Stop()
	for _, b := range browsers {
		b.Send("2" + a.namespace + `,["x","` + strings.Repeat("x", 800_000) + `"]`)
		go func() { // it goes on answering its heartbeats
			for {
				if _, err := b.Next(); err != nil {
					return
				}
			}
		}()
	}
	<-unread.C
	stop()
	for {
		var m []byte
		if err := a.Stream.RecvMsg(&m); err != nil {
			return streamEnd(err)
		}
	}
}

// neverSettles takes everything and settles nothing; the stream lives, and the
// browser as well.
func neverSettles(p *hostile.Probe) hostile.Outcome {
	a := Attached(p)
	b, _ := a.joined()
	for range 3000 {
		b.Send("2" + a.namespace + `,["x"]`)
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
			if _, err := b.Next(); err != nil {
				items <- err
				return
			}
		}
	}()
	select {
	case err := <-items:
		return hostile.Outcome("ended: " + err.Error())
	case <-stop.C:
		return hostile.Open
	}
}

// tooManyCommands has more commands in flight than the welcome allows: acks that no
// browser gives.
func tooManyCommands(p *hostile.Probe) hostile.Outcome {
	a := Attached(p)
	a.joined()
	for i := range uint64(6000) {
		c := Emit(&hubv1.Target{Namespace: a.namespace, All: true}, "x", "[]")
		c.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(time.Minute)}
		a.Do(Command(i+1, c))
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
func acksNeverCome(p *hostile.Probe) hostile.Outcome {
	a := Attached(p)
	a.joined()
	for i := range uint64(1000) {
		c := Emit(&hubv1.Target{Namespace: a.namespace, All: true}, "x", "[]")
		c.GetEmit().Ack = &hubv1.AckRequest{Timeout: durationpb.New(500 * time.Millisecond)}
		a.Do(Command(i+1, c))
	}
	for range 1000 {
		if _, err := a.result(); err != nil {
			return streamEnd(err)
		}
	}
	return a.Lives()
}
