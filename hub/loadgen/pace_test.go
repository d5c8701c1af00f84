package loadgen_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/hub/loadgen"
)

// A closed loop asks a stalled server for nothing and so sees one slow answer. At a
// fixed rate every operation that was due meanwhile has waited.
func TestRate_LatencyCountsFromWhenAnEchoWasDue(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex // guards the times and echoes
	var stalled, released time.Time
	echoes := 0
	release := make(chan struct{})
	url := newServer(t, func(_ *server, _ *websocket.Conn, packet string) bool {
		if !strings.HasPrefix(packet, "42") {
			return false
		}
		mu.Lock()
		echoes++
		n := echoes
		if n == 2 {
			stalled = time.Now()
		}
		mu.Unlock()
		if n == 2 {
			select {
			case <-release:
			case <-t.Context().Done():
			}
		}
		if n == 50 {
			cancel()
		}
		return false
	})
	looks := 0
	result, err := loadgen.Run(ctx, loadgen.Config{
		URL: url, Scenario: loadgen.Echo, Connections: 1, Rate: 100, Warmup: time.Millisecond, Duration: time.Hour,
		Progress: func(p loadgen.Progress) {
			mu.Lock()
			defer mu.Unlock()
			if looks++; looks < 2 || stalled.IsZero() || !released.IsZero() || p.Phase != loadgen.Measuring {
				return
			}
			released = time.Now()
			close(release)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Those due in the first half of the stall waited for the second half at least.
	stall := released.Sub(stalled)
	if result.Latency.Max < stall || result.Lag.Max < stall/2 {
		t.Errorf("a stall of %v, latency %v, lag %v", stall, result.Latency, result.Lag)
	}
	// Those that were answered after it, all of which had been due in it, count each
	// by itself: they are not one slow answer among many quick ones.
	if result.Latency.P50 < stall/100 {
		t.Errorf("a stall of %v, latency %v", stall, result.Latency)
	}
}

// What a server never answers is in the latency and in the counts.
func TestRate_WhatIsNotAnsweredIsNotHidden(t *testing.T) {
	const rate = 200
	result, err := loadgen.Run(t.Context(), loadgen.Config{
		Scenario: loadgen.Echo, Connections: 3, Rate: rate, Warmup: time.Millisecond, Duration: 500 * time.Millisecond,
		URL: newServer(t, func(_ *server, _ *websocket.Conn, packet string) bool { return strings.HasPrefix(packet, "42") }),
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Operations != 0 || result.UnderWay != 3 || result.NotStarted < result.Due-4 || result.Due < rate/4 {
		t.Errorf("%+v", result)
	}
	// They were due evenly: half of them have waited for half of the time.
	if result.Latency.P50 < result.Elapsed*4/10 || result.OldestUnderWay < result.Elapsed/2 {
		t.Errorf("%v in %v", result.Latency, result.Elapsed)
	}
}
