package wire

import (
	"math"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// maxTimeout bounds the time that a question leaves for its answers: what is longer would be kept for ever.
const maxTimeout = time.Hour

// maxIDBytes bounds the id of a question.
const maxIDBytes = 64

// EncodeQuestion returns a frame with room for its header.
func EncodeQuestion(id string, q *cluster.Question, timeout time.Duration) ([]byte, error) {
	w := newWriter()
	f := w.fields()
	f.str(1, id, maxIDBytes)
	f.uint(2, uint64(q.Kind))
	f.name(3, q.Namespace)
	f.key(4).target(&q.Target)
	f.bool(5, q.Handshakes)
	f.name(6, q.Prefix)
	if q.Message != nil {
		f.key(7).message(q.Message)
	}
	if q.Command != nil {
		f.key(8).command(q.Command)
	}
	f.bytes(9, q.Signal)
	f.uint(10, uint64(min(timeout, maxTimeout).Microseconds()))
	f.end()
	return w.b, w.err
}

// DecodeQuestion reads the body of a question, with the time that is left for its answers. A question of a kind that is not
// known is ErrUnknown; the id is there even then, so that it can be answered.
func DecodeQuestion(body []byte) (id string, q *cluster.Question, err error) {
	r, err := newReader(body)
	if err != nil {
		return "", nil, err
	}
	q = &cluster.Question{}
	var commandErr error
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			id = r.str(maxIDBytes)
		case 2:
			q.Kind = cluster.Kind(min(r.uint(), math.MaxUint8))
		case 3:
			q.Namespace = r.name()
		case 4:
			r.target(&q.Target)
		case 5:
			q.Handshakes = r.bool()
		case 6:
			q.Prefix = r.name()
		case 7:
			q.Message = r.message()
		case 8:
			q.Command, commandErr = r.command()
		case 9:
			q.Signal = r.bytes()
		case 10:
			q.Timeout = min(time.Duration(min(r.uint(), math.MaxInt64/1000))*time.Microsecond, maxTimeout)
		default:
			return false
		}
		return true
	})
	switch {
	case r.err == nil && id == "":
		r.err = malformed("a question without an id")
	case r.err == nil && q.Kind == 0:
		r.err = malformed("a question without a kind")
	case r.err == nil && q.Kind > cluster.Surrender, r.err == nil && commandErr != nil:
		r.err = ErrUnknown
	case r.err == nil && (q.Kind == cluster.CarryOut) != (q.Command != nil):
		r.err = malformed("a question whose kind and command do not fit")
	case r.err == nil && q.Command != nil && q.Command.KeepOnly:
		r.err = malformed("a question to carry out what nobody carries out")
	case r.err == nil && (q.Kind == cluster.Acks || q.Kind == cluster.ServerSideEmit) != (q.Message != nil):
		r.err = malformed("a question whose kind and message do not fit")
	}
	return id, q, r.err
}

// EncodeStop returns the frame that ends a question.
func EncodeStop(id string) []byte {
	w := newWriter()
	f := w.fields()
	f.str(1, id, maxIDBytes)
	f.end()
	return w.b
}

// DecodeStop reads its body.
func DecodeStop(body []byte) (id string, err error) {
	r, err := newReader(body)
	if err != nil {
		return "", err
	}
	r.fields(func(key uint64) bool {
		if key == 1 {
			id = r.str(maxIDBytes)
		}
		return key == 1
	})
	return id, r.err
}
