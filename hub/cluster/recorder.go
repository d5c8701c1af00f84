package cluster

import (
	"context"
	"errors"
	"time"
)

// Recorder is a Cluster whose engine keeps what was published for a while, its log, and the sessions of browsers that are
// away: with it a browser is recovered at another hub than the one that it has left.
type Recorder interface {
	Cluster
	// Applied is how far the log of a namespace has been applied here: all that is behind it is still to come. It must not
	// block, and is called with locks held.
	Applied(namespace string) Position
	// Fence calls done once, from any goroutine, at the latest after Settings.RequestTimeout: everything that this hub had
	// published in the namespace before is in the log then, and everything that is in the log up to at has been applied
	// here, but for this hub's own. done must not block.
	Fence(namespace string, done func(at Position, err error))
	// Replay reads the log of a namespace behind after and up to to, and calls yield for each command in the order of the
	// log, with its Origin: this hub's own too, those that are KeepOnly, those to a pattern that the namespace is below. It
	// ends when yield returns false. Commands must not be changed.
	//
	// Errors: ErrGone, ErrAway, that of ctx.
	Replay(ctx context.Context, namespace string, after, to Position, yield func(*Command) bool) error
	// KeepSession keeps a session where every hub finds it, for so long. What was kept under the key before is replaced, in
	// the order of the calls. done, unless it is nil, is called once, from any goroutine, and must not block; key and value
	// must not be changed.
	KeepSession(key string, value []byte, ttl time.Duration, done func(error))
	// DropSession forgets one, in order with KeepSession.
	DropSession(key string)
	// TakeSession takes one: of all who ask for it one gets it, once. Nil: there is none.
	//
	// Errors: ErrAway, that of ctx.
	TakeSession(ctx context.Context, key string) (*KeptSession, error)
}

// KeptSession is a session as an engine keeps it. Exactly one of the fields is set.
type KeptSession struct {
	// Value is what a hub has kept.
	Value []byte
	// Foreign is what a foreign server has kept: ID, Rooms and Data are set. The offset that its browser names is a position of the log as text, major-minor in decimal.
	Foreign *Socket
}

// Position is a place in the log of a namespace. The zero Position is before all. Those of one namespace are in the order
// in which every hub applies what comes from it.
type Position struct{ Major, Minor uint64 }

// Before reports whether p is before o.
func (p Position) Before(o Position) bool {
	return p.Major < o.Major || p.Major == o.Major && p.Minor < o.Minor
}

// Origin says where a command comes from.
type Origin struct {
	// Hub is the id of the hub that published it; empty for a foreign server's. The reader sets it.
	Hub string
	// At is where it stands in the log. The reader sets it. It is zero without a log.
	At Position
	// Number is the publisher's own count of what its browsers got from it in that namespace. Zero: it is not counted.
	Number uint64
	// After is what the publisher had applied of others when it was made.
	After Position
}

// ErrGone says that some of what was asked for is not in the log any more.
var ErrGone = errors.New("cluster: the log does not have it any more")
