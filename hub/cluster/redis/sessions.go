package redis

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
)

// sessions are those of browsers that are kept in Redis. Those of hubs have keys of their own beside Node's:
//
//	<session_prefix>hub:<key>    sessionHead, the hub's id, and what it has kept
//	<session_prefix><key>        base64 of MessagePack, of Node
//
// They are written by the appender, behind what was published before: whoever finds a session finds what belongs to it in the
// stream.
type sessions struct {
	engine *engine
	out    *appender
}

const (
	hubSessions = "hub:"
	// sessionHead begins a session of a hub. Should it come before Node, under a key with `hub:` in it, then it is the
	// base64 of a byte that no MessagePack begins with, and its end: Node lets the browser begin anew.
	sessionHead = "wQ=="
	// takenSession stands for one that was taken, for takenFor: a write of it whose answer was lost is not made again.
	takenSession = sessionHead + "-"
	takenFor     = time.Minute
)

// sessionChange is one on its way to Redis.
type sessionChange struct {
	key, value string // without a value it is dropped
	until      time.Time
	done       func(error)
	again      bool // it may have been made already
}

func (c *sessionChange) end(err error) {
	if c.done != nil {
		c.done(err)
	}
}

// keepAgain makes a change whose fate is not known: not where the session has been taken meanwhile, or is another hub's.
//
// KEYS[1], head of this hub's sessions, value, milliseconds.
const keepAgain = `local v = redis.call('GET', KEYS[1])
if v and string.sub(v, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

func (s *sessions) key(key string) string {
	return s.engine.config.SessionPrefix + hubSessions + key
}

// ownHead begins the sessions of this hub.
func (s *sessions) ownHead() string { return sessionHead + s.engine.self.id }

func (s *sessions) keep(key string, value []byte, ttl time.Duration, done func(error)) {
	c := &sessionChange{key: s.key(key), value: s.ownHead() + string(value), until: time.Now().Add(ttl), done: done}
	if len(value) > s.engine.config.MaxMessage {
		c.end(cluster.ErrTooLarge)
		return
	}
	if err := s.out.take(entry{session: c}); err != nil {
		c.end(err)
	}
}

func (s *sessions) drop(key string) {
	_ = s.out.take(entry{session: &sessionChange{key: s.key(key)}}) // counted; it has a time in Redis
}

// change makes changes in their order. It returns those that were not made, as Redis does not answer: the first of them, and
// all behind it. What Redis refuses is not tried again.
func (s *sessions) change(ctx context.Context, changes []*sessionChange) (left []*sessionChange, err error) {
	commands, _ := s.engine.nodes.any().Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, c := range changes {
			ms := time.Until(c.until).Milliseconds()
			switch {
			case c.value == "" || ms <= 0:
				p.Del(ctx, c.key)
			case c.again:
				p.Eval(ctx, keepAgain, []string{c.key}, s.ownHead(), c.value, ms)
			default:
				p.Set(ctx, c.key, c.value, time.Duration(ms)*time.Millisecond)
			}
		}
		return nil
	})
	for i, c := range changes {
		err := cluster.ErrAway
		if i < len(commands) {
			err = commands[i].Err()
		}
		var refusal redis.Error
		switch {
		case err == nil:
			c.end(nil)
		case errors.As(err, &refusal) && !passing(refusal):
			s.engine.reach.refused(err)
			c.end(err)
		default:
			for _, c := range changes[i:] {
				c.again = true
			}
			return changes[i:], err
		}
	}
	return nil, nil
}

// passing reports whether Redis refuses a command for the moment only.
func passing(err redis.Error) bool {
	for _, prefix := range []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK"} {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return false
}

// takeSession takes one of a hub, or else of Node. Both are asked for at once: there is one of them.
func (s *sessions) take(ctx context.Context, key string) (*cluster.KeptSession, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	var hubs *redis.Cmd
	var nodes *redis.StringCmd
	_, _ = s.engine.nodes.any().Pipelined(ctx, func(p redis.Pipeliner) error {
		hubs = p.Do(ctx, "SET", s.key(key), takenSession, "XX", "GET", "PX", strconv.FormatInt(takenFor.Milliseconds(), 10))
		if !strings.HasPrefix(key, hubSessions) { // that would be the key of a hub's
			nodes = p.GetDel(ctx, s.engine.config.SessionPrefix+key)
		}
		return nil
	})
	value, err := hubs.Text()
	if err == nil && value != takenSession {
		head := len(sessionHead) + idBytes
		if len(value) >= head && strings.HasPrefix(value, sessionHead) {
			return &cluster.KeptSession{Value: []byte(value[head:])}, nil
		}
		s.engine.inbox.broken(nil)
	}
	if err != nil && !errors.Is(err, redis.Nil) || nodes == nil {
		return nil, s.engine.reach.unread(ctx, err)
	}
	value, err = nodes.Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, nil
	case err != nil:
		return nil, s.engine.reach.unread(ctx, err)
	}
	socket, id, err := s.engine.codec.Session(value)
	if err != nil || id != key {
		s.engine.inbox.broken(err)
		return nil, nil
	}
	return &cluster.KeptSession{Foreign: socket}, nil
}
