package outqueue

import "errors"

var (
	// ErrClosed means that the queue takes nothing any more.
	ErrClosed = errors.New("outqueue: closed")
	// ErrReceipt means that a receipt names an envelope that was never sent.
	ErrReceipt = errors.New("outqueue: a receipt for an envelope that was not sent")
	// ErrForgotten means that what was sent after a number is not there any more.
	ErrForgotten = errors.New("outqueue: what was sent is forgotten")
)

// retention is what is kept until its receipt comes.
type retention struct {
	limit Limit // zero: nothing is kept
	lost  bool  // the limit was exceeded: Rewind fails until everything has a receipt
	// envelopes[first:] has how many entries each envelope without a receipt has; bytes
	// is the size of all of them.
	envelopes []int
	first     int
	bytes     int
}

func (r *retention) on() bool { return r.limit.Items > 0 && !r.lost }

func (r *retention) forget() { r.envelopes, r.first, r.bytes = nil, 0, 0 }

// len counts the envelopes without a receipt.
func (r *retention) len() int { return len(r.envelopes) - r.first }

// shift takes the oldest envelope out.
func (r *retention) shift() (entries int) {
	entries = r.envelopes[r.first]
	r.first++
	switch {
	case r.first == len(r.envelopes):
		r.envelopes, r.first = r.envelopes[:0], 0
	case r.first > 1024 && r.first > len(r.envelopes)/2:
		r.envelopes = r.envelopes[:copy(r.envelopes, r.envelopes[r.first:])]
		r.first = 0
	}
	return entries
}

// Keep keeps what is sent from now on until its receipt comes, within the limit.
func (q *Queue[T]) Keep(limit Limit) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.kept.limit = limit
}

// Number numbers the next envelope: it has the n oldest entries that were taken and
// have no number yet. An envelope may have none.
func (q *Queue[T]) Number(n int) uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sent.last++
	n = min(n, q.taken-q.numbered) // Fail may have come between
	if q.kept.on() {
		q.kept.envelopes = append(q.kept.envelopes, n)
		for _, e := range q.entries[q.numbered : q.numbered+n] {
			q.kept.bytes += e.size
		}
	}
	q.numbered += n
	if q.kept.on() && !q.kept.limit.allows(q.numbered-q.head+q.kept.len(), q.kept.bytes) {
		q.kept.lost = true
		q.kept.forget()
	}
	if !q.kept.on() {
		q.drop(q.numbered - q.head)
	}
	return q.sent.last
}

// Last is the number of the last envelope.
func (q *Queue[T]) Last() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sent.last
}

// Unreceipted is the size of what is kept for a receipt.
func (q *Queue[T]) Unreceipted() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.kept.bytes
}

// Ack takes the receipt for an envelope and all before it. Zero and old ones change
// nothing.
//
// Errors: ErrReceipt.
func (q *Queue[T]) Ack(number uint64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ackLocked(number)
}

func (q *Queue[T]) ackLocked(number uint64) error {
	switch {
	case number > q.sent.last:
		return ErrReceipt
	case number <= q.sent.receipt:
		return nil
	}
	// The envelopes that are kept are the last ones.
	entries := 0
	for first := q.sent.last - uint64(q.kept.len()) + 1; first <= number && q.kept.len() > 0; first++ {
		entries += q.kept.shift()
	}
	for _, e := range q.entries[q.head : q.head+entries] {
		q.kept.bytes -= e.size
	}
	q.drop(entries)
	q.sent.receipt = number
	if number == q.sent.last {
		q.kept.lost = false
	}
	return nil
}

// drop forgets the oldest entries, which are numbered.
func (q *Queue[T]) drop(n int) {
	clear(q.entries[q.head : q.head+n])
	q.head += n
	switch {
	case q.head == len(q.entries):
		q.entries = q.entries[:0]
		if cap(q.entries) > keepCapacity {
			q.entries = nil
		}
		q.head, q.numbered, q.taken = 0, 0, 0
	case q.head > 1024 && q.head > len(q.entries)/2:
		left := copy(q.entries, q.entries[q.head:])
		clear(q.entries[left:])
		q.entries = q.entries[:left]
		q.numbered -= q.head
		q.taken -= q.head
		q.head = 0
	}
}

// keepCapacity is how much room an empty queue keeps.
const keepCapacity = 4096

// Pause lets Take end: the stream is lost. Entries may be added all the same.
func (q *Queue[T]) Pause() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.paused = true
	q.rouse()
}

// Rewind goes on after Pause on another stream, whose other end has received
// everything up to a number: what was sent after it waits again, in front. Again is
// called with each entry that was taken before; it may be nil.
//
// Errors: ErrReceipt, ErrForgotten; then nothing has changed.
func (q *Queue[T]) Rewind(received uint64, again func(*T)) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := q.sent.last - uint64(q.kept.len()) + 1
	switch {
	case received > q.sent.last:
		return ErrReceipt
	case q.finished || q.kept.limit.Items == 0 || q.kept.lost || received+1 < first:
		return ErrForgotten
	}
	if err := q.ackLocked(received); err != nil {
		return err
	}
	for i := q.head; i < q.taken; i++ {
		e := &q.entries[i]
		if e.offered {
			q.counted.Items++
			q.counted.Bytes += e.size
		}
		if again != nil {
			again(&e.value)
		}
	}
	q.kept.forget()
	q.sent.last, q.sent.receipt = received, received
	q.numbered, q.taken = q.head, q.head
	q.paused = false
	return nil
}
