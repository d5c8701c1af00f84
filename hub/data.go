package hub

import (
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/mergepatch"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// SetData changes the data of the sockets of a target and raises its version by one. Sockets of another than
// the expected version, and those whose merged data would be too large, are left alone and counted as dropped.
//
// Errors: *ArgumentError, *LimitError, ErrShutdown; ErrVersion when the target is one socket id alone and its
// version is another; *LimitError too when no socket was changed because merged data would be too large.
func (h *Hub) SetData(t Target, change DataChange) (Outcome, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return Outcome{}, err
	}
	inner, err := h.checks.dataChange(change)
	if err != nil {
		return Outcome{}, err
	}
	elsewhere := h.federation.Elsewhere(t.Namespace, &to)
	o, version, err := h.sockets.SetData(t.Namespace, to, inner)
	out := outcome(o)
	if elsewhere {
		out.MissingHubs = h.federation.Publish(&cluster.Command{
			Namespace: t.Namespace, Target: to, Data: &cluster.Data{JSON: change.Data, Merge: change.Merge, Expected: change.ExpectedVersion},
		})
	}
	if one := len(t.Sockets) == 1 && len(t.Rooms)+len(t.Users) == 0; one && out.Matched+out.Stored == 1 {
		out.DataVersion = version
		if change.ExpectedVersion != nil && out.Dropped == 1 && version != *change.ExpectedVersion {
			return out, ErrVersion
		}
	}
	if out.Queued == 0 && err != nil {
		return out, err
	}
	return out, nil
}

// SetDataElsewhere changes the data of one socket that is at another hub of the cluster. done is called once, with the
// outcome of all others: ErrVersion when the version is another; it may be called before SetDataElsewhere has returned, and
// must not block.
//
// Errors, without done being called: *ArgumentError, *LimitError, ErrShutdown.
func (h *Hub) SetDataElsewhere(t Target, change DataChange, done func(Outcome, error)) error {
	to, err := h.checks.target(t)
	if err != nil {
		return err
	}
	if _, err := h.checks.dataChange(change); err != nil {
		return err
	}
	var out Outcome
	command := &cluster.Command{
		Namespace: t.Namespace, Target: to, Data: &cluster.Data{JSON: change.Data, Merge: change.Merge, Expected: change.ExpectedVersion},
	}
	h.federation.Ask(&cluster.Question{Kind: cluster.CarryOut, Namespace: t.Namespace, Command: command}, cluster.Asking{
		Answer: func(a *cluster.Answer) {
			if o := a.Outcome; o != nil && o.Matched+o.Stored > 0 {
				out = Outcome{Matched: o.Matched, Queued: o.Queued, Dropped: o.Dropped, Stored: o.Stored, DataVersion: o.DataVersion}
			}
		},
		Done: func(missing []string) {
			out.MissingHubs = missing
			var err error
			if change.ExpectedVersion != nil && out.Dropped == 1 && out.DataVersion != *change.ExpectedVersion {
				err = ErrVersion
			}
			done(out, err)
		},
	})
	return nil
}

// dataChange checks a change and says it in the words of the Socket.IO side.
func (c *checks) dataChange(change DataChange) (socketio.DataChange, error) {
	if err := c.data(change.Data); err != nil {
		return socketio.DataChange{}, err
	}
	inner := socketio.DataChange{Data: change.Data, Expected: change.ExpectedVersion}
	if !change.Merge {
		return inner, nil
	}
	if len(change.Data) == 0 {
		return inner, wrong("data", "EMPTY_PATCH", "is no patch")
	}
	inner.Merge = func(old []byte) ([]byte, error) {
		merged, err := mergepatch.Merge(old, change.Data)
		if err != nil {
			return nil, wrong("data", "BAD_JSON", "cannot be merged: %v", err)
		}
		return merged, c.data(merged)
	}
	return inner, nil
}
