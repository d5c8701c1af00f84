package pages

import (
	"context"
	"strings"
	"sync"

	"github.com/siohub/siohub/hub/cluster"
)

// Entry is one place of a log.
type Entry struct {
	// At is where it stands, Size about what it holds in bytes.
	At   cluster.Position
	Size int64
	// Decode reads the command that is there, and the number that its publisher gave the entry, or zero. Nil: there is none. It is
	// called once at most, and not kept.
	Decode func() (*cluster.Command, uint64)

	once    sync.Once
	command *cluster.Command
	number  uint64
}

// commandFor is the command in it, if it is for a namespace.
func (e *Entry) commandFor(namespace string) *cluster.Command {
	e.once.Do(func() {
		e.command, e.number = e.Decode()
		e.Decode = nil
	})
	if c := e.command; c != nil && (c.Namespace == namespace || below(namespace, c.Namespace)) {
		return c
	}
	return nil
}

// below reports whether a namespace is one of those that a pattern means.
func below(namespace, pattern string) bool {
	prefix, is := strings.CutSuffix(pattern, "*")
	return is && strings.HasPrefix(namespace, prefix)
}

// Replay is that of a cluster.Recorder. What was passed over when it was applied is passed over, and what is there twice.
func (p *Pages) Replay(ctx context.Context, namespace string, after, to cluster.Position, passedOver func(cluster.Position) bool, yield func(*cluster.Command) bool) error {
	seen := map[string]uint64{} // the last number of each publisher
	for after.Before(to) {
		list, end, err := p.behind(ctx, after, to)
		if err != nil {
			return err
		}
		for i, e := range list {
			if i%64 == 0 && ctx.Err() != nil { // it has a lock that many share
				return context.Cause(ctx)
			}
			after = e.At
			c := e.commandFor(namespace)
			switch {
			case c == nil || passedOver(e.At):
				continue
			case e.number > 0 && e.number <= seen[c.Origin.Hub]:
				continue
			case e.number > 0:
				seen[c.Origin.Hub] = e.number
			}
			if !yield(c) {
				return nil
			}
		}
		if end {
			return nil
		}
	}
	return nil
}
