package config

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	// Key is the name in YAML, or as it was written when nobody knows it.
	Key string
	// Value is what was given, *** for a secret.
	Value string
	// Allowed says what would have been taken.
	Allowed string
	// Source says where the value came from, such as `HUB_PING_INTERVAL`.
	Source string
}

// Error implements error.
func (p *Problem) Error() string {
	s := p.Key
	if p.Value != "" {
		s += " = " + p.Value
	}
	if p.Source != "" {
		s += " (from " + p.Source + ")"
	}
	return s + ": " + p.Allowed
}

// Error is a configuration that is not accepted. Nothing was opened.
type Error struct {
	// Problems has at least one.
	Problems []*Problem
}

// Error implements error: one line for each problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = "  " + p.Error()
	}
	return fmt.Sprintf("configuration not accepted:\n%s", strings.Join(lines, "\n"))
}
