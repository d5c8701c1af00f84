package service

import (
	"errors"
	"fmt"
	"unicode/utf8"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// decide asks the handler about a connect attempt. An accept or a deny is settled
// here; any other error is the caller's to settle.
func (w *work) decide(attempt *hubv1.ConnectAttempt) error {
	c := &ConnectAttempt{
		Namespace: w.socket.Namespace(), SocketID: w.socket.ID(),
		Handshake: &Handshake{attempt.GetHandshake()}, Auth: attempt.GetAuth(),
		Attempt: int(w.delivery.GetAttempt()),
	}
	accept, err := w.namespace.connect(w, c)
	var deny *DenyError
	switch {
	case errors.As(err, &deny):
		return w.deny(deny)
	case err != nil:
		return err
	}
	settlement, size, err := w.accept(accept, c.greetings)
	if err != nil {
		return err
	}
	w.stream.settle(w, settlement, size)
	return nil
}

func (w *work) deny(deny *DenyError) error {
	data, err := encodeJSON(deny.Data)
	if err != nil {
		return fmt.Errorf("data of Deny: %w", err)
	}
	if !utf8.ValidString(deny.Message) {
		return fmt.Errorf("message of Deny: %w", errBadUTF8)
	}
	outcome := &hubv1.Settlement_Deny{Deny: &hubv1.Deny{Message: deny.Message, Data: data}}
	w.stream.settle(w, &hubv1.Settlement{Outcome: outcome}, len(data))
	return nil
}

func (w *work) accept(accept Accept, greetings []greeting) (*hubv1.Settlement, int, error) {
	data, err := encodeJSON(accept.Data)
	if err != nil {
		return nil, 0, fmt.Errorf("data of Accept: %w", err)
	}
	if !validStrings(accept.Rooms) || !utf8.ValidString(accept.User) {
		return nil, 0, fmt.Errorf("user or rooms of Accept: %w", errBadUTF8)
	}
	size := len(data) + sizeOf(accept.Rooms)
	settlement := &hubv1.Settlement{
		Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{User: accept.User, Rooms: accept.Rooms, Data: data}},
	}
	self := w.socket.Target()
	for _, g := range greetings {
		action, n, err := newEmit(self, g.event, g.args)
		if err != nil {
			return nil, 0, err
		}
		settlement.Commands = append(settlement.Commands, action.GetCommand())
		size += n
	}
	return settlement, size, w.stream.fits(size)
}

func (w *work) connected(c *hubv1.Connected) *Connected {
	return &Connected{
		Socket: w.socket, Handshake: &Handshake{c.GetHandshake()}, ConnectTime: c.GetConnectTime().AsTime(),
		Late: c.GetLate(), Rooms: c.GetRooms(), Attempt: int(w.delivery.GetAttempt()), DedupeID: w.dedupeID(),
	}
}

func (w *work) disconnected(d *hubv1.Disconnected) *Disconnect {
	return &Disconnect{
		Socket: w.socket, Reason: d.GetReason(), CloseCode: int(d.GetCloseCode()), Detail: d.GetDetail(),
		Rooms: d.GetRooms(), DisconnectTime: d.GetDisconnectTime().AsTime(),
		Attempt: int(w.delivery.GetAttempt()), DedupeID: w.dedupeID(),
	}
}
