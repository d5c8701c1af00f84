package controlplane

import "sync"

// lifetime is what Shutdown ends.
type lifetime struct {
	most int // how many streams there may be; set by New

	mu      sync.Mutex // guards the fields below; a leaf
	streams map[*stream]struct{}
	closing bool
	// stop ends the janitor; done waits for it and for the streams' goroutines.
	stop chan struct{}
	done sync.WaitGroup
}

// newLifetime admits that many streams at most.
func newLifetime(most int) lifetime {
	return lifetime{most: most, streams: make(map[*stream]struct{}), stop: make(chan struct{})}
}

// admit registers a stream that was just opened.
func (l *lifetime) admit(st *stream) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closing:
		return errShutdown
	case len(l.streams) >= l.most:
		return errInstances
	}
	l.streams[st] = struct{}{}
	// The handler itself and recvLoop; sendLoop comes with the welcome.
	l.done.Add(2)
	return nil
}

// dismiss is the end of admit.
func (l *lifetime) dismiss(st *stream) {
	l.mu.Lock()
	delete(l.streams, st)
	l.mu.Unlock()
	l.done.Done()
}

// close admits no more streams, and ends the janitor.
func (l *lifetime) close() {
	l.mu.Lock()
	first := !l.closing
	l.closing = true
	l.mu.Unlock()
	if first {
		close(l.stop)
	}
}

// endStreams ends those that are there.
func (l *lifetime) endStreams(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for st := range l.streams {
		st.end(err)
	}
}
