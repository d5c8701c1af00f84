package command

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/internal/virtualtime"
)

// services are the callees of a test.
type services struct {
	callees []*callee
	asked   []string
}

func (s *services) Callees(group, namespace string, caller *Caller) []Callee {
	s.asked = append(s.asked, group+" "+namespace+" "+caller.Group+"/"+caller.Instance)
	var all []Callee
	for _, c := range s.callees {
		all = append(all, c)
	}
	return all
}

// callee is an instance that takes calls, and does with them what the test says.
type callee struct {
	id   string
	busy bool
	do   func(*Invocation) // nil: keeps it

	mu        sync.Mutex
	got       []*Invocation
	withdrawn int
}

func (c *callee) Group() string    { return "workers" }
func (c *callee) Instance() string { return c.id }

func (c *callee) Deliver(i *Invocation) bool {
	if c.busy {
		return false
	}
	c.mu.Lock()
	c.got = append(c.got, i)
	c.mu.Unlock()
	i.OnWithdraw(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.withdrawn++
	})
	if c.do != nil {
		c.do(i)
	}
	return true
}

func (w *world) callees(all ...*callee) { w.services.callees = all }

func answers(args string) func(*Invocation) {
	return func(i *Invocation) { i.Answer(payload(args)) }
}

// describe is a total in one line.
func describe(r *hubv1.Result) string {
	t := r.GetCallTotal()
	return fmt.Sprintf("%d: %d answered %d failed %d late, %d/%d/%d, %s", t.GetExpectedCount(), t.GetAnsweredCount(),
		t.GetFailedCount(), t.GetTimedOutCount(), r.MatchedCount, r.QueuedCount, r.DroppedCount, r.Status.GetReason())
}

func TestCall_GathersAnswersOnBothRoads(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		slow := &callee{id: "slow", do: func(i *Invocation) {
			time.AfterFunc(time.Second, func() { i.Answer(payload("[2]")) })
		}}
		nacks := &callee{id: "nacks", do: func(i *Invocation) { i.Fail(&hubv1.Status{Code: hubv1.Code_CODE_NOT_FOUND, Reason: "NOT_MINE"}) }}
		silent := &callee{id: "silent"}
		w.callees(&callee{id: "fast", do: answers("[1]")}, slow, nacks, &callee{id: "done", do: func(i *Invocation) { i.Answer(nil) }},
			&callee{id: "lost", do: (*Invocation).Lost}, &callee{id: "busy", busy: true}, silent)
		c := call("workers", "/a", "sum", "[3]", 5*time.Second)
		c.Traceparent, c.Tracestate = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=b"
		results := give(w, c)
		last := results[len(results)-1]
		if got := describe(last); got != "7: 3 answered 3 failed 1 late, 7/6/1, CALL_TIMED_OUT" {
			t.Errorf("total: %s", got)
		}
		said := map[string]string{}
		note := func(a *hubv1.CallAnswer) {
			said[a.InstanceId] = string(a.Payload.GetArgs()) + a.Status.GetReason()
			if a.Group != "workers" {
				t.Errorf("group %q", a.Group)
			}
		}
		for _, r := range results[:len(results)-1] {
			if !r.More {
				t.Error("one before the last has no more")
			}
			note(r.GetCallAnswer())
		}
		for _, a := range last.GetCallTotal().GetAnswers() {
			note(a)
		}
		if got := fmt.Sprint(said); got != "map[busy:CALLEE_BUSY done: fast:[1] lost:INSTANCE_LOST nacks:NOT_MINE slow:[2]]" {
			t.Errorf("answers: %s", got)
		}
		i := silent.got[0]
		if m := i.Call; !m.WantsAnswer || m.Name != "sum" || string(m.Payload.Args) != "[3]" || m.Group != "g" || m.Timeout.AsDuration() != 5*time.Second {
			t.Errorf("call: %v", m)
		}
		if i.Tracestate != "a=b" || i.Traceparent != c.Traceparent || i.Deadline.IsZero() {
			t.Errorf("invocation: %+v", i)
		}
		synctest.Wait()
		if silent.withdrawn != 1 || slow.withdrawn != 0 {
			t.Errorf("withdrawn: %d, %d", silent.withdrawn, slow.withdrawn)
		}
		i.Answer(payload("[9]")) // too late: it counts no more
		if got := fmt.Sprint(w.services.asked); got != "[workers /a g/i]" {
			t.Errorf("asked: %s", got)
		}
	})
}

func TestCall_WithoutTimeoutSaysHowManyWereCalled(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		keeps := &callee{id: "a"}
		w.callees(keeps, &callee{id: "b", busy: true})
		results := give(w, call("", "/a", "note", "", 0))
		if r := results[0]; len(results) != 1 || r.MatchedCount != 2 || r.QueuedCount != 1 || r.DroppedCount != 1 || r.Ack != nil {
			t.Errorf("results: %v", results)
		}
		if keeps.got[0].Call.WantsAnswer || keeps.got[0].Call.Timeout != nil {
			t.Errorf("call: %v", keeps.got[0].Call)
		}
		keeps.got[0].Answer(payload("[]")) // nobody waits
	})
}

func TestCall_OfNobodyIsOverAtOnce(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		begin := time.Now()
		results := give(w, call("nobody", "/a", "x", "", time.Minute))
		if got := describe(results[0]); len(results) != 1 || got != "0: 0 answered 0 failed 0 late, 0/0/0, " {
			t.Errorf("results: %v", results)
		}
		if time.Since(begin) > 0 {
			t.Error("it waited")
		}
	})
}

func TestCall_BadOnesAreRefused(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		w.callees(&callee{id: "never", do: func(*Invocation) { t.Error("called") }})
		for want, c := range map[string]*hubv1.Command{
			"REQUIRED call.namespace":      call("", "", "x", "", 0),
			"PATTERN call.namespace":       call("", "/*", "x", "", 0),
			"BAD_NAMESPACE call.namespace": call("", "a", "x", "", 0),
			"EMPTY_NAME call.name":         call("", "/a", "", "", 0),
			"TOO_LONG call.name":           call("", "/a", strings.Repeat("x", 129), "", 0),
			"TOO_LONG call.group":          call(strings.Repeat("x", 129), "/a", "x", "", time.Second),
			"BAD_ARGS call.payload.args":   call("", "/a", "x", "{}", time.Second),
			"BAD_TIMEOUT call.timeout":     call("", "/a", "x", "", time.Hour),
		} {
			s := give(w, c)[0].GetStatus()
			if got := s.GetReason() + " " + s.GetField(); got != want {
				t.Errorf("%s: %v", want, s)
			}
		}
		if s := give(w, call("", "/a", "x", "", -time.Second))[0].GetStatus(); s.GetReason() != "BAD_TIMEOUT" {
			t.Errorf("negative: %v", s)
		}
	})
}

func TestCall_LargeAnswersAreLeftOutAndTheRestIsTold(t *testing.T) {
	large := `["` + strings.Repeat("x", 700_000) + `"]`
	huge := `["` + strings.Repeat("x", 2<<20) + `"]`
	eachRoad(t, func(t *testing.T, w *world, give road) {
		w.callees(&callee{id: "a", do: answers(large)}, &callee{id: "b", do: answers(huge)})
		results := give(w, call("", "/a", "x", "", time.Second))
		last := results[len(results)-1]
		if got := describe(last); got != "2: 2 answered 0 failed 0 late, 2/2/0, " {
			t.Errorf("total: %s", got)
		}
		if n := w.trace.bound(BoundAnswers); n != 1 {
			t.Errorf("%d are left out", n)
		}
	})
}

func TestCall_StreamWithoutRoomGetsTheTotal(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		waits := &callee{id: "a"}
		w.callees(waits)
		c := call("", "/a", "x", "", time.Second)
		c.CommandId = 1
		to := &taker{full: true}
		caller := &Caller{Stream: true}
		w.x.Run(Request{Command: c, Caller: caller}, to)
		waits.got[0].Answer(payload("[1]"))
		if got := describe(to.all()[0]); got != "1: 1 answered 0 failed 0 late, 1/1/0, " {
			t.Errorf("total: %s", got)
		}
	})
}

func TestExecute_AnswersOfCallsFitTheResponse(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.callees(&callee{id: "a", do: answers(`["` + strings.Repeat("x", 900_000) + `"]`)})
		req := &hubv1.ExecuteRequest{}
		for range 6 {
			req.Commands = append(req.Commands, call("", "/a", "x", "", time.Second))
		}
		resp, err := w.control.Execute(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		kept := 0
		for _, r := range resp.Results {
			if r.GetCallTotal().GetAnsweredCount() != 1 {
				t.Errorf("total: %s", describe(r))
			}
			kept += len(r.GetCallTotal().GetAnswers())
		}
		if kept != 3 {
			t.Errorf("%d answers", kept)
		}
	})
}

func TestCall_OpenOnesAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.callees(&callee{id: "silent"})
		var open []*taker
		for range maxCallsOfOne {
			open = append(open, w.start(call("", "/a", "x", "", time.Second)))
		}
		if s := w.onStream(call("", "/a", "x", "", time.Second))[0].GetStatus(); s.GetReason() != "CALLS_OPEN" || s.RetryAfter == nil {
			t.Errorf("one too many: %v", s)
		}
		w.caller = &Caller{Identity: "other"}
		if to := w.start(call("", "/a", "x", "", time.Second)); to.over() {
			t.Errorf("of another caller: %v", to.all())
		}
		w.x.calls.open.budget = park.NewBudget(1)
		w.x.calls.open.budget.Force(1)
		if s := w.onStream(call("", "/a", "x", "", time.Second))[0].GetStatus(); s.GetReason() != "CALLS_OPEN" {
			t.Errorf("too many bytes: %v", s)
		}
		w.x.calls.open.budget.Give(1)
		virtualtime.Pass(2 * time.Second)
		for _, to := range open {
			if !to.over() {
				t.Fatal("a call has no end")
			}
		}
		if w.x.calls.open.total != 0 || len(w.x.calls.open.of) != 0 || w.trace.bound(BoundCalls) != 2 {
			t.Errorf("left over: %+v", w.x.calls.open)
		}
		// The test has put another budget in the place of the one that was taken from.
		w.x.calls.open.budget = park.NewBudget(keptBytes / 8)
	})
}

// Answers and the end of the time come from many goroutines at once.
func TestCall_EveryInstanceCountsOnce(t *testing.T) {
	for range 20 {
		inBubble(t, func(t *testing.T, w *world) {
			var all []*callee
			for n := range 30 {
				all = append(all, &callee{id: fmt.Sprint(n), do: func(i *Invocation) {
					for range 3 {
						time.AfterFunc(time.Second, func() { i.Answer(nil) })
						time.AfterFunc(time.Second, i.Lost)
					}
				}})
			}
			w.callees(all...)
			results := w.onStream(call("", "/a", "x", "", time.Second))
			total := results[len(results)-1].GetCallTotal()
			if sum := total.AnsweredCount + total.FailedCount + total.TimedOutCount; sum != 30 {
				t.Errorf("%d of 30 are counted: %v", sum, total)
			}
			if n := len(results) - 1; n != int(total.AnsweredCount+total.FailedCount) {
				t.Errorf("%d answers: %v", n, total)
			}
		})
	}
}

func TestCall_KeyRepeatsTheTotal(t *testing.T) {
	eachRoad(t, func(t *testing.T, w *world, give road) {
		once := &callee{id: "a", do: answers("[1]")}
		w.callees(once)
		c := call("", "/a", "x", "", time.Second)
		c.IdempotencyKey = "k"
		give(w, c)
		again := give(w, c)
		if r := again[len(again)-1]; len(again) != 1 || !r.Duplicate || r.GetCallTotal().GetAnsweredCount() != 1 || len(once.got) != 1 {
			t.Errorf("again: %v, called %d times", again, len(once.got))
		}
	})
}

func TestInvocation_WithdrawsAtOnceWhenTheTimeIsOver(t *testing.T) {
	i := &Invocation{Call: &hubv1.ServiceCall{}, keeper: &callKeeper{}}
	if open, _ := i.expire(); !open {
		t.Fatal("it was not open")
	}
	done := false
	i.OnWithdraw(func() { done = true })
	if !done {
		t.Error("nothing was withdrawn")
	}
	if f := fault.New(fault.Nacked, ""); f.Code() != hubv1.Code_CODE_UNKNOWN {
		t.Error("a nack without a status is UNKNOWN")
	}
}
