package socketio

import (
	"sync/atomic"

	"github.com/siohub/siohub/hub/cluster"
)

// Onlooker is told what is done to the sockets of a server, by whomever, while somebody looks. Both functions are required,
// are called after it was done, by whoever did it, and must not block. What they are passed is the caller's.
type Onlooker struct {
	// Emitted: an event was sent to those of a namespace that the target picks.
	Emitted func(namespace string, t cluster.Target, m cluster.Message)
	// DataSet: their data was changed.
	DataSet func(namespace string, t cluster.Target)
}

// looking is who looks on. Nil: nobody does.
type looking struct{ onlooker atomic.Pointer[Onlooker] }

// SetOnlooker replaces the onlooker. Nil: nobody looks.
func (l *looking) SetOnlooker(o *Onlooker) { l.onlooker.Store(o) }

// emitted tells the onlooker. The message is passed as a value, so that it stays off the heap while nobody looks.
func (l *looking) emitted(namespace string, t cluster.Target, m cluster.Message) {
	if o := l.onlooker.Load(); o != nil {
		o.Emitted(namespace, t, m)
	}
}

func (l *looking) dataSet(namespace string, t cluster.Target) {
	if o := l.onlooker.Load(); o != nil {
		o.DataSet(namespace, t)
	}
}
