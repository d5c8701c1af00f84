package loadgen

import (
	"context"
	"strings"
)

// minPayload leaves room for the number of a room.
const minPayload = 8

// data is a JSON string of n bytes between its quotes.
func data(n int) string { return `"` + strings.Repeat("x", n) + `"` }

// idle does nothing but answer heartbeats, in some rooms where that is wanted.
type idle struct{ r *run }

func (i idle) prepare(c *client) error { return i.r.joinRooms(c) }

func (idle) start(context.Context) {}

func (idle) lost(*client) {}

func (idle) underWay(func(*stamp, int64)) {}
