package wire

import (
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// partBytes is about how large one part of a long answer becomes.
const partBytes = 256 << 10

// EncodeAnswer returns the frames of an answer, with room for their headers: more than one where its sockets or names are
// many, each but the last with More set, and the last as the answer has it.
func EncodeAnswer(id string, a *cluster.Answer) (frames [][]byte, err error) {
	sockets, names := a.Sockets, a.Names
	for {
		part := *a
		part.Sockets, sockets = cut(sockets, MaxSockets, socketSize)
		part.Names, names = cut(names, MaxNames, func(s *cluster.Size) int { return len(s.Name) + 16 })
		rest := len(sockets) > 0 || len(names) > 0
		part.More = a.More || rest
		if len(frames) > 0 { // the rest goes once
			part = cluster.Answer{Sockets: part.Sockets, Names: part.Names, More: part.More}
		}
		w := newWriter()
		w.answer(id, &part)
		if w.err != nil {
			return nil, w.err
		}
		frames = append(frames, w.b)
		if !rest {
			return frames, nil
		}
	}
}

// cut takes what fits into one part from a list, at least one.
func cut[T any](list []T, limit int, size func(*T) int) (part, rest []T) {
	bytes := 0
	for i := range list {
		if bytes += size(&list[i]); i == limit || i > 0 && bytes > partBytes {
			return list[:i], list[i:]
		}
	}
	return list, nil
}

func socketSize(s *cluster.Socket) int {
	n := 64 + len(s.ID) + len(s.User) + len(s.Data)
	for _, r := range s.Rooms {
		n += len(r) + 5
	}
	if h := s.Handshake; h != nil {
		n += len(h.URL) + len(h.Auth)
		for _, list := range [][]cluster.Pair{h.Headers, h.Query} {
			for _, p := range list {
				n += len(p.Name) + len(p.Value) + 10
			}
		}
	}
	return n
}

func (w *writer) answer(id string, a *cluster.Answer) {
	f := w.fields()
	f.str(1, id, maxIDBytes)
	f.bool(2, a.More)
	if len(a.Sockets) > 0 {
		w.fail(f.key(3).enc.EncodeArrayLen(len(a.Sockets)))
		for i := range a.Sockets {
			w.socket(&a.Sockets[i])
		}
	}
	f.int(4, a.Count)
	if len(a.Names) > 0 {
		w.fail(f.key(5).enc.EncodeArrayLen(2 * len(a.Names)))
		for _, s := range a.Names {
			w.str(s.Name, MaxNameBytes)
			w.fail(w.enc.EncodeUint(uint64(max(s.Sockets, 0))))
		}
	}
	if p := a.Acks; p != nil {
		switch {
		case p.Expected != nil:
			w.fail(f.key(6).enc.EncodeUint(uint64(max(*p.Expected, 0))))
		case p.Ack != nil:
			f.key(7).ack(p.Ack)
		case p.Total != nil:
			f.key(8).total(p.Total)
		}
	}
	if a.Outcome != nil {
		f.key(9).outcome(a.Outcome)
	}
	f.bytes(10, a.Value)
	f.blobs(11, a.Attachments)
	f.bytes(12, a.Signal)
	f.end()
}

func (w *writer) ack(a *cluster.Ack) {
	f := w.fields()
	f.name(1, a.Socket)
	f.bytes(2, a.Args)
	f.blobs(3, a.Attachments)
	f.end()
}

func (w *writer) total(t *cluster.AckTotal) {
	f := w.fields()
	f.int(1, t.Expected)
	f.int(2, t.Acked)
	f.int(3, t.TimedOut)
	f.int(4, t.Disconnected)
	f.end()
}

func (w *writer) outcome(o *cluster.Outcome) {
	f := w.fields()
	f.int(1, o.Matched)
	f.int(2, o.Queued)
	f.int(3, o.Dropped)
	f.int(4, o.Stored)
	f.uint(5, o.DataVersion)
	f.end()
}

// EncodeRefusal returns the frame that says that a question is not answered here: its kind is not known, or too many are open.
func EncodeRefusal(id string) []byte {
	w := newWriter()
	f := w.fields()
	f.str(1, id, maxIDBytes)
	f.bool(13, true)
	f.end()
	return w.b
}

// DecodeAnswer reads the body of an answer. It is nil where the question was refused.
func DecodeAnswer(body []byte) (id string, a *cluster.Answer, err error) {
	r, err := newReader(body)
	if err != nil {
		return "", nil, err
	}
	a = &cluster.Answer{}
	refused := false
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			id = r.str(maxIDBytes)
		case 2:
			a.More = r.bool()
		case 3:
			for n := r.list(MaxSockets); n > 0 && r.err == nil; n-- {
				a.Sockets = append(a.Sockets, r.socket())
			}
		case 4:
			a.Count = r.int()
		case 5:
			for n := r.twos(MaxNames); n > 0 && r.err == nil; n-- {
				a.Names = append(a.Names, cluster.Size{Name: r.name(), Sockets: r.int()})
			}
		case 6:
			n := r.int()
			a.Acks = &cluster.AckPart{Expected: &n}
		case 7:
			a.Acks = &cluster.AckPart{Ack: r.ack()}
		case 8:
			a.Acks = &cluster.AckPart{Total: r.total()}
		case 9:
			a.Outcome = r.outcome()
		case 10:
			a.Value = r.bytes()
		case 11:
			a.Attachments = r.blobs()
		case 12:
			a.Signal = r.bytes()
		case 13:
			refused = r.bool()
		default:
			return false
		}
		return true
	})
	if r.err == nil && id == "" {
		r.err = malformed("an answer without an id")
	}
	if refused {
		a = nil
	}
	return id, a, r.err
}

func (r *reader) ack() *cluster.Ack {
	a := &cluster.Ack{}
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			a.Socket = r.name()
		case 2:
			a.Args = r.bytes()
		case 3:
			a.Attachments = r.blobs()
		default:
			return false
		}
		return true
	})
	return a
}

func (r *reader) total() *cluster.AckTotal {
	t := &cluster.AckTotal{}
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			t.Expected = r.int()
		case 2:
			t.Acked = r.int()
		case 3:
			t.TimedOut = r.int()
		case 4:
			t.Disconnected = r.int()
		default:
			return false
		}
		return true
	})
	return t
}

func (r *reader) outcome() *cluster.Outcome {
	o := &cluster.Outcome{}
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			o.Matched = r.int()
		case 2:
			o.Queued = r.int()
		case 3:
			o.Dropped = r.int()
		case 4:
			o.Stored = r.int()
		case 5:
			o.DataVersion = r.uint()
		default:
			return false
		}
		return true
	})
	return o
}

// micros is a time on the wire; zero is no time.
func micros(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(max(t.UnixMicro(), 0))
}

func (r *reader) time() time.Time {
	v := r.uint()
	if v == 0 || v > maxMicros {
		return time.Time{}
	}
	return time.UnixMicro(int64(v))
}

// maxMicros is the end of the year 9999: later times cannot be written as text.
const maxMicros = 253_402_300_799_999_999
