//go:build !linux

package engineio

// ended reports whether the connection has ended. It is not known on this system: the next write will
// tell.
func (s *stream) ended() bool { return false }
