package redis

import (
	"bytes"
	"math"
	"strconv"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// What a stream says is read in place: of an entry of this hub's own nothing but its sender, and of what nobody here receives
// nothing that is kept. go-redis makes a map of each.
//
// Spec: redis.io, XREAD; Redis serialization protocol, RESP2.

const (
	readerBytes = 64 << 10
	// knownWords is how many senders, namespaces, types and so on are remembered.
	knownWords = 64
	// mostWordBytes bounds one of these. They are numbers, ids and namespaces.
	mostWordBytes = 4 << 10
	mostIDBytes   = 41 // two numbers of 64 bits
)

// ask appends the command that waits for entries behind the last one.
func (r *streamReader) ask(buf []byte) []byte {
	buf = append(buf, "*8\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n"...)
	buf = appendBulk(buf, strconv.Itoa(readCount))
	buf = appendBulk(append(buf, "$5\r\nBLOCK\r\n"...), strconv.FormatInt(r.streams.block.Milliseconds(), 10))
	buf = appendBulk(append(buf, "$7\r\nSTREAMS\r\n"...), r.name)
	return appendBulk(buf, r.last)
}

// reply reads entries and takes them.
func (r *streamReader) reply() error {
	n, err := r.list()
	if err != nil || n < 0 {
		return err // nothing has come
	}
	if n != 1 {
		return errProtocol
	}
	if n, err = r.list(); err != nil || n != 2 {
		return orProtocol(err)
	}
	if err := r.pass(); err != nil { // the stream's name
		return err
	}
	if n, err = r.list(); err != nil {
		return err
	}
	var last cluster.Position
	for range n {
		var at cluster.Position
		if at, err = r.entry(); err != nil {
			break
		}
		last = at
	}
	if last != (cluster.Position{}) {
		r.last = idOf(last)
	}
	return err
}

// entry reads one and takes it.
func (r *streamReader) entry() (at cluster.Position, err error) {
	if n, err := r.list(); err != nil || n != 2 {
		return at, orProtocol(err)
	}
	if at, err = r.position(); err != nil {
		return at, err
	}
	n, err := r.list()
	if err != nil || n > 0 && n%2 != 0 {
		return at, orProtocol(err)
	}
	e, own, large, err := r.fields(n / 2)
	if err != nil {
		return at, err
	}
	r.accept(e, at, own, large)
	return at, nil
}

// accept takes an entry whose data is r.data, unless it is of this hub's own, too large or for nobody here.
func (r *streamReader) accept(e nodewire.Entry, at cluster.Position, own, large bool) {
	id := entryID{at.Major, at.Minor}
	if r.again[id] {
		return
	}
	r.recent.add(id)
	switch {
	case large:
		r.streams.engine.inbox.tooLarge()
		r.gate.Reached(at)
	case own || r.streams.inbox.concernsNobody(&e, r.data):
		r.gate.Reached(at)
	default:
		e.Data = string(r.data)
		r.take(e, at)
	}
	if cap(r.data) > mostKeptBytes {
		r.data = nil
	}
}

// position reads the id of an entry.
func (r *streamReader) position() (at cluster.Position, err error) {
	n, err := r.bulk()
	if err != nil || n > mostIDBytes {
		return at, orProtocol(err)
	}
	text, err := r.in.Peek(n + 2)
	if err != nil {
		return at, err
	}
	ms, number, ok := bytes.Cut(text[:n], []byte("-"))
	at.Major, err = decimal(ms)
	if err == nil {
		at.Minor, err = decimal(number)
	}
	if _, _ = r.in.Discard(n + 2); err != nil || !ok {
		return at, orProtocol(err)
	}
	return at, nil
}

// decimal is a number of 64 bits.
func decimal(text []byte) (n uint64, err error) {
	for _, c := range text {
		d := uint64(c - '0')
		if d > 9 || n > (math.MaxUint64-d)/10 {
			return 0, errProtocol
		}
		n = n*10 + d
	}
	return n, nil
}

// fields reads those of an entry, its data into r.data. own: this hub passes it over, and so has much of it been. large: it is larger
// than is taken.
func (r *streamReader) fields(n int) (e nodewire.Entry, own, large bool, err error) {
	r.data = r.data[:0]
	for range n {
		name, _, err := r.word()
		if err != nil {
			return e, own, large, err
		}
		var to *string
		switch name {
		case "uid":
			to = &e.UID
		case "nsp":
			to = &e.Namespace
		case "type":
			to = &e.Type
		case "number":
			to = &e.Number
		case "after":
			to = &e.After
		case "hub":
			e.Hub = true
		}
		fits := true
		switch {
		case own || large:
			err = r.pass()
		case name == "data":
			fits, err = r.readData()
		case to != nil:
			*to, fits, err = r.word()
		default:
			err = r.pass()
		}
		if err != nil {
			return e, own, large, err
		}
		large = large || !fits
		own = own || name == "uid" && r.streams.engine.self.passedOver([]byte(e.UID))
	}
	return e, own, large, nil
}

// readData reads data.
func (r *streamReader) readData() (fits bool, err error) {
	n, err := r.bulk()
	if err != nil {
		return false, err
	}
	if n > 2*r.streams.engine.config.MaxMessage { // base64
		return false, r.discard(n)
	}
	r.data, err = r.text(r.data, n)
	return true, err
}

// word reads a short text.
func (r *streamReader) word() (word string, fits bool, err error) {
	n, err := r.bulk()
	if err != nil {
		return "", false, err
	}
	if n > mostWordBytes {
		return "", false, r.discard(n)
	}
	text, err := r.in.Peek(n + 2)
	if err != nil {
		return "", false, err
	}
	word = r.known(text[:n])
	_, _ = r.in.Discard(n + 2)
	return word, true, nil
}

// known is a word as a string. Most have come before.
func (r *streamReader) known(text []byte) string {
	hash := uint(len(text))
	for _, c := range text {
		hash = hash*31 + uint(c)
	}
	place := &r.words[hash%knownWords]
	if *place != string(text) {
		*place = string(text)
	}
	return *place
}

// orProtocol is an error, or the one of a server that says something else.
func orProtocol(err error) error {
	if err != nil {
		return err
	}
	return errProtocol
}
