package command

import (
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/replay"
)

// replays keep the results of commands with an idempotency key, a book for each
// identity and group.
type replays struct {
	shelf *replay.Shelf[replayed]
}

// replayed is the result of a command, and the sum of the command: the key belongs to no other.
type replayed struct {
	result *hubv1.Result
	sum    uint64
}

// replayLimits bound what is kept for each owner, and maxOwners how many there are.
var replayLimits = replay.Limits{Keys: 10_000, Bytes: 16 << 20, Waiters: 16, Age: 5 * time.Minute}

const (
	maxOwners = 1024
	// ownerShare is the part of all bytes that one owner has at most.
	ownerShare = 16
)

// newReplays keeps so many bytes in all.
func newReplays(bytes int64) replays {
	limits := replayLimits
	limits.Bytes = int(min(int64(limits.Bytes), bytes/ownerShare))
	return replays{replay.NewShelf[replayed](limits, maxOwners, bytes)}
}

// begin reports whether the caller is the first under a key of its own; the book is
// where the first one leaves its result. Otherwise again is called with that result,
// at once or when it is there.
func (s replays) begin(who *Caller, key string, again func(replayed)) (*replay.Book[replayed], bool, error) {
	return s.shelf.Begin(replay.Owner{Identity: who.Identity, Group: who.Group}, key, time.Now(), again)
}

// runKeyed carries out a command that was checked and has an idempotency key.
func (x *Executor) runKeyed(r Request, answers Answers) {
	key := r.Command.GetIdempotencyKey()
	sum := sumOf(r.Command)
	book, first, err := x.replays.begin(r.Caller, key, func(kept replayed) {
		if kept.sum != sum {
			answers.Give(failed(faultReused))
			return
		}
		again := proto.CloneOf(kept.result)
		again.Duplicate = true
		answers.Give(again)
	})
	switch {
	case err != nil:
		x.trace.Bound(BoundReplays)
		answers.Give(failed(fault.Of(err, "")))
	case first:
		x.runOnce(r, &keeper{Answers: answers, key: key, sum: sum, book: book})
	}
}

// keeper are answers whose last one is kept under a key.
type keeper struct {
	Answers
	key  string
	sum  uint64
	book *replay.Book[replayed]
}

// Give implements Answers.
func (k *keeper) Give(r *hubv1.Result) bool {
	if r.More {
		return k.Answers.Give(r)
	}
	kept := proto.CloneOf(r)
	k.Answers.Give(r)
	k.book.Finish(k.key, replayed{kept, k.sum}, proto.Size(kept)+len(k.key)+ackKeep, carriedOut(kept), time.Now())
	return true
}

// carriedOut reports whether a command had an effect: one that was refused may be
// repeated in earnest.
func carriedOut(r *hubv1.Result) bool {
	return r.GetStatus().GetCode() == hubv1.Code_CODE_UNSPECIFIED || r.GetAck() != nil
}
