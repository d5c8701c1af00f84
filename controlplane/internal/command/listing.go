package command

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub/cluster"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// listing is a list that is sorted by name.
type listing[T any] struct {
	key  cursorKey
	look func(namespace, prefix string) []T
	size int
	name func(*T) string
	put  func(*hubv1.Result, *T)
	// kind is how others are asked for it; of makes an entry of what they say, and add adds their sockets to one.
	kind cluster.Kind
	of   func(cluster.Size) T
	add  func(entry *T, sockets int)
}

// listFrom checks a query for a list, and reads behind which name its page begins.
func listFrom(kind byte, q interface {
	GetNamespace() string
	GetPageToken() string
}) (after string, f *fault.Fault) {
	if f := checkNamespace(q.GetNamespace()); f != nil {
		return "", f
	}
	return readToken(kind, q.GetPageToken())
}

// listed finds the pages of a list, from behind a name: in what a call for the page before has left, or in what there is now,
// here and at the other hubs.
func listed[T any](e *queries, l listing[T], then func(*Pages, *fault.Fault)) {
	if l.key.after != "" {
		if kept := e.cursors.take(l.key); kept != nil {
			then(l.pages(e, kept.rest.([]T), kept.bytes, kept.made, nil))
			return
		}
	}
	if alone(e.hub) {
		then(l.from(e, l.look(l.key.namespace, l.key.prefix), nil))
		return
	}
	question := &cluster.Question{Kind: l.kind, Namespace: l.key.namespace, Prefix: l.key.prefix}
	e.gather(question, 0, func(g *gathered, f *fault.Fault) {
		if f != nil {
			then(nil, f)
			return
		}
		g.held.giveBack() // pages reserve what they keep
		then(l.from(e, l.merge(l.look(l.key.namespace, l.key.prefix), g.names), g.missing))
	})
}

// merge adds what others have to what is here. Both are sorted by name.
func (l *listing[T]) merge(here []T, others []cluster.Size) []T {
	byName := func(a, b cluster.Size) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(others, byName)
	merged := make([]T, 0, len(here)+len(others))
	for _, other := range others {
		for len(here) > 0 && l.name(&here[0]) <= other.Name {
			merged, here = append(merged, here[0]), here[1:]
		}
		if n := len(merged); n > 0 && l.name(&merged[n-1]) == other.Name {
			l.add(&merged[n-1], other.Sockets)
			continue
		}
		merged = append(merged, l.of(other))
	}
	return append(merged, here...)
}

// from are the pages of a whole list, from behind the name.
func (l *listing[T]) from(e *queries, all []T, missing []string) (*Pages, *fault.Fault) {
	rest := all[sort.Search(len(all), func(i int) bool { return l.name(&all[i]) > l.key.after }):]
	bytes := int64(0)
	for i := range all { // the rest keeps all of them
		bytes += int64(len(l.name(&all[i]))) + entryKeep
	}
	return l.pages(e, rest, bytes, time.Now(), missing)
}

// pages are those of the rest of a list.
func (l *listing[T]) pages(e *queries, rest []T, bytes int64, made time.Time, missing []string) (*Pages, *fault.Fault) {
	held, f := e.reserve(0, int(bytes))
	if f != nil {
		return nil, f
	}
	fill := func(r *hubv1.Result) bool {
		n := min(l.size, len(rest))
		for i := range rest[:n] {
			l.put(r, &rest[i])
		}
		if n > 0 {
			l.key.after = l.name(&rest[n-1])
		}
		rest = rest[n:]
		return len(rest) > 0
	}
	keep := func() {
		e.cursors.keep(&cursor{key: l.key, rest: rest, bytes: bytes, made: made})
	}
	return &Pages{held: held, missing: missing, fill: fill, keep: keep}, nil
}
