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
	// inputLimit is how long an input may take before it counts as a hang.
	inputLimit = 30 * time.Second
	// slowLimit is the same for inputs that wait for a timer of the server.
	slowLimit = 40 * time.Second
)

// freshLimit is how long a fresh client may take to be served, and a bystander's
// echo to come back. Under the race detector everything takes longer.
var freshLimit = map[bool]time.Duration{false: 2 * time.Second, true: 6 * time.Second}[raced]

// outcome is what came of an input, in one of the words below or as the HTTP
// status (`400`, `400/0` with the Engine.IO code in JSON, `400:0` with its bare
// text, as upgrades are refused).
type outcome string

const (
	// closed: the session is over, in whatever orderly way.
	closed outcome = "closed"
	// open: the session goes on, and answered exactly what the row expects.
	open outcome = "open"
	// dropped: the connection ended without an answer.
	dropped outcome = "dropped"
	// hang: neither an answer nor an end within the limit.
	hang outcome = "hang"
	// sent: nothing can be observed of the input itself, such as after a reset.
	sent outcome = "sent"
	// otherReplies: the session goes on, but said something else than the row
	// expects. What it said follows after a colon.
	otherReplies outcome = "other replies"
)

// input is one row.
type input struct {
	kind, name string
	// attack does it and says what came of it.
	attack func(*probe) outcome
	// allow are the outcomes that are fine. A trailing `*` stands for any rest.
	allow []outcome
	// reference are the outcomes fine for the reference server in addition: where
	// table (c) asks for more than it does.
	reference []outcome
	// slow marks an input that waits for a timer of the server.
	slow bool
}

// allowed reports whether the outcome is in the row.
func (in input) allowed(got outcome, reference bool) bool {
	match := func(want outcome) bool {
		if prefix, ok := strings.CutSuffix(string(want), "*"); ok {
			return strings.HasPrefix(string(got), prefix)
		}
		return got == want
	}
	return slices.ContainsFunc(in.allow, match) || reference && slices.ContainsFunc(in.reference, match)
}

// outcomes makes a row's list.
func outcomes(list ...outcome) []outcome { return list }

// closedError says that the server ended the session, and how.
type closedError struct{ how string }

func (e closedError) Error() string { return "closed: " + e.how }

// ended turns the error that ended a conversation into an outcome.
func ended(err error) outcome {
	var c closedError
	switch {
	case err == nil:
		return open
	case errors.As(err, &c):
		return closed
	case isTimeout(err):
		return hang
	case isGone(err):
		return closed
	}
	return outcome(fmt.Sprintf("failed: %v", err))
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

func isGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
