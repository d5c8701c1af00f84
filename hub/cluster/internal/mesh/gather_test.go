package mesh

import (
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
