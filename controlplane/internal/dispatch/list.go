package dispatch

// list is a doubly linked list whose nodes live inside their values, so that
// linking allocates nothing and unlinking needs no search. The zero value is empty.
type list[T any] struct {
	front, back *node[T]
	len         int
}

// node is a place in a list. Its value is set once, before it is linked.
type node[T any] struct {
	next, prev *node[T]
	list       *list[T]
	value      T
}

func (l *list[T]) pushBack(n *node[T]) { l.insertAfter(n, l.back) }

// insertAfter links a node behind another one; nil means at the front.
func (l *list[T]) insertAfter(n, at *node[T]) {
	n.list, n.prev = l, at
	if at == nil {
		n.next, l.front = l.front, n
	} else {
		n.next, at.next = at.next, n
	}
	if n.next == nil {
		l.back = n
	} else {
		n.next.prev = n
	}
	l.len++
}

// remove unlinks a node if it is in this list.
func (l *list[T]) remove(n *node[T]) {
	if n.list != l {
		return
	}
	if n.prev == nil {
		l.front = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		l.back = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.next, n.prev, n.list = nil, nil, nil
	l.len--
}

// rotate moves the front to the back.
func (l *list[T]) rotate() {
	if n := l.front; n != l.back {
		l.remove(n)
		l.pushBack(n)
	}
}
