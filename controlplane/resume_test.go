package controlplane

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

func chatHello(id string) *hubv1.Hello {
	return &hubv1.Hello{Group: "chat", InstanceId: id, Subscriptions: []*hubv1.Subscription{
		controlplanetest.Authorizer("/chat"), controlplanetest.Handler("/chat"),
	}}
}

// cutter runs browsers and a service whose stream is cut again and again.
type cutter struct {
	*resumer
	w        *world
	random   *rand.Rand
	browsers []*browser
	emitted  []int            // events of each browser
	handled  map[string][]int // what the service has seen of each socket
	tries    map[string]int   // of each delivery, by dedupe id
	commands uint64
	results  map[uint64]int
	told     map[string]int // emits to each socket
}

// cut ends a stream in one of the ways in which streams end: before or after what was
// sent has come, or not at all as far as the hub knows.
func (c *cutter) cut() {
	switch c.random.IntN(4) {
	case 0:
		synctest.Wait()
		c.wire.cut()
	case 1:
		c.old = append(c.old, c.wire) // half-open
	default:
		c.wire.cut()
	}
	if c.random.IntN(3) == 0 {
		c.w.pass(time.Duration(c.random.IntN(5000)) * time.Millisecond)
	}
}

// speak lets browsers emit.
func (c *cutter) speak() {
	for range c.random.IntN(5) {
		i := c.random.IntN(len(c.browsers))
		c.browsers[i].emit(c.emitted[i], "message", fmt.Sprint(c.emitted[i]))
		c.emitted[i]++
	}
}

// work handles an envelope of the hub.
func (c *cutter) work(e *hubv1.AttachResponse) {
	var actions []*hubv1.Action
	for _, item := range e.Items {
		if r := item.GetResult(); r != nil {
			if r.Status != nil || r.CommandId == 0 {
				c.t.Errorf("result: %v", r)
			}
			c.results[r.CommandId]++
		}
		if d := item.GetDelivery(); d != nil {
			actions = append(actions, c.handle(d)...)
		}
		if r := item.GetRevoked(); r != nil {
			c.t.Errorf("taken back though nobody else is there: %v", r)
		}
	}
	// Sometimes all at once, sometimes one by one, sometimes nothing at all for now.
	if c.random.IntN(2) == 0 {
		c.send(actions...)
		return
	}
	for _, a := range actions {
		c.send(a)
	}
}

func (c *cutter) handle(d *hubv1.Delivery) (actions []*hubv1.Action) {
	if c.tries[string(d.DedupeId)]++; c.tries[string(d.DedupeId)] > 1 || d.Attempt != 1 {
		c.t.Errorf("delivered again: %v", d)
	}
	e := d.GetEvent()
	if e == nil {
		c.t.Errorf("not an event: %v", d)
		return nil
	}
	var n int
	if _, err := fmt.Sscanf(string(e.Payload.Args), "[%d]", &n); err != nil {
		c.t.Error(err)
	}
	c.handled[d.Socket.Id] = append(c.handled[d.Socket.Id], n)
	settlement := &hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Reply{
		Reply: &hubv1.Reply{Payload: &hubv1.Payload{Args: e.Payload.Args}},
	}}
	actions = append(actions, settleAction(settlement))
	if c.random.IntN(2) == 0 {
		c.commands++
		emit := controlplanetest.EmitTo("/chat", "told", fmt.Sprintf("[%d]", c.told[d.Socket.Id]), d.Socket.Id)
		c.told[d.Socket.Id]++
		emit.CommandId = c.commands
		if c.random.IntN(2) == 0 {
			settlement.Commands = append(settlement.Commands, emit)
		} else {
			actions = append(actions, &hubv1.Action{Kind: &hubv1.Action_Command{Command: emit}})
		}
	}
	return actions
}

// check looks at what has come of everything.
func (c *cutter) check() {
	for i, b := range c.browsers {
		seen := c.handled[b.id]
		if len(seen) != c.emitted[i] {
			c.t.Errorf("%d of %d events came", len(seen), c.emitted[i])
		}
		for n, got := range seen {
			if got != n {
				c.t.Errorf("event %d came as number %d", got, n)
				break
			}
		}
		acks, told := 0, 0
		for range c.emitted[i] + c.told[b.id] {
			switch p := b.Next(); p {
			case fmt.Sprintf(`43/chat,%d[%d]`, acks, acks):
				acks++
			case fmt.Sprintf(`42/chat,["told",%d]`, told):
				told++
			default:
				c.t.Fatalf("after %d acks and %d emits: %s", acks, told, p)
			}
		}
		b.Quiet(time.Second)
	}
	for id := range c.commands {
		if c.results[id+1] != 1 {
			c.t.Errorf("command %d has %d results", id+1, c.results[id+1])
		}
	}
}

// A stream is cut at hundreds of places. Nothing is delivered twice, nothing is lost or
// overtakes, each command has its one result.
func TestResume_ManyCutsLoseAndRepeatNothing(t *testing.T) {
	cuts := 120
	if testing.Short() {
		cuts = 30
	}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, w *world) {
				c := &cutter{
					resumer: newResumer(t, chatHello("a")), w: w, random: rand.New(rand.NewPCG(seed, 1)),
					handled: map[string][]int{}, tries: map[string]int{}, results: map[uint64]int{}, told: map[string]int{},
				}
				gate := w.attach("chat", "a", chatHello("a").Subscriptions...)
				for range 3 {
					c.browsers = append(c.browsers, w.join(gate))
				}
				gate.Kill()
				c.emitted = make([]int, len(c.browsers))
				c.attach(w.conn)
				for range cuts {
					c.speak()
					for range c.random.IntN(4) {
						if c.random.IntN(2) == 0 {
							synctest.Wait()
						}
						if e := c.poll(); e != nil {
							c.work(e)
						}
					}
					c.cut()
					if !c.attach(w.conn) {
						t.Fatal("not resumed")
					}
					if len(c.welcome.Revoked) > 0 {
						t.Errorf("revoked: %v", c.welcome.Revoked)
					}
				}
				for idle := 0; idle < 3; idle++ {
					w.pass(time.Second)
					for e := c.poll(); e != nil; e = c.poll() {
						c.work(e)
					}
				}
				c.check()
				// A stream that was half-open was ended as soon as another one came.
				for _, old := range c.old {
					select {
					case <-old.ended:
					case <-time.After(time.Second):
						t.Error("a stream that another one took over from lives on")
					}
				}
				c.wire.cut()
			})
		})
	}
}

// The janitor and hub status look at an attachment while a stream takes it up.
func TestResume_WhileOthersLook(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		r := newResumer(t, chatHello("a"))
		r.attach(w.conn)
		stop := make(chan struct{})
		var looks sync.WaitGroup
		look := func(f func()) {
			looks.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						f()
					}
				}
			})
		}
		look(func() { w.srv.Status() })
		look(func() {
			w.srv.routes.attachment("chat", "a").allTold(w.srv.routes.attachment("chat", "a").lease.Load())
		})
		for n := range 50 {
			r.wire.cut()
			r.hello.Version = fmt.Sprint(n)
			if !r.attach(w.conn) {
				t.Fatal("not resumed")
			}
		}
		close(stop)
		looks.Wait()
		if v := w.srv.Status().Groups[0].Instances[0].Version; v != "49" {
			t.Errorf("version %q", v)
		}
		r.wire.cut()
	})
}
