package logsink

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"time"
)

// maxBytes is how much waits for the file: some ten thousand lines.
const maxBytes = 1 << 20

// keepBytes is how much of a buffer is kept for later when a burst is over.
const keepBytes = 64 << 10

// Sink is a writer that never blocks. Each call of Write is taken whole or not at all.
type Sink struct {
	// set at construction
	file io.Writer

	// owned by drain
	torn bool // a line was written in part, and not its end

	mu      sync.Mutex    // guards the fields below
	queue   []byte        // whole lines. Invariant: len(queue) <= maxBytes
	spare   []byte        // what drain has written, for the next queue
	idle    chan struct{} // closed when drain has nothing left; nil while it does not run
	told    func(io.Writer) slog.Handler
	untold  uint64 // lost lines that no line has told of
	dropped uint64 // all lost lines
}

// New returns a sink for a file.
func New(file io.Writer) *Sink {
	return &Sink{file: file, told: func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) }}
}

// Of returns w itself when it is a sink, otherwise a new one for it.
func Of(w io.Writer) *Sink {
	if s, ok := w.(*Sink); ok {
		return s
	}
	return New(w)
}

// Write queues what a logger has to say, as a rule one line. It never fails.
func (s *Sink) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue)+len(line) > maxBytes {
		s.lostLocked(line)
		return len(line), nil
	}
	s.queue = append(s.queue, line...)
	if s.idle == nil {
		s.idle = make(chan struct{})
		go s.drain() // ends when the queue is empty; Flush waits for it
	}
	return len(line), nil
}

// TellLosses sets the form of the line that tells of lost lines. Default slog's text.
func (s *Sink) TellLosses(handler func(io.Writer) slog.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = handler
}

// Dropped counts the lines that were lost so far.
func (s *Sink) Dropped() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// Flush waits until the file has taken what is queued, for at most so long, and reports
// whether it has.
func (s *Sink) Flush(most time.Duration) bool {
	s.mu.Lock()
	idle := s.idle
	s.mu.Unlock()
	if idle == nil {
		return true
	}
	timeout := time.NewTimer(most)
	defer timeout.Stop()
	select {
	case <-idle:
		return true
	case <-timeout.C:
		return false
	}
}

// drain writes until nothing is queued.
func (s *Sink) drain() {
	for {
		batch := s.next()
		if batch == nil {
			return
		}
		if rest := s.put(batch); rest != nil {
			s.mu.Lock()
			s.lostLocked(rest)
			s.mu.Unlock()
			continue
		}
		s.tell()
	}
}

// next takes the queue. Nil when it is empty; drain has ended then.
func (s *Sink) next() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := s.queue
	if len(batch) == 0 {
		close(s.idle)
		s.idle = nil
		return nil
	}
	s.queue, s.spare = s.spare[:0], nil
	if cap(batch) <= keepBytes {
		s.spare = batch[:0] // put before anybody appends to it: only next takes it up
	}
	return batch
}

// put writes and gives back what the file did not take.
func (s *Sink) put(batch []byte) (rest []byte) {
	skip := 0
	if s.torn { // what is read next begins on a line of its own
		batch, skip = append([]byte("\n"), batch...), 1
	}
	n, err := s.file.Write(batch)
	if err == nil {
		s.torn = false
		return nil
	}
	if n > 0 {
		s.torn = batch[n-1] != '\n'
	}
	return batch[max(n, skip):]
}

// tell says how many lines were lost, if any were.
func (s *Sink) tell() {
	s.mu.Lock()
	lost, told := s.untold, s.told
	s.untold = 0
	s.mu.Unlock()
	if lost == 0 {
		return
	}
	var line bytes.Buffer
	slog.New(told(&line)).Warn("log lines were lost: whoever reads the log did not take them", "lines", lost, "metric", "hub_log_lines_dropped_total")
	if s.put(line.Bytes()) != nil {
		s.mu.Lock()
		s.untold += lost
		s.mu.Unlock()
	}
}

// lostLocked counts lines that nobody will read. One without its end counts too.
func (s *Sink) lostLocked(lines []byte) {
	n := uint64(bytes.Count(lines, []byte("\n")))
	if len(lines) > 0 && lines[len(lines)-1] != '\n' {
		n++
	}
	s.dropped += n
	s.untold += n
}
