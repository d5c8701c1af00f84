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

// entries is the event `log`.
func (a *app) entries(_ context.Context, e *service.Event) error {
	var from int
	if err := e.Bind(&from); err != nil {
		return err
	}
	return e.Reply(a.log.since(from))
}
