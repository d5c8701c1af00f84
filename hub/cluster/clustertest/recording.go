package clustertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/hub/cluster"
)

// RunRecorder holds an engine to what package cluster promises of a Recorder. All clusters of the nets are Recorders.
func RunRecorder(t *testing.T, open func(t *testing.T) *Net) {
	t.Helper()
	for name, test := range recorderTests() {
		t.Run(name, func(t *testing.T) { with(t, open, func(b *bench) { test(t, b) }) })
	}
}

// RunRecorderVirtually is RunRecorder in virtual time, for an engine in memory.
func RunRecorderVirtually(t *testing.T, open func(t *testing.T) *Net) {
	t.Helper()
	for name, test := range recorderTests() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { with(t, open, func(b *bench) { test(t, b) }) })
		})
	}
}

func recorderTests() map[string]func(*testing.T, *bench) {
	return map[string]func(*testing.T, *bench){
		"Origin": origin, "Fence": fences, "Applied": applied, "Replay": replay, "ReplayIsWhatWasApplied": replayIsWhatWasApplied, "KeepOnly": keepOnly, "Pattern": pattern,
		"Gone": gone, "Sessions": sessionsKept, "SessionOnce": sessionOnce, "SessionOrder": sessionOrder, "SessionExpiry": sessionExpiry,
		"EngineAway": recorderAway, "ForgedLog": forgedLog, "RecorderClosed": recorderClosed, "Storm": storm,
	}
}

func (b *bench) recorder(i int) cluster.Recorder { return b.Clusters[i].(cluster.Recorder) }

// fence waits for one.
func (b *bench) fence(t *testing.T, i int, namespace string) cluster.Position {
	t.Helper()
	at, err := b.tryFence(t, i, namespace)
	if err != nil {
		t.Fatalf("fence: %v", err)
	}
	return at
}

func (b *bench) tryFence(t *testing.T, i int, namespace string) (cluster.Position, error) {
	t.Helper()
	type result struct {
		at  cluster.Position
		err error
	}
	c := make(chan result, 2)
	b.recorder(i).Fence(namespace, func(at cluster.Position, err error) { c <- result{at, err} })
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case r := <-c:
		return r.at, r.err
	case <-timer.C:
		t.Fatal("a fence does not end")
	}
	return cluster.Position{}, nil
}

func (b *bench) replay(t *testing.T, i int, namespace string, after, to cluster.Position) (list []*cluster.Command) {
	t.Helper()
	if err := b.recorder(i).Replay(t.Context(), namespace, after, to, func(c *cluster.Command) bool {
		list = append(list, c)
		return true
	}); err != nil {
		t.Fatalf("replay: %v", err)
	}
	return list
}

func (b *bench) publish(t *testing.T, i int, c *cluster.Command) {
	t.Helper()
	if err := b.Clusters[i].Publish(c); err != nil {
		t.Fatal(err)
	}
}

// numbered is an emit to all that its publisher counts.
func numbered(namespace string, n uint64) *cluster.Command {
	return &cluster.Command{
		Namespace: namespace, Target: cluster.Target{All: true}, Message: message("n", fmt.Sprintf("[%d]", n)), Origin: cluster.Origin{Number: n},
	}
}

func origin(t *testing.T, b *bench) {
	before := b.fence(t, 1, "/")
	c := numbered("/", 7)
	c.Origin.After = cluster.Position{Major: 1 << 60, Minor: 3}
	b.publish(t, 0, c)
	bare := &cluster.Command{Namespace: "/", Target: cluster.Target{All: true}, Join: []string{"r"}}
	b.publish(t, 0, bare)
	data := &cluster.Command{Namespace: "/", Target: cluster.Target{All: true}, Data: &cluster.Data{JSON: []byte(`1`)}, Origin: cluster.Origin{Number: 8}}
	b.publish(t, 0, data)
	for i := 1; i < len(b.Clusters); i++ {
		await(t, "the commands", func() bool { return len(b.hosts[i].Commands()) == 3 })
		last := before
		for n, got := range b.hosts[i].Commands() {
			if !last.Before(got.Origin.At) {
				t.Errorf("%d: at %v, behind %v", n, got.Origin.At, last)
			}
			last = got.Origin.At
			want := []*cluster.Command{c, bare, data}[n].Origin
			want.Hub, want.At = b.ids[0], got.Origin.At
			if got.Origin != want {
				t.Errorf("%d: %+v, want %+v", n, got.Origin, want)
			}
		}
	}
	if d := cmp.Diff(b.hosts[1].Commands(), b.hosts[2].Commands(), same); d != "" {
		t.Errorf("hubs see different positions:\n%s", clip(d))
	}
}

// fences looks at what is promised of a fence, while others publish.
func fences(t *testing.T, b *bench) {
	const each = 100
	var publishing sync.WaitGroup
	for i := range b.Clusters {
		publishing.Go(func() {
			for n := range each {
				b.publish(t, i, numbered("/", uint64(n+1)))
				if n%10 != 0 {
					continue
				}
				at := b.fence(t, i, "/")
				applied, own := 0, 0
				for _, c := range b.hosts[i].Commands() {
					if !at.Before(c.Origin.At) {
						applied++
					}
				}
				others := 0
				for _, c := range b.replay(t, i, "/", b.start, at) {
					if c.Origin.Hub == b.ids[i] {
						own++
					} else {
						others++
					}
				}
				if own != n+1 {
					t.Errorf("%d of its own before the fence, want %d", own, n+1)
				}
				if applied != others {
					t.Errorf("%d applied up to the fence, %d are in the log", applied, others)
				}
			}
		})
	}
	publishing.Wait()
	var ended sync.WaitGroup
	failed := atomic.Int64{}
	for range 200 { // at once
		ended.Add(1)
		b.recorder(0).Fence("/", func(_ cluster.Position, err error) {
			if err != nil {
				failed.Add(1)
			}
			ended.Done()
		})
	}
	ended.Wait()
	if n := failed.Load(); n > 0 {
		t.Errorf("%d fences failed", n)
	}
}

// applied looks at it in a namespace that nothing comes to.
func applied(t *testing.T, b *bench) {
	r := b.recorder(1)
	for n := range uint64(20) {
		b.publish(t, 0, numbered("/", n+1))
		at := b.fence(t, 0, "/")
		await(t, "as far as the fence", func() bool { return !r.Applied("/").Before(at) })
		if got := len(b.hosts[1].Commands()); got != int(n)+1 {
			t.Fatalf("%d commands before what is said to be applied, want %d", got, n+1)
		}
		own := b.fence(t, 1, "/a.b c")
		is := r.Applied("/a.b c")
		if is.Before(own) {
			t.Fatalf("%v, behind a fence at %v", is, own)
		}
		if got := b.replay(t, 2, "/a.b c", is, b.fence(t, 2, "/a.b c")); len(got) > 0 {
			t.Errorf("%d behind it", len(got))
		}
	}
}

func replay(t *testing.T, b *bench) {
	sent := everyCommand()
	byHub := map[string][]*cluster.Command{}
	from := map[string]cluster.Position{}
	for _, namespace := range served {
		from[namespace] = b.fence(t, 0, namespace)
	}
	for n, c := range sent {
		if c.Message == nil || c.Namespace == "/org/*" || len(c.Message.Args) > 100_000 || len(c.Message.Attachments) > 1 {
			continue
		}
		i := n % 2
		c.Origin.Number = uint64(n + 1)
		b.publish(t, i, c)
		byHub[c.Namespace+b.ids[i]] = append(byHub[c.Namespace+b.ids[i]], c)
	}
	for i := range b.Clusters[:2] {
		b.fence(t, i, "/") // in the log now
	}
	for _, namespace := range served {
		to := b.fence(t, 2, namespace)
		for i := range b.Clusters {
			got := map[string][]*cluster.Command{}
			last := from[namespace]
			for _, c := range b.replay(t, i, namespace, from[namespace], to) {
				if !last.Before(c.Origin.At) || to.Before(c.Origin.At) {
					t.Errorf("%v after %v", c.Origin.At, last)
				}
				last = c.Origin.At
				plain := *c
				plain.Origin = cluster.Origin{Number: c.Origin.Number}
				got[namespace+c.Origin.Hub] = append(got[namespace+c.Origin.Hub], &plain)
			}
			for _, id := range b.ids[:2] {
				if d := cmp.Diff(byHub[namespace+id], got[namespace+id], same); d != "" {
					t.Errorf("hub %d, %s of %s:\n%s", i, namespace, id, clip(d))
				}
			}
			if got := b.replay(t, i, namespace, to, to); len(got) > 0 {
				t.Errorf("%d between a position and itself", len(got))
			}
			if got := b.replay(t, i, namespace, to, from[namespace]); len(got) > 0 {
				t.Errorf("%d backwards", len(got))
			}
		}
	}
	n := 0
	if err := b.recorder(1).Replay(t.Context(), "/", from["/"], b.fence(t, 1, "/"), func(*cluster.Command) bool { n++; return false }); err != nil || n != 1 {
		t.Errorf("%d after no more were wanted, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.recorder(1).Replay(ctx, "/", from["/"], b.fence(t, 1, "/"), func(*cluster.Command) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of ctx", err)
	}
}

// replayIsWhatWasApplied compares the log with what came, and reads it from places within.
func replayIsWhatWasApplied(t *testing.T, b *bench) {
	const each = 150
	var publishing sync.WaitGroup
	for i := range 2 {
		publishing.Go(func() {
			for n := range each {
				b.publish(t, i, numbered("/chat", uint64(n+1)))
				b.publish(t, i, numbered("/", uint64(n+1)))
			}
		})
	}
	publishing.Wait()
	b.fence(t, 0, "/chat")
	b.fence(t, 1, "/chat")
	to := b.fence(t, 2, "/chat")
	var applied []*cluster.Command
	for _, c := range b.hosts[2].Commands() {
		if c.Namespace == "/chat" {
			applied = append(applied, c)
		}
	}
	if len(applied) != 2*each {
		t.Fatalf("%d applied", len(applied))
	}
	for n := 0; n < len(applied)-1; n += 37 {
		if d := cmp.Diff(applied[n+1:], b.replay(t, 0, "/chat", applied[n].Origin.At, to), same); d != "" {
			t.Fatalf("after %d:\n%s", n, clip(d))
		}
		if d := cmp.Diff(applied[n+1:n+2], b.replay(t, 1, "/chat", applied[n].Origin.At, applied[n+1].Origin.At), same); d != "" {
			t.Fatalf("up to %d:\n%s", n+1, clip(d))
		}
	}
}

func keepOnly(t *testing.T, b *bench) {
	from := b.fence(t, 0, "/")
	c := &cluster.Command{
		Namespace: "/", Target: cluster.Target{Sockets: []string{"s"}}, KeepOnly: true, Origin: cluster.Origin{Number: 5, After: from},
		Message: message("kept", `[{"_placeholder":true,"num":0}]`, []byte{1}),
	}
	b.publish(t, 0, c)
	b.publish(t, 0, numbered("/", 6))
	to := b.fence(t, 0, "/")
	for i := 1; i < len(b.Clusters); i++ {
		await(t, "what is behind it", func() bool { return len(b.hosts[i].Commands()) > 0 })
		if got := b.hosts[i].Commands(); got[0].Message.Event != "n" {
			t.Errorf("carried out: %+v", got[0])
		}
	}
	for i := range b.Clusters {
		got := b.replay(t, i, "/", from, to)
		if len(got) != 2 {
			t.Fatalf("%d in the log", len(got))
		}
		want := *c
		want.Origin.Hub, want.Origin.At = b.ids[0], got[0].Origin.At
		if d := cmp.Diff(&want, got[0], same); d != "" {
			t.Error(clip(d))
		}
	}
}

func pattern(t *testing.T, b *bench) {
	from := b.fence(t, 0, "/chat")
	for _, p := range []string{"/ch*", "/cha", "/org/*", "/*"} {
		b.publish(t, 0, numbered(p, 1))
	}
	to := b.fence(t, 0, "/chat")
	got := b.replay(t, 1, "/chat", from, to)
	if len(got) != 2 || got[0].Namespace != "/ch*" || got[1].Namespace != "/*" {
		t.Errorf("%d commands: %+v", len(got), got)
	}
}

// gone takes the log beyond its length.
func gone(t *testing.T, b *bench) {
	if b.Shorten == nil {
		t.Skip("the log cannot be made short")
	}
	from := b.fence(t, 0, "/")
	b.publish(t, 0, numbered("/", 1))
	between := b.fence(t, 0, "/")
	b.publish(t, 0, numbered("/", 2))
	b.fence(t, 0, "/")
	b.Shorten(t)
	b.publish(t, 0, numbered("/", 3))
	to := b.fence(t, 0, "/")
	for _, after := range []cluster.Position{from, between, {}, {Minor: 1}} {
		err := b.recorder(1).Replay(t.Context(), "/", after, to, func(*cluster.Command) bool { return true })
		if !errors.Is(err, cluster.ErrGone) {
			t.Errorf("after %v: %v, want ErrGone", after, err)
		}
	}
	b.publish(t, 0, numbered("/", 4))
	if got := b.replay(t, 1, "/", to, b.fence(t, 0, "/")); len(got) != 1 {
		t.Errorf("%d of what is there", len(got))
	}
}

// storm has many read the same.
func storm(t *testing.T, b *bench) {
	from := b.fence(t, 0, "/")
	for n := range 500 {
		b.publish(t, 0, numbered("/", uint64(n+1)))
	}
	to := b.fence(t, 0, "/")
	var all sync.WaitGroup
	for range 500 {
		all.Go(func() {
			n := 0
			if err := b.recorder(1).Replay(t.Context(), "/", from, to, func(*cluster.Command) bool { n++; return true }); err != nil || n != 500 {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
	all.Wait()
}

func forgedLog(t *testing.T, b *bench) {
	if b.Forge == nil {
		t.Skip("nothing can be forged")
	}
	from := b.fence(t, 0, "/")
	for _, data := range Hostile() {
		b.Forge(data)
	}
	b.publish(t, 0, numbered("/", 1))
	to := b.fence(t, 0, "/")
	if got := b.replay(t, 1, "/", from, to); len(got) != 1 || string(got[0].Message.Args) != "[1]" {
		t.Errorf("%d commands in the log", len(got))
	}
	if b.ForgeSession == nil {
		return
	}
	for n, value := range append(Hostile(), bytes.Repeat([]byte("A"), 100_000)) {
		if n > 8 && n%20 != 0 { // they are much alike
			continue
		}
		key := fmt.Sprint("forged", n)
		b.ForgeSession(key, value)
		if kept, err := b.recorder(0).TakeSession(t.Context(), key); err != nil || kept != nil {
			t.Errorf("%d: %+v, %v", n, kept, err)
		}
	}
}
