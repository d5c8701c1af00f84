package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/siohub/siohub/service"
)

// connect decides as the client's auth says.
func (a *app) connect(ctx context.Context, c *service.ConnectAttempt) (service.Accept, error) {
	var auth struct {
		User          string
		Rooms         []string
		Data          json.RawMessage
		Keep          bool
		Deny          *string
		DenyNamespace bool `json:"deny_namespace"`
		Throw, Hold   string
	}
	if len(c.Auth) > 0 {
		if err := c.BindAuth(&auth); err != nil {
			return service.Accept{}, err
		}
	}
	switch {
	case auth.Deny != nil:
		return service.Accept{}, service.Deny(*auth.Deny, orNil(auth.Data))
	case auth.DenyNamespace:
		return service.Accept{}, service.DenyUnknownNamespace()
	case auth.Throw != "":
		return service.Accept{}, errors.New(auth.Throw)
	case auth.Hold != "":
		a.waits.wait(ctx, auth.Hold)
	}
	return service.Accept{User: auth.User, Rooms: auth.Rooms, Data: orNil(auth.Data), KeepAuth: auth.Keep}, nil
}

func connectOrg(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
	if c.Namespace == "/org/none" {
		return service.Accept{}, service.DenyUnknownNamespace()
	}
	return service.Accept{}, nil
}

func (a *app) renew(_ context.Context, e *service.AuthExpiring) (service.Accept, error) {
	a.log.add("renew", e.Socket.ID())
	if e.Socket.User() == "leave" {
		return service.Accept{}, service.Deny("leave", nil)
	}
	return service.Accept{Expires: time.Now().Add(time.Hour), RefreshBefore: 10 * time.Second}, nil
}

// orNil makes null of a value that is not there.
func orNil(value json.RawMessage) any {
	if len(value) == 0 {
		return nil
	}
	return value
}

// names makes [] of a list that is not there.
func names(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
