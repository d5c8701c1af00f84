package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/siohub/siohub/service"
)

// echo takes its arguments apart and puts them together again.
func echo(_ context.Context, e *service.Event) error {
	var each []json.RawMessage
	if err := json.Unmarshal(e.Args, &each); err != nil {
		return err
	}
	args, dst := make([]any, len(each)), make([]any, len(each))
	for i := range args {
		dst[i] = &args[i]
	}
	if err := e.Bind(dst...); err != nil {
		return err
	}
	return e.Reply(args...)
}

func (a *app) raw(ctx context.Context, e *service.Event) error {
	if a.reencodes {
		return echo(ctx, e)
	}
	return e.Reply(e.Payload())
}

func who(_ context.Context, e *service.Event) error {
	s := e.Socket
	return e.Reply(map[string]any{
		"id": s.ID(), "namespace": s.Namespace(), "user": s.User(), "data": orNil(s.Data()), "version": s.DataVersion(),
		"hub": s.HubID(), "transport": s.Transport(), "client": s.ClientID(), "rooms": names(s.Rooms()),
		"attempt": e.Attempt, "dedupe": hex.EncodeToString([]byte(e.DedupeID())),
	})
}

func silent(context.Context, *service.Event) error { return nil }

func fail(_ context.Context, e *service.Event) error {
	var message string
	if err := e.Bind(&message); err != nil {
		return err
	}
	return errors.New(message)
}

func reject(_ context.Context, e *service.Event) error {
	var message string
	var data any
	if err := e.Bind(&message, &data); err != nil {
		return err
	}
	return service.Reject(message, data)
}

func retry(_ context.Context, e *service.Event) error {
	var ms, until int
	switch err := e.Bind(&ms, &until); {
	case err != nil:
		return err
	case e.Attempt > until:
		return e.Reply(e.Attempt)
	case ms == 0:
		return service.Retry(errors.New("not yet"))
	}
	return service.RetryAfter(errors.New("not yet"), time.Duration(ms)*time.Millisecond)
}

func elsewhere(context.Context, *service.Event) error {
	return service.Elsewhere(errors.New("another one can"))
}

func twice(_ context.Context, e *service.Event) error {
	if err := e.Reply("one"); err != nil {
		return err
	}
	_ = e.Reply("two") // ErrAnswered
	return nil
}

func size(_ context.Context, e *service.Event) error {
	var n int
	if err := e.Bind(&n); err != nil {
		return err
	}
	return e.Reply(strings.Repeat("x", n))
}

func binary(_ context.Context, e *service.Event) error {
	var n int
	if err := e.Bind(&n); err != nil {
		return err
	}
	all := make([]byte, n)
	for i := range all {
		all[i] = byte(i)
	}
	return e.Reply(map[string]any{"at": all})
}

func seq(ctx context.Context, e *service.Event) error {
	var n int
	if err := e.Bind(&n); err != nil {
		return err
	}
	for i := range n {
		if err := e.Socket.Emit(ctx, "tick", i+1); err != nil {
			return err
		}
	}
	return e.Reply("end")
}

func (a *app) order(_ context.Context, e *service.Event) error {
	var n int
	if err := e.Bind(&n); err != nil {
		return err
	}
	a.log.add("begin", e.Socket.ID(), n)
	for range 3 {
		runtime.Gosched()
	}
	a.log.add("end", e.Socket.ID(), n)
	return e.Reply(n)
}

func prefixed(_ context.Context, e *service.Event) error {
	var arg any
	if err := e.Bind(&arg); err != nil {
		return err
	}
	if string(e.Args) == "[]" {
		return e.Reply(e.Name)
	}
	return e.Reply(e.Name, arg)
}

func (a *app) free(_ context.Context, e *service.Event) error {
	var key string
	var c command
	var ms int
	if err := e.Bind(&key, &c, &ms); err != nil {
		return fmt.Errorf("free: %w", err)
	}
	if err := e.Reply("started"); err != nil {
		return err
	}
	go func() { // ends with the command
		time.Sleep(time.Duration(ms) * time.Millisecond)
		a.log.add("free", key, a.ask.run(context.Background(), &c))
	}()
	return nil
}

// late does a command when it may be too late for it.
func (a *app) late(ctx context.Context, e *service.Event) error {
	var key string
	var c command
	if err := e.Bind(&key, &c); err != nil {
		return err
	}
	a.waits.wait(ctx, key)
	result := a.ask.run(ctx, &c)
	a.log.add("late", key, result)
	return ignoreLost(e.Reply(result))
}
