package msgpacket

import (
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// head is a packet before anybody has looked into its data.
type head struct {
	kind      siopacket.Type
	namespace []byte
	id        siopacket.ID
	// data is one value, or nil when there is none.
	data []byte

	// has are the members that were there.
	has member
}

// member is one that means something, a bit for each.
type member byte

const (
	typeMember member = 1 << iota
	namespaceMember
	idMember
	dataMember
)

func memberOf(name []byte) member {
	switch string(name) {
	case "type":
		return typeMember
	case "nsp":
		return namespaceMember
	case "id":
		return idMember
	case "data":
		return dataMember
	}
	return 0
}

// readHead reads the map that a message is. Of the data it knows that all lengths fit.
func readHead(message []byte) (h head, err error) {
	r := reader{data: message}
	t, err := r.next()
	switch {
	case err != nil:
		return h, err
	case t.kind != mapKind:
		return h, errPacket
	}
	for range t.n {
		if err := h.member(&r); err != nil {
			return h, err
		}
	}
	switch {
	case r.left() > 0:
		return h, errTrailing
	case h.has&typeMember == 0:
		return h, siopacket.ErrType
	case h.has&namespaceMember == 0:
		return h, errNamespace
	}
	return h, nil
}

// member reads one key and its value. Keys that mean nothing are passed over, of whatever type.
func (h *head) member(r *reader) error {
	from := *r
	key, err := r.next()
	if err != nil {
		return err
	}
	if key.kind != strKind {
		*r = from
		if err := r.skip(); err != nil {
			return err
		}
		return r.skip()
	}
	name := memberOf(r.take(key))
	if h.has&name != 0 {
		return errTwice // nobody could say which one counts
	}
	h.has |= name
	switch name {
	case typeMember:
		return h.readType(r)
	case namespaceMember:
		return h.readNamespace(r)
	case idMember:
		return h.readID(r)
	case dataMember:
		return h.readData(r)
	}
	return r.skip()
}

func (h *head) readType(r *reader) error {
	t, err := r.next()
	if err != nil {
		return err
	}
	n, ok := t.whole()
	if !ok || n > uint64(siopacket.ConnectError) {
		return siopacket.ErrType
	}
	h.kind = siopacket.Type(n)
	return nil
}

// readNamespace takes any text that starts as namespaces do; whether there is such a one is not known here.
func (h *head) readNamespace(r *reader) error {
	t, err := r.next()
	switch {
	case err != nil:
		return err
	case t.kind != strKind:
		return errNamespace
	}
	h.namespace = r.take(t)
	switch {
	case len(h.namespace) == 0 || h.namespace[0] != '/':
		return errNamespace
	case !utf8.Valid(h.namespace):
		return errText
	}
	return nil
}

func (h *head) readID(r *reader) error {
	if r.undefined() {
		return nil
	}
	t, err := r.next()
	if err != nil {
		return err
	}
	n, ok := t.whole()
	if !ok {
		return errID
	}
	h.id = siopacket.NewID(n)
	return nil
}

func (h *head) readData(r *reader) error {
	if r.undefined() {
		return nil
	}
	from := r.pos
	if err := r.skip(); err != nil {
		return err
	}
	h.data = r.data[from:r.pos]
	return nil
}
