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

// Usage is what the server process holds. A field that cannot be read is zero.
type Usage struct {
	Goroutines, Descriptors int
	Resident                int64 // bytes
	// Sessions and parked are the server's own gauges: Engine.IO sessions, and
	// events that wait for a service.
	Sessions, parked int
}

func (u Usage) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %.1f MiB, %d sessions, %d events parked",
		u.Goroutines, u.Descriptors, float64(u.Resident)/(1<<20), u.Sessions, u.parked)
}

// Within reports whether u is near the start.
func (u Usage) Within(start Usage) bool {
	return u.Goroutines <= start.Goroutines+10 && u.Descriptors <= start.Descriptors+8 &&
		u.Sessions <= start.Sessions && u.parked == 0 &&
		(Raced || u.Resident <= start.Resident*3/2+120<<20) // idempotency keys are kept for minutes, compressors for good
}

// Raced is true when the server runs under the race detector, whose memory says
// nothing about the server's own.
var Raced = os.Getenv("HOSTILE_RACE") != ""

var (
	goroutineTotal = regexp.MustCompile(`goroutine profile: total (\d+)`)
	residentLine   = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
	gaugeLine      = regexp.MustCompile(`(?m)^hub_(sessions|parked_events) (\d+)`)
	panicMetric    = regexp.MustCompile(`(?m)^(\w*panic\w*(?:\{.*\})?) ([0-9.e+]+)$`)
)

// usage reads what the server holds now.
func (t *Target) usage() Usage {
	var u Usage
	if m := goroutineTotal.FindStringSubmatch(t.adminPage("/debug/pprof/goroutine?debug=1")); m != nil {
		u.Goroutines, _ = strconv.Atoi(m[1])
	}
	for _, m := range gaugeLine.FindAllStringSubmatch(t.adminPage("/metrics"), -1) {
		n, _ := strconv.Atoi(m[2])
		if m[1] == "sessions" {
			u.Sessions = n
		} else {
			u.parked = n
		}
	}
	if t.PID == 0 {
		return u
	}
	proc := filepath.Join("/proc", strconv.Itoa(t.PID))
	if fds, err := os.ReadDir(filepath.Join(proc, "fd")); err == nil {
		u.Descriptors = len(fds)
	}
	u.Resident = t.Resident()
	return u
}

// Resident reads the memory of the server in bytes.
func (t *Target) Resident() int64 {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(t.PID), "status"))
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
func (t *Target) adminPage(uri string) string {
	if t.admin == "" {
		return ""
	}
	p := NewProbe(t, InputLimit)
	defer p.Close()
	w, err := p.tryDial(t.admin)
	if err != nil {
		return ""
	}
	return w.exchange([]byte("GET " + uri + " HTTP/1.1\r\nHost: " + t.admin + "\r\nConnection: close\r\n\r\n")).body
}

// Settle waits until the server holds about as much as at the start, at most for
// the limit, and returns what it holds then.
func (t *Target) Settle(start Usage, limit time.Duration) Usage {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	until := time.Now().Add(limit)
	for {
		t.adminPage("/debug/pprof/heap?gc=1&debug=1") // what is garbage is no leak
		u := t.usage()
		if u.Within(start) || time.Now().After(until) {
			return u
		}
		<-tick.C
	}
}

// Panics returns the lines of panic counters that are not zero.
func (t *Target) Panics() []string {
	var bad []string
	for _, m := range panicMetric.FindAllStringSubmatch(t.adminPage("/metrics"), -1) {
		if n, err := strconv.ParseFloat(m[2], 64); err != nil || n != 0 {
			bad = append(bad, m[0])
		}
	}
	return bad
}

// Busiest returns the head of the goroutine profile, for a failure's message.
func (t *Target) Busiest() string {
	page := t.adminPage("/debug/pprof/goroutine?debug=1")
	if parts := strings.SplitAfterN(page, "\n\n", 6); len(parts) > 5 {
		return strings.Join(parts[:5], "")
	}
	return page
}
