package socketio

import (
	"fmt"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
)

// undefined is what notepack makes of `offset: undefined`, which the client says before it has got anything.
var undefined = msgpack.RawMessage{0xd4, 0, 0}

// comesPacked is tab.comes for one that speaks msgpack.
func (v *tab) comesPacked(t *testing.T, road hubtest.Transport) {
	t.Helper()
	v.Browser = v.stage.http.Open(hubtest.Options{Transport: road})
	packet := packed{"type": 0, "nsp": "/"}
	if v.pid != "" {
		packet["data"] = packed{"pid": v.pid, "offset": undefined}
		if v.offset != "" {
			packet["data"] = packed{"pid": v.pid, "offset": v.offset}
		}
	}
	sendPacked(t, v.Browser, packet)
	answer, _ := nextPacked(t, v.Browser)["data"].(packed)
	v.sid, _ = answer["sid"].(string)
	v.pid, _ = answer["pid"].(string)
	if v.sid == "" || v.pid == "" {
		t.Fatalf("got %v", answer)
	}
	v.known(t)
}

// getsPacked reads an event, without its offset.
func (v *tab) getsPacked(t *testing.T, want ...any) {
	t.Helper()
	data, _ := nextPacked(t, v.Browser)["data"].([]any)
	if len(data) == 0 {
		t.Fatal("no event")
	}
	v.offset, _ = data[len(data)-1].(string)
	if got := fmt.Sprint(data[:len(data)-1]); got != fmt.Sprint(any(want)) || v.offset == "" {
		t.Fatalf("got %s, want %v", got, want)
	}
}

func bothRecover() Config {
	config := recovers()
	forms, _, _ := bothForms()
	config.Parsers = forms.Parsers
	return config
}

// emitsBinary emits a number and an attachment.
func (s *stage) emitsBinary(n int) {
	s.server.Emit(nil, "/", everybody, cluster.Message{
		Event: "b", Args: fmt.Appendf(nil, `[%d,{"_placeholder":true,"num":0}]`, n), Attachments: [][]byte{{byte(n), 0}},
	})
}

func TestRecovery_OverMsgpack(t *testing.T) {
	for name, config := range map[string]func() Config{
		"alone":  func() Config { c := bothRecover(); c.Parsers.Text = nil; return c },
		"beside": bothRecover,
	} {
		t.Run(name, func(t *testing.T) {
			hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
				s := play(t, config())
				v := &tab{stage: s}
				v.comesPacked(t, road)
				sid := v.sid
				v.goes(t) // before it has got anything
				s.emitsBinary(0)
				v.comesPacked(t, road)
				v.getsPacked(t, "b", 0, []byte{0, 0})
				s.emitsBinary(1)
				v.getsPacked(t, "b", 1, []byte{1, 0})
				s.emitsBinary(2) // on its way
				v.goes(t)
				s.emitsBinary(3)
				v.comesPacked(t, road)
				s.emitsBinary(4)
				for i := 2; i < 5; i++ {
					v.getsPacked(t, "b", i, []byte{byte(i), 0})
				}
				if v.sid != sid || !s.socket("/").Recovered() {
					t.Fatal("not recovered")
				}
				v.Abort()
			})
		})
	}
}

// A session is not bound to the form of its browser: a page that was reloaded with another parser goes on as well.
func TestRecovery_FromOneFormToTheOther(t *testing.T) {
	s := play(t, bothRecover())
	v := &tab{stage: s}
	v.comesPacked(t, hubtest.WebSocket)
	s.emitsBinary(0)
	v.getsPacked(t, "b", 0, []byte{0, 0})
	v.goes(t)
	s.emitsBinary(1)
	v.comes(t, hubtest.WebSocket)
	v.gets(t, `["b",1,{"_placeholder":true,"num":0}]`)
	v.Expect(hubtest.Binary([]byte{1, 0}))
	v.goes(t)
	s.emitsBinary(2)
	v.comesPacked(t, hubtest.Polling)
	v.getsPacked(t, "b", 2, []byte{2, 0})
	v.Abort()
}
