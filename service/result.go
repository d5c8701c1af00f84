package service

import (
	"context"
	"errors"
	"fmt"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service/internal/results"
)

// errReturned says that a command has not left, and that another hub may take it.
var errReturned = errors.New("service: the command has not left")

// do queues a command and waits for its last result.
func (l *line) do(ctx context.Context, a *hubv1.Action, size int, at string) (*hubv1.Result, error) {
	r, _, err := l.doAll(ctx, a, size, at)
	return r, err
}

// doAll is do for a command with several results: parts are those before the last.
func (l *line) doAll(ctx context.Context, a *hubv1.Action, size int, at string) (last *hubv1.Result, parts []*hubv1.Result, err error) {
	key := a.GetCommand().GetIdempotencyKey()
	for {
		att, w, err := l.pick(ctx, key, at)
		if err != nil {
			return nil, nil, err
		}
		if err := att.fits(size); err != nil {
			return nil, nil, err
		}
		fence(ctx, a.GetCommand(), w)
		last, parts, err := l.doAt(ctx, att, w, a, size)
		switch {
		case errors.Is(err, errReturned):
			continue
		case errors.Is(err, results.ErrEnded):
			if err := att.over(l, w); err != nil {
				return nil, nil, err
			}
			continue
		case errors.Is(err, ErrOutcomeUnknown) && w != nil && w.cause() != nil:
			err = w.cause()
		}
		return last, parts, err
	}
}

// doAt queues a command at an attachment and waits for its last result. results.ErrEnded
// says that it was not taken, errReturned that it has not left.
func (l *line) doAt(ctx context.Context, a *attachment, w *work, action *hubv1.Action, size int) (*hubv1.Result, []*hubv1.Result, error) {
	id, place, err := a.results.Reserve(ctx)
	switch {
	case errors.Is(err, results.ErrEnded):
		return nil, nil, err
	case err != nil:
		return nil, nil, &waitError{err}
	}
	action.GetCommand().CommandId = id
	if err = a.out.command(ctx, action, size); err != nil {
		a.results.Release(id)
		return nil, nil, err
	}
	l.keys.put(action.GetCommand().GetIdempotencyKey(), a.peer.hubID)
	l.rescue(a, w)
	select {
	case r := <-place.Last():
		return final(r, place)
	case <-ctx.Done():
		a.results.Abandon(place)
		return nil, nil, fmt.Errorf("service: waiting for the result: %w", context.Cause(ctx))
	case <-a.results.Ended():
	}
	select {
	case r := <-place.Last(): // it came just before the end
		return final(r, place)
	default:
		return nil, nil, ErrOutcomeUnknown
	}
}

func final(r *hubv1.Result, place *results.Place) (*hubv1.Result, []*hubv1.Result, error) {
	if r == nil {
		return nil, nil, errReturned
	}
	return r, place.Parts(), asError(statusError(r.GetStatus()))
}

// fits reports whether the hub takes something of this size.
func (a *attachment) fits(size int) error {
	if size > a.maxEnvelope {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, size, a.maxEnvelope)
	}
	return nil
}
