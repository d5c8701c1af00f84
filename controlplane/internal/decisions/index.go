package decisions

// index finds entries by a name that they have. Each entry knows its seat in it.
type index struct {
	which   int // of Entry.seats
	entries map[string][]*Entry
}

func (i *index) add(name string, e *Entry) {
	e.seats[i.which] = len(i.entries[name])
	i.entries[name] = append(i.entries[name], e)
}

func (i *index) remove(name string, e *Entry) {
	all := i.entries[name]
	last := len(all) - 1
	moved := all[last]
	all[e.seats[i.which]] = moved
	moved.seats[i.which] = e.seats[i.which]
	all[last] = nil
	if last == 0 {
		delete(i.entries, name)
		return
	}
	i.entries[name] = all[:last]
}

// ages has all entries in the order in which they came.
type ages struct{ front, back *Entry }

// place is where an entry stands in it.
type place struct{ before, after *Entry }

func (a *ages) oldest() *Entry { return a.front }

func (a *ages) add(e *Entry) {
	e.age = place{before: a.back}
	if a.back == nil {
		a.front = e
	} else {
		a.back.age.after = e
	}
	a.back = e
}

func (a *ages) remove(e *Entry) {
	if p := e.age.before; p != nil {
		p.age.after = e.age.after
	} else {
		a.front = e.age.after
	}
	if n := e.age.after; n != nil {
		n.age.before = e.age.before
	} else {
		a.back = e.age.before
	}
	e.age = place{}
}
