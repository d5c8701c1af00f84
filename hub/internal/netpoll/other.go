//go:build !linux

package netpoll

import (
	"log/slog"
	"time"
)

// Set takes nothing on this system.
type Set struct{ Log *slog.Logger }

// Add returns ErrUnavailable.
func (s *Set) Add(*Descriptor, int) error { return ErrUnavailable }

// Stop has nothing to end.
func (s *Set) Stop() (wait func()) { return func() {} }

// Descriptor is never a socket on this system.
type Descriptor struct{}

// What a socket in a set can do.
func (d *Descriptor) Watch(Watched) error                          { return ErrUnavailable }
func (d *Descriptor) Nudge()                                       {}
func (d *Descriptor) Failure() error                               { return nil }
func (d *Descriptor) Bulk(bool)                                    {}
func (d *Descriptor) Leave()                                       {}
func (d *Descriptor) Read([]byte) (int, error)                     { return 0, ErrUnavailable }
func (d *Descriptor) Write([]byte) (int, error)                    { return 0, ErrUnavailable }
func (d *Descriptor) Drain([]byte, time.Duration, func(int)) error { return ErrUnavailable }
func (d *Descriptor) Wake()                                        {}
func (d *Descriptor) Cut()                                         {}
func (d *Descriptor) GiveUp(time.Duration)                         {}
func (d *Descriptor) ResetOnLeave()                                {}
func (d *Descriptor) CloseWrite()                                  {}
