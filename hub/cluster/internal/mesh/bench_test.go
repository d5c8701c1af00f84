package mesh

import (
	"log/slog"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// BenchmarkReceive_NobodyConcerned is what a message costs to a room that nobody here is in, where it arrives at all.
func BenchmarkReceive_NobodyConcerned(b *testing.B) {
	s := &station{air: &air{max: 1 << 20}, notThere: true}
	m, err := New("air", cluster.Settings{Logger: slog.New(slog.DiscardHandler)}, s)
	if err != nil {
		b.Fatal(err)
	}
	m.host = s
	frame, err := wire.EncodeCommand(news(200))
	if err != nil {
		b.Fatal(err)
	}
	h := wire.Header{Kind: wire.Command, Sender: wire.ID{1}, Epoch: 1}
	to := Address{Namespace: "/", Room: "r"}
	b.ReportAllocs()
	for b.Loop() {
		h.Sequence++
		h.Put(frame)
		m.Receive(frame, to)
	}
}
