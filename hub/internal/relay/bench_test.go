package relay_test

import (
	"net/http"
	"strings"
	"testing"
)

// BenchmarkHop is an echo: by the hub that has the session, and through another one. All of it, the browser included, runs in one process.
func BenchmarkHop(b *testing.B) {
	for at, way := range map[int]string{1: "direct", 0: "passed on"} {
		b.Run("polling "+way, func(b *testing.B) {
			c := newCluster(b, 2, options{})
			query := atOther(b, c)
			b.ReportAllocs()
			for b.Loop() {
				if a := c.nodes[at].Post(query, "4hello"); a.Status != http.StatusOK {
					b.Fatalf("%+v", a)
				}
				if a := c.nodes[at].Get(query); a.Body != "4hello" {
					b.Fatalf("%+v", a)
				}
			}
		})
		b.Run("websocket "+way, func(b *testing.B) {
			c := newCluster(b, 2, options{})
			query := strings.Replace(atOther(b, c), "polling", "websocket", 1)
			f := c.nodes[at].Frames(query)
			for _, packet := range []string{"2probe", "5"} {
				write(b, f, packet)
			}
			f.Next()
			eventually(b, "the upgrade", func() bool { return c.nodes[1].session().TransportName() == "websocket" })
			b.ReportAllocs()
			for b.Loop() {
				if err := f.Write("4hello"); err != nil {
					b.Fatal(err)
				}
				f.Next()
			}
		})
	}
}
