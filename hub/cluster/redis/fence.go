package redis

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// A fence waits in the queue of the appender behind what was published before it. Once that is appended the end of the stream is
// looked up, for all fences of a batch at once, and the fence waits until this hub has read so far. So it costs a stream
// nothing but a read.

// markType is the type of an entry that says nothing: there is one where a stream has no other.
const markType = "0"

// fence is Fence of a cluster.Recorder.
func (s *streams) fence(namespace string, done func(cluster.Position, error)) {
	f := s.fences.Begin(s.engine.config.RequestTimeout, done)
	if f == nil {
		return
	}
	if err := s.out.take(entry{stream: s.names.of(namespace), fence: f}); err != nil {
		f.End(cluster.Position{}, err)
	}
}

// end is where a stream ends. An empty one is given an entry, so that there is a place to come back to.
func (s *streams) end(ctx context.Context, stream string) (cluster.Position, error) {
	client := s.engine.nodes.any()
	last, err := client.XRevRangeN(ctx, stream, "+", "-", 1).Result()
	if err != nil {
		return cluster.Position{}, err
	}
	var id string
	if len(last) > 0 {
		id = last[0].ID
	} else {
		mark := nodewire.Entry{UID: s.engine.self.id, Type: markType, Hub: true}
		if id, err = client.XAdd(ctx, &redis.XAddArgs{Stream: stream, Values: valuesOf(&mark)}).Result(); err != nil {
			return cluster.Position{}, err
		}
	}
	at, _ := positionOf(id)
	return at, nil
}
