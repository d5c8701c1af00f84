package nodewire

import (
	"testing"
)

// fuzz holds a reader to its promises: no panic, nothing beyond the limits, and what was read can be written.
func fuzz(f *testing.F, reader byte, write func([]byte, *Message) []byte) {
	for _, h := range hostile {
		if h.reader == reader || h.reader == 'q' {
			f.Add(h.message)
		}
	}
	for _, m := range messages() {
		m.Namespace, m.UID = "/", "u"
		if m.Event != nil || reader != 'b' {
			f.Add(write(nil, m))
		}
	}
	c := New(tight)
	f.Fuzz(func(t *testing.T, message []byte) {
		m, err := c.readBy(reader, message)
		if err != nil {
			return
		}
		if len(m.Names) > tight.Names || len(m.Target.Rooms) > tight.Names || m.Event != nil && len(m.Event.Attachments) > tight.Event.Attachments {
			t.Fatalf("beyond the limits: %+v", m)
		}
		if m.LeftOut > 0 { // perhaps nothing is left
			return
		}
		if _, err := New(Limits{}).readBy(reader, write(nil, m)); err != nil {
			t.Fatalf("%q was read and cannot be read again: %v", message, err)
		}
	})
}

func FuzzBroadcast(f *testing.F) { fuzz(f, 'b', AppendBroadcast) }

func FuzzRequest(f *testing.F) { fuzz(f, 'q', AppendRequest) }

func FuzzAnswer(f *testing.F) { fuzz(f, 'a', AppendAnswer) }

func FuzzCluster(f *testing.F) {
	fuzz(f, 'c', func(buf []byte, m *Message) []byte { return AppendCluster(buf, m, true) })
}

func FuzzSession(f *testing.F) {
	f.Add("")
	f.Add("gaNzaWShcw==")
	f.Add("hKNzaWShc6NwaWShcKVyb29tc5GhcqRkYXRhgKFu")
	f.Add("wQ==0123456789abcdef")
	c := New(tight)
	f.Fuzz(func(t *testing.T, value string) {
		s, id, err := c.Session(value)
		if err == nil && (s.ID == "" || id == "" || len(s.Rooms) > tight.Names) {
			t.Fatalf("%+v", s)
		}
	})
}

func FuzzEntry(f *testing.F) {
	for _, m := range messages() {
		e := EntryOf(m)
		f.Add(e.Type, e.Data)
	}
	c := New(tight)
	f.Fuzz(func(_ *testing.T, kind, data string) {
		_, _ = c.Entry(Entry{UID: "u", Namespace: "/", Type: kind, Data: data})
	})
}
