package wire

import (
	"bytes"
	"errors"
	"math"

	"github.com/vmihailenco/msgpack/v5"
)

// reader reads a body whose shape was looked at. Its first error stays, and nothing is read after it.
type reader struct {
	src bytes.Reader
	dec *msgpack.Decoder
	err error
}

func newReader(body []byte) (*reader, error) {
	if err := shape(body); err != nil {
		return nil, err
	}
	r := &reader{}
	r.src.Reset(body)
	r.dec = msgpack.NewDecoder(&r.src)
	return r, nil
}

func (r *reader) fail(err error) {
	if r.err == nil && err != nil {
		if !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrMalformed) {
			err = malformed(err.Error())
		}
		r.err = err
	}
}

// fields reads a map and calls field for each key, which reads the value or says that it does not know it.
func (r *reader) fields(field func(key uint64) (known bool)) {
	n, err := r.dec.DecodeMapLen()
	for ; err == nil && n > 0 && r.err == nil; n-- {
		var key uint64
		if key, err = r.dec.DecodeUint64(); err != nil {
			break
		}
		if !field(key) {
			err = r.dec.Skip() // as deep as shape allows
		}
	}
	r.fail(err)
}

func (r *reader) bool() bool {
	v, err := r.dec.DecodeBool()
	r.fail(err)
	return v
}

func (r *reader) uint() uint64 {
	c, err := r.dec.PeekCode()
	if err == nil && (c >= 0xe0 || c == 0xca || c == 0xcb || (c >= 0xd0 && c <= 0xd3)) {
		err = malformed("a number that is not a whole one, or below zero")
	}
	if err != nil {
		r.fail(err)
		return 0
	}
	v, err := r.dec.DecodeUint64()
	r.fail(err)
	return v
}

func (r *reader) int() int {
	v := r.uint()
	if v > math.MaxInt32 {
		r.fail(ErrTooLarge)
		return 0
	}
	return int(v)
}

func (r *reader) length(limit int) int {
	n, err := r.dec.DecodeBytesLen()
	if err == nil && n > limit {
		err = ErrTooLarge
	}
	r.fail(err)
	return max(n, 0)
}

func (r *reader) bytes() []byte { return r.take(r.length(math.MaxInt32)) }

func (r *reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	b := make([]byte, n) // shape has seen that so many are there
	r.fail(r.dec.ReadFull(b))
	return b
}

func (r *reader) str(limit int) string { return string(r.take(r.length(limit))) }

func (r *reader) name() string { return r.str(MaxNameBytes) }

// list reads the length of an array.
func (r *reader) list(limit int) int {
	if r.err != nil {
		return 0
	}
	n, err := r.dec.DecodeArrayLen()
	if err == nil && n > limit {
		err = ErrTooLarge
	}
	r.fail(err)
	if r.err != nil {
		return 0
	}
	return max(n, 0)
}

// twos reads the length of an array of pairs that stand one after the other.
func (r *reader) twos(limit int) int {
	n := r.list(2 * limit)
	if n%2 != 0 {
		r.fail(malformed("an odd number of what comes in pairs"))
		return 0
	}
	return n / 2
}

func (r *reader) names() []string {
	n := r.list(MaxNames)
	list := make([]string, 0, n)
	for ; n > 0 && r.err == nil; n-- {
		list = append(list, r.name())
	}
	return list
}

func (r *reader) blobs() [][]byte {
	n := r.list(MaxAttachments)
	list := make([][]byte, 0, n)
	for ; n > 0 && r.err == nil; n-- {
		list = append(list, r.bytes())
	}
	return list
}
