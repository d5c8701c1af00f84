package nats

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
)

// TestOverrun_IsBoundedAndSaid: a host that is held up costs cluster.queue_bytes; what is beyond is counted, and it goes on.
func TestOverrun_IsBoundedAndSaid(t *testing.T) {
	b := newBroker(t, nil)
	log, dropped, lost := &lines{}, atomic.Int64{}, atomic.Int64{}
	held, free := make(chan struct{}, 1), make(chan struct{})
	c := newCluster(t, Config{URL: b.url(), Settings: cluster.Settings{
		MaxMessage: 64 << 10, QueueBytes: 64 << 10, Logger: log.logger(),
		Trace: &cluster.Trace{
			Dropped: func(why string) {
				if why == cluster.DropOverrun {
					dropped.Add(1)
				}
			},
			Lost: func(n int) { lost.Add(int64(n)) },
		},
	}})
	slow := &clustertest.Host{OnApply: func(*cluster.Command) {
		select {
		case held <- struct{}{}:
			<-free
		default:
		}
	}}
	if err := c.Open(cluster.Self{ID: "00000000000000f0"}, slow); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(t.Context()) }()
	c.Serve("/", true)
	senders, _ := opened(t, Config{URL: b.url()})
	wait(t, "the first message", func() bool { _ = senders[0].Publish(emit("[0]")); return len(slow.Commands()) > 0 })
	text := `["` + strings.Repeat("x", 1000) + `"]`
	wait(t, "more than the bound", func() bool { _ = senders[0].Publish(emit(text)); return dropped.Load() > 10 })
	if !strings.Contains(log.String(), "queue_bytes") {
		t.Error("the log does not name cluster.queue_bytes")
	}
	close(free)
	wait(t, "what comes afterwards", func() bool {
		_ = senders[0].Publish(emit(`["after"]`))
		list := slow.Commands()
		return string(list[len(list)-1].Message.Args) == `["after"]`
	})
	if lost.Load() < 10 {
		t.Errorf("%d messages are counted as lost", lost.Load())
	}
}
