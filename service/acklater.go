package service

import (
	"context"
	"errors"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service/internal/results"
)

// LaterAck is an acknowledgement that was left open, see [Event.AckLater]. It may be
// kept, and used at the same time.
type LaterAck struct {
	svc      *Service
	dedupeID string
	hub      string // that keeps it
	wanted   bool
}

// AckLater settles the event now, as its handler's end would, and leaves the browser's
// callback open: the Reply of what it returns runs it, from a goroutine, a minute
// later, or from another process of this service by [LaterAck.DedupeID] and
// [Service.Acknowledge]. ErrAnswered when the event was answered before.
//
// The hub keeps an open acknowledgement for as long as the browser is connected, at
// most 256 for each, and loses it with its own end.
func (e *Event) AckLater() (*LaterAck, error) {
	later := &LaterAck{svc: e.work.svc, dedupeID: e.DedupeID(), hub: e.work.att.peer.hubID, wanted: e.WantsAck}
	done := &hubv1.Settlement_Done{Done: &hubv1.Done{AckLater: e.WantsAck}}
	settlement := &hubv1.Settlement{DeliverySeq: e.work.delivery.GetDeliverySeq(), Outcome: done}
	return later, e.work.send(settlementAction(settlement), 16)
}

// DedupeID names the acknowledgement for [Service.Acknowledge]: 16 bytes, those of
// [Event.DedupeID].
func (a *LaterAck) DedupeID() string { return a.dedupeID }

// Reply runs the browser's callback with these arguments, see [Service.Acknowledge].
// When the browser wanted no acknowledgement it does nothing. It works after the
// handler has ended.
func (a *LaterAck) Reply(ctx context.Context, args ...any) error {
	if !a.wanted {
		_, err := encodeArgs(args)
		return err
	}
	return acknowledge(ctx, a.svc, a.hub, a.dedupeID, args)
}

// Acknowledge runs the callback of a browser whose event was settled with
// [Event.AckLater] by this or another process of the service, and waits until the hub
// has it. ErrSocketGone says that there is no such callback any more: it has run, or
// its browser has left. With several hubs each is asked, home first: ErrUnavailable says
// that none of those that are there knows it, and that not all are there.
func (s *Service) Acknowledge(ctx context.Context, dedupeID string, args ...any) error {
	if _, err := s.line.await(ctx, s.line.timeout); err != nil {
		return err
	}
	err := ErrSocketGone
	for _, r := range s.line.all() {
		if err = acknowledge(ctx, s, r.att.peer.hubID, dedupeID, args); !errors.Is(err, ErrSocketGone) {
			return err
		}
	}
	if s.hubs.incomplete() {
		return &waitError{errHubsAway}
	}
	return err
}

var errHubsAway = errors.New("not all hubs are there")

// acknowledge gives an acknowledgement to the hub that may keep it open: no other can.
func acknowledge(ctx context.Context, s *Service, hub, dedupeID string, args []any) error {
	p, err := encodeArgs(args)
	if err != nil {
		return err
	}
	if _, err := s.line.await(ctx, s.line.timeout); err != nil {
		return err
	}
	a, known := s.hubs.attachment(hub)
	switch {
	case !known:
		return ErrSocketGone // its hub is lost
	case a == nil:
		return &waitError{errHubsAway}
	}
	op := &hubv1.Acknowledge{DedupeId: []byte(dedupeID), Payload: &hubv1.Payload{Args: p.Args, Attachments: p.Attachments}}
	action := commandAction(&hubv1.Command{Op: &hubv1.Command_Acknowledge{Acknowledge: op}})
	size := p.size() + 32
	if err := a.fits(size); err != nil {
		return err
	}
	fence(ctx, action.GetCommand(), nil)
	_, _, err = s.line.doAt(ctx, a, nil, action, size)
	switch {
	case isNotFound(err):
		return ErrSocketGone
	case errors.Is(err, results.ErrEnded):
		return &waitError{err}
	}
	return err
}
