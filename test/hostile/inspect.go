package hostile

import (
	"fmt"
	"regexp"
)

// forbidden is what the server must never say, whatever it hears.
var forbidden = []struct {
	what    string
	pattern *regexp.Regexp
}{
	{"a 5xx", regexp.MustCompile(`HTTP/1\.[01] 5(?:0[02-46-9]|[1-9]\d)`)},
	{"a stack", regexp.MustCompile(`goroutine \d+ \[|runtime error|\.go:\d+|\.js:\d+:\d+`)},
	{"a file path", regexp.MustCompile(`/(?:home|usr|work|root|tmp)/\w|node_modules`)},
	{"an injected header", regexp.MustCompile(`(?m)^X-Injected:`)},
	{"a reflected script", regexp.MustCompile(`<script>alert`)},
}

// says1011 reports whether a close frame with code 1011 stands in the bytes.
func says1011(b []byte) bool {
	for i := 0; i+4 <= len(b); i++ {
		if b[i] == FinBit|opClose && b[i+1] >= 2 && b[i+1] <= 125 && b[i+2] == 0x03 && b[i+3] == 0xf3 {
			return true
		}
	}
	return false
}

// Inspect returns the first thing in what the server said that it must never
// say, or nil.
func (p *Probe) Inspect() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	heard := p.heard.Bytes()
	if says1011(heard) {
		return fmt.Errorf("the server said close 1011")
	}
	for _, f := range forbidden {
		if p.Target.Reference && f.what == "a 5xx" {
			continue // a known accident: 500 for a method in a session
		}
		if at := f.pattern.FindIndex(heard); at != nil {
			return fmt.Errorf("the server said %s: %q", f.what, heard[max(0, at[0]-40):min(len(heard), at[1]+120)])
		}
	}
	return nil
}

// Stacks finds what must not stand in the server's log.
var Stacks = regexp.MustCompile(`(?m)^(?:panic: .*|goroutine \d+ \[.*|WARNING: DATA RACE|fatal error: .*)$|\bpanic\b.*`)
