package hub

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/socketio"
)

// Policy bounds what a browser may emit. An event beyond it is dropped before the application hears of it,
// without an acknowledgement, and counted by Trace.EventDropped. Acknowledgements are not events. The zero
// value bounds nothing.
type Policy struct {
	// Events are the names that may be emitted: exact ones, and prefixes that end in `*`. At most 256. Empty
	// allows all.
	Events []string
	// EventsPerSecond is how many events may come in the long run. Zero means no limit.
	EventsPerSecond float64
	// EventsBurst is how many may come at once. Zero means EventsPerSecond, at least 1.
	EventsBurst int
	// BytesPerSecond is how many bytes of arguments and attachments may come in the long run; what one second
	// allows may come at once, and an event of any size may come first. Zero means no limit.
	BytesPerSecond int64
}

// Each event is held against each pattern.
const (
	maxPolicyEvents       = 256
	maxPolicyPatternBytes = 256
)

// check says what is wrong with a policy.
func (p *Policy) check() error {
	switch {
	case p == nil:
		return nil
	case math.IsNaN(p.EventsPerSecond) || math.IsInf(p.EventsPerSecond, 0) || p.EventsPerSecond < 0:
		return wrong("policy.events_per_second", "BAD_RATE", "is no rate")
	case p.EventsBurst < 0:
		return wrong("policy.events_burst", "BAD_RATE", "is negative")
	case p.BytesPerSecond < 0:
		return wrong("policy.bytes_per_second", "BAD_RATE", "is negative")
	case len(p.Events) > maxPolicyEvents:
		return wrong("policy.events", "TOO_MANY", "are %d patterns, %d are allowed", len(p.Events), maxPolicyEvents)
	}
	for i, pattern := range p.Events {
		if err := checkEventPattern(fmt.Sprintf("policy.events[%d]", i), pattern); err != nil {
			return err
		}
	}
	return nil
}

func checkEventPattern(field, pattern string) error {
	star := strings.IndexByte(pattern, '*')
	switch {
	case pattern == "":
		return wrong(field, "EMPTY_NAME", "is empty")
	case len(pattern) > maxPolicyPatternBytes:
		return wrong(field, "TOO_LONG", "has %d bytes, %d are allowed", len(pattern), maxPolicyPatternBytes)
	case star >= 0 && star != len(pattern)-1:
		return wrong(field, "BAD_PATTERN", "`*` stands at the end only")
	case !utf8.ValidString(pattern):
		return wrong(field, "INVALID_UTF8", "is not UTF-8")
	}
	return nil
}

// inner is the policy of the Socket.IO side. Nil for nil.
func (p *Policy) inner() *socketio.Policy {
	if p == nil {
		return nil
	}
	return &socketio.Policy{
		Events: p.Events, EventsPerSecond: p.EventsPerSecond, EventsBurst: p.EventsBurst, BytesPerSecond: p.BytesPerSecond,
	}
}

// SetPolicy replaces the socket's policy; what it has used up of the old one is forgotten. Nil bounds nothing.
//
// Errors: *ArgumentError.
func (s *Socket) SetPolicy(p *Policy) error {
	if err := p.check(); err != nil {
		return err
	}
	s.inner().SetPolicy(p.inner())
	return nil
}
