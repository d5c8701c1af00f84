package socketio

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
)

// exact is what a hub that unpacks and packs again would spoil.
const exact = `[{"b":1,"a":9007199254740993,"c":"<&>` + "\u2028" + `"} , 1E400,"\u0041\ud800"]`

func TestEvent_ArgumentsPassByteForByteBothWays(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		s := play(t, Config{})
		s.event = func(socket *Socket, e Event) {
			s.server.Emit(nil, "/chat", to(socket.ID()), cluster.Message{Event: e.Name, Args: e.Args, Attachments: e.Attachments})
			if !e.ID.IsZero() {
				if err := socket.Reply(nil, e.ID, e.Args, e.Attachments); err != nil {
					t.Error(err)
				}
			}
		}
		b := s.http.Open(hubtest.Options{Transport: road})
		s.enter(b, "/chat")
		b.Send(`42/chat,["x",` + exact[1:])
		b.Expect(`42/chat,["x",` + exact[1:])
		s.heard("event /chat x" + exact + " 0")

		b.Send(`42/chat,0001["x"]`)
		b.Expect(`42/chat,["x"]`, `43/chat,0001[]`)
		s.heard("event /chat x[] 0")

		const placeholders = `[{"_placeholder":true,"num":1},{"a":[{"num":0,"_placeholder":true}]}]`
		binary := []string{hubtest.Binary([]byte{1, 2, 3}), hubtest.Binary(nil)}
		b.Send(`452-/chat,18446744073709551615["bin",`+placeholders[1:], binary[0])
		b.Send("3") // a pong between attachments
		b.Send(binary[1])
		b.Expect(`452-/chat,["bin",`+placeholders[1:], binary[0], binary[1])
		b.Expect(`462-/chat,18446744073709551615`+placeholders, binary[0], binary[1])
		s.heard("event /chat bin" + placeholders + " 2")
	})
}

func TestEvent_AnyNameIsData(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/")
	for raw, name := range map[string]string{
		`""`: "", `"error"`: "error", `"__proto__"`: "__proto__", `"\u0000"`: "\x00", `1`: "1", `"\ud800"`: "\ufffd", `"é"`: "é",
	} {
		b.Send(`42[` + raw + `,{"_placeholder":true,"num":7}]`)
		s.heard("event / " + name + `[{"_placeholder":true,"num":7}] 0`)
	}
}

func TestEvent_BytesBelongToTheApplication(t *testing.T) {
	s := play(t, Config{})
	var events []Event
	s.event = func(_ *Socket, e Event) { events = append(events, e) }
	b := s.join("/")
	for _, text := range []string{"first", "other"} {
		b.Send(`451-["x","`+text+`",{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte(text)))
		s.heard(`event / x["` + text + `",{"_placeholder":true,"num":0}] 1`)
	}
	for i, text := range []string{"first", "other"} {
		if e := events[i]; !bytes.Contains(e.Args, []byte(text)) || string(e.Attachments[0]) != text || e.ReceiveTime.IsZero() {
			t.Fatalf("event %d is now %s %s", i, e.Args, e.Attachments)
		}
	}
}

func TestEvent_LargerThanTheLimitCloses(t *testing.T) {
	var limits []string
	s := play(t, Config{Limits: Limits{EventBytes: 1000}, Trace: &Trace{LimitReached: func(limit string) { limits = append(limits, limit) }}})
	fits := strings.Repeat("a", 900)
	b := s.join("/")
	b.Send(`42["x","` + fits + `"]`)
	s.heard(`event / x["` + fits + `"] 0`)
	b.Send(`451-["x",{"_placeholder":true,"num":0},"`+fits+`"]`, hubtest.Binary(make([]byte, 200)))
	s.heard("disconnected / forced close")
	b.WaitEnd()

	b = s.join("/")
	b.Send(`42["x","` + fits + fits + `"]`)
	s.heard("disconnected / forced close")
	if len(limits) != 2 || limits[0] != "event_bytes" {
		t.Fatalf("limits %q", limits)
	}
}

// Attachments that come slowly, as through a thin line, are waited for.
func TestEvent_AttachmentsMayComeSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, Config{})
		b := s.join("/")
		b.Send(`453-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]`)
		for range 3 {
			b.Quiet(28 * time.Second)
			b.SendBinary([]byte("late"))
		}
		s.heard(`event / x[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}] 3`)
	})
}

func TestEvent_SentToASocketThatHadToLeaveIsDropped(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/", "/chat")
	if o := s.server.Disconnect(nil, "/chat", everybody, Eviction{}); o.Queued != 1 {
		t.Fatalf("%+v", o)
	}
	s.heard("disconnected /chat " + ReasonServerNamespaceDisconnect)
	// The browser said this before it read that it had to leave.
	b.Send(`42/chat,["a"]`, `43/chat,1[]`, `41/chat`, `42["b"]`)
	b.Expect("41/chat,")
	s.heard("event / b[] 0")
	s.enter(b, "/chat")
}

// Text from a browser that is not UTF-8 ends that browser's session and nothing else: nobody above this
// ever sees such a byte.
func TestText_ThatIsNotUTF8EndsTheSession(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		for _, packet := range []string{"42[\"a\xff\"]", "42[\"a\",\"\xc3\"]", "40/\xff,", "40/x,{\"token\":\"\xed\xa0\x80\"}"} {
			s := play(t, Config{})
			bystander := s.join("/")
			b := s.http.Open(hubtest.Options{Transport: road})
			s.enter(b, "/")
			_ = b.TrySend(packet)
			b.WaitEnd()
			eventually(t, "its socket has left", func() bool { return s.server.Count("/", everybody) == 1 })
			s.server.Emit(nil, "/", everybody, msg("still here"))
			bystander.Expect(`42["still here"]`)
		}
	})
}

// Whoever has joined nothing must not make the hub wait for attachments, and keep them meanwhile.
func TestEvent_StrangersBringNoAttachments(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/")
	b.Send(`451-/other,["x",{"_placeholder":true,"num":0}]`)
	b.WaitEnd()
	s.heard("disconnected / " + ReasonForcedServerClose)
}
