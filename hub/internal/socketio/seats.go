package socketio

// seat is one namespace of a client: an attempt or a socket. It has neither after the server made the
// socket leave, while the browser may not know and still send for it.
type seat struct {
	namespace string
	attempt   *Attempt
	socket    *Socket
}

// free reports whether the seat can be taken from its namespace.
func (at *seat) free() bool {
	return at.attempt == nil && (at.socket == nil || !at.socket.Connected())
}

func (at *seat) sit(s *Socket) { at.attempt, at.socket = nil, s }

// seats are those of one client.
type seats []seat

// find returns the seat of a namespace, or nil. It is valid until a seat is added or taken away.
func (l seats) find(namespace string) *seat {
	for i := range l {
		if l[i].namespace == namespace {
			return &l[i]
		}
	}
	return nil
}

// add adds a seat.
func (l *seats) add(namespace string) *seat {
	*l = append(*l, seat{namespace: namespace})
	return &(*l)[len(*l)-1]
}

// remove takes away the seat of a namespace.
func (l *seats) remove(namespace string) {
	old := *l
	for i := range old {
		if old[i].namespace == namespace {
			last := len(old) - 1
			old[i] = old[last]
			old[last] = seat{}
			*l = old[:last]
			return
		}
	}
}

// vacant makes room for one more seat, of most. One that was left goes first.
func (l *seats) vacant(most int) bool {
	if len(*l) < most {
		return true
	}
	for i := range *l {
		if at := &(*l)[i]; at.free() {
			l.remove(at.namespace)
			return true
		}
	}
	return false
}

// asking reports whether an attempt is open.
func (l seats) asking() bool {
	for _, at := range l {
		if at.attempt != nil {
			return true
		}
	}
	return false
}
