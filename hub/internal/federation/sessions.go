package federation

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/hub/internal/socketio"
	"github.com/siohub/siohub/internal/sampledlog"
)

// Sessions are those of browsers at all hubs, by an engine that keeps what was published. It implements socketio.Sessions.
type Sessions struct {
	config SessionsConfig
	line   *sampledlog.Line
	// seeking has one for each search under way.
	seeking chan struct{}
}

var _ socketio.Sessions = (*Sessions)(nil)

// SessionsConfig is what Sessions work with. Everything is required but Refused.
type SessionsConfig struct {
	Recorder cluster.Recorder
	// Self is the id of this hub.
	Self   string
	Checks SessionChecks
	// MaxDuration is how long a browser may be away.
	MaxDuration time.Duration
	// Refused is told of what came from outside and is not taken.
	Refused func(kind, reason string)
	Logger  *slog.Logger
}

// SessionChecks look at a session that comes from another server.
type SessionChecks interface {
	Session(r *recovery.Record) error
}

const (
	// mostSeeking bounds the searches under way, and what they find with it: others wait.
	mostSeeking = 64
	// seekTimeout is how long another hub has to give a session: as long as a browser there may need to be found gone, three
	// times over, and the way.
	seekTimeout = 5 * time.Second
	// replayTimeout bounds how long the log is read.
	replayTimeout = 10 * time.Second
)

// NewSessions returns Sessions.
func NewSessions(c SessionsConfig) *Sessions {
	return &Sessions{config: c, line: sampledlog.New(c.Logger, refusedWarnEvery), seeking: make(chan struct{}, mostSeeking)}
}

// Applied implements socketio.Sessions.
func (s *Sessions) Applied(namespace string) cluster.Position {
	return s.config.Recorder.Applied(namespace)
}

// claimed is what one hub asks another for.
type claimed struct {
	Namespace string `msgpack:"n"`
	PID       string `msgpack:"p"`
	Offset    string `msgpack:"o,omitempty"`
	Named     bool   `msgpack:"d,omitempty"`
}

// given is the answer: the record, or that it is known and not to be had.
type given struct {
	Record []byte `msgpack:"r,omitempty"`
	Known  bool   `msgpack:"k,omitempty"`
}

// encode is a claimed, or a given, as bytes.
func encode(v any) []byte {
	b, err := msgpack.Marshal(v)
	if err != nil {
		return nil // there is nothing in them that could fail
	}
	return b
}

// Seek implements socketio.Sessions: the hub that made the private id is asked first, then the engine, then all others. Each
// search has a goroutine, which ends with the last answer.
func (s *Sessions) Seek(namespace string, c recovery.Claim, found func(*recovery.Record)) {
	go func() {
		s.seeking <- struct{}{}
		defer func() { <-s.seeking }()
		found(s.seek(namespace, c))
	}()
}

// acquaintance is how long after an engine was reached all who are there have been heard of, ordinarily.
const acquaintance = time.Second

func (s *Sessions) seek(namespace string, c recovery.Claim) *recovery.Record {
	if status := s.config.Recorder.Status(); status.Connected {
		<-time.After(acquaintance - time.Since(status.Since))
	}
	var first, others []string
	for _, m := range s.config.Recorder.Members() {
		switch {
		case m.Foreign || m.Silent:
		case recovery.Tag(m.ID) == recovery.TagOf(c.PID):
			first = append(first, m.ID)
		default:
			others = append(others, m.ID)
		}
	}
	if r, known, _ := s.ask(first, namespace, c); known {
		return r
	}
	if r := s.take(namespace, c.PID); r != nil {
		if !s.lives(r) {
			return r
		}
		var holder []string // nobody where it is this hub, which does not have it
		if r.Hub != s.config.Self {
			holder = []string{r.Hub}
		}
		given, known, answered := s.ask(holder, namespace, c)
		switch {
		case known:
			return given
		case !answered:
			return r
		}
		// It has ended there, or another hub has it, which has not kept it yet.
	}
	r, _, _ := s.ask(others, namespace, c)
	return r
}

// lives reports whether a session that was kept is of a hub that lives, this one too, and has not let go of it: it is that hub's to
// give.
func (s *Sessions) lives(r *recovery.Record) bool {
	return !r.Final && (r.Hub == s.config.Self ||
		slices.ContainsFunc(s.config.Recorder.Members(), func(m cluster.Member) bool { return m.ID == r.Hub && !m.Silent }))
}

// ask asks hubs for a session. known says that one of them knows it, also if it does not give it, and answered that all have
// said something.
func (s *Sessions) ask(hubs []string, namespace string, c recovery.Claim) (r *recovery.Record, known, answered bool) {
	if len(hubs) == 0 {
		return nil, false, true
	}
	done := make(chan struct{})
	var answers []given
	s.config.Recorder.Ask(&cluster.Question{
		Kind: cluster.Surrender, To: hubs, Timeout: seekTimeout,
		Signal: encode(&claimed{Namespace: namespace, PID: c.PID, Offset: c.Offset, Named: c.Named}),
	}, cluster.Asking{
		Answer: func(a *cluster.Answer) {
			var g given
			if err := msgpack.Unmarshal(a.Signal, &g); err != nil {
				s.refuse(errIncomplete)
				return
			}
			answers = append(answers, g)
		},
		Done: func(missing []string) {
			answered = len(missing) == 0
			close(done)
		},
	})
	<-done
	for _, g := range answers {
		known = known || g.Known
		if len(g.Record) > 0 && r == nil {
			r = s.read(g.Record, namespace, c.PID)
		}
	}
	return r, known, answered
}

// take takes a session that a server has kept which has ended.
func (s *Sessions) take(namespace, pid string) *recovery.Record {
	ctx, cancel := context.WithTimeout(context.Background(), seekTimeout)
	defer cancel()
	kept, err := s.config.Recorder.TakeSession(ctx, pid)
	switch {
	case err != nil:
		s.line.Warn("cluster: a browser that comes back begins anew, as its session cannot be looked up", "error", err)
		return nil
	case kept == nil:
		return nil
	case kept.Foreign != nil:
		r := recovery.ForeignRecord(pid, namespace, kept.Foreign)
		return s.checked(r)
	}
	return s.read(kept.Value, namespace, pid)
}

func (s *Sessions) read(b []byte, namespace, pid string) *recovery.Record {
	r, err := recovery.DecodeRecord(b)
	if err == nil && (r.PID != pid || r.Namespace != namespace) {
		err = errIncomplete
	}
	if err != nil {
		s.refuse(err)
		return nil
	}
	return s.checked(r)
}

// checked is a record with what can be, or nil.
func (s *Sessions) checked(r *recovery.Record) *recovery.Record {
	r.Rooms = slices.DeleteFunc(r.Rooms, func(room string) bool { return room == r.ID })
	if err := s.config.Checks.Session(r); err != nil {
		s.refuse(err)
		return nil
	}
	return r
}

func (s *Sessions) refuse(err error) {
	if s.config.Refused != nil {
		s.config.Refused(kindSession, reasonOf(err))
	}
	s.line.Warn("cluster: a session of another server is not taken", "error", err)
}

// Replay implements socketio.Sessions.
func (s *Sessions) Replay(namespace string, after cluster.Position, add func(*cluster.Command) bool, done func(error)) {
	s.config.Recorder.Fence(namespace, func(at cluster.Position, err error) {
		go func() { // ends with what is read
			if err == nil {
				err = s.replay(namespace, after, at, add)
			}
			done(err)
		}()
	})
}

func (s *Sessions) replay(namespace string, after, to cluster.Position, add func(*cluster.Command) bool) error {
	s.seeking <- struct{}{}
	defer func() { <-s.seeking }()
	ctx, cancel := context.WithTimeout(context.Background(), replayTimeout)
	defer cancel()
	err := s.config.Recorder.Replay(ctx, namespace, after, to, add)
	if err != nil && !errors.Is(err, cluster.ErrGone) {
		s.line.Warn("cluster: a browser that comes back begins anew, as what it has missed cannot be read", "error", err)
	}
	return err
}

// livesLonger is how many times as long as a browser may be away its session is kept while the browser is there.
const livesLonger = 2

// Keep implements socketio.Sessions.
func (s *Sessions) Keep(pid string, record []byte, live bool, then func()) {
	ttl := s.config.MaxDuration
	if live {
		ttl *= livesLonger
	}
	s.config.Recorder.KeepSession(pid, record, ttl, func(err error) {
		if err != nil {
			s.line.Warn("cluster: a session is not kept: its browser begins anew at another hub", "error", err)
		}
		if then != nil {
			then()
		}
	})
}

// Drop implements socketio.Sessions.
func (s *Sessions) Drop(pid string) { s.config.Recorder.DropSession(pid) }

// Share implements socketio.Sessions.
func (s *Sessions) Share(namespace string, t cluster.Target, m cluster.Message, p recovery.Place) {
	_ = s.config.Recorder.Publish(&cluster.Command{ // counted; browsers that miss it begin anew or do without
		Namespace: namespace, Target: t, Message: &m, KeepOnly: true, Origin: cluster.Origin{Number: p.Own, After: p.Of},
	})
}

// surrender answers another hub that wants a session.
func (h *host) surrender(q *cluster.Question, r cluster.Responder) {
	var c claimed
	if err := msgpack.Unmarshal(q.Signal, &c); err != nil {
		h.refuse(kindSession, errIncomplete)
		r.Answer(&cluster.Answer{})
		return
	}
	h.config.Sockets.Surrender(c.Namespace, recovery.Claim{PID: c.PID, Offset: c.Offset, Named: c.Named}, func(record *recovery.Record, known bool) {
		g := given{Known: known}
		if record != nil {
			g.Record = record.Encode()
		}
		r.Answer(&cluster.Answer{Signal: encode(&g)})
	})
}
