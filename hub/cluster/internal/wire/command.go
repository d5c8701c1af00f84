package wire

import "github.com/siohub/siohub/hub/cluster"

func (w *writer) target(t *cluster.Target) {
	f := w.fields()
	f.names(1, t.Sockets)
	f.names(2, t.Rooms)
	f.names(3, t.Users)
	f.names(4, t.ExceptSockets)
	f.names(5, t.ExceptRooms)
	f.names(6, t.ExceptUsers)
	f.bool(7, t.All)
	f.end()
}

func (r *reader) target(t *cluster.Target) {
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			t.Sockets = r.names()
		case 2:
			t.Rooms = r.names()
		case 3:
			t.Users = r.names()
		case 4:
			t.ExceptSockets = r.names()
		case 5:
			t.ExceptRooms = r.names()
		case 6:
			t.ExceptUsers = r.names()
		case 7:
			t.All = r.bool()
		default:
			return false
		}
		return true
	})
}

func (w *writer) message(m *cluster.Message) {
	f := w.fields()
	f.name(1, m.Event)
	f.bytes(2, m.Args)
	f.blobs(3, m.Attachments)
	f.bool(4, m.Volatile)
	f.bool(5, m.NoCompress)
	f.end()
}

func (r *reader) message() *cluster.Message {
	m := &cluster.Message{}
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			m.Event = r.name()
		case 2:
			m.Args = r.bytes()
		case 3:
			m.Attachments = r.blobs()
		case 4:
			m.Volatile = r.bool()
		case 5:
			m.NoCompress = r.bool()
		default:
			return false
		}
		return true
	})
	return m
}

// EncodeCommand returns a frame with room for its header. The error wraps ErrTooLarge.
func EncodeCommand(c *cluster.Command) ([]byte, error) {
	w := newWriter()
	w.command(c)
	return w.b, w.err
}

func (w *writer) command(c *cluster.Command) {
	f := w.fields()
	f.name(1, c.Namespace)
	w2 := f.key(2)
	w2.target(&c.Target)
	switch {
	case c.Message != nil && c.KeepOnly:
		f.key(10).message(c.Message) // who does not know of it does not carry it out
	case c.Message != nil:
		f.key(3).message(c.Message)
	case len(c.Join) > 0 || len(c.Leave) > 0:
		f.names(4, c.Join)
		f.names(5, c.Leave)
	case c.Disconnect != nil:
		f.key(6).disconnect(c.Disconnect)
	case c.Data != nil:
		f.key(7).data(c.Data)
	case c.ServerSide != nil:
		f.key(8).message(c.ServerSide)
	case c.Signal != nil:
		w.fail(f.key(9).enc.EncodeBytes(c.Signal))
	}
	if o := (cluster.Origin{Number: c.Origin.Number, After: c.Origin.After}); o != (cluster.Origin{}) {
		f.key(11).origin(&o)
	}
	f.end()
}

// origin writes what the publisher says of it.
func (w *writer) origin(o *cluster.Origin) {
	f := w.fields()
	f.uint(1, o.Number)
	f.uint(2, o.After.Major)
	f.uint(3, o.After.Minor)
	f.end()
}

func (r *reader) origin() (o cluster.Origin) {
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			o.Number = r.uint()
		case 2:
			o.After.Major = r.uint()
		case 3:
			o.After.Minor = r.uint()
		default:
			return false
		}
		return true
	})
	return o
}

func (w *writer) disconnect(d *cluster.Disconnect) {
	f := w.fields()
	f.bool(1, d.CloseTransport)
	f.bool(2, d.MayReturn)
	f.bool(3, d.Forget)
	f.str(4, d.Detail, maxTextBytes)
	f.end()
}

func (w *writer) data(d *cluster.Data) {
	f := w.fields()
	f.bytes(1, d.JSON)
	f.bool(2, d.Merge)
	if d.Expected != nil {
		w.fail(f.key(3).enc.EncodeUint(*d.Expected))
	}
	f.end()
}

// DecodeCommand reads the body of a command. A command of a kind that is not known is ErrUnknown.
func DecodeCommand(body []byte) (*cluster.Command, error) {
	r, err := newReader(body)
	if err != nil {
		return nil, err
	}
	return r.command()
}

func (r *reader) command() (*cluster.Command, error) {
	c := &cluster.Command{}
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			c.Namespace = r.name()
		case 2:
			r.target(&c.Target)
		case 3:
			c.Message = r.message()
		case 4:
			c.Join = r.names()
		case 5:
			c.Leave = r.names()
		case 6:
			c.Disconnect = r.disconnect()
		case 7:
			c.Data = r.data()
		case 8:
			c.ServerSide = r.message()
		case 9:
			c.Signal = r.bytes()
		case 10:
			c.Message, c.KeepOnly = r.message(), true
		case 11:
			c.Origin = r.origin()
		default:
			return false
		}
		return true
	})
	// An empty list of rooms is no kind.
	rooms := len(c.Join) + len(c.Leave)
	if r.err == nil && c.Message == nil && rooms == 0 && c.Disconnect == nil && c.Data == nil && c.ServerSide == nil && c.Signal == nil {
		r.err = ErrUnknown
	}
	return c, r.err
}

func (r *reader) disconnect() *cluster.Disconnect {
	d := &cluster.Disconnect{}
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			d.CloseTransport = r.bool()
		case 2:
			d.MayReturn = r.bool()
		case 3:
			d.Forget = r.bool()
		case 4:
			d.Detail = r.str(maxTextBytes)
		default:
			return false
		}
		return true
	})
	return d
}

func (r *reader) data() *cluster.Data {
	d := &cluster.Data{}
	r.fields(func(key uint64) bool {
		switch key {
		case 1:
			d.JSON = r.bytes()
		case 2:
			d.Merge = r.bool()
		case 3:
			v := r.uint()
			d.Expected = &v
		default:
			return false
		}
		return true
	})
	return d
}
