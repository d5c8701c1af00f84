//go:build !linux

package engineio

// pollable reports whether moveToPoller may succeed.
func (c *conn) pollable() bool { return false }

// moveToPoller gives the connection to a poller. False means that there is none for it, and nothing has
// changed: every WebSocket keeps its stream and a goroutine that reads it.
func (w *webSocket) moveToPoller() bool { return false }
