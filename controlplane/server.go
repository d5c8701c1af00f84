package controlplane

import (
	mathrand "math/rand/v2"
	"runtime"
	"sync/atomic"

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
	config    Config
	node      *dispatch.Node
	routes    *routes
	connects  *connects
	renewals  *renewals
	decisions *decisions.Cache
	observers *copies.Observers
	listeners facts.Listeners
	unhandled
	drain    atomic.Pointer[hubv1.Drain] // nil until the hub drains
	commands *command.Executor
	pacing
	endpoints

	lifetime
}

// endpoints are what the server stands between.
type endpoints struct {
	health *health.Server

	// Set by Bind and GRPC, before there is traffic.
	hub  *hub.Hub
	grpc *grpc.Server
}

// New returns a Server. A setting that cannot be is a *hub.ConfigError.
func New(config Config) (*Server, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	s := &Server{
		config:    config,
		process:   newProcess(config.HubID),
		telling:   telling{config.Logger, loglines.New(config.Logger), trace.NewTracer(config.Trace)},
		endpoints: endpoints{health: health.NewServer()},
		lifetime:  newLifetime(config.Stream.MaxInstances),
	}
	s.node = dispatch.New(dispatching(&s.config, s.within))
	s.routes = newRoutes(s)
	s.connects = newConnects(s)
	s.renewals = newRenewals(s)
	s.observers = copies.NewObservers(&s.routes.register, s.hubID)
	s.parts = newParts(s)
	s.unhandled.srv = s
	s.decisions = decisions.New(cacheLimits, s.cached)
	s.turns, s.hellos, s.slowness.telling = turns.New(runtime.GOMAXPROCS(0), float64(config.LeastPercent)/100), toll.NewGate(helloTariff), &s.telling
	s.commands = command.New(command.Config{
		Trace: commandTrace{s}, HubID: s.hubID, Handshake: contract.HandshakeOf, Knows: s.mayEmitTo, Groups: s.routes, Services: &s.routes.roster, Elsewhere: s,
		Emitted: s.observers.Emitted, Revoked: s.revoked, Within: s.within, Waited: s.waited, Private: s.config.Private,
		KeptBytes: s.config.KeptBytes,
	})
	return s, nil
}

// HubID is what services know this hub by.
func (s *Server) HubID() string { return s.hubID }

// dispatching is the configuration of the dispatcher.
func dispatching(config *Config, within func(func())) dispatch.Config {
	p, st := config.Parking, config.Stream
	return dispatch.Config{
		Numbers: uint64(mathrand.N(1<<20)) << 32,
		Socket:  park.SocketLimit{Items: p.SocketEvents, Bytes: p.SocketBytes}, GroupBytes: p.GroupBytes, NodeBytes: p.NodeBytes,
		HandedBytes: config.Window.TotalBytes, Age: p.Age, Lifecycle: p.Lifecycle, FailoverDelay: st.FailoverDelay, Suspend: st.Suspend,
		Within: within,
	}
}

// Bind gives the server the hub that its commands go to. It is called once, before
// the hub and the gRPC server take traffic.
func (s *Server) Bind(h *hub.Hub) {
	s.hub, s.memories.hub, s.introducing.hub = h, h, h
	s.commands.Bind(h)
}
