package engineio

import "time"

// paceGrace is the time that a body has before its pace is checked.
const paceGrace = 10 * time.Second

// Pace says how slowly a body, or a message of a protocol beside Engine.IO, may come in. A slow line may take its time; one that stands still
// may not.
type Pace struct {
	// Bytes have to come a second, on average from the 10th second on.
	Bytes int
	// Still is how long it may make no progress.
	Still time.Duration
}

// Deadline is when more has to have come of what began at a time, and of which so many bytes are there. slow says that the average wants it, and
// not Still.
func (p Pace) Deadline(begun time.Time, got int) (deadline time.Time, slow bool) {
	still := time.Now().Add(p.Still)
	average := begun.Add(paceGrace + time.Duration(float64(got)/float64(p.Bytes)*float64(time.Second)))
	if average.Before(still) {
		return average, true
	}
	return still, false
}
