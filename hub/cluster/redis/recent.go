package redis

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
)

// entryID is the id of an entry of a stream: a time in milliseconds, and a number in it.
type entryID [2]uint64

// keptIDs is how many ids of entries are kept at least: about what a replica that becomes master may lack.
const keptIDs = 512

// recent are the ids of the last entries of a stream that were read. A replica that was promoted lacks some of them, and gives ids
// before the last one to what is new if its clock is behind: what is new there is what is none of these.
type recent struct {
	base entryID   // everything up to it was read, or is none of ours
	ids  []entryID // behind base, as they came
}

// begin forgets all, and says that everything up to an id was read.
func (r *recent) begin(base entryID) { r.base, r.ids = base, nil }

func (r *recent) add(id entryID) {
	if len(r.ids) == 2*keptIDs {
		r.base = r.ids[keptIDs-1]
		r.ids = append(r.ids[:0], r.ids[keptIDs:]...)
	}
	r.ids = append(r.ids, id)
}

// set are the ids that are kept.
func (r *recent) set() map[entryID]bool {
	set := make(map[entryID]bool, len(r.ids))
	for _, id := range r.ids {
		set[id] = true
	}
	return set
}

// resume finds where to begin: at the end at first, and behind what was read last thereafter. Where that is not there any more,
// Redis may have come back with less than it had: then with everything that is not known to have been read.
func (r *streamReader) resume(ctx context.Context, client redis.UniversalClient) error {
	if r.last == "" {
		end, err := client.XRevRangeN(ctx, r.name, "+", "-", 1).Result()
		if err != nil {
			return err
		}
		if r.last = "0-0"; len(end) > 0 {
			r.last = end[0].ID
		}
		base := split(r.last)
		r.recent.begin(base)
		r.gate.Reached(cluster.Position{Major: base[0], Minor: base[1]})
		return nil
	}
	there, err := client.XRangeN(ctx, r.name, r.last, r.last, 1).Result()
	if err != nil || len(there) > 0 {
		return err
	}
	oldest, err := client.XRangeN(ctx, r.name, "-", "+", 1).Result()
	if err != nil {
		return err
	}
	if len(oldest) > 0 && before(r.last, oldest[0].ID) && r.last != "0-0" {
		r.missed()
	}
	r.again = r.recent.set()
	r.last = fmt.Sprintf("%d-%d", r.recent.base[0], r.recent.base[1])
	return nil
}

// missed counts what was taken off the end of the stream while this hub was away.
func (r *streamReader) missed() {
	e := r.streams.engine
	if f := e.Trace().Lost; f != nil {
		f(1)
	}
	e.reach.line.Warn("cluster: entries of the stream are gone that this hub has not read: cluster.stream_length is too short for how long it was away", "stream", r.name)
}
