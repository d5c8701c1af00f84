package service

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// decide asks the handler about a connect attempt. An accept or a deny is settled
// here; any other error is the caller's to settle.
func (w *work) decide(attempt *hubv1.ConnectAttempt) error {
	c := &ConnectAttempt{
		Namespace: w.socket.Namespace(), SocketID: w.socket.ID(), ClientID: w.socket.ClientID(),
		Handshake: &Handshake{attempt.GetHandshake()}, Auth: attempt.GetAuth(),
		Attempt: int(w.delivery.GetAttempt()),
	}
	if r := attempt.GetRecovery(); r != nil {
		c.Recovery = &Recovery{User: r.GetUser(), Rooms: r.GetRooms(), DisconnectTime: r.GetDisconnectTime().AsTime()}
	}
	accept, err := w.sub.namespace.handlers.connect(w, c)
	return w.decided(accept, c.greetings, err)
}

// renew asks the handler whether a socket may stay.
func (w *work) renew(expiring *hubv1.AuthExpiring) error {
	accept, err := w.sub.namespace.handlers.expiring(w, &AuthExpiring{
		Socket: w.socket, ExpireTime: expiring.GetExpireTime().AsTime(), Attempt: int(w.delivery.GetAttempt()),
	})
	if err == nil && (accept.User != "" || len(accept.Rooms) > 0 || accept.KeepAuth || accept.Cache != nil) {
		err = errRenewal
	}
	return w.decided(accept, nil, err)
}

var errRenewal = errors.New("service: an Accept that renews may set neither user nor rooms, KeepAuth and Cache")

// decided settles with what a handler decided.
func (w *work) decided(accept Accept, greetings []greeting, err error) error {
	var deny *DenyError
	switch {
	case errors.As(err, &deny):
		return w.deny(deny)
	case err != nil:
		return err
	}
	settlement, size, err := newAccept(w, accept, greetings)
	if err != nil {
		return err
	}
	w.settle(settlement, size)
	return nil
}

func (w *work) deny(deny *DenyError) error {
	if deny.UnknownNamespace {
		unknown := &hubv1.Deny{Reason: hubv1.DenyReason_DENY_REASON_NAMESPACE_UNKNOWN}
		w.settle(&hubv1.Settlement{Outcome: &hubv1.Settlement_Deny{Deny: unknown}}, 16)
		return nil
	}
	data, err := encodeJSON(deny.Data)
	if err != nil {
		return fmt.Errorf("data of Deny: %w", err)
	}
	if !utf8.ValidString(deny.Message) {
		return fmt.Errorf("message of Deny: %w", errBadUTF8)
	}
	outcome := &hubv1.Settlement_Deny{Deny: &hubv1.Deny{Message: deny.Message, Data: data}}
	w.settle(&hubv1.Settlement{Outcome: outcome}, len(data))
	return nil
}

func newAccept(w *work, accept Accept, greetings []greeting) (*hubv1.Settlement, int, error) {
	message, size, err := accept.message()
	if err != nil {
		return nil, 0, err
	}
	settlement := &hubv1.Settlement{Outcome: &hubv1.Settlement_Accept{Accept: message}}
	self := w.socket.Target()
	for _, g := range greetings {
		action, n, err := newEmit(self, g.event, g.args)
		if err != nil {
			return nil, 0, err
		}
		settlement.Commands = append(settlement.Commands, action.GetCommand())
		size += n
	}
	return settlement, size, w.att.fits(size)
}

// message is the accept on the wire, with its size.
func (a Accept) message() (*hubv1.Accept, int, error) {
	data, err := encodeJSON(a.Data)
	if err != nil {
		return nil, 0, fmt.Errorf("data of Accept: %w", err)
	}
	if !validStrings(a.Rooms) || !utf8.ValidString(a.User) {
		return nil, 0, fmt.Errorf("user or rooms of Accept: %w", errBadUTF8)
	}
	m := &hubv1.Accept{User: a.User, Rooms: a.Rooms, Data: data, KeepAuth: a.KeepAuth, RefreshBefore: optionalDuration(a.RefreshBefore)}
	if !a.Expires.IsZero() {
		m.ExpireTime = timestamppb.New(a.Expires)
	}
	size := len(data) + sizeOf(a.Rooms) + len(a.User) + 64
	if p := a.Policy; p != nil {
		if !validStrings(p.Events) {
			return nil, 0, fmt.Errorf("policy of Accept: %w", errBadUTF8)
		}
		m.Policy = &hubv1.EdgePolicy{
			Events: p.Events, EventsPerSecond: uint32(max(p.EventsPerSecond, 0)),
			Burst: uint32(max(p.Burst, 0)), BytesPerSecond: uint32(max(p.BytesPerSecond, 0)),
		}
		size += sizeOf(p.Events)
	}
	if c := a.Cache; c != nil {
		if !validStrings(c.Headers) {
			return nil, 0, fmt.Errorf("cache of Accept: %w", errBadUTF8)
		}
		m.Cache = &hubv1.DecisionCache{Headers: c.Headers, MaxAge: optionalDuration(c.MaxAge)}
		size += sizeOf(c.Headers)
	}
	return m, size, nil
}

func newConnected(w *work, c *hubv1.Connected) *Connected {
	return &Connected{
		Socket: w.socket, Handshake: &Handshake{c.GetHandshake()}, ConnectTime: c.GetConnectTime().AsTime(),
		Late: c.GetLate(), Recovered: c.GetRecovered(), Moved: c.GetMoved(), Auth: c.GetAuth(),
		Rooms: c.GetRooms(), RoomsLeftOut: int(c.GetRoomsLeftOut()), Attempt: int(w.delivery.GetAttempt()), DedupeID: w.dedupeID(),
	}
}

func newDisconnect(w *work, d *hubv1.Disconnected) *Disconnect {
	gone := &Disconnect{
		Socket: w.socket, Reason: d.GetReason(), CloseCode: int(d.GetCloseCode()), Detail: d.GetDetail(),
		Rooms: d.GetRooms(), RoomsLeftOut: int(d.GetRoomsLeftOut()), DisconnectTime: d.GetDisconnectTime().AsTime(),
		Attempt: int(w.delivery.GetAttempt()), DedupeID: w.dedupeID(),
	}
	if d.GetRecoverableUntil() != nil {
		gone.RecoverableUntil = d.GetRecoverableUntil().AsTime()
	}
	return gone
}
