package wire

import "github.com/siohub/siohub/hub/cluster"

func (w *writer) socket(s *cluster.Socket) {
	f := w.fields()
	f.name(1, s.ID)
	f.name(2, s.User)
	f.name(3, s.Transport)
	f.name(4, s.ClientID)
	f.names(5, s.Rooms)
	f.bytes(6, s.Data)
	f.uint(7, s.DataVersion)
	f.uint(8, micros(s.ConnectTime))
	if s.Handshake != nil {
		f.key(9).handshake(s.Handshake)
	}
	f.end()
}

func (r *reader) socket() (s cluster.Socket) {
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			s.ID = r.name()
		case 2:
			s.User = r.name()
		case 3:
			s.Transport = r.name()
		case 4:
			s.ClientID = r.name()
		case 5:
			s.Rooms = r.names()
		case 6:
			s.Data = r.bytes()
		case 7:
			s.DataVersion = r.uint()
		case 8:
			s.ConnectTime = r.time()
		case 9:
			s.Handshake = r.handshake()
		default:
			return false
		}
		return true
	})
	if r.err == nil && s.ID == "" {
		r.err = malformed("a socket without an id")
	}
	return s
}

func (w *writer) handshake(h *cluster.Handshake) {
	f := w.fields()
	f.str(1, h.Address, MaxAddressBytes)
	f.str(2, h.URL, maxTextBytes)
	f.str(3, h.Origin, maxTextBytes)
	f.bool(4, h.Secure)
	f.bool(5, h.CrossDomain)
	f.uint(6, micros(h.Time))
	w.pairs(&f, 7, h.Headers)
	w.pairs(&f, 8, h.Query)
	f.bytes(9, h.Auth)
	f.end()
}

func (w *writer) pairs(f *fields, key byte, list []cluster.Pair) {
	if len(list) == 0 {
		return
	}
	if len(list) > MaxPairs {
		w.fail(ErrTooLarge)
		return
	}
	w.fail(f.key(key).enc.EncodeArrayLen(2 * len(list)))
	for _, p := range list {
		w.str(p.Name, maxTextBytes)
		w.str(p.Value, maxTextBytes)
	}
}

func (r *reader) handshake() *cluster.Handshake {
	h := &cluster.Handshake{}
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			h.Address = r.str(MaxAddressBytes)
		case 2:
			h.URL = r.str(maxTextBytes)
		case 3:
			h.Origin = r.str(maxTextBytes)
		case 4:
			h.Secure = r.bool()
		case 5:
			h.CrossDomain = r.bool()
		case 6:
			h.Time = r.time()
		case 7:
			h.Headers = r.pairs()
		case 8:
			h.Query = r.pairs()
		case 9:
			h.Auth = r.bytes()
		default:
			return false
		}
		return true
	})
	return h
}

func (r *reader) pairs() []cluster.Pair {
	n := r.twos(MaxPairs)
	list := make([]cluster.Pair, 0, n)
	for ; n > 0 && r.err == nil; n-- {
		list = append(list, cluster.Pair{Name: r.str(maxTextBytes), Value: r.str(maxTextBytes)})
	}
	return list
}
