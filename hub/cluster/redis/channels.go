package redis

import (
	"strings"

	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

// channels are the names of channels, behind a prefix. An id has no slash, and a namespace begins with one.
type channels struct{ prefix string }

// Those that hubs alone read: all of them, one of them, and those that serve a namespace, which they are counted by.
func (c channels) hubs() string                 { return c.prefix + "-hub#" }
func (c channels) direct(id string) string      { return c.prefix + "-hub#" + id + "#" }
func (c channels) twin(namespace string) string { return c.prefix + "-hub#" + namespace + "#" }

// base is that of a namespace.
func (c channels) base(namespace string) string { return c.prefix + "#" + namespace + "#" }

// within is that of a namespace, or of one room in it.
func (c channels) within(namespace, room string, one bool) string {
	if one {
		return c.prefix + "#" + namespace + "#" + room + "#"
	}
	return c.base(namespace)
}

// ofHubs reports whether a channel is one of the mesh.
func (c channels) ofHubs(channel string) bool {
	rest, ok := strings.CutPrefix(channel, c.prefix)
	return ok && strings.HasPrefix(rest, "-hub#")
}

// of is where a frame goes.
func (c channels) of(out *mesh.Out) string {
	switch {
	case out.Channel != "":
		return out.Channel
	case out.Hub != "":
		return c.direct(out.Hub)
	}
	return c.hubs()
}
