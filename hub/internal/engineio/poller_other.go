//go:build !linux

package engineio

// descriptor is a socket that a poller watches. There are none on this system: every WebSocket keeps its
// stream and a goroutine that reads it.
type descriptor struct{}

func (d *descriptor) read([]byte) (int, error)  { return 0, errStarved }
func (d *descriptor) write([]byte) (int, error) { return 0, errStarved }
func (d *descriptor) drain([]byte) error        { return errStarved }
func (d *descriptor) cut()                      {}
func (d *descriptor) closeWrite()               {}
func (d *descriptor) watch(*webSocket)          {}
func (d *descriptor) unwatch()                  {}

// pollers are none.
type pollers struct{}

func (p *pollers) stop() (wait func()) { return func() {} }

// pollable reports whether rest may succeed.
func (c *conn) pollable() bool { return false }

// rest gives the connection to a poller. False means that there is none for it, and nothing has
// changed.
func (w *webSocket) rest() bool { return false }
