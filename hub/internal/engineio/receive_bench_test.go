package engineio_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// expecting says when so many messages have come.
type expecting struct {
	left    int
	reached chan struct{}
}

func (e *expecting) HandleMessage([]byte, bool) {
	if e.left--; e.left == 0 {
		e.reached <- struct{}{}
	}
}

func (*expecting) HandleClose(engineio.Close) {}

// BenchmarkReceive is a message that comes in over TCP: one at a time, and 16 in one
// segment.
func BenchmarkReceive(b *testing.B) {
	for _, size := range []int{32, 1024} {
		for _, together := range []int{1, 16} {
			b.Run(fmt.Sprintf("%dB/together=%d", size, together), func(b *testing.B) {
				handler := &expecting{reached: make(chan struct{}, 1)}
				server := engineio.New(engineio.Config{
					OnSession: func(*engineio.Session) engineio.Handler { return handler },
					Rates:     engineio.Rates{Messages: -1, Bytes: -1, UserMessages: -1, UserBytes: -1},
				})
				b.Cleanup(func() { _ = server.Close(b.Context()) })
				browser := hubtest.ServeTCP(b, server, server.ConfigureHTTP).Frames("EIO=4&transport=websocket")
				browser.Next() // the open packet
				packet := `42["echo","` + strings.Repeat("x", size) + `"]`
				head := []byte{0x81, 0x80 | byte(len(packet)), 0, 0, 0, 0}
				if len(packet) > 125 {
					head = []byte{0x81, 0x80 | 126, byte(len(packet) >> 8), byte(len(packet)), 0, 0, 0, 0}
				}
				frames := bytes.Repeat(append(head, packet...), together)
				conn := browser.Conn.NetConn()
				b.ReportAllocs()
				for b.Loop() {
					handler.left = together
					_, _ = conn.Write(frames)
					<-handler.reached
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*together), "ns/message")
			})
		}
	}
}
