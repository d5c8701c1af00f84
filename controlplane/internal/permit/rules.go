package permit

import (
	"fmt"
	"strings"
)

// Rules are what a configuration permits one identity. The package story says how
// each list reads; an empty list permits nothing.
type Rules struct {
	Groups, Roles, Namespaces, Events, Rooms, Users, Verbs []string
	// MaxInstances is how many streams the identity may have attached. 0 means that
	// only the hub's own limit holds.
	MaxInstances int
	// CommandsPerSecond bounds its commands and queries; a second's worth may come at
	// once. 0 means no limit.
	CommandsPerSecond int
}

// RuleError is a rule that cannot be.
type RuleError struct {
	// Field is the list, Value the word, Allowed what would be taken.
	Field, Value, Allowed string
}

// Error implements error.
func (e *RuleError) Error() string {
	return fmt.Sprintf("permit: %s: %q: want %s", e.Field, e.Value, e.Allowed)
}

// Set is a compiled Rules. A nil Set permits everything.
type Set struct {
	roles, verbs                 uint32
	groups, events, rooms, users patterns
	namespaces                   namespaces

	// MaxInstances and CommandsPerSecond are those of the rules.
	MaxInstances, CommandsPerSecond int
}

// Compile checks rules. Its error is a *RuleError.
func Compile(r Rules) (*Set, error) {
	s := &Set{
		groups: compile(r.Groups), events: compile(r.Events), rooms: compile(r.Rooms), users: compile(r.Users),
		namespaces:   namespaces{compile(r.Namespaces)},
		MaxInstances: r.MaxInstances, CommandsPerSecond: r.CommandsPerSecond,
	}
	var err error
	if s.roles, err = wordsOf("roles", r.Roles, roleNames[:]); err != nil {
		return nil, err
	}
	if s.verbs, err = wordsOf("verbs", r.Verbs, verbNames[:]); err != nil {
		return nil, err
	}
	for _, list := range []struct {
		field  string
		values []string
		check  func(string) string
	}{
		{"groups", r.Groups, checkName}, {"namespaces", r.Namespaces, checkNamespace},
		{"events", r.Events, checkName}, {"rooms", r.Rooms, checkName}, {"users", r.Users, checkName},
	} {
		for _, v := range list.values {
			if allowed := list.check(v); allowed != "" {
				return nil, &RuleError{Field: list.field, Value: v, Allowed: allowed}
			}
		}
	}
	if r.MaxInstances < 0 {
		return nil, &RuleError{Field: "max_instances", Value: fmt.Sprint(r.MaxInstances), Allowed: "0 or more"}
	}
	if r.CommandsPerSecond < 0 {
		return nil, &RuleError{Field: "commands_per_second", Value: fmt.Sprint(r.CommandsPerSecond), Allowed: "0 or more"}
	}
	return s, nil
}

func wordsOf(field string, list, known []string) (uint32, error) {
	bits, unknown, ok := words(list, known)
	if !ok {
		return 0, &RuleError{Field: field, Value: unknown, Allowed: "one of " + strings.Join(known, ", ")}
	}
	return bits, nil
}
