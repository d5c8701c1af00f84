package main

import (
	"context"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/quic-go/webtransport-go"

	"github.com/siohub/siohub/internal/certstest"
)

// gauge reads a metric of a hub.
func gauge(t *testing.T, at addresses, name string) float64 {
	t.Helper()
	_, page := get(t, at.admin+"/metrics")
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no %s", name)
	}
	n, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What a browser costs that is connected by WebTransport and does nothing, and that nothing of it is left when it has gone:
//
//	go test -run WebTransport_IdleCost -v ./cmd/hub
func TestWebTransport_IdleCost(t *testing.T) {
	const browsers = 200
	authority := certstest.NewAuthority(t)
	cert, key := pairFiles(t, authority)
	p, base := streamHub(t, authority, cert, key)
	at := p.ready()
	open := func() *webtransport.Session {
		session, stream, _, err := streamOf(t, authority, base, nil)
		if err != nil {
			t.Fatal(err)
		}
		sendPackets(t, stream, "0")
		wantPacket(t, stream, `0{"sid":"`)
		return session
	}
	_ = open().CloseWithError(0, "")
	ended := func(sessions float64) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for gauge(t, at, "hub_sessions") != 0 || gauge(t, at, "go_goroutines") > sessions {
			select {
			case <-tick.C:
			case <-ctx.Done():
				t.Fatalf("%v sessions, %v goroutines", gauge(t, at, "hub_sessions"), gauge(t, at, "go_goroutines"))
			}
		}
	}
	ended(100)
	goroutines, memory := gauge(t, at, "go_goroutines"), gauge(t, at, "process_resident_memory_bytes")
	var all []*webtransport.Session
	for range browsers {
		all = append(all, open())
	}
	each := (gauge(t, at, "go_goroutines") - goroutines) / browsers
	t.Logf("each: %.1f goroutines, %.0f KiB of resident memory", each, (gauge(t, at, "process_resident_memory_bytes")-memory)/browsers/1024)
	if each > 20 {
		t.Errorf("%.1f goroutines each", each)
	}
	for _, session := range all {
		_ = session.CloseWithError(0, "")
	}
	ended(goroutines + 10)
}
