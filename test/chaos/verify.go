package chaos

import (
	"fmt"
	"strings"
)

// Verdict is what the ledger shows.
type Verdict struct {
	// Problems are broken promises, at most 50 of them in words. Empty means that all
	// was kept.
	Problems []string
	// Handled counts deliveries, each once; Repeated the records beyond that, of
	// deliveries that were handled more than once; Redelivered the records whose
	// attempt is greater than 1; Moves how often a socket went on at another process.
	Handled, Repeated, Redelivered, Moves int
}

// Verify holds the ledger against what the browsers did: sent gives the number of
// events that each socket has emitted, and killed has the processes that were.
func Verify(records []Record, sent map[string]int, killed map[string]bool) Verdict {
	v, lasts, lives := Verdict{}, map[string]int{}, map[string]*life{}
	for line, r := range records {
		lasts[r.Run] = line + 1
	}
	for line, r := range records {
		if _, known := sent[r.Socket]; !known {
			v.complain("line %d: socket %s is none of the browsers'", line+1, r.Socket)
			continue
		}
		l := lives[r.Socket]
		if l == nil {
			l = &life{tries: map[string]Record{}, left: map[string]bool{}, lasts: lasts, killed: killed}
			lives[r.Socket] = l
		}
		l.add(&v, line+1, r)
	}
	for socket, count := range sent {
		l := lives[socket]
		switch {
		case l == nil || !l.connected:
			v.complain("socket %s: no connected", socket)
		case l.first != count:
			v.complain("socket %s: %d of %d events were handled", socket, l.first, count)
		case !l.disconnected:
			v.complain("socket %s: no disconnected", socket)
		}
	}
	return v
}

func (v *Verdict) complain(format string, args ...any) {
	if len(v.Problems) < 50 {
		v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
	}
}

// life is what the ledger tells of one socket, line by line.
type life struct {
	// What any process has handled so far: first is the greatest number of an event.
	connected, disconnected bool
	first                   int
	// tries is the latest record of each delivery.
	tries map[string]Record

	// run is the process that has the socket, left are those that had it before.
	run  string
	left map[string]bool
	// lasts has the last line of each process, killed those that were killed.
	lasts  map[string]int
	killed map[string]bool
	// What this process has handled: last is the number of its last event. It begins
	// anew with whatever the process before it may not have settled.
	last  int
	ended bool
}

func (l *life) add(v *Verdict, line int, r Record) {
	l.move(v, line, r)
	again := l.repeat(v, line, r)
	switch r.Kind {
	case Connected:
		if l.last > 0 || l.ended || l.first > 0 && !again {
			v.complain("line %d: socket %s: connected after event %d", line, r.Socket, l.first)
		}
		l.connected = true
	case Event:
		l.event(v, line, r, again)
	case Disconnected:
		if r.Reason == "" {
			v.complain("line %d: socket %s: disconnected without a reason", line, r.Socket)
		}
		l.disconnected, l.ended = true, true
	}
}

// move sees to it that one process at a time has the socket: a process that gave it
// away has it again only when the one after it was killed, and said nothing more.
func (l *life) move(v *Verdict, line int, r Record) {
	if r.Run == l.run {
		return
	}
	if l.left[r.Run] && (!l.killed[process(l.run)] || l.lasts[l.run] > line) {
		v.complain("line %d: socket %s: process %s goes on beside %s", line, r.Socket, r.Run, l.run)
	}
	delete(l.left, r.Run)
	if l.run != "" {
		l.left[l.run] = true
		v.Moves++
	}
	l.run, l.last, l.ended = r.Run, 0, false
}

// process is what the operating system calls the process of a run: its name up to the dot.
func process(run string) string {
	pid, _, _ := strings.Cut(run, ".")
	return pid
}

// repeat sees to it that the records of one delivery say so, and reports whether
// this is not the first.
func (l *life) repeat(v *Verdict, line int, r Record) bool {
	if r.Attempt > 1 {
		v.Redelivered++
	}
	before, again := l.tries[r.DedupeID]
	l.tries[r.DedupeID] = r
	if !again {
		v.Handled++
		return false
	}
	v.Repeated++
	if before.Kind != r.Kind || before.N != r.N {
		v.complain("line %d: socket %s: %s %d has the dedupe id of %s %d", line, r.Socket, r.Kind, r.N, before.Kind, before.N)
	}
	if r.Attempt > 0 && r.Attempt <= before.Attempt {
		v.complain("line %d: socket %s: event %d comes again with attempt %d after %d", line, r.Socket, r.N, r.Attempt, before.Attempt)
	}
	return true
}

// event sees to the order. Within a process the numbers follow each other without
// a gap. A new process starts with what the last one may not have settled, so at or
// before the next number, and never after it.
func (l *life) event(v *Verdict, line int, r Record, again bool) {
	switch {
	case !l.connected:
		v.complain("line %d: socket %s: event %d before connected", line, r.Socket, r.N)
	case l.ended, l.disconnected && !again:
		v.complain("line %d: socket %s: event %d after disconnected", line, r.Socket, r.N)
	case l.last > 0 && r.N != l.last+1:
		v.complain("line %d: socket %s: event %d after %d", line, r.Socket, r.N, l.last)
	case r.N > l.first+1:
		v.complain("line %d: socket %s: event %d, but %d is missing", line, r.Socket, r.N, l.first+1)
	case r.N <= l.first && !again:
		v.complain("line %d: socket %s: event %d with a new dedupe id", line, r.Socket, r.N)
	}
	l.last, l.first = r.N, max(l.first, r.N)
}
