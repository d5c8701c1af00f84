package main

import (
	"context"
	"errors"
	"sync"

	"github.com/siohub/siohub/service"
)

// keys are what handlers wait for.
type keys struct {
	mu      sync.Mutex // guards the fields below
	waiting map[string]chan struct{}
	count   map[string]int
}

// join waits for a key from now on.
func (k *keys) join(key string) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.waiting[key] == nil {
		k.waiting[key] = make(chan struct{})
	}
	if k.count == nil {
		k.count = map[string]int{}
	}
	k.count[key]++
	return k.waiting[key]
}

// leave says that one does not wait any more.
func (k *keys) leave(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.count[key]--; k.count[key] == 0 {
		delete(k.waiting, key)
	}
}

// release lets all go on, and says how many they were.
func (k *keys) release(key string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := k.count[key]
	if n > 0 {
		close(k.waiting[key])
		delete(k.waiting, key)
		delete(k.count, key)
	}
	return n
}

// waits are the handlers that wait for a key, which they tell of.
type waits struct {
	keys keys
	log  *journal
}

// wait holds a handler until its key is released, or its delivery is somebody else's.
func (w *waits) wait(ctx context.Context, key string) (outcome string) {
	released := w.keys.join(key)
	w.log.add("hold", key)
	select {
	case <-released:
		return "released"
	case <-ctx.Done():
		w.keys.leave(key)
		w.log.add("cancelled", key, reasonOf(ctx))
		return "cancelled"
	}
}

// reasonOf is why a handler's context has ended.
func reasonOf(ctx context.Context) string {
	var revoked *service.RevokedError
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &revoked):
		return revoked.Reason
	case errors.Is(cause, service.ErrClosed):
		return "closed"
	default:
		return "lost"
	}
}

func (w *waits) hold(ctx context.Context, e *service.Event) error {
	var key string
	if err := e.Bind(&key); err != nil {
		return err
	}
	return ignoreLost(e.Reply(w.wait(ctx, key), key))
}

// later acknowledges when the handler has ended long ago.
func (w *waits) later(_ context.Context, e *service.Event) error {
	var key string
	if err := e.Bind(&key); err != nil {
		return err
	}
	ack, err := e.AckLater()
	if err != nil {
		return err
	}
	released := w.keys.join(key)
	w.log.add("hold", key)
	go func() { // ends with its release, or with the process
		<-released
		w.log.add("later", key, resultOf(nil, ack.Reply(context.Background(), "late", key)))
	}()
	return nil
}

func (w *waits) release(_ context.Context, e *service.Event) error {
	var key string
	if err := e.Bind(&key); err != nil {
		return err
	}
	return e.Reply(w.keys.release(key))
}

// ignoreLost makes nothing of an answer that came too late.
func ignoreLost(err error) error {
	if errors.Is(err, service.ErrLeaseLost) || errors.Is(err, service.ErrClosed) {
		return nil
	}
	return err
}
