package recovery

import (
	"encoding/json"
	"errors"

	"github.com/siohub/siohub/hub/cluster"
)

// Record is a session on its way from one hub to another.
type Record struct {
	PID       string `json:"p"`
	ID        string `json:"i"`
	User      string `json:"u,omitempty"`
	Namespace string `json:"n"`
	// Hub is the id of the hub that it comes from, and Epoch that of its offsets. Hub is empty for one of a Node server.
	Hub   string `json:"h,omitempty"`
	Epoch string `json:"e,omitempty"`
	// Rooms are those that it was in at Left.
	Rooms []string `json:"r,omitempty"`
	// Changes are those of its rooms behind Known, oldest first.
	Changes []Change `json:"c,omitempty"`
	Known   Place    `json:"k"`
	// Joined is where it came to Hub, and Left where it left, or was when the record was made. Last is that of the last packet
	// that was for it, nil if it is not known.
	Joined Place  `json:"j"`
	Left   Place  `json:"l"`
	Last   *Place `json:"a,omitempty"`
	// Complete says that Carried is all that it has missed up to Left: what is behind it alone is to be found. Else Carried is
	// what it brought to Hub itself.
	Complete bool      `json:"f,omitempty"`
	Carried  *Carriage `json:"m,omitempty"`
	// Final says that Hub has let go of it.
	Final bool `json:"b,omitempty"`
	// Past is what it had before it came to Hub. Nil: nothing that would matter.
	Past *Past `json:"z,omitempty"`
	// Away is for how long it had been away, in milliseconds, and At when the record was made, since 1970. Zero At: it was
	// not away.
	Away int64 `json:"w,omitempty"`
	At   int64 `json:"t,omitempty"`
	Belongings
}

// Belongings are what whoever made a session keeps with it.
type Belongings struct {
	Data         []byte `json:"d,omitempty"`
	Version      uint64 `json:"v,omitempty"`
	RoomsVersion uint64 `json:"x,omitempty"`
	MustAsk      bool   `json:"q,omitempty"`
	Policy       []byte `json:"y,omitempty"`
	Memo         []byte `json:"o,omitempty"`
}

// Change says that a session has joined or left a room behind a place.
type Change struct {
	Place  Place  `json:"p"`
	Room   string `json:"r"`
	Joined bool   `json:"j,omitempty"`
}

// errRecord means that bytes are no record.
var errRecord = errors.New("recovery: not a record of a session")

// Encode returns a record as bytes.
func (r *Record) Encode() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		return nil // there is nothing in it that could fail
	}
	return b
}

// DecodeRecord is the other way round. It is JSON, as a decoder of MessagePack makes room for as many elements as a
// forger says. What it returns is of the right shape; names and sizes are the caller's to check.
func DecodeRecord(b []byte) (r *Record, err error) {
	r = &Record{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, errRecord
	}
	if !IsPID(r.PID) && !isForeignPID(r.PID) || r.ID == "" || r.Namespace == "" || len(r.Changes) > MaxChanges+1 {
		return nil, errRecord
	}
	return r, nil
}

// Record is a session that its hub is about to let go of: it is in these rooms. last says that the trail knows of the last
// packet that was for it. What its maker keeps is missing.
func (s *Store) Record(one *Session, rooms []string) *Record {
	t := &one.Trail
	r := &Record{
		PID: one.pid, ID: one.id, User: one.user, Namespace: one.namespace, Hub: s.config.Hub, Epoch: s.Logs.epoch, Rooms: rooms,
		Known: t.known.Place, Joined: t.joined.Place, Left: t.left.Place, Carried: one.carried, Past: one.past,
	}
	last := t.joined.Place
	if t.last.At > 0 {
		last = t.last.Place
	}
	r.Last = &last
	for _, c := range t.changes {
		r.Changes = append(r.Changes, Change{c.Place, c.room, c.joined})
	}
	return r
}

// ForeignRecord is that of a session that a Node server has kept.
func ForeignRecord(pid, namespace string, s *cluster.Socket) *Record {
	return &Record{PID: pid, ID: s.ID, Namespace: namespace, Rooms: s.Rooms, Belongings: Belongings{Data: s.Data}}
}

// Start is where what a session has missed begins that a browser claims at another hub, with what comes before it.
//
// Errors: ErrOffset, ErrMoved.
func (r *Record) Start(c Claim) (from Place, first []Carried, err error) {
	if r.Hub == "" {
		of, ok := parsePosition(c.Offset, 10)
		if !ok || !c.Named {
			return Place{}, nil, ErrOffset
		}
		return Place{Of: of}, nil, nil
	}
	if r.Complete {
		return r.Left, r.Carried.items(), nil
	}
	epoch, _, place, ok := parseOffset(c.Offset)
	switch items, carried := r.Carried.behind(c.Offset, c.Named); {
	case carried:
		from, first = r.Joined, items
	case !c.Named && r.Carried == nil:
		from = r.Joined
	case c.Named && ok && epoch == r.Epoch && place != nil && place.Has(r.Joined):
		from = *place
	default:
		return Place{}, nil, ErrOffset
	}
	if r.Last != nil && from.Has(*r.Last) {
		from = r.Left
	}
	if !from.Has(r.Known) {
		return Place{}, nil, ErrMoved
	}
	return from, first, nil
}

func (c *Carriage) items() []Carried {
	if c == nil {
		return nil
	}
	return c.Items
}
