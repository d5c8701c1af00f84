package socketio

import (
	"encoding/json"
	"strings"
	"time"
)

// Policy bounds what a browser may emit. The caller has checked it and leaves it alone. Zero fields bound
// nothing.
type Policy struct {
	// Events are exact names, and prefixes that end in `*`.
	Events          []string
	EventsPerSecond float64
	// EventsBurst is how many may come at once: EventsPerSecond if zero.
	EventsBurst    int
	BytesPerSecond int64
}

// Why an event was dropped.
const (
	DropEvent = "policy_event"
	DropRate  = "policy_rate"
	DropBytes = "policy_bytes"
)

// policy is a Policy at work. What is left in its buckets is owned by the holder of the client's gate.
type policy struct {
	Policy
	events, bytes bucket
}

// SetPolicy replaces the policy. Nil bounds nothing.
func (s *Socket) SetPolicy(p *Policy) {
	s.policy.Store(newPolicy(p))
	if s.recovery != nil {
		s.client.server.keeper.touch(s.recovery)
	}
}

// newPolicy is a Policy at work. Nil for none.
func newPolicy(p *Policy) *policy {
	if p == nil {
		return nil
	}
	now := time.Now()
	burst := float64(p.EventsBurst)
	if burst == 0 {
		burst = max(p.EventsPerSecond, 1)
	}
	return &policy{
		Policy: *p,
		events: bucket{rate: p.EventsPerSecond, size: burst, left: burst, at: now},
		bytes:  bucket{rate: float64(p.BytesPerSecond), size: float64(p.BytesPerSecond), left: float64(p.BytesPerSecond), at: now},
	}
}

// encodePolicy is a policy as bytes, decodePolicy the other way round. What cannot be read allows nothing.
func encodePolicy(p *policy) []byte {
	if p == nil {
		return nil
	}
	b, err := json.Marshal(p.Policy)
	if err != nil {
		return []byte("0") // no rate is a number that JSON has not
	}
	return b
}

func decodePolicy(b []byte) *policy {
	if len(b) == 0 {
		return nil
	}
	var p Policy
	if err := json.Unmarshal(b, &p); err != nil {
		p = Policy{Events: []string{""}}
	}
	return newPolicy(&p)
}

// refuses says why an event may not come in. Empty: it may. What is refused takes nothing from the buckets.
func (p *policy) refuses(name string, size int, now time.Time) string {
	switch {
	case !p.allows(name):
		return DropEvent
	case !p.events.has(1, now):
		return DropRate
	case !p.bytes.has(0, now):
		return DropBytes
	}
	p.events.left--
	p.bytes.left -= float64(size)
	return ""
}

func (p *policy) allows(name string) bool {
	for _, pattern := range p.Events {
		if prefix, wild := strings.CutSuffix(pattern, "*"); pattern == name || wild && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return len(p.Events) == 0
}

// bucket is a token bucket. One without a rate is never empty.
type bucket struct {
	rate, size, left float64
	at               time.Time // when left was true
}

// has fills the bucket and reports whether that much is left, of 0 more than nothing.
func (b *bucket) has(n float64, now time.Time) bool {
	if b.rate == 0 {
		return true
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.left = min(b.left+passed.Seconds()*b.rate, b.size)
		b.at = now
	}
	return b.left > 0 && b.left >= n
}
