package v09

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// broken is an answer whose connection breaks.
type broken struct {
	*httptest.ResponseRecorder
	before func()
}

func (b broken) Write([]byte) (int, error) {
	b.before()
	return 0, errors.New("broken pipe")
}

// Packets that were lost with a poll are not passed over in silence, though the client has come again before that is known.
func TestPoll_LostPacketsEndTheSession(t *testing.T) {
	for name, before := range map[string]func(l *link){
		"alone":        func(*link) {},
		"another poll": func(l *link) { l.attach("polling", nil) },
		"a WebSocket":  func(l *link) { l.attach("websocket", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newTestServer(t, nil)
			l := newTestLink()
			l.attach("polling", nil)
			_, _ = l.Write(stream("40", `42["x"]`))
			w := broken{httptest.NewRecorder(), func() { before(l) }}
			s.servePoll(w, httptest.NewRequest(http.MethodGet, "/", nil), l)
			if _, err := l.state(); err == nil || err.Error() != errPollBroken.Error() {
				t.Errorf("ended by %v", err)
			}
			if held := l.going.of.inUse(); held != 0 {
				t.Errorf("%d bytes left", held)
			}
		})
	}
}
