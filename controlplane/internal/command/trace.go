package command

import hubv1 "github.com/siohub/siohub/gen/hub/v1"

// Trace is told what happens. Its methods are called from many goroutines at the same
// time, sometimes with a lock held: they must neither block nor call back.
type Trace interface {
	// Command says that a command has its last result, with this code (`OK`, `ABORTED`).
	Command(op, code string)
	// Done is called beside Command with what was asked and the last result. Both belong
	// to others: they are read before it returns. What is no hubv1.Command has none.
	Done(c *hubv1.Command, last *hubv1.Result)
	// Bound says that something was refused or left out at a bound.
	Bound(b Bound)
}

// Bound is a limit of what commands can make the hub keep.
type Bound string

// The bounds.
const (
	// BoundAcks: a browser's acknowledgement was left out of the results.
	BoundAcks Bound = "acks"
	// BoundSnapshots: a query was refused because too many pages wait.
	BoundSnapshots Bound = "snapshots"
	// BoundOpenAcks: an acknowledgement that was left open was given up.
	BoundOpenAcks Bound = "open_acks"
	// BoundCalls: a call was refused because too many wait for their answers.
	BoundCalls Bound = "calls"
	// BoundCallees: an instance could not take a call.
	BoundCallees Bound = "callees"
	// BoundAnswers: the answer of a call was left out of the results.
	BoundAnswers Bound = "answers"
	// BoundReplays: a command with an idempotency key was refused because too many are
	// not finished, or too many callers use such keys.
	BoundReplays Bound = "replays"
)

// silent is a Trace that nobody looks at.
type silent struct{}

func (silent) Command(string, string)             {}
func (silent) Done(*hubv1.Command, *hubv1.Result) {}
func (silent) Bound(Bound)                        {}
