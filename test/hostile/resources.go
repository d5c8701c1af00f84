package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// usage is what the server process holds. A field that cannot be read is zero.
type usage struct {
	goroutines, descriptors int
	resident                int64 // bytes
	// sessions and parked are the server's own gauges: Engine.IO sessions, and
	// events that wait for a service.
	sessions, parked int
}

func (u usage) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %.1f MiB, %d sessions, %d events parked",
		u.goroutines, u.descriptors, float64(u.resident)/(1<<20), u.sessions, u.parked)
}

// within reports whether u is near the start.
func (u usage) within(start usage) bool {
	return u.goroutines <= start.goroutines+10 && u.descriptors <= start.descriptors+8 &&
		u.sessions <= start.sessions && u.parked == 0 &&
		(raced || u.resident <= start.resident*3/2+96<<20) // idempotency keys are kept for minutes
}

// raced is true when the server runs under the race detector, whose memory says
// nothing about the server's own.
var raced = os.Getenv("HOSTILE_RACE") != ""

var (
	goroutineTotal = regexp.MustCompile(`goroutine profile: total (\d+)`)
	residentLine   = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
	gaugeLine      = regexp.MustCompile(`(?m)^hub_(sessions|parked_events) (\d+)`)
	panicMetric    = regexp.MustCompile(`(?m)^(\w*panic\w*(?:\{.*\})?) ([0-9.e+]+)$`)
)

// usage reads what the server holds now.
func (t *target) usage() usage {
	var u usage
	if m := goroutineTotal.FindStringSubmatch(t.adminPage("/debug/pprof/goroutine?debug=1")); m != nil {
		u.goroutines, _ = strconv.Atoi(m[1])
	}
	for _, m := range gaugeLine.FindAllStringSubmatch(t.adminPage("/metrics"), -1) {
		n, _ := strconv.Atoi(m[2])
		if m[1] == "sessions" {
			u.sessions = n
		} else {
			u.parked = n
		}
	}
	if t.pid == 0 {
		return u
	}
	proc := filepath.Join("/proc", strconv.Itoa(t.pid))
	if fds, err := os.ReadDir(filepath.Join(proc, "fd")); err == nil {
		u.descriptors = len(fds)
	}
	u.resident = t.resident()
	return u
}

// resident reads the memory of the server in bytes.
func (t *target) resident() int64 {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(t.pid), "status"))
	if err != nil {
		return 0
	}
	m := residentLine.FindSubmatch(status)
	if m == nil {
		return 0
	}
	kb, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return kb << 10
}

// adminPage reads a page of the admin listener; empty when there is none.
func (t *target) adminPage(uri string) string {
	if t.admin == "" {
		return ""
	}
	p := newProbe(t, inputLimit)
	defer p.close()
	w, err := p.tryDial(t.admin)
	if err != nil {
		return ""
	}
	return w.exchange([]byte("GET " + uri + " HTTP/1.1\r\nHost: " + t.admin + "\r\nConnection: close\r\n\r\n")).body
}

// settle waits until the server holds about as much as at the start, at most for
// the limit, and returns what it holds then.
func (t *target) settle(start usage, limit time.Duration) usage {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	until := time.Now().Add(limit)
	for {
		t.adminPage("/debug/pprof/heap?gc=1&debug=1") // what is garbage is no leak
		u := t.usage()
		if u.within(start) || time.Now().After(until) {
			return u
		}
		<-tick.C
	}
}

// panics returns the lines of panic counters that are not zero.
func (t *target) panics() []string {
	var bad []string
	for _, m := range panicMetric.FindAllStringSubmatch(t.adminPage("/metrics"), -1) {
		if n, err := strconv.ParseFloat(m[2], 64); err != nil || n != 0 {
			bad = append(bad, m[0])
		}
	}
	return bad
}

// busiest returns the head of the goroutine profile, for a failure's message.
func (t *target) busiest() string {
	page := t.adminPage("/debug/pprof/goroutine?debug=1")
	if parts := strings.SplitAfterN(page, "\n\n", 6); len(parts) > 5 {
		return strings.Join(parts[:5], "")
	}
	return page
}
