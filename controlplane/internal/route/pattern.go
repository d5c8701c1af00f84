package route

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of patterns, in bytes. They are the hub's own limits for the names.
const (
	MaxNamespaceBytes = 256
	MaxEventBytes     = 128
)

// Everywhere is the pattern of all namespaces.
const Everywhere = "*"

// CheckNamespace says what is wrong with a namespace pattern.
func CheckNamespace(pattern string) error {
	switch {
	case pattern == "":
		return fmt.Errorf("route: a namespace is required")
	case len(pattern) > MaxNamespaceBytes:
		return fmt.Errorf("route: a namespace has at most %d bytes", MaxNamespaceBytes)
	case pattern == Everywhere:
		return nil
	case pattern[0] != '/':
		return fmt.Errorf("route: a namespace starts with a slash")
	case !utf8.ValidString(pattern):
		return fmt.Errorf("route: a namespace is valid UTF-8")
	case strings.ContainsAny(pattern, ",?"):
		return fmt.Errorf("route: a namespace has neither comma nor question mark")
	}
	if star := strings.IndexByte(pattern, '*'); star >= 0 && (star != len(pattern)-1 || pattern[star-1] != '/') {
		return fmt.Errorf("route: `*` stands for whole segments at the end: /org/*")
	}
	return nil
}

// CheckEvent says what is wrong with an event pattern.
func CheckEvent(pattern string) error {
	if len(pattern) > MaxEventBytes {
		return fmt.Errorf("route: an event pattern has at most %d bytes", MaxEventBytes)
	}
	if star := strings.IndexByte(pattern, '*'); star >= 0 && star != len(pattern)-1 {
		return fmt.Errorf("route: `*` stands at the end: chat:*")
	}
	return nil
}

// MatchName reports whether a name fits a pattern of events or rooms: exact, or a
// prefix followed by `*`.
func MatchName(pattern, name string) bool {
	prefix, wild := strings.CutSuffix(pattern, "*")
	return pattern == name || wild && strings.HasPrefix(name, prefix)
}

// Match reports whether a namespace fits a namespace pattern.
func Match(pattern, namespace string) bool {
	prefix, wild := strings.CutSuffix(pattern, "*")
	if !wild {
		return pattern == namespace
	}
	return len(namespace) > len(prefix) && strings.HasPrefix(namespace, prefix)
}
