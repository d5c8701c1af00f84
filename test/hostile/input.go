package hostile

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// InputLimit is how long an input may take before it counts as a hang.
	InputLimit = 30 * time.Second
	// SlowLimit is the same for inputs that wait for a timer of the server.
	SlowLimit = 40 * time.Second
)

// FreshLimit is how long a fresh client may take to be served, and a bystander's
// echo to come back. Under the race detector everything takes longer.
var FreshLimit = map[bool]time.Duration{false: 2 * time.Second, true: 6 * time.Second}[Raced]

// Outcome is what came of an input, in one of the words below or as the HTTP
// status (`400`, `400/0` with the Engine.IO code in JSON, `400:0` with its bare
// text, as upgrades are refused).
type Outcome string

const (
	// Closed means that the session is over, in whatever orderly way.
	Closed Outcome = "closed"
	// Open means that the session goes on, and answered exactly what the row expects.
	Open Outcome = "open"
	// Dropped means that the connection ended without an answer.
	Dropped Outcome = "dropped"
	// Hang means that there was neither an answer nor an end within the limit.
	Hang Outcome = "hang"
	// Sent means that nothing can be observed of the input itself, such as after a reset.
	Sent Outcome = "sent"
	// OtherReplies means that the session goes on, but said something else than the row
	// expects. What it said follows after a colon.
	OtherReplies Outcome = "other replies"
)

// Input is one row.
type Input struct {
	Kind, Name string
	// Attack does it and says what came of it.
	Attack func(*Probe) Outcome
	// Allow are the outcomes that are fine. A trailing `*` stands for any rest.
	Allow []Outcome
	// reference are the outcomes fine for the reference server in addition: where
	// the hub has to be stricter.
	reference []Outcome
	// Slow marks an input that waits for a timer of the server.
	Slow bool
}

// Allowed reports whether the outcome is in the row.
func (in Input) Allowed(got Outcome, reference bool) bool {
	match := func(want Outcome) bool {
		if prefix, ok := strings.CutSuffix(string(want), "*"); ok {
			return strings.HasPrefix(string(got), prefix)
		}
		return got == want
	}
	return slices.ContainsFunc(in.Allow, match) || reference && slices.ContainsFunc(in.reference, match)
}

// Outcomes makes a row's list.
func Outcomes(list ...Outcome) []Outcome { return list }

// closedError says that the server ended the session, and how.
type closedError struct{ how string }

func (e closedError) Error() string { return "closed: " + e.how }

// Ended turns the error that ended a conversation into an outcome.
func Ended(err error) Outcome {
	var c closedError
	switch {
	case err == nil:
		return Open
	case errors.As(err, &c):
		return Closed
	case IsTimeout(err):
		return Hang
	case isGone(err):
		return Closed
	}
	return Outcome(fmt.Sprintf("failed: %v", err))
}

// IsTimeout reports whether the server neither said nor ended anything in time.
func IsTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

func isGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
