package route

import (
	"hash/maphash"
	"iter"

	"github.com/benbjohnson/immutable"
)

// index is a map that does not change: with returns another one, which shares with it almost all of its memory. Its
// zero value is empty.
type index[V any] struct {
	m *immutable.Map[string, V] // nil when it is empty
}

// get is the value of a key; the zero value if there is none.
func (x index[V]) get(key string) V {
	if x.m == nil {
		var none V
		return none
	}
	v, _ := x.m.Get(key)
	return v
}

func (x index[V]) len() int {
	if x.m == nil {
		return 0
	}
	return x.m.Len()
}

// with is the map with other values for some keys, and without those that have the zero value.
func (x index[V]) with(values map[string]V, zero func(V) bool) index[V] {
	switch {
	case len(values) == 0:
		return x
	case len(values)*fewer >= x.len():
		return x.anew(values, zero)
	}
	m := x.m
	for key, v := range values {
		if zero(v) {
			m = m.Delete(key)
		} else {
			m = m.Set(key, v)
		}
	}
	return index[V]{m}
}

// fewer is how much less a key of a map that is made anew costs than one that changes in a map.
const fewer = 4

// anew does the same with a map of its own.
func (x index[V]) anew(values map[string]V, zero func(V) bool) index[V] {
	b := immutable.NewMapBuilder[string, V](hasher{})
	if x.m != nil {
		for at := x.m.Iterator(); !at.Done(); {
			key, v, _ := at.Next()
			if _, ok := values[key]; !ok {
				b.Set(key, v)
			}
		}
	}
	for key, v := range values {
		if !zero(v) {
			b.Set(key, v)
		}
	}
	if b.Len() == 0 {
		return index[V]{}
	}
	return index[V]{b.Map()}
}

// hasher is one whose collisions nobody can choose.
type hasher struct{}

var seed = maphash.MakeSeed()

// Hash implements immutable.Hasher.
func (hasher) Hash(key string) uint32 { return uint32(maphash.String(seed, key)) }

// Equal implements immutable.Hasher.
func (hasher) Equal(a, b string) bool { return a == b }

// order is an index whose keys are sorted. Its zero value is empty.
type order[V any] struct {
	m *immutable.SortedMap[string, V] // nil when it is empty
}

func (o order[V]) empty() bool { return o.m == nil }

func (o order[V]) with(key string, v V) order[V] {
	if o.m == nil {
		o.m = immutable.NewSortedMap[string, V](nil)
	}
	return order[V]{o.m.Set(key, v)}
}

func (o order[V]) without(key string) order[V] {
	if o.m == nil {
		return o
	}
	if less := o.m.Delete(key); less.Len() > 0 {
		return order[V]{less}
	}
	return order[V]{}
}

// from are the keys that are not less than one, in their order.
func (o order[V]) from(key string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		if o.m == nil {
			return
		}
		at := o.m.Iterator()
		at.Seek(key)
		for {
			k, v, ok := at.Next()
			if !ok || !yield(k, v) {
				return
			}
		}
	}
}
