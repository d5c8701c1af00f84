package clustertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// keep keeps a session, and waits until it is.
func (b *bench) keep(t *testing.T, i int, key string, value []byte, ttl time.Duration) {
	t.Helper()
	done := make(chan error, 2)
	b.recorder(i).KeepSession(key, value, ttl, func(err error) { done <- err })
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-timer.C:
		t.Fatal("a session is not kept")
	}
}

func (b *bench) take(t *testing.T, i int, key string) *cluster.KeptSession {
	t.Helper()
	kept, err := b.recorder(i).TakeSession(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

const longTTL = time.Minute

func sessionsKept(t *testing.T, b *bench) {
	for n, key := range append([]string{"pid", "-_aZ09"}, odd...) {
		for i, value := range [][]byte{{}, []byte("text"), bytes.Repeat([]byte{0, 1, 0xff}, 50_000)} {
			b.keep(t, 0, key, value, longTTL)
			kept := b.take(t, i, key)
			if kept == nil || kept.Foreign != nil || !bytes.Equal(kept.Value, value) {
				t.Errorf("key %d, value %d: %+v", n, i, kept)
			}
			if b.take(t, 1, key) != nil {
				t.Errorf("key %d: taken twice", n)
			}
		}
	}
	if b.take(t, 0, "never kept") != nil {
		t.Error("there is one that nobody has kept")
	}
	b.keep(t, 0, "dropped", []byte("x"), longTTL)
	b.recorder(0).DropSession("dropped")
	b.keep(t, 0, "behind it", []byte("x"), longTTL)
	if b.take(t, 1, "dropped") != nil {
		t.Error("dropped in vain")
	}
	if b.ForeignSession == nil {
		return
	}
	want := cluster.Socket{ID: "sid", Rooms: []string{"sid", "größe"}, Data: []byte(`{"n":1}`)}
	b.ForeignSession("foreign", want)
	kept := b.take(t, 1, "foreign")
	if kept == nil || kept.Foreign == nil || kept.Value != nil {
		t.Fatalf("%+v", kept)
	}
	if f := kept.Foreign; f.ID != want.ID || fmt.Sprint(f.Rooms) != fmt.Sprint(want.Rooms) || !bytes.Equal(f.Data, want.Data) {
		t.Errorf("%+v", f)
	}
}

// sessionOnce has all ask for the same ones.
func sessionOnce(t *testing.T, b *bench) {
	for round := range 20 {
		key := fmt.Sprint("session", round)
		b.keep(t, round%3, key, []byte("x"), longTTL)
		var taken atomic.Int64
		var all sync.WaitGroup
		for i := range b.Clusters {
			for range 4 {
				all.Go(func() {
					kept, err := b.recorder(i).TakeSession(t.Context(), key)
					if err != nil {
						t.Error(err)
					}
					if kept != nil {
						taken.Add(1)
					}
				})
			}
		}
		all.Wait()
		if n := taken.Load(); n != 1 {
			t.Errorf("taken %d times", n)
		}
	}
}

// sessionOrder changes one often.
func sessionOrder(t *testing.T, b *bench) {
	const changes = 300
	r := b.recorder(0)
	for n := range changes {
		r.KeepSession("a", fmt.Append(nil, n), longTTL, nil)
		r.KeepSession("b", fmt.Append(nil, n), longTTL, nil)
		r.DropSession("b")
	}
	b.keep(t, 0, "last", nil, longTTL)
	if kept := b.take(t, 1, "a"); kept == nil || string(kept.Value) != fmt.Sprint(changes-1) {
		t.Errorf("%+v", kept)
	}
	if b.take(t, 1, "b") != nil {
		t.Error("dropped, and there")
	}
}

func sessionExpiry(t *testing.T, b *bench) {
	b.keep(t, 0, "short", []byte("x"), 1500*time.Millisecond)
	b.keep(t, 0, "long", []byte("x"), longTTL)
	<-time.After(4 * time.Second)
	if b.take(t, 1, "short") != nil {
		t.Error("there beyond its time")
	}
	if b.take(t, 1, "long") == nil {
		t.Error("gone before its time")
	}
}

// recorderAway takes the engine away while it is used.
func recorderAway(t *testing.T, b *bench) {
	if b.LogAway == nil {
		t.Skip("it cannot be taken away")
	}
	from := b.fence(t, 0, "/")
	b.publish(t, 0, numbered("/", 1))
	b.keep(t, 0, "before", []byte("x"), longTTL)
	b.fence(t, 0, "/")
	b.LogAway(true)
	for _, c := range b.Clusters {
		await(t, "its end", func() bool { return !c.Status().Connected })
	}
	if _, err := b.tryFence(t, 0, "/"); !errors.Is(err, cluster.ErrAway) {
		t.Errorf("fence: %v, want ErrAway", err)
	}
	if err := b.recorder(0).Replay(t.Context(), "/", from, cluster.Position{Major: 1 << 62}, func(*cluster.Command) bool { return true }); !errors.Is(err, cluster.ErrAway) {
		t.Errorf("replay: %v, want ErrAway", err)
	}
	if _, err := b.recorder(0).TakeSession(t.Context(), "before"); !errors.Is(err, cluster.ErrAway) {
		t.Errorf("take: %v, want ErrAway", err)
	}
	for n := range uint64(50) { // waits for it
		b.publish(t, 0, numbered("/", n+2))
	}
	kept := make(chan error, 1)
	b.recorder(0).KeepSession("meanwhile", []byte("y"), longTTL, func(err error) { kept <- err })
	b.LogAway(false)
	await(t, "what was published meanwhile", func() bool { return len(b.hosts[1].Commands()) == 51 })
	for n, c := range b.hosts[1].Commands() {
		if c.Origin.Number != uint64(n+1) {
			t.Fatalf("%d came in place of %d", c.Origin.Number, n+1)
		}
	}
	if err := <-kept; err != nil {
		t.Errorf("kept: %v", err)
	}
	await(t, "the third hub is back", func() bool { return b.Clusters[2].Status().Connected })
	if got := b.replay(t, 2, "/", from, b.fence(t, 0, "/")); len(got) != 51 {
		t.Errorf("%d in the log, want 51", len(got))
	}
	if k := b.take(t, 1, "meanwhile"); k == nil || string(k.Value) != "y" {
		t.Errorf("%+v", k)
	}
}

// recorderClosed uses one that is closed.
func recorderClosed(t *testing.T, b *bench) {
	b.publish(t, 0, numbered("/", 1))
	r := b.recorder(0)
	r.KeepSession("last", []byte("x"), longTTL, nil)
	b.close(t, 0)
	if kept := b.take(t, 1, "last"); kept == nil {
		t.Error("what was kept before Close is not there")
	}
	if _, err := b.tryFence(t, 0, "/"); err == nil {
		t.Error("a fence after Close")
	}
	if err := r.Replay(context.Background(), "/", b.start, cluster.Position{Major: 1 << 62}, func(*cluster.Command) bool { return true }); err == nil {
		t.Error("a replay after Close")
	}
	if _, err := r.TakeSession(context.Background(), "x"); err == nil {
		t.Error("taken after Close")
	}
	done := make(chan error, 1)
	r.KeepSession("x", nil, longTTL, func(err error) { done <- err })
	if err := <-done; err == nil {
		t.Error("kept after Close")
	}
	r.DropSession("x")
}
