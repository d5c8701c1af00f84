package lanes

// fifo is a queue in a slice. Its memory goes when it is empty and was large. The
// zero value is empty.
type fifo[T comparable] struct {
	items []T
	head  int
}

// keepItems is how much of an empty queue's memory is kept.
const keepItems = 64

func (q *fifo[T]) empty() bool { return q.head == len(q.items) }

func (q *fifo[T]) push(item T) { q.items = append(q.items, item) }

// first is the next item, or the zero value.
func (q *fifo[T]) first() (item T) {
	if !q.empty() {
		item = q.items[q.head]
	}
	return item
}

func (q *fifo[T]) pop() T {
	var zero T
	item := q.items[q.head]
	q.items[q.head] = zero
	q.head++
	switch {
	case q.head < len(q.items):
		if q.head >= keepItems && q.head*2 >= len(q.items) {
			q.compact()
		}
	case cap(q.items) > keepItems:
		q.items, q.head = nil, 0
	default:
		q.items, q.head = q.items[:0], 0
	}
	return item
}

// compact moves the items to the front. Done when half is free it costs each item
// one move.
func (q *fifo[T]) compact() {
	n := copy(q.items, q.items[q.head:])
	clear(q.items[n:])
	q.items, q.head = q.items[:n], 0
}

// remove takes out all items that match, and returns how many.
func (q *fifo[T]) remove(match func(T) bool) int {
	q.compact()
	kept := q.items[:0]
	for _, item := range q.items {
		if !match(item) {
			kept = append(kept, item)
		}
	}
	n := len(q.items) - len(kept)
	clear(q.items[len(kept):])
	q.items = kept
	return n
}
