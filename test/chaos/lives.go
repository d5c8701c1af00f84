package chaos

import "fmt"

// Lives is what the ledger shows of services that are attached to several hubs.
type Lives struct {
	// Problems are broken promises, at most 50 of them in words.
	Problems []string
	// Lives counts the lives of sockets at processes, Lost those that ended with `hub lost`.
	Lives, Lost int
	// Handled counts events, each once; Repeated the records beyond that.
	Handled, Repeated int
	// Last is the greatest number of an event of each socket that was handled.
	Last map[string]int
}

// LostReason is that of a disconnected which a kit makes by itself.
const LostReason = "hub lost"

// VerifyLives holds the ledger against what is promised of each process and each socket, whatever becomes of hubs: connected
// and disconnected alternate, events are between them, and no event is missing before one that was handled. Each is for
// instances that are introduced to the sockets they hold; without, the sockets are held against their group as one.
func VerifyLives(records []Record, each bool) Lives {
	v := Lives{Last: map[string]int{}}
	open := map[[2]string]*stay{}
	for line, r := range records {
		at := [2]string{r.Run, r.Socket}
		if !each {
			at[0] = ""
		}
		s := open[at]
		if s == nil {
			s = &stay{}
			open[at] = s
		}
		s.add(&v, line+1, r)
		if r.Kind == Event {
			v.event(line+1, r)
		}
	}
	for at, s := range open {
		if s.in {
			v.complain("socket %s, process %s: no disconnected", at[1], at[0])
		}
	}
	return v
}

func (v *Lives) complain(format string, args ...any) {
	if len(v.Problems) < 50 {
		v.Problems = append(v.Problems, fmt.Sprintf(format, args...))
	}
}

// event sees that nothing is missing before it.
func (v *Lives) event(line int, r Record) {
	switch last := v.Last[r.Socket]; {
	case r.N > last+1:
		v.complain("line %d: socket %s: event %d after %d", line, r.Socket, r.N, last)
		v.Last[r.Socket] = r.N
	case r.N == last+1:
		v.Handled++
		v.Last[r.Socket] = r.N
	default:
		v.Repeated++
	}
}

// stay is a socket at a process.
type stay struct {
	in    bool
	first Record // of this life
	last  Record // that was no event
}

func (s *stay) add(v *Lives, line int, r Record) {
	again := r.Kind == s.last.Kind && r.DedupeID == s.last.DedupeID && r.Attempt > s.last.Attempt
	switch {
	case r.Kind == Event:
		if !s.in {
			v.complain("line %d: socket %s, process %s: event %d outside of its life, after %s %s", line, r.Socket, r.Run, r.N, s.last.Kind, s.last.Reason)
		}
		return
	case again:
	case r.Kind == Connected:
		if s.in {
			v.complain("line %d: socket %s, process %s: connected, and before it connected by %s", line, r.Socket, r.Run, s.last.Run)
		}
		s.in, s.first = true, r
		v.Lives++
	case r.Kind == Released:
		s.in = false
	case r.Kind == Disconnected:
		if !s.in {
			v.complain("line %d: socket %s, process %s: disconnected %q after %s %q by %s", line, r.Socket, r.Run, r.Reason, s.last.Kind, s.last.Reason, s.last.Run)
		}
		if r.Reason == LostReason {
			v.Lost++
		}
		s.in = false
	}
	s.last = r
}
