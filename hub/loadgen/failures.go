package loadgen

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
)

// What can fail.
const (
	kindConnect    = "connect"
	kindDisconnect = "disconnect"
	kindProcess    = "process"
)

// Failure is what went wrong, and how often.
type Failure struct {
	// Kind is "connect" for a connection that was not made, or not ended in order,
	// "disconnect" for one that the server or the network has ended, and "process" for
	// a process that could not be measured to the end.
	Kind string `json:"kind"`
	// Reason is the error in words.
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
}

// TooManyErrors means that a run had more failures than Config.MaxErrors.
type TooManyErrors struct {
	// Count is how many there were, Max how many were allowed.
	Count, Max int64
	// First is the first one.
	First error
}

// Error implements error.
func (e *TooManyErrors) Error() string {
	return fmt.Sprintf("%d errors, %d allowed; the first: %v", e.Count, e.Max, e.First)
}

// Unwrap implements errors.Unwrap.
func (e *TooManyErrors) Unwrap() error { return e.First }

// undecidedError is the end of a connection whose CONNECT was not answered.
type undecidedError struct {
	namespace string
	err       error
}

// Error implements error.
func (e *undecidedError) Error() string {
	return fmt.Sprintf("nobody decided who gets into %s (%s): a service that authorizes it is missing; it needs the handlers that \"hub bench --help\" shows",
		e.namespace, reason(e.err))
}

// Unwrap implements errors.Unwrap.
func (e *undecidedError) Unwrap() error { return e.err }

var (
	errClosed        = errors.New("loadgen: closed") // the end that the generator brings about
	errNoConnections = errors.New("no connection is left")
)

// failures counts by kind and reason. The zero value is empty.
type failures struct {
	mu     sync.Mutex
	counts map[[2]string]int64
	total  int64
	first  error
}

// maxReasons bounds how many reasons are told apart: a server may put anything into
// its answers.
const maxReasons = 50

func (f *failures) add(kind string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.total++; f.total == 1 {
		f.counts, f.first = map[[2]string]int64{}, fmt.Errorf("%s: %w", kind, err)
	}
	key := [2]string{kind, reason(err)}
	if _, known := f.counts[key]; !known && len(f.counts) >= maxReasons {
		key[1] = "other"
	}
	f.counts[key]++
}

// list has the most frequent first.
func (f *failures) list() []Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []Failure{}
	for key, count := range f.counts {
		all = append(all, Failure{key[0], key[1], count})
	}
	slices.SortFunc(all, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind+a.Reason, b.Kind+b.Reason))
	})
	return all
}

func (f *failures) count() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.total
}

// exceed is the error of a run with more than it may have.
func (f *failures) exceed(allowed int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.total <= int64(allowed) {
		return nil
	}
	return &TooManyErrors{Count: f.total, Max: int64(allowed), First: f.first}
}

// reason is an error without what differs from one connection to the next: its
// addresses.
func reason(err error) string {
	var undecided *undecidedError
	if errors.As(err, &undecided) {
		return undecided.Error()
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return fmt.Sprintf("no answer within %v", stepTimeout)
	}
	return string(short([]byte(err.Error())))
}
