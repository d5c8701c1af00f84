package socketio

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/internal/sampledlog"
)

// Server is the Socket.IO side of a hub. All methods may be called at the same time.
type Server struct {
	// set at construction
	app     Application
	watcher Watcher // nil: nobody looks
	// elsewhere is told of namespaces and rooms.
	elsewhere Elsewhere
	timeout   time.Duration
	limits    Limits
	parsers   parsers
	rooms     Rooms
	trace     tracer

	// recovery has the sessions that are away. Nil: it is off.
	recovery     *recovery.Store
	unrecovered  []string // Recovering.Without
	private      []string // Config.Private
	recoveryFull fullLine
	sharer
	warnings

	// admission has the attempts without a decision.
	admission admission

	// notes are what the watcher is to hear of rooms and users, see note.
	notes [noteLanes]gate
	// noted has a bit for each of notes that may have one.
	noted atomic.Uint32

	// lives counts clients, attempts and sockets whose end the application has not heard of.
	lives sync.WaitGroup

	namespaces namespaces

	// onlooker is told what is done to sockets. Nil: nobody looks.
	onlooker atomic.Pointer[Onlooker]

	// names has the key of the clients' names.
	names names
}

// warnings are lines of the log that strangers can repeat. They are set at construction.
type warnings struct {
	// misfit warns of clients that speak a form that is not spoken here.
	misfit *sampledlog.Line
	// badOffset warns of clients that name an offset that cannot be, moved of those whose rooms have changed too often.
	badOffset, moved *sampledlog.Line
}

// New returns a server that is ready.
func New(config Config) *Server {
	config = config.withDefaults()
	s := &Server{
		app:       config.Application,
		watcher:   config.Watcher,
		elsewhere: config.Elsewhere,
		timeout:   config.ConnectTimeout,
		limits:    config.Limits,
		parsers:   newParsers(config.Parsers),
		trace:     newTracer(config.Trace, config.Logger),
		names:     newNames(),
	}
	s.admission.most, s.admission.mostBytes = s.limits.Undecided, s.limits.UndecidedBytes
	s.admission.decidedBy = config.DecidedBy
	s.namespaces.server = s
	s.rooms = Rooms{admission: &s.admission, parsers: &s.parsers, of: config.Room, crowded: config.Crowded}
	s.sharer.init(s, config)
	s.recovery, s.unrecovered = newRecovery(s, config), config.Recovery.Without
	s.private = config.Private
	s.recoveryFull.line = sampledlog.New(config.Logger, recoveryWarnEvery)
	s.badOffset = sampledlog.New(config.Logger, recoveryWarnEvery)
	s.moved = sampledlog.New(config.Logger, recoveryWarnEvery)
	s.misfit = sampledlog.New(config.Logger, misfitWarnEvery)
	s.admission.warning = sampledlog.New(config.Logger, admissionWarnEvery)
	return s
}

// Open takes a new session; it is the engineio.Config.OnSession of a hub.
func (s *Server) Open(session *engineio.Session) engineio.Handler {
	return newClient(s, session)
}

// Wait returns when every client has finished and the application has heard of it, or with the cause of
// ctx. The sessions have to be closed before.
func (s *Server) Wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() { // ends with the last client
		s.lives.Wait()
		close(done)
	}()
	select {
	case <-done:
		if s.recovery != nil {
			s.keeper.close()
			s.keepAway()
			s.recovery.Close()
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Attempts is the number of attempts without a decision, and of clients that wait to ask for one.
func (s *Server) Attempts() int {
	open, waiting := s.admission.undecided()
	return open + waiting
}

// Sockets counts the sockets of each namespace that has any.
func (s *Server) Sockets() map[string]int {
	counts := make(map[string]int)
	s.namespaces.byName.Range(func(name, value any) bool {
		if n := value.(*namespace).rooms.Count(cluster.Target{All: true}); n > 0 {
			counts[name.(string)] = n
		}
		return true
	})
	return counts
}

// Namespaces are those that have sockets, or sessions that are away.
func (s *Server) Namespaces() (names []string) {
	s.namespaces.byName.Range(func(name, _ any) bool {
		names = append(names, name.(string))
		return true
	})
	return names
}

// Recovers reports whether clients may take up sessions.
func (s *Server) Recovers() bool { return s.recovery != nil }

// Away counts the sessions that are away of each namespace that has any.
func (s *Server) Away() map[string]int {
	counts := make(map[string]int)
	s.namespaces.byName.Range(func(name, value any) bool {
		if r := value.(*namespace).recovering; r != nil {
			if n := r.away.Count(cluster.Target{All: true}); n > 0 {
				counts[name.(string)] = n
			}
		}
		return true
	})
	return counts
}

// Kept is what is kept for clients that are away.
func (s *Server) Kept() recovery.Sizes {
	if s.recovery == nil {
		return recovery.Sizes{}
	}
	return s.recovery.Sizes()
}
