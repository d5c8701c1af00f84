package controlplane

import (
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/replay"
	"github.com/siohub/siohub/hub"
)

// maxKeyBytes bounds an idempotency key.
const maxKeyBytes = 128

// replayLimits bound what is remembered for each identity.
var replayLimits = replay.Limits{Keys: 10_000, Bytes: 16 << 20, Waiters: 16, Age: 5 * time.Minute}

// replays keep the results of commands with an idempotency key, a book for each
// identity. Identities come from the configuration: there are few.
type replays struct {
	mu    sync.Mutex // guards books; a leaf
	books map[string]*replay.Book[*hubv1.Result]
}

func (r *replays) book(identity string) *replay.Book[*hubv1.Result] {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.books[identity]
	if b == nil {
		if r.books == nil {
			r.books = make(map[string]*replay.Book[*hubv1.Result])
		}
		b = replay.NewBook[*hubv1.Result](replayLimits)
		r.books[identity] = b
	}
	return b
}

// run carries out a command of any kind. The results are the callee's to change.
func (cs *commands) run(batch *hub.Batch, c *hubv1.Command, identity string, give answer) {
	key := c.GetIdempotencyKey()
	if key == "" {
		cs.runOnce(batch, c, give)
		return
	}
	if len(key) > maxKeyBytes {
		give(resultOf(hub.Outcome{}, invalid("idempotency_key", "TOO_LONG", "a key has at most 128 bytes")), true)
		return
	}
	book := cs.replays.book(identity)
	first, err := book.Begin(key, time.Now(), func(r *hubv1.Result) {
		again := proto.CloneOf(r)
		again.Duplicate = true
		give(again, true)
	})
	switch {
	case err != nil:
		give(resultOf(hub.Outcome{}, faultOf(err, "")), true)
	case first:
		cs.runOnce(batch, c, func(r *hubv1.Result, last bool) bool {
			if !last {
				return give(r, false)
			}
			kept := proto.CloneOf(r)
			give(r, true)
			book.Finish(key, kept, proto.Size(kept)+len(key)+ackKeep, carriedOut(kept), time.Now())
			return true
		})
	}
}

// carriedOut reports whether a command had an effect: one that was refused may be
// repeated in earnest.
func carriedOut(r *hubv1.Result) bool {
	return r.GetStatus().GetCode() == hubv1.Code_CODE_UNSPECIFIED || r.GetAck() != nil
}

// runOnce carries out a command without a look at its key.
func (cs *commands) runOnce(batch *hub.Batch, c *hubv1.Command, give answer) {
	if e := c.GetEmit(); e.GetAck() != nil {
		cs.emitWithAck(batch, e, give)
		return
	}
	o, f := cs.perform(batch, c)
	give(resultOf(o, f), true)
}
