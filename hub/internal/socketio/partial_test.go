package socketio

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/internal/virtualtime"
)

// Who announces attachments and holds them back must not make the hub keep the half of an event for ever, however
// well its heartbeat is.
func TestEvent_AttachmentsThatDoNotComeEndTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, Config{})
		b := s.join("/")
		b.Send(`452-["two",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
		virtualtime.Pass(25 * time.Second)
		b.Send(hubtest.Binary([]byte("one"))) // which is progress
		b.Quiet(29 * time.Second)
		b.WaitEnd() // within 5 s
		s.heard("disconnected / forced close")
	})
}

// A browser that was held meanwhile is not forgotten: its half event is judged once it is read again.
func TestEvent_AttachmentsThatDoNotComeAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, Config{})
		b := s.join("/")
		b.Send(`451-["one",{"_placeholder":true,"num":0}]`)
		synctest.Wait()
		s.socket("/").HoldReads(HoldNone, HoldAll)
		virtualtime.Pass(10 * time.Minute)
		s.socket("/").HoldReads(HoldAll, HoldNone)
		virtualtime.Pass(58 * time.Second)
		b.WaitEnd()
		s.heard("disconnected / forced close")
	})
}
