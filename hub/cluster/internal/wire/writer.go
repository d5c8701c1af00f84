package wire

import (
	"encoding/binary"

	"github.com/vmihailenco/msgpack/v5"
)

// writer appends MessagePack to b. Its first error stays.
type writer struct {
	b   []byte
	enc *msgpack.Encoder
	err error
}

// newWriter leaves the room for a header.
func newWriter() *writer {
	w := &writer{b: make([]byte, HeaderSize, 512)}
	w.enc = msgpack.NewEncoder(w)
	return w
}

// Write and WriteByte are for the encoder.
func (w *writer) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

func (w *writer) WriteByte(c byte) error {
	w.b = append(w.b, c)
	return nil
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) str(s string, limit int) {
	if len(s) > limit {
		w.fail(ErrTooLarge)
		return
	}
	w.fail(w.enc.EncodeString(s))
}

func (w *writer) strs(list []string) {
	if len(list) > MaxNames {
		w.fail(ErrTooLarge)
		return
	}
	w.fail(w.enc.EncodeArrayLen(len(list)))
	for _, s := range list {
		w.str(s, MaxNameBytes)
	}
}

func (w *writer) blobs(list [][]byte) {
	if len(list) > MaxAttachments {
		w.fail(ErrTooLarge)
		return
	}
	w.fail(w.enc.EncodeArrayLen(len(list)))
	for _, b := range list {
		if b == nil {
			b = []byte{}
		}
		w.fail(w.enc.EncodeBytes(b))
	}
}

// fields is a map that is being written; a field that is zero is left out.
type fields struct {
	w  *writer
	at int
	n  uint16
}

func (w *writer) fields() fields {
	f := fields{w: w, at: len(w.b)}
	w.b = append(w.b, 0xde, 0, 0) // a map whose length is not known yet
	return f
}

func (f *fields) end() { binary.BigEndian.PutUint16(f.w.b[f.at+1:], f.n) }

// key begins a field, whose value the caller writes.
func (f *fields) key(k byte) *writer {
	f.n++
	f.w.b = append(f.w.b, k)
	return f.w
}

func (f *fields) bool(k byte, v bool) {
	if v {
		f.w.fail(f.key(k).enc.EncodeBool(true))
	}
}

func (f *fields) uint(k byte, v uint64) {
	if v != 0 {
		f.w.fail(f.key(k).enc.EncodeUint(v))
	}
}

func (f *fields) int(k byte, v int) { f.uint(k, uint64(max(v, 0))) }

func (f *fields) str(k byte, v string, limit int) {
	if v != "" {
		f.key(k).str(v, limit)
	}
}

func (f *fields) name(k byte, v string) { f.str(k, v, MaxNameBytes) }

func (f *fields) bytes(k byte, v []byte) {
	if len(v) != 0 {
		f.w.fail(f.key(k).enc.EncodeBytes(v))
	}
}

func (f *fields) names(k byte, v []string) {
	if len(v) != 0 {
		f.key(k).strs(v)
	}
}

func (f *fields) blobs(k byte, v [][]byte) {
	if len(v) != 0 {
		f.key(k).blobs(v)
	}
}
