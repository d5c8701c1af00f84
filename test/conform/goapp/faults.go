package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service"
)

// fault is one way to be wrong. The zero value is none.
type fault struct {
	// up and down change what goes over a stream.
	up   func(w *wire, r *request)
	down func(w *wire, r *response)
	// end changes why a stream ends.
	end func(err error) error
	// options changes how the kit is set up.
	options func(o *service.Options)
	// handler changes a handler of an event.
	handler func(h service.Handler) service.Handler
	// dial delays an attempt, the first one being 0.
	dial func(attempt int)
	// beats makes up heartbeats of the hub.
	beats bool
	// noLanes lifts the order of each socket, reencodes takes unseen payloads apart, exitsWell
	// is an exit code of 0 whatever comes.
	noLanes, reencodes, exitsWell bool
}

// Faults are the names of all faults.
func faultNames() []string { return slices.Sorted(maps.Keys(faults())) }

func newFault(name string) (fault, error) {
	f, known := faults()[name]
	if name != "" && !known {
		return f, fmt.Errorf("CONFORM_FAULT=%s: want one of %s", name, strings.Join(faultNames(), ", "))
	}
	return f, nil
}

func faults() map[string]fault {
	all := map[string]fault{}
	maps.Copy(all, upFaults)
	maps.Copy(all, downFaults)
	maps.Copy(all, habits())
	return all
}

// change puts the fault between the kit and its hubs.
func (f fault) change(o *service.Options) {
	if f.options != nil {
		f.options(o)
	}
	var calls sync.Mutex
	attempt := 0
	o.DialOptions = append(o.DialOptions, grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		calls.Lock()
		n := attempt
		attempt++
		calls.Unlock()
		if f.dial != nil {
			f.dial(n)
		}
		stream, err := streamer(ctx, desc, cc, method, opts...)
		if err != nil || !strings.HasSuffix(method, "/Attach") {
			return stream, err
		}
		return newWire(stream, f, n), nil
	}))
}

// wrong changes a handler.
func (f fault) wrong(h service.Handler) service.Handler {
	if f.handler == nil {
		return h
	}
	return f.handler(h)
}

// ownWaits are waits that are drawn here, and not by the kit.
func ownWaits(resets bool) fault {
	var n atomic.Int64
	f := fault{
		options: func(o *service.Options) { o.Backoff = service.Backoff{Min: time.Millisecond, Max: time.Millisecond} },
		dial: func(attempt int) {
			if attempt > 0 {
				time.Sleep(rand.N(min(100*time.Millisecond<<n.Add(1)/2, 9*time.Second)))
			}
		},
	}
	if resets {
		f.down = everyWelcome(func(*hubv1.Welcome) { n.Store(0) })
	}
	return f
}

// habits are faults that are not of the wire.
func habits() map[string]fault {
	var one sync.Mutex
	return map[string]fault{
		"never-resets": ownWaits(false),
		"resets-early": ownWaits(true),
		"no-backoff":   {options: func(o *service.Options) { o.Backoff = service.Backoff{Min: time.Millisecond, Max: time.Millisecond} }},
		"slow-backoff": {options: func(o *service.Options) { o.Backoff = service.Backoff{Min: 10 * time.Second, Max: 10 * time.Second} }},
		"stuck-backoff": {options: func(o *service.Options) {
			o.Backoff = service.Backoff{Min: 20 * time.Millisecond, Max: 20 * time.Millisecond}
		}},
		"no-jitter": {
			options: func(o *service.Options) { o.Backoff = service.Backoff{Min: time.Millisecond, Max: time.Millisecond} },
			dial: func(attempt int) {
				if attempt > 0 {
					time.Sleep(min(50*time.Millisecond<<attempt, 10*time.Second))
				}
			},
		},
		"one-lane": {handler: func(h service.Handler) service.Handler {
			return func(ctx context.Context, e *service.Event) error {
				one.Lock()
				defer one.Unlock()
				return h(ctx, e)
			}
		}},
		"swallows-failures": {handler: func(h service.Handler) service.Handler {
			return func(ctx context.Context, e *service.Event) error {
				_ = h(ctx, e)
				return nil
			}
		}},
		"no-lanes":     {noLanes: true},
		"re-encodes":   {reencodes: true},
		"exits-well":   {exitsWell: true},
		"hears-ghosts": {beats: true},
	}
}
