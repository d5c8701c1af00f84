package socketio

import (
	"fmt"
	"testing"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// Who has the gate may take long, as an accept with thousands of emits does. A poller that has a message for it does
// not wait: the message is handled afterwards, in order, and other browsers of the poller go on.
func TestClient_AMessageDoesNotWaitForTheGate(t *testing.T) {
	s := play(t, Config{})
	page := hubtest.ServeTCP(t, s.engine, s.engine.ConfigureHTTP) // so that pollers read
	page.Path = s.http.Path
	asked := make(chan *Attempt, 1)
	s.connect = func(a *Attempt) { asked <- a }
	busy := page.Open(hubtest.Options{Transport: hubtest.WebSocket})
	busy.Send("40")
	s.heard("connect / ")
	begun, goOn := make(chan struct{}), make(chan struct{})
	accepted := make(chan error, 1)
	a := <-asked
	go func() {
		accepted <- a.Accept(Acceptance{Then: func(*Socket, *engineio.Batch) { close(begun); <-goOn }})
	}()
	<-begun
	for i := range 20 {
		busy.Send(fmt.Sprintf(`42["%d"]`, i))
	}
	s.connect = nil
	for range 8 { // more than there are pollers
		bystander := page.Open(hubtest.Options{Transport: hubtest.WebSocket})
		s.enter(bystander, "/other")
	}
	close(goOn)
	if err := <-accepted; err != nil {
		t.Fatal(err)
	}
	want := []string{"connected /"}
	for i := range 20 {
		want = append(want, fmt.Sprintf("event / %d[] 0", i))
	}
	s.heard(want...)
}
