package service

import (
	"context"
	"net"
	"slices"
	"time"
)

const (
	// resolveEvery is how often names are resolved again.
	resolveEvery = 30 * time.Second
	// resolveGap is how long to wait at least between two tries.
	resolveGap = time.Second
	// resolveTimeout is how long one may take.
	resolveTimeout = 10 * time.Second
)

// lookup resolves a name. Tests have another one.
type lookup func(ctx context.Context, host string) ([]string, error)

// resolver keeps the addresses of a name up to date.
type resolver struct {
	name   *hostName
	lookup lookup
	again  chan struct{} // has one element when somebody could not be reached
}

func newResolver(name *hostName, find lookup) *resolver {
	if find == nil {
		find = net.DefaultResolver.LookupHost
	}
	return &resolver{name: name, lookup: find, again: make(chan struct{}, 1)}
}

// watch publishes the addresses, sorted, each time they were resolved, until ctx ends. An
// error leaves those that were found last.
func (r *resolver) watch(ctx context.Context, publish func([]place, error)) {
	for ctx.Err() == nil {
		places, err := r.resolve(ctx)
		if ctx.Err() != nil {
			return
		}
		publish(places, err)
		if !sleep(ctx, resolveGap) {
			return
		}
		select {
		case <-r.again:
		case <-time.After(resolveEvery - resolveGap):
		case <-ctx.Done():
		}
	}
}

func (r *resolver) resolve(ctx context.Context) ([]place, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	hosts, err := r.lookup(ctx, r.name.host)
	if err != nil {
		return nil, err
	}
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	places := make([]place, 0, len(hosts))
	for _, host := range hosts[:min(len(hosts), maxHubs)] {
		places = append(places, place{address: net.JoinHostPort(host, r.name.port), serverName: r.name.host, name: r.name})
	}
	return places, nil
}

// nudge asks for another look.
func (r *resolver) nudge() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// sleep waits, and reports false when ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
