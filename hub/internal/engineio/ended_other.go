//go:build !linux

package engineio

import (
	"time"

	"github.com/siohub/siohub/hub/internal/netpoll"
)

// end says how the connection has ended. It is not known on this system: the next write will tell.
func (s *stream) end() netpoll.End { return netpoll.Going }

// failure is not known either.
func (s *stream) failure() error { return nil }

// setUserTimeout is for the kernel of another system.
func (s *stream) setUserTimeout(time.Duration) {}
