package main

import (
	"github.com/siohub/siohub/service"
)

// fault is one way to be wrong. The zero value is none.
type fault struct{ name string }

func newFault(name string) (fault, error) { return fault{name}, nil }

func (f fault) change(*service.Options) {}

func (f fault) wrong(h service.Handler) service.Handler { return h }
