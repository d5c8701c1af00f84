package wire

// Presence is the body of Hello, Heartbeat and Leave.
type Presence struct {
	// Control and Peer are the hub's addresses.
	Control, Peer string
	// Described counts what it has said of itself; zero: nothing yet.
	Described uint64
}

// EncodePresence returns a frame with room for its header.
func EncodePresence(p *Presence) ([]byte, error) {
	w := newWriter()
	f := w.fields()
	f.str(1, p.Control, MaxAddressBytes)
	f.str(2, p.Peer, MaxAddressBytes)
	f.uint(3, p.Described)
	f.end()
	return w.b, w.err
}

// DecodePresence reads its body.
func DecodePresence(body []byte) (p Presence, err error) {
	r, err := newReader(body)
	if err != nil {
		return p, err
	}
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			p.Control = r.str(MaxAddressBytes)
		case 2:
			p.Peer = r.str(MaxAddressBytes)
		case 3:
			p.Described = r.uint()
		default:
			return false
		}
		return true
	})
	return p, r.err
}

// EncodeDescription returns a frame with room for its header.
func EncodeDescription(number uint64, description []byte) []byte {
	w := newWriter()
	f := w.fields()
	f.uint(1, number)
	f.bytes(2, description)
	f.end()
	return w.b
}

// DecodeDescription reads its body.
func DecodeDescription(body []byte) (number uint64, description []byte, err error) {
	r, err := newReader(body)
	if err != nil {
		return 0, nil, err
	}
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			number = r.uint()
		case 2:
			description = r.bytes()
		default:
			return false
		}
		return true
	})
	return number, description, r.err
}
