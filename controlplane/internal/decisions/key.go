package decisions

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"iter"
	"net/textproto"
	"slices"
)

// Key names attempts that are alike.
type Key [sha256.Size]byte

// Facts are what an attempt shows.
type Facts struct {
	Namespace string
	// Auth is the client's auth value as it arrived. Nil when it sent none.
	Auth []byte
	// Lines are the names, in canonical form, and the values of the request's header.
	Lines func() iter.Seq2[string, string]
}

// Headers is a list of header names in canonical form, sorted, each once.
type Headers []string

// HeadersOf makes a list of names as somebody wrote them.
func HeadersOf(names []string) Headers {
	h := make(Headers, 0, len(names))
	for _, name := range names {
		h = append(h, textproto.CanonicalMIMEHeaderKey(name))
	}
	slices.Sort(h)
	return slices.Compact(h)
}

// base is the part of a key that all lists of headers share.
func (f *Facts) base() Key {
	d := digest{sha256.New()}
	d.text(f.Namespace)
	d.count(len(f.Auth))
	_, _ = d.Write(f.Auth) // never fails
	return d.sum()
}

// with makes the key of one list. A name without a line, a line without a value and
// several lines are told apart.
func (f *Facts) with(base Key, headers Headers) Key {
	d := digest{sha256.New()}
	_, _ = d.Write(base[:]) // never fails
	d.count(len(headers))
	var values []string
	for _, name := range headers {
		values = values[:0]
		for line, value := range f.Lines() {
			if line == name {
				values = append(values, value)
			}
		}
		d.text(name)
		d.count(len(values))
		for _, value := range values {
			d.text(value)
		}
	}
	return d.sum()
}

// Key is the key of an attempt for one list of headers.
func (f *Facts) Key(headers Headers) Key { return f.with(f.base(), headers) }

// digest writes values so that no two sequences of them are the same bytes.
type digest struct{ hash.Hash }

func (d digest) count(n int) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(n))
	_, _ = d.Write(length[:]) // never fails
}

func (d digest) text(s string) {
	d.count(len(s))
	_, _ = d.Write([]byte(s)) // never fails
}

func (d digest) sum() (k Key) {
	d.Sum(k[:0])
	return k
}
