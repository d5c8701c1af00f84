package redis

import (
	"strconv"
	"unicode/utf16"
)

// streamNames are the names of the streams: one, or so many with a number behind it.
type streamNames struct {
	name  string
	count int
}

// all are those of all.
func (n streamNames) all() []string {
	if n.count == 1 {
		return []string{n.name}
	}
	var names []string
	for i := range n.count {
		names = append(names, n.name+"-"+strconv.Itoa(i))
	}
	return names
}

// streamOf is the stream of a namespace. The hash of one may be negative; the stream that servers then write to is read by
// nobody, and hubs do as they do to be heard by each other: see docs/cluster.md.
//
// Source: @socket.io/redis-streams-adapter 0.3, hashCode.
func (n streamNames) of(namespace string) string {
	if n.count == 1 {
		return n.name
	}
	var hash int32
	for _, unit := range utf16.Encode([]rune(namespace)) {
		hash = hash*31 + int32(unit)
	}
	return n.name + "-" + strconv.Itoa(abs(int(hash)%n.count))
}

func abs(n int) int { return max(n, -n) }
