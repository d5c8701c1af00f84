package engineio

import "runtime"

// pieceBytes is how much of a large message is read at a time, before others have their turn.
const pieceBytes = 64 << 10

// turns let goroutines that read large messages, and timers of many sessions that fire together, go on one after the
// other, on half of the processors: a thousand of them would otherwise stand before everybody's small messages for as long
// as all of that takes. Its zero value is not usable.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// take waits for a turn and calls f, which must not wait for anybody.
func (t turns) take(f func()) {
	t <- struct{}{}
	defer func() { <-t }()
	runtime.Gosched() // behind whoever is ready: the turn was handed over past them
	f()
}
