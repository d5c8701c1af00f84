package service

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
)

type grpcConn = grpc.ClientConnInterface

// dialFunc gives a connection for one stream, and what ends it. A fresh one is
// made for each attempt, so that the wait between attempts is this package's alone
// and not that of gRPC's channel besides.
type dialFunc func(l *link) (grpcConn, func(), error)

// runner keeps a service attached to all of its hubs: it is what Run does. It has a link
// for each address that was configured, that a name resolves to, or that a hub has told.
type runner struct {
	svc    *Service
	base   context.Context // of everything; outlives an attachment, ends when aborted
	abort  context.CancelCauseFunc
	dial   dialFunc
	fixed  []place
	names  []*resolver
	follow bool // addresses that hubs tell are dialled

	turn     chan struct{}   // has one element while a link says hello
	attached atomic.Bool     // one was, at least once
	ended    chan *linkEnd   // links that have ended
	warned   map[string]bool // addresses that were told and may not be dialled

	mu       sync.Mutex // guards the fields below
	resolved map[*hostName][]place
	links    map[string]*link
	refusals map[*link]bool // links that a hub has refused for good, as it said last
	// hellos are those that have no answer yet, with the hubs that they name.
	hellos map[*link][]string
}

// linkEnd is how a link ended. err ends Run.
type linkEnd struct {
	link *link
	err  error
}

func newRunner(s *Service, dial dialFunc) *runner {
	return &runner{
		svc: s, dial: dial, turn: make(chan struct{}, 1), ended: make(chan *linkEnd), warned: map[string]bool{},
		resolved: map[*hostName][]place{}, links: map[string]*link{}, refusals: map[*link]bool{},
		hellos: map[*link][]string{},
	}
}

// serve keeps links until the service closes, or may not go on.
func (r *runner) serve() error {
	var watching sync.WaitGroup
	names, cancel := context.WithCancel(r.base)
	defer watching.Wait()
	defer cancel()
	for _, n := range r.names {
		watching.Go(func() { n.watch(names, func(found []place, err error) { r.found(n.name, found, err) }) })
	}
	closing := r.svc.life.closing.Done()
	var result error
	for {
		r.reconcile()
		if r.over() && r.count() == 0 {
			break
		}
		select {
		case <-r.svc.hubs.changed:
		case <-closing:
			closing = nil
		case <-r.base.Done():
			r.drain()
		case end := <-r.ended:
			r.remove(end.link)
			if end.err != nil && result == nil {
				result = end.err
				r.abort(ErrClosed) // the other links, and their handlers
			}
		}
	}
	if result != nil {
		return result
	}
	return r.finish()
}

// over reports whether no link is begun any more.
func (r *runner) over() bool { return r.base.Err() != nil || r.svc.life.isClosing() }

// drain waits for the links of a run that was aborted.
func (r *runner) drain() {
	for r.count() > 0 {
		r.remove((<-r.ended).link)
	}
}

func (r *runner) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.links)
}

// found takes what a name resolves to.
func (r *runner) found(name *hostName, places []place, err error) {
	r.mu.Lock()
	_, before := r.resolved[name]
	if err == nil {
		r.resolved[name] = places
	}
	r.mu.Unlock()
	if err != nil {
		r.svc.log.Warn("the hubs' name does not resolve", "name", name.host, "err", err, "known", before)
		return
	}
	r.svc.hubs.nudge()
}

// wanted are the places where a hub may be.
func (r *runner) wanted() map[string]place {
	all := map[string]place{}
	for _, p := range r.fixed {
		all[p.address] = p
	}
	r.mu.Lock()
	for _, places := range r.resolved {
		for _, p := range places {
			all[p.address] = p
		}
	}
	r.mu.Unlock()
	if !r.follow {
		return all
	}
	for address, p := range r.svc.hubs.told() {
		if _, there := all[address]; there {
			continue
		}
		if problem := r.svc.opts.follow(address); problem != "" {
			if !r.warned[address] && len(r.warned) < maxHubs {
				r.warned[address] = true
				r.svc.log.Warn("a hub tells an address that is not dialled", "address", address, "reason", problem)
			}
			continue
		}
		all[address] = p
	}
	return all
}

// reconcile begins links to new places, and lets go those to places where nobody looks for
// a hub any more: they end when they have no stream.
func (r *runner) reconcile() {
	wanted := r.wanted()
	r.mu.Lock()
	defer r.mu.Unlock()
	for address, l := range r.links {
		_, keep := wanted[address]
		l.want(keep)
	}
	if r.over() {
		return
	}
	for address, p := range wanted {
		if r.links[address] != nil {
			continue
		}
		l := newLink(r, p)
		r.links[address] = l
		go func() { r.ended <- &linkEnd{l, l.serve()} }() // serve takes it
	}
}

// remove forgets a link that has ended. Unless the service closes, nobody tries to reach
// its hub any more.
func (r *runner) remove(l *link) {
	r.mu.Lock()
	delete(r.links, l.address)
	delete(r.refusals, l)
	r.mu.Unlock()
	r.svc.hubs.abandon(l, !r.over())
}

// refused notes that a hub has refused a link for good, which ends Run when it is so at
// every address.
func (r *runner) refused(l *link) (everywhere bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusals[l] = true
	return len(r.refusals) == len(r.links) && len(r.resolved) == len(r.names)
}

// accepted notes that a link is not refused.
func (r *runner) accepted(l *link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.refusals, l)
}

// unreachable lets the link's name be resolved again.
func (r *runner) unreachable(l *link) {
	for _, n := range r.names {
		if l.name == nil || n.name == l.name {
			n.nudge()
		}
	}
}

// finish waits for handlers that outlived their streams, unless aborted.
func (r *runner) finish() error {
	running := r.svc.lanes
	for idle := running.WhenIdle(); idle != nil; idle = running.WhenIdle() {
		select {
		case <-idle:
		case <-r.base.Done():
			r.svc.log.Warn("closed before all handlers had ended")
			return nil
		}
	}
	running.Close()
	r.svc.log.Info("closed")
	return nil
}

// takeTurn lets one link at a time say hello, so that of two addresses of one hub the
// second one is known as such. A hub that is silent delays the others for a second each.
func (r *runner) takeTurn() (release func()) {
	select {
	case r.turn <- struct{}{}:
		return func() { <-r.turn }
	case <-time.After(turnPatience):
	case <-r.base.Done():
	}
	return func() {}
}

// greets notes that a link says hello, and which hubs the hello names.
func (r *runner) greets(l *link, attached []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hellos[l] = attached
}

// greeted notes that a hello has its answer.
func (r *runner) greeted(l *link) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.hellos, l)
}

// mayMeet reports whether a hello is under way that the hub would take.
func (r *runner) mayMeet(hub string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, attached := range r.hellos {
		if !slices.Contains(attached, hub) {
			return true
		}
	}
	return false
}

// turnPatience is how long a link waits for another one's hello.
const turnPatience = time.Second
