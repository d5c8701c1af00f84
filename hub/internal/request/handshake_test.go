package request

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

func BenchmarkHandshake_Facts(b *testing.B) {
	r := httptest.NewRequest(http.MethodGet, "/engine.io/?EIO=4&transport=websocket", nil)
	for i := range 12 {
		r.Header.Set(fmt.Sprint("X-Header-", i), "some value of an ordinary length")
	}
	b.ReportAllocs()
	for b.Loop() {
		NewHandshake(r, Query{Transport: WebSocket}, Sender{Address: "127.0.0.1"})
	}
}

// BenchmarkHandshake_Read is what the control plane does with one, twice for each connect.
func BenchmarkHandshake_Read(b *testing.B) {
	r := httptest.NewRequest(http.MethodGet, "/engine.io/?EIO=4&transport=websocket&token=abc", nil)
	for i := range 12 {
		r.Header.Set(fmt.Sprint("X-Header-", i), "some value of an ordinary length")
	}
	h := NewHandshake(r, Query{Transport: WebSocket}, Sender{Address: "127.0.0.1"})
	b.ReportAllocs()
	for b.Loop() {
		for range h.Lines() {
		}
		for range h.Parameters() {
		}
	}
}
