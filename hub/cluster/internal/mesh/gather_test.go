package mesh

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// writes is a Bus that notes how many frames each Send has had.
type writes struct{ sizes []int }

func (w *writes) Send(_ context.Context, batch []Out) error {
	w.sizes = append(w.sizes, len(batch))
	return nil
}

func (w *writes) MaxFrame() int { return 1 << 20 }

// sent waits for what is under way, and returns how many frames each Send has had since the last call.
func (w *writes) sent() []int {
	synctest.Wait()
	sizes := w.sizes
	w.sizes = nil
	return sizes
}

// keepsFrames is a Bus that notes what it was given.
type keepsFrames struct{ frames []string }

func (k *keepsFrames) Send(_ context.Context, batch []Out) error {
	for _, out := range batch {
		k.frames = append(k.frames, string(out.Frame))
	}
	return nil
}

func (k *keepsFrames) MaxFrame() int { return 1 << 20 }

// TestOutbox_CopiesShortMessages: whoever sends one uses its bytes for the next; what is kept (Kept) is sent as it is.
func TestOutbox_CopiesShortMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &keepsFrames{}
		o := newOutbox(bus, &cluster.Settings{QueueBytes: 1 << 20, MaxMessage: 1 << 20})
		o.connected(true)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go o.loop(ctx, func(int, error) {})
		var want []string
		scratch := make([]byte, 0, shortBytes)
		for i := range 300 {
			if i%50 == 0 {
				synctest.Wait() // the next ones use the room of a batch that has left
			}
			scratch = append(scratch[:0], bytes.Repeat([]byte{byte(i)}, 1+i*13%shortBytes)...)
			if Kept(scratch) {
				t.Fatal("a short message is kept")
			}
			want = append(want, string(scratch))
			if err := o.putForeign("channel", scratch); err != nil {
				t.Fatal(err)
			}
		}
		long := bytes.Repeat([]byte("x"), shortBytes+1)
		if err := o.putForeign("channel", long); err != nil || !Kept(long) {
			t.Fatal(err, "a long message is not kept")
		}
		want = append(want, string(long))
		synctest.Wait()
		if !slices.Equal(bus.frames, want) {
			t.Error("what was sent is not what was put")
		}
	})
}

// TestOutbox_GathersUpToFlush: what is put together is written at once, and nothing waits for a flush that does not come.
func TestOutbox_GathersUpToFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &writes{}
		o := newOutbox(bus, &cluster.Settings{QueueBytes: 1 << 20, MaxMessage: 1 << 20})
		o.connected(true)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			o.loop(ctx, func(int, error) {})
		}()
		put := func(bytes int) {
			t.Helper()
			if err := o.putForeign("channel", make([]byte, bytes)); err != nil {
				t.Fatal(err)
			}
		}
		heartbeat := func() {
			if _, err := o.put(wire.Heartbeat, Address{}, make([]byte, wire.HeaderSize), true); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(what string, want ...int) {
			t.Helper()
			if got := bus.sent(); !slices.Equal(got, want) {
				t.Errorf("%s: %v, not %v", what, got, want)
			}
		}
		put(1)
		expect("alone", 1)
		o.flush()
		expect("a flush of nothing")
		o.gather()
		put(1)
		put(1)
		expect("gathered")
		o.flush()
		expect("flushed", 2)
		put(1)
		expect("behind the flush", 1)

		o.gather()
		put(1)
		heartbeat()
		expect("with something urgent", 2)
		o.gather()
		put(1)
		<-time.After(gatherFor)
		put(1)
		expect("too late", 2)
		o.gather()
		put(gatherBytes)
		expect("too much", 1)

		cancel()
		<-done
	})
}
