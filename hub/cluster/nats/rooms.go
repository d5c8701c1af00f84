package nats

// rooms decides which rooms are subscribed to one by one, and in which namespaces to all of them. Its user has the lock.
type rooms struct {
	subjects subjects
	max      int
	exact    int // rooms that are subscribed to one by one
	spaces   map[string]*space
}

// space is a namespace with rooms that have members here.
type space struct {
	rooms map[string]struct{}
	// all says that all its rooms are subscribed to.
	all bool
}

// set takes a room that has its first member here, or none any more. change is told of each subject that is, or is not any
// more, to be subscribed to; widened says that a namespace is subscribed to as a whole from now on.
func (r *rooms) set(namespace, room string, occupied bool, change func(subject string, wanted bool)) (widened bool) {
	s := r.spaces[namespace]
	if !occupied {
		if s != nil {
			r.vacate(s, namespace, room, change)
		}
		return false
	}
	if s == nil {
		s = &space{rooms: map[string]struct{}{}}
		r.spaces[namespace] = s
	}
	if _, known := s.rooms[room]; known {
		return false
	}
	if !s.all && r.exact >= r.max {
		r.widen(change)
		widened = true
	}
	s.rooms[room] = struct{}{}
	if !s.all {
		r.exact++
		change(r.subjects.room(namespace, room), true)
	}
	return widened
}

// widen subscribes to all rooms of the namespace that has most one by one.
func (r *rooms) widen(change func(string, bool)) {
	var most *space
	var name string
	for n, s := range r.spaces {
		if !s.all && (most == nil || len(s.rooms) > len(most.rooms) || len(s.rooms) == len(most.rooms) && n < name) {
			most, name = s, n
		}
	}
	if most != nil && len(most.rooms) > 0 {
		r.takeAll(most, name, change)
	}
}

// takeAll subscribes to all rooms of a namespace in place of each.
func (r *rooms) takeAll(s *space, namespace string, change func(string, bool)) {
	s.all = true
	change(r.subjects.rooms(namespace), true)
	for room := range s.rooms {
		change(r.subjects.room(namespace, room), false)
	}
	r.exact = r.count()
}

func (r *rooms) vacate(s *space, namespace, room string, change func(string, bool)) {
	if _, known := s.rooms[room]; !known {
		return
	}
	delete(s.rooms, room)
	switch {
	case !s.all:
		r.exact--
		change(r.subjects.room(namespace, room), false)
	case len(s.rooms) == 0:
		change(r.subjects.rooms(namespace), false)
	case len(s.rooms) <= r.max/4 && r.exact+len(s.rooms) <= r.max/2: // and not at once back again
		s.all = false
		for room := range s.rooms {
			change(r.subjects.room(namespace, room), true)
		}
		change(r.subjects.rooms(namespace), false)
		r.exact = r.count()
	}
	if len(s.rooms) == 0 {
		delete(r.spaces, namespace)
	}
}

// count is what exact is; it is counted anew where many change at once.
func (r *rooms) count() (n int) {
	for _, s := range r.spaces {
		if !s.all {
			n += len(s.rooms)
		}
	}
	return n
}
