package main

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/siohub/siohub/service"
)

// journal is what happened in this process, in order.
type journal struct {
	mu      sync.Mutex // guards the field below
	entries []json.RawMessage
}

func (j *journal) add(entry ...any) {
	encoded, err := json.Marshal(entry)
	if err != nil {
		encoded, _ = json.Marshal([]any{"unwritable", err.Error()}) // two texts
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, encoded)
}

// since are the entries from an index on.
func (j *journal) since(n int) []json.RawMessage {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]json.RawMessage{}, j.entries[min(max(n, 0), len(j.entries)):]...)
}

// read is the event `log`.
func (j *journal) read(_ context.Context, e *service.Event) error {
	var from int
	if err := e.Bind(&from); err != nil {
		return err
	}
	return e.Reply(j.since(from))
}

func (j *journal) connected(_ context.Context, c *service.Connected) error {
	j.add("connected", c.Socket.ID(), map[string]any{
		"late": c.Late, "moved": c.Moved, "recovered": c.Recovered, "rooms": names(c.Rooms), "user": c.Socket.User(),
		"data": orNil(c.Socket.Data()), "auth": orNil(c.Auth), "attempt": c.Attempt,
	})
	return nil
}

func (j *journal) disconnected(_ context.Context, d *service.Disconnect) error {
	j.add("disconnected", d.Socket.ID(), d.Reason)
	return nil
}

func (j *journal) released(_ context.Context, r *service.Released) error {
	j.add("released", r.Socket.ID())
	return nil
}

func (j *journal) rooms(_ context.Context, c *service.RoomsChanged) error {
	j.add("rooms", c.Socket.ID(), names(c.Socket.Rooms()))
	return nil
}
