package envelope

import "google.golang.org/protobuf/encoding/protowire"

// reader reads fields. After a field that is not there in full it is bad, and
// nothing more comes.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) more() bool { return len(r.b) > 0 }

// varint reads a number, or a tag.
func (r *reader) varint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	v, n := protowire.ConsumeVarint(r.b)
	if n < 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// bytes reads bytes, which are a part of what is read.
func (r *reader) bytes() []byte {
	n := r.varint()
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// message reads the bytes of a field that may come once: a second one would have to
// be merged.
func (r *reader) message(before []byte) []byte {
	if before != nil {
		r.b, r.bad = nil, true
		return nil
	}
	return r.bytes()
}

// tag reads what stands before a value. Of a tag that protobuf does not allow the
// number is 0, and the reader is bad.
func (r *reader) tag() (protowire.Number, protowire.Type) {
	num, typ := protowire.DecodeTag(r.varint())
	if num < protowire.MinValidNumber || num > protowire.MaxValidNumber {
		r.b, r.bad = nil, true
		return 0, 0
	}
	return num, typ
}

// take reads n bytes.
func (r *reader) take(n int) {
	if n > len(r.b) {
		r.b, r.bad = nil, true
		return
	}
	r.b = r.b[n:]
}

// skip passes over a value.
func (r *reader) skip(num protowire.Number, typ protowire.Type) {
	if r.bad {
		return
	}
	n := protowire.ConsumeFieldValue(num, typ, r.b)
	if n < 0 {
		r.b, r.bad = nil, true
		return
	}
	r.b = r.b[n:]
}
