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

// Run attaches to the hub and serves until ctx ends or Close is called; it comes
// back by itself whenever the hub was away. Once ctx has ended it closes as Close
// does, waiting for handlers in flight up to Options.CloseTimeout.
//
// It returns nil after a close. It returns an error when the service is not put
// together well (*ConfigError: also for an address at which there is no hub but a
// port for browsers), when the hub refuses it for good (*StatusError: a wrong token,
// unless Options.TokenSource may give another one; a group that it may not have; a
// capability that is missing; at its first hello a namespace that another service
// holds), when another process takes its instance id (ErrSuperseded), or when it ran
// before (ErrClosed). Everything else is logged and tried again.
func (s *Service) Run(ctx context.Context) error {
	return run(ctx, s, func() (grpc.ClientConnInterface, func(), error) { return dialHub(s) })
}

// RunOn is Run over a connection that the caller made, and closes afterwards.
// Hub, Token, TLS and DialOptions are not used.
func (s *Service) RunOn(ctx context.Context, conn grpc.ClientConnInterface) error {
	return run(ctx, s, func() (grpc.ClientConnInterface, func(), error) {
		return conn, func() {}, nil
	})
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
func run(ctx context.Context, s *Service, dial dialFunc) error {
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
	stop := context.AfterFunc(ctx, func() {
		s.life.beginClose()
		select {
		case <-s.life.done:
		case <-time.After(s.opts.CloseTimeout):
			abort(ErrClosed)
		}
	})
	defer stop()
	r := &runner{svc: s, base: base, dial: dial, again: backoff{limits: s.opts.Backoff}}
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
