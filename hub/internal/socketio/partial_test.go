package socketio

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
)

// Who announces attachments and holds them back must not make the hub keep the half of an event for ever, however
// well its heartbeat is.
func TestEvent_AttachmentsThatDoNotComeEndTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, Config{})
		b := s.join("/")
		b.Send(`452-["two",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
		time.Sleep(25 * time.Second)
		b.Send(hubtest.Binary([]byte("one"))) // which is progress
		b.Quiet(29 * time.Second)
		b.WaitEnd() // within 5 s
		s.heard("disconnected / forced close")
	})
}
