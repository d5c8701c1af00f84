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
// together well (*ConfigError), when the hub refuses its first hello
// (*StatusError: a wrong token, a namespace that another service holds), when
// another process takes its instance id (ErrSuperseded), or when it ran before
// (ErrClosed). Once attached it never gives up: a refusal is then logged and tried
// again.
func (s *Service) Run(ctx context.Context) error { return s.run(ctx, s.dial) }

// RunOn is Run over a connection that the caller made, and closes afterwards.
// Hub, Token, TLS and DialOptions are not used.
func (s *Service) RunOn(ctx context.Context, conn grpc.ClientConnInterface) error {
	return s.run(ctx, func() (grpc.ClientConnInterface, func(), error) {
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
		for _, act := range []func(){stop, s.abortNow} {
			select {
			case <-signals:
				act()
			case <-s.done:
				return
			}
		}
	}()
	return s.Run(ctx)
}

// Close ends Run in order: no more deliveries, handlers in flight finish and
// settle, the stream ends, and the hub gives the sockets to another process at
// once. It returns when Run has ended. When ctx ends first, the contexts of the
// handlers are cancelled, the stream is cut, and the cause is returned; a handler
// that does not listen to its context is left behind. Later calls wait as well.
func (s *Service) Close(ctx context.Context) error {
	if !s.beginClose() {
		return nil // never ran
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		s.abortNow()
		<-s.done
		return context.Cause(ctx)
	}
}

// run is Run: it checks, serves, and leaves the service closed.
func (s *Service) run(ctx context.Context, dial dialFunc) error {
	base, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(ErrClosed)
	if err := s.begin(abort); err != nil {
		return err
	}
	defer s.end()
	if err := s.validate(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() {
		s.beginClose()
		select {
		case <-s.done:
		case <-time.After(s.opts.CloseTimeout):
			abort(ErrClosed)
		}
	})
	defer stop()
	r := &runner{svc: s, base: base, dial: dial, again: backoff{limits: s.opts.Backoff}}
	return r.serve()
}

// validate checks options, name and registrations.
func (s *Service) validate() error {
	if err := s.opts.validate(); err != nil {
		return err
	}
	if s.group == "" || len(s.group) > maxNameBytes || !utf8.ValidString(s.group) {
		return &ConfigError{Field: "group", Problem: fmt.Sprintf("%q: 1 to %d bytes of UTF-8", s.group, maxNameBytes)}
	}
	return s.registry.validate()
}

func (s *Service) isClosing() bool { return s.closing.Err() != nil }

// begin claims the one run that a Service has.
func (s *Service) begin(abort context.CancelCauseFunc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started || s.closed {
		return ErrClosed
	}
	s.started = true
	s.abort = abort
	return nil
}

func (s *Service) end() {
	s.beginClose()
	close(s.done)
}

// beginClose tells everybody to come to an end, once. It reports whether there is
// a run that will.
func (s *Service) beginClose() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		s.close()
		if !s.started {
			close(s.done) // there will be no run; commands need not wait for one
		}
	}
	return s.started
}

func (s *Service) abortNow() {
	s.mu.Lock()
	abort := s.abort
	s.mu.Unlock()
	if abort != nil {
		abort(ErrClosed)
	}
}
