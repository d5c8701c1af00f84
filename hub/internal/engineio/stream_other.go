//go:build !unix

package engineio

import "errors"

var errNoRaw = errors.New("engineio: no raw descriptors on this system")

// useRaw leaves raw nil: every write goes through drain.
func (s *stream) useRaw() {}

func (s *stream) readRaw() (int, error) { return 0, errNoRaw }

func (s *stream) writeRaw([]byte) (int, error) { return 0, errNoRaw }
