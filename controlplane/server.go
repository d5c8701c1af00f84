package controlplane

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	mathrand "math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/decisions"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/facts"
	"github.com/siohub/siohub/controlplane/internal/loglines"
	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/controlplane/internal/toll"
	"github.com/siohub/siohub/controlplane/internal/turns"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// Server is the control plane: it is the hub's Application towards browsers, and a
// gRPC server towards services. Its methods may be called at the same time.
type Server struct {
	parts

	// Set by New.
	process
	telling
	config     Config
	configured *route.Namespaces
	node       *dispatch.Node
	routes     *routes
	connects   *connects
	renewals   *renewals
	decisions  *decisions.Cache
	observers  *copies.Observers
	listeners  facts.Listeners
	unhandled
	drain    atomic.Pointer[hubv1.Drain] // nil until the hub drains
	commands *command.Executor
	pacing
	endpoints

	lifetime
}

// telling is what the operator hears.
type telling struct {
	log   *slog.Logger
	lines *loglines.Lines
	trace trace.Tracer
}

// pacing is what makes services wait for each other, and for what they do too much of.
type pacing struct {
	turns    *turns.Turns
	hellos   *toll.Gate
	slowness slowness
}

// endpoints are what the server stands between.
type endpoints struct {
	health *health.Server

	// Set by Bind and GRPC, before there is traffic.
	hub  *hub.Hub
	grpc *grpc.Server
}

// process tells this process apart from others.
type process struct {
	hubID   string
	dedupe  [8]byte // the first half of all dedupe ids
	started time.Time
	// authorizers says whether one is attached, as seen within the last second.
	authorizers atomic.Bool
}

// lifetime is what Shutdown ends.
type lifetime struct {
	mu      sync.Mutex // guards the fields below; a leaf
	streams map[*stream]struct{}
	closing bool
	// stop ends the janitor; done waits for it and for the streams' goroutines.
	stop chan struct{}
	done sync.WaitGroup
}

// New returns a Server. A setting that cannot be is a *hub.ConfigError.
func New(config Config) (*Server, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	s := &Server{
		config:     config,
		telling:    telling{config.Logger, loglines.New(config.Logger), trace.NewTracer(config.Trace)},
		configured: (&route.Namespaces{}).With(config.Namespaces),
		endpoints:  endpoints{health: health.NewServer()},
	}
	s.node = dispatch.New(s.dispatching())
	s.started, s.streams, s.stop = time.Now(), make(map[*stream]struct{}), make(chan struct{})
	var id [8]byte
	// crypto/rand.Read never fails; it ends the program instead.
	_, _ = rand.Read(id[:])
	_, _ = rand.Read(s.dedupe[:])
	if s.hubID = config.HubID; s.hubID == "" {
		s.hubID = hex.EncodeToString(id[:])
	}
	s.parts = newParts(s)
	s.unhandled.srv = s
	s.routes = newRoutes(s)
	s.connects = newConnects(s)
	s.renewals = newRenewals(s)
	s.decisions = decisions.New(cacheLimits, s.cached)
	s.observers = copies.NewObservers(s.routes, s.hubID)
	s.turns, s.hellos, s.slowness.srv = turns.New(runtime.GOMAXPROCS(0), float64(config.LeastPercent)/100), toll.NewGate(helloTariff), s
	s.commands = command.New(command.Config{
		Trace: commandTrace{s}, HubID: s.hubID, Handshake: contract.HandshakeOf, Knows: s.mayEmitTo, Groups: s.routes, Services: s, Elsewhere: s,
		Emitted: s.observers.Emitted, Revoked: s.revoked, Within: s.within, Waited: s.waited, Private: s.config.Private,
		KeptBytes: s.config.KeptBytes,
	})
	return s, nil
}

// HubID is what services know this hub by.
func (s *Server) HubID() string { return s.hubID }

// dispatching is the configuration of the dispatcher.
func (s *Server) dispatching() dispatch.Config {
	p, st := s.config.Parking, s.config.Stream
	return dispatch.Config{
		Numbers: uint64(mathrand.N(1<<20)) << 32,
		Socket:  park.SocketLimit{Items: p.SocketEvents, Bytes: p.SocketBytes}, GroupBytes: p.GroupBytes, NodeBytes: p.NodeBytes,
		HandedBytes: s.config.Window.TotalBytes, Age: p.Age, Lifecycle: p.Lifecycle, FailoverDelay: st.FailoverDelay, Suspend: st.Suspend,
		Within: s.within,
	}
}

// Bind gives the server the hub that its commands go to. It is called once, before
// the hub and the gRPC server take traffic.
func (s *Server) Bind(h *hub.Hub) {
	s.hub = h
	s.commands.Bind(h)
}

// admit registers a stream that was just opened.
func (s *Server) admit(st *stream) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing || s.hub == nil:
		return errShutdown
	case len(s.streams) >= s.config.Stream.MaxInstances:
		return errInstances
	}
	s.streams[st] = struct{}{}
	// The handler itself and recvLoop; sendLoop comes with the welcome.
	s.done.Add(2)
	return nil
}

// dismiss is the end of admit.
func (s *Server) dismiss(st *stream) {
	s.mu.Lock()
	delete(s.streams, st)
	s.mu.Unlock()
	s.done.Done()
}
