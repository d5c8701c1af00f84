package service

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc"
)

// Run attaches to the hubs and serves until ctx ends or Close is called; it comes
// back by itself whenever a hub was away. Once ctx has ended it closes as Close
// does, waiting for handlers in flight up to Options.CloseTimeout.
//
// It returns nil after a close. It returns an error when the service is not put
// together well (*ConfigError: also for an address at which there is no hub but a
// port for browsers), when all hubs refuse it for good (*StatusError: a wrong token,
// unless Options.TokenSource may give another one; a group that it may not have; a
// capability that is missing; at its first hello a namespace that another service
// holds), when another process takes its instance id (ErrSuperseded), or when it ran
// before (ErrClosed). Everything else is logged and tried again.
func (s *Service) Run(ctx context.Context) error {
	r := newRunner(s, dialHub)
	r.follow = true
	fixed, names, err := parseHubs(s.opts.Hub)
	r.fixed = fixed
	for _, name := range names {
		r.names = append(r.names, newResolver(name, nil))
	}
	return run(ctx, s, r, err)
}

// RunOn is Run over connections that the caller made, one for each hub, and closes
// afterwards. Hub, Token, TLS and DialOptions are not used, and addresses that hubs tell
// are not dialled.
func (s *Service) RunOn(ctx context.Context, conns ...grpc.ClientConnInterface) error {
	r := newRunner(s, func(l *link) (grpcConn, func(), error) { return l.conn, func() {}, nil })
	for n, conn := range conns {
		r.fixed = append(r.fixed, place{address: fmt.Sprintf("connection %d", n+1), conn: conn})
	}
	return run(ctx, s, r, nil)
}

// RunUntilSignal is Run until SIGINT or SIGTERM; a second signal ends it without
// waiting for handlers.
func (s *Service) RunUntilSignal(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() { // ends with Run
		for _, act := range []func(){stop, s.life.abortNow} {
			select {
			case <-signals:
				act()
			case <-s.life.done:
				return
			}
		}
	}()
	return s.Run(ctx)
}

// Close ends Run in order: the hub is told and gives the sockets to another process
// as their work here is settled, handlers in flight finish, results come in, and the
// hub ends the stream. It returns when Run has ended. When ctx ends first, the contexts of the
// handlers are cancelled, the stream is cut, and the cause is returned; a handler
// that does not listen to its context is left behind. Later calls wait as well.
func (s *Service) Close(ctx context.Context) error {
	if !s.life.beginClose() {
		return nil // never ran
	}
	select {
	case <-s.life.done:
		return nil
	case <-ctx.Done():
		s.life.abortNow()
		<-s.life.done
		return context.Cause(ctx)
	}
}

// run is Run: it checks, serves, and leaves the service closed.
func run(ctx context.Context, s *Service, r *runner, problem error) error {
	base, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(ErrClosed)
	if err := s.life.begin(base, abort); err != nil {
		return err
	}
	defer s.life.end()
	defer s.lanes.Close()
	if err := validate(s); err != nil {
		return err
	}
	if problem != nil {
		return problem
	}
	stop := context.AfterFunc(ctx, func() {
		s.life.beginClose()
		select {
		case <-s.life.done:
		case <-time.After(s.opts.CloseTimeout):
			abort(ErrClosed)
		}
	})
	defer stop()
	r.base, r.abort = base, abort
	return r.serve()
}

// validate checks options, name and registrations.
func validate(s *Service) error {
	if s.environment != nil {
		return s.environment
	}
	if err := s.opts.validate(); err != nil {
		return err
	}
	if s.group == "" || len(s.group) > maxNameBytes || !utf8.ValidString(s.group) {
		return &ConfigError{Field: "group", Problem: fmt.Sprintf("%q: 1 to %d bytes of UTF-8", s.group, maxNameBytes)}
	}
	return s.registry.build(s.opts.AnswerFailures)
}
