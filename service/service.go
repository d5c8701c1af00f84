package service

import (
	"context"
	"log/slog"
	"os"
	"slices"

	"github.com/siohub/siohub/service/internal/lanes"
)

// Service is one process of an application service. Make it with New, register
// handlers on its namespaces, then Run it. After Run has begun its methods may be
// called at the same time, except those that register.
type Service struct {
	// Set by New.
	group       string
	opts        Options
	environment error // what is wrong about variables that stand in for options
	log         *slog.Logger
	lanes       *lanes.Lanes[*work]
	line        *line
	hubs        *hubs
	facts       *facts
	life        *life

	registry registry
	noticeCounts
}

// New makes a process of the service that is called group: 1 to 128 bytes, shared
// by all processes of the service; each delivery goes to one of them. Nothing is
// dialled and checked before Run.
func New(group string, opts Options) *Service {
	opts, problem := opts.fromEnvironment(os.Getenv)
	opts = opts.withDefaults()
	life := newLife()
	s := &Service{
		group:       group,
		opts:        opts,
		environment: problem,
		log:         opts.Logger.With("service", group),
		lanes:       lanes.New[*work](opts.Workers),
		line:        newLine(opts.CommandTimeout, life.done),
		life:        life,
		registry:    registry{namespaces: map[string]*Namespace{}},
	}
	s.hubs, s.facts = newHubs(s), newFacts(s)
	return s
}

// Group is the name given to New.
func (s *Service) Group() string { return s.group }

// InstanceID is the name of this process, drawn by New unless Options has one.
func (s *Service) InstanceID() string { return s.opts.InstanceID }

// Namespace returns the namespace of that name, to register handlers on. The same
// name gives the same Namespace. To emit into a namespace that this service does
// not handle, use In.
func (s *Service) Namespace(name string) *Namespace {
	n := s.registry.namespaces[name]
	if n == nil {
		n = &Namespace{svc: s, name: name, handlers: handlers{exact: map[string]*handler{}, calls: map[string]CallHandler{}}}
		s.registry.namespaces[name] = n
	}
	return n
}

// In returns a Target in a namespace that picks nobody yet. The namespace does not
// have to be one of this service's: In("/org/7") reaches one of Namespace("/org/*").
func (s *Service) In(namespace string) Target {
	return Target{space: space{svc: s, namespace: namespace}}
}

// To picks the members of rooms in the namespace `/`.
func (s *Service) To(rooms ...string) Target { return s.In("/").To(rooms...) }

// Emit sends an event to everybody in the namespace `/`, see [Target.Emit].
func (s *Service) Emit(ctx context.Context, event string, args ...any) error {
	return s.In("/").All().Emit(ctx, event, args...)
}

// EmitWithAck sends an event to everybody in the namespace `/` and waits for the
// acknowledgements, see [Target.EmitWithAck].
func (s *Service) EmitWithAck(ctx context.Context, event string, args ...any) (*Acks, error) {
	return s.In("/").All().EmitWithAck(ctx, event, args...)
}

// Ready waits until the service is attached to a hub, ctx ends, or the service is closed.
func (s *Service) Ready(ctx context.Context) error {
	_, err := s.line.await(ctx, 0)
	return err
}

// Capable reports whether the hubs that are attached all have a capability, such as
// `recovery`. False while none is.
func (s *Service) Capable(capability string) bool {
	all := s.line.all()
	return len(all) > 0 && !slices.ContainsFunc(all, func(r *route) bool { return !slices.Contains(r.att.capabilities, capability) })
}

// OnIntroduced is told, each time the service has attached to a hub anew, that all
// live sockets, occupied rooms and present users that it asked for were handed over:
// whoever is known from a former life beyond them has gone. Set it before Run. It must
// not block.
func (s *Service) OnIntroduced(h func(hubID string)) { s.registry.introduced = h }
