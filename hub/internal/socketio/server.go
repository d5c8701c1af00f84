package socketio

import (
	"context"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
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
	private   []string // Config.Private
	names     names    // has the key of the clients' names

	// admission has the attempts without a decision.
	admission admission

	// notes are what is to be heard of rooms and users.
	notes   notes
	misfits misfits

	// lives counts clients, attempts and sockets whose end the application has not heard of.
	lives sync.WaitGroup

	namespaces // who is where
	comeback   // how browsers come back
	looking    // who is told what is done to sockets
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
	s.notes.trace, s.notes.heard = &s.trace, s.watcher != nil || s.elsewhere.RoomOccupied != nil
	s.rooms = Rooms{admission: &s.admission, parsers: &s.parsers, of: config.Room, crowded: config.Crowded}
	s.comeback.init(s, config)
	s.private = config.Private
	s.misfits.line = sampledlog.New(config.Logger, misfitWarnEvery)
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
		s.comeback.close()
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
