package mesh

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
	"github.com/siohub/siohub/internal/virtualtime"
)

func news(bytes int) *cluster.Command {
	return &cluster.Command{Namespace: "/", Target: cluster.Target{All: true}, Message: &cluster.Message{Event: "e", Args: []byte(`["` + strings.Repeat("x", bytes) + `"]`)}}
}

// TestMesh_FullQueueRefusesAndSaysSo: an engine that takes nothing costs the queue's bound and no more, and the hub is not lost for it.
func TestMesh_FullQueueRefusesAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &air{max: 1 << 20, block: make(chan struct{})}
		a := slow.join(t, one, func(s *cluster.Settings) { s.MaxMessage, s.QueueBytes = 64<<10, 64<<10 })
		var err error
		for range 100 {
			if err = a.Publish(news(10_000)); err != nil {
				break
			}
		}
		if !errors.Is(err, cluster.ErrFull) || a.refused["full"] != 1 {
			t.Errorf("%v, %v", err, a.refused)
		}
		if got := a.Status().QueuedBytes; got > 64<<10 {
			t.Errorf("%d bytes wait", got)
		}
		was := a.Status().QueuedBytes
		virtualtime.Pass(time.Second)
		if a.Status().QueuedBytes <= was {
			t.Error("no heartbeat has found room")
		}
		if err := a.Publish(news(70_000)); !errors.Is(err, cluster.ErrTooLarge) {
			t.Error(err)
		}
		close(slow.block)
		synctest.Wait()
		if got := a.Status().QueuedBytes; got != 0 {
			t.Errorf("%d bytes still wait", got)
		}
		if err := a.Publish(news(10_000)); err != nil {
			t.Error(err)
		}
		a.close(t)
	})
}

// TestMesh_IsBehindFromHalfOfTheQueueOn: the channel is the same until less waits, or the engine is away.
func TestMesh_IsBehindFromHalfOfTheQueueOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &air{max: 1 << 20, block: make(chan struct{})}
		a := slow.join(t, one, func(s *cluster.Settings) { s.MaxMessage, s.QueueBytes = 64<<10, 128<<10 })
		fill := func() <-chan struct{} {
			for a.Status().QueuedBytes <= 64<<10 {
				if a.Behind() != nil {
					t.Fatalf("it is behind with %d bytes", a.Status().QueuedBytes)
				}
				if err := a.Publish(news(10_000)); err != nil {
					t.Fatal(err)
				}
			}
			return a.Behind()
		}
		behind := fill()
		if err := a.Publish(news(10_000)); err != nil || behind == nil || a.Behind() != behind {
			t.Errorf("behind: %v, %v", behind != nil, err)
		}
		a.Down()
		<-behind
		if a.Behind() != nil {
			t.Error("it is behind an engine that is away")
		}
		a.Up()
		behind = fill()
		close(slow.block)
		<-behind
		synctest.Wait()
		if a.Behind() != nil || a.Status().QueuedBytes != 0 {
			t.Errorf("behind: %v, %d bytes wait", a.Behind() != nil, a.Status().QueuedBytes)
		}
		a.close(t)
	})
}

// TestMesh_AwayKeepsNothing: what waits when the engine goes is not sent later.
func TestMesh_AwayKeepsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &air{max: 1 << 20, block: make(chan struct{})}
		a := slow.join(t, one, nil)
		synctest.Wait() // Send has taken the hello
		for range 5 {
			if err := a.Publish(news(10)); err != nil {
				t.Fatal(err)
			}
		}
		a.Down()
		a.Down()
		if a.refused["away"] != 5 {
			t.Errorf("%v", a.refused)
		}
		if err := a.Publish(news(10)); !errors.Is(err, cluster.ErrAway) {
			t.Error(err)
		}
		o := a.ask(&cluster.Question{Kind: cluster.Count, To: []string{two}})
		o.want(t, 0, 0, two)
		close(slow.block)
		a.Up()
		a.close(t)
	})
}

// TestMesh_LongMessagesCrossInParts, and another hub's messages between them are no harm.
func TestMesh_LongMessagesCrossInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		narrow := &air{max: 4096}
		a, b := narrow.join(t, one, nil), narrow.join(t, two, nil)
		c := news(300_000)
		if err := a.Publish(c); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(b.applied) != 1 || string(b.applied[0].Message.Args) != string(c.Message.Args) || b.lost != 0 {
			t.Errorf("%d have come, %d lost", len(b.applied), b.lost)
		}
		for _, out := range a.frames {
			if len(out.Frame) > 4096 {
				t.Errorf("a frame of %d bytes", len(out.Frame))
			}
		}
		a.close(t)
		b.close(t)
	})
}

// TestMesh_TooManyQuestions, on either side.
func TestMesh_TooManyQuestions(t *testing.T) {
	trio(t, func(t *testing.T, a, b, c *station) {
		hold := func(*cluster.Question, cluster.Responder) {}
		b.note(func() { b.answer = hold })
		c.note(func() { c.answer = hold })
		var all []*outcome
		for range maxQuestions {
			all = append(all, a.ask(&cluster.Question{Kind: cluster.Count, Timeout: 5 * time.Second}))
		}
		synctest.Wait()
		a.ask(&cluster.Question{Kind: cluster.Count}).want(t, 0, 0, two, three) // nobody is asked
		if a.refused["asked"] != 1 {
			t.Errorf("%v", a.refused)
		}
		o := b.ask(&cluster.Question{Kind: cluster.Count, To: []string{three}, Timeout: 5 * time.Second})
		synctest.Wait()
		o.want(t, 0, 0, three) // it is refused, not waited for
		if c.refused["answered"] != 1 {
			t.Errorf("%v", c.refused)
		}
		virtualtime.Pass(5 * time.Second)
		all[0].want(t, 0, 5*time.Second, two, three)
		if len(a.Questions.open) != 0 || a.Questions.bytes != 0 || len(c.responders.open) != 0 || c.responders.bytes != 0 {
			t.Error("something is left")
		}
	})
}

// TestMesh_LostPartOfAnAnswer makes the hub one of the missing, though its last part has come.
func TestMesh_LostPartOfAnAnswer(t *testing.T) {
	trio(t, func(t *testing.T, a, b, c *station) {
		b.note(func() {
			b.answer = func(_ *cluster.Question, r cluster.Responder) {
				r.Answer(&cluster.Answer{More: true, Count: 1})
				synctestAfter(func() { b.cut(true); r.Answer(&cluster.Answer{More: true, Count: 2}) })
				time.AfterFunc(100*time.Millisecond, func() { b.cut(false); r.Answer(&cluster.Answer{Count: 3}) })
			}
		})
		o := a.ask(&cluster.Question{Kind: cluster.Count, To: []string{two}})
		virtualtime.Pass(time.Second)
		o.want(t, 2, 100*time.Millisecond, two)
	})
}

// synctestAfter calls f when what is under way has arrived.
func synctestAfter(f func()) { time.AfterFunc(10*time.Millisecond, f) }

// TestMesh_ForgedIsDropped: who speaks for this hub, or answers what it was not asked, is not believed.
func TestMesh_ForgedIsDropped(t *testing.T) {
	trio(t, func(t *testing.T, a, b, c *station) {
		id, _ := wire.ParseID(one)
		forged, _ := wire.EncodeCommand(news(1))
		h := wire.Header{Kind: wire.Command, Sender: id, Epoch: 7, Sequence: 1}
		h.Put(forged)
		a.Receive(forged, Address{})
		if a.drops[cluster.DropForged] != 1 || len(a.applied) != 0 {
			t.Errorf("%v", a.drops)
		}
		frames, _ := wire.EncodeAnswer("no such question", &cluster.Answer{Count: 9})
		_, _ = b.send(wire.Answer, Address{Hub: one}, frames[0], false)
		o := a.ask(&cluster.Question{Kind: cluster.Count, To: []string{two}})
		open := a.Questions.all()[0].ID
		frames, _ = wire.EncodeAnswer(open, &cluster.Answer{Count: 9})
		_, _ = c.send(wire.Answer, Address{Hub: one}, frames[0], false) // was not asked
		synctest.Wait()
		o.want(t, 1, 0)
		if a.drops[cluster.DropUnasked] != 2 || o.answers[0].From != two {
			t.Errorf("%v, %+v", a.drops, o.answers)
		}
		unknown := make([]byte, wire.HeaderSize)
		_, _ = b.send(wire.Kind(99), Address{}, unknown, false)
		synctest.Wait()
		if a.drops[cluster.DropVersion] != 1 || a.lost != 0 {
			t.Errorf("%v", a.drops)
		}
	})
}

// TestMesh_WhatConcernsNobodyIsNotDecoded, and counts in its lane all the same.
func TestMesh_WhatConcernsNobodyIsNotDecoded(t *testing.T) {
	trio(t, func(t *testing.T, a, b, _ *station) {
		b.notThere = true
		c := news(10)
		c.Target = cluster.Target{Rooms: []string{"r"}}
		_ = a.Publish(c)
		_ = a.Publish(news(10))
		synctest.Wait()
		if len(b.applied) != 1 || b.lost != 0 || len(b.drops) != 0 {
			t.Errorf("%d applied, %d lost, %v", len(b.applied), b.lost, b.drops)
		}
	})
}

// TestMesh_ForeignServers stand beside hubs, and answer without a name.
func TestMesh_ForeignServers(t *testing.T) {
	trio(t, func(t *testing.T, a, b, c *station) {
		a.HeardForeign("abc123")
		if m := a.Members(); len(m) != 3 || !m[2].Foreign {
			t.Errorf("%+v", m)
		}
		o := &outcome{}
		q := &cluster.Question{Kind: cluster.Count}
		asked := a.OpenQuestion(q, o.asking(time.Now()), Pending)
		a.SendQuestion(asked, q)
		asked.Begin()
		synctest.Wait()
		if got := o.counts(); got != [2]int{0, 2} {
			t.Error(got)
		}
		asked.Foreign(2)
		asked.AnswerOfForeign(&cluster.Answer{Count: 5})
		if got := o.counts(); got != [2]int{0, 3} {
			t.Error(got)
		}
		virtualtime.Pass(5 * time.Second)
		o.want(t, 3, 5*time.Second, cluster.Unnamed)
		virtualtime.Pass(3 * time.Second) // silent by now
		if m := a.Members(); !m[2].Silent || m[0].Silent {
			t.Errorf("%+v", m)
		}
		a.ForeignLeft("abc123")
		if len(a.Members()) != 2 {
			t.Error("it has not left")
		}
	})
}
