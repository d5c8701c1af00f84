package nats

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/siohub/siohub/hub/cluster"
)

// A session is the last message of its subject: sessionHead, when it expires, in milliseconds since 1970 as 8 bytes, and what was
// kept. A message that is empty is none: it was taken, or dropped. Who takes it says which one it has seen, so that one does.

// sessionHead begins a session; its last byte is a version.
const sessionHead = "Ss\x01"

// sessionChange is one on its way to JetStream.
type sessionChange struct {
	key   string
	value []byte // nil: it is dropped
	until time.Time
	id    string
	done  func(error)
}

func (c *sessionChange) end(err error) {
	if c.done != nil {
		c.done(err)
	}
}

// mostChanges is how many are on their way at once.
const mostChanges = 256

// sessionToken is a key as a token of a subject.
func sessionToken(key string) string { return "k" + base64.RawURLEncoding.EncodeToString([]byte(key)) }

// KeepSession implements cluster.Recorder.
func (r *Recorder) KeepSession(key string, value []byte, ttl time.Duration, done func(error)) {
	if ttl > r.config.JetStream.MaxAge {
		r.line.Warn("cluster: a session is kept no longer than cluster.jetstream.max_age", "max_age", r.config.JetStream.MaxAge, "wanted", ttl)
	}
	c := &sessionChange{key: key, until: time.Now().Add(ttl), done: done}
	c.value = append(binary.BigEndian.AppendUint64([]byte(sessionHead), uint64(c.until.UnixMilli())), value...)
	var err error
	if len(c.value)+len(key)*2+headersRoom > int(r.largest.Load()) {
		err = cluster.ErrTooLarge
	} else {
		err = r.out.put(queued{session: c})
	}
	if err != nil {
		c.end(err)
	}
}

// DropSession implements cluster.Recorder.
func (r *Recorder) DropSession(key string) {
	_ = r.out.put(queued{session: &sessionChange{key: key}}) // it has a time of its own
}

// change makes changes at the beginning of a list, one for each key, and returns how many were made. The others are made again, under
// the same id.
func (r *Recorder) change(changes []*sessionChange) (done int, err error) {
	keys := map[string]bool{}
	for done < len(changes) && !keys[changes[done].key] {
		keys[changes[done].key] = true
		done++
	}
	changes = changes[:done]
	if _, err := r.sessionStream(r.ctx); err != nil {
		return 0, err
	}
	failed := make([]error, len(changes))
	var all sync.WaitGroup
	for i, c := range changes {
		if c.id == "" {
			r.out.number++
			c.id = r.Self().ID + "-s" + strconv.FormatUint(r.out.number, 10)
		}
		all.Go(func() {
			_, failed[i] = r.send(r.ctx, &nats.Msg{Subject: r.subjects.session(c.key), Data: c.value}, c.id)
		})
	}
	all.Wait()
	for i, c := range changes {
		if failed[i] != nil { // perhaps the stream is gone, and those behind it are passed over when they come again
			r.sessions.Store(nil)
			return i, failed[i]
		}
		c.end(nil)
	}
	return done, nil
}

// takes is how often a session is looked for that changes while it is taken.
const takes = 4

// TakeSession implements cluster.Recorder.
func (r *Recorder) TakeSession(ctx context.Context, key string) (*cluster.KeptSession, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if r.js == nil || r.ctx.Err() != nil || !r.conn.IsConnected() {
		return nil, cluster.ErrAway
	}
	stream, err := r.sessionStream(ctx)
	if err != nil {
		return nil, r.away(ctx, err)
	}
	limited, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	subject := r.subjects.session(key)
	for range takes {
		m, err := stream.GetLastMsgForSubject(limited, subject)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			return nil, nil
		case err != nil:
			return nil, r.away(ctx, err)
		case len(m.Data) == 0:
			return nil, nil
		}
		_, err = r.send(limited, &nats.Msg{Subject: subject}, nats.NewInbox(), jetstream.WithExpectLastSequencePerSubject(m.Sequence))
		var refused *jetstream.APIError
		switch {
		case errors.As(err, &refused) && (refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || refused.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant):
			continue
		case err != nil:
			return nil, r.away(ctx, err)
		}
		value, ok := bytes.CutPrefix(m.Data, []byte(sessionHead))
		switch {
		case !ok || len(value) < 8:
			r.DropForeign(cluster.DropMalformed, "")
			return nil, nil
		case binary.BigEndian.Uint64(value) <= uint64(time.Now().UnixMilli()):
			return nil, nil
		}
		return &cluster.KeptSession{Value: value[8:]}, nil
	}
	return nil, nil // others are faster
}
