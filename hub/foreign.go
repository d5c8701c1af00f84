package hub

import (
	"errors"
	"fmt"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/federation"
	"github.com/siohub/siohub/hub/internal/recovery"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// foreign are the checks of what other servers say: the same as of what the application says.
type foreign struct{ *checks }

var _ federation.Checks = foreign{}

func (f foreign) Target(namespace string, t cluster.Target) error {
	if len(namespace) > f.limits.NamespaceBytes {
		return refusal{fmt.Errorf("hub: a namespace of %d bytes, %d are allowed", len(namespace), f.limits.NamespaceBytes), "limits.namespace_bytes"}
	}
	_, err := f.target(targetIn(namespace, t))
	return why(err)
}

func (f foreign) Pattern(namespace string) (prefix string, err error) {
	prefix, err = checkPattern(namespace)
	return prefix, why(err)
}

func (f foreign) Message(m *cluster.Message) error {
	return why(f.message(Message{Event: m.Event, Args: m.Args, Attachments: m.Attachments}))
}

func (f foreign) Rooms(rooms []string) error { return why(f.rooms("rooms", rooms)) }

func (f foreign) Detail(detail string) error { return why(checkDetail(detail)) }

func (f foreign) Data(d *cluster.Data) (socketio.DataChange, error) {
	change, err := f.dataChange(DataChange{Data: d.JSON, Merge: d.Merge, ExpectedVersion: d.Expected})
	return change, why(err)
}

// Session looks at a session that another server has had.
func (f foreign) Session(r *recovery.Record) error {
	err := f.acceptance(Acceptance{User: r.User, Rooms: r.Rooms, Data: r.Data})
	if err == nil {
		_, err = f.target(Target{Namespace: r.Namespace, Sockets: []string{r.ID}})
	}
	if r.Carried == nil || err != nil {
		return why(err)
	}
	for i := range r.Carried.Items {
		if err := f.Message(&r.Carried.Items[i].Message); err != nil {
			return err
		}
	}
	return nil
}

// refusal is an error with the word that it is counted by.
type refusal struct {
	error
	word string
}

// Why is the word.
func (r refusal) Why() string { return r.word }

func (r refusal) Unwrap() error { return r.error }

// why finds the word of an error: its reason, or the key of the limit.
func why(err error) error {
	var argument *ArgumentError
	var limit *LimitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &argument):
		return refusal{err, argument.Reason}
	case errors.As(err, &limit):
		return refusal{err, limit.Limit}
	}
	return refusal{err, "SHUTDOWN"}
}
