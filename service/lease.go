package service

import (
	"context"
	"sync"
	"weak"
)

// lease is what makes a handler's context one that can be cancelled by itself. It is
// made when somebody asks for Done: most handlers never do, and cost nothing.
type lease struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// leases are those of one attachment, so that its end reaches the contexts of handlers
// that have returned, too: a goroutine may go on with them. They are held weakly: who
// has let go of a context needs no cancellation (doc.go says so for the channel of Done),
// and what is left of it here goes when the list has doubled.
type leases struct {
	mu    sync.Mutex // guards the fields below
	ended error      // the cause; nil while the attachment lives
	all   []weak.Pointer[lease]
	sweep int // length at which those that are gone are left out
}

const firstSweep = 64

func (l *leases) add(le *lease) {
	l.mu.Lock()
	if ended := l.ended; ended != nil {
		l.mu.Unlock()
		le.cancel(ended)
		return
	}
	if len(l.all) >= max(l.sweep, firstSweep) {
		kept := l.all[:0]
		for _, p := range l.all {
			if p.Value() != nil {
				kept = append(kept, p)
			}
		}
		clear(l.all[len(kept):])
		l.all = kept
		l.sweep = 2 * len(kept)
	}
	l.all = append(l.all, weak.Make(le))
	l.mu.Unlock()
}

func (l *leases) end(cause error) {
	l.mu.Lock()
	all := l.all
	l.ended, l.all = cause, nil
	l.mu.Unlock()
	for _, p := range all {
		if le := p.Value(); le != nil {
			le.cancel(cause)
		}
	}
}

// leased returns the lease of w, made if need be.
func (w *work) leased() *lease {
	if le := w.lease.Load(); le != nil {
		return le
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(w.Context))
	le := &lease{ctx: ctx, cancel: cancel}
	if !w.lease.CompareAndSwap(nil, le) {
		return w.lease.Load()
	}
	if w.att != nil {
		w.att.leases.add(le)
	}
	return le
}

// Done is context.Context.
func (w *work) Done() <-chan struct{} {
	if w.att == nil {
		return w.Context.Done()
	}
	return w.leased().ctx.Done()
}

// Err is context.Context.
func (w *work) Err() error {
	if le := w.lease.Load(); le != nil {
		return le.ctx.Err()
	}
	return w.Context.Err()
}

// Value is context.Context.
func (w *work) Value(key any) any {
	if key == (workKey{}) {
		return w
	}
	if le := w.lease.Load(); le != nil {
		return le.ctx.Value(key) // so that context.Cause and derived contexts find it
	}
	return w.Context.Value(key)
}

// cause is why w may not go on; nil while it may.
func (w *work) cause() error {
	if w.Err() == nil {
		return nil
	}
	return context.Cause(w)
}

// revoke cancels the context of w alone.
func (w *work) revoke(cause error) { w.leased().cancel(cause) }

// revoke throws away deliveries that are somebody else's by now, and cancels the
// contexts of their handlers.
func (a *attachment) revoke(seqs []uint64, cause error) {
	if len(seqs) == 0 {
		return
	}
	revoked := make(map[uint64]bool, len(seqs))
	for _, seq := range seqs {
		revoked[seq] = true
	}
	running := a.svc.lanes.Revoke(func(w *work) bool { return w.att == a && revoked[w.delivery.GetDeliverySeq()] })
	for _, w := range running {
		w.revoke(cause)
	}
}
