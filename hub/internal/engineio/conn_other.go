//go:build !unix

package engineio

import "errors"

var errNoRaw = errors.New("engineio: no raw descriptors on this system")

// useRaw leaves raw nil: every write goes through drain.
func (c *conn) useRaw() {}

func (c *conn) readRaw() (int, error) { return 0, errNoRaw }

func (c *conn) writeRaw([]byte) (int, error) { return 0, errNoRaw }
