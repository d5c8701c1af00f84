package engineio_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// besideLink is the server's end of a session of another protocol.
type besideLink struct {
	*link
	fault error // what Read ends with, once the browser's end is closed
}

func (l besideLink) Transport() string                { return "polling" }
func (l besideLink) SetWriteDeadline(time.Time) error { return nil }

func (l besideLink) Read(p []byte) (int, error) {
	n, err := l.link.Read(p)
	if err != nil && l.fault != nil {
		err = l.fault
	}
	return n, err
}

// beside makes a request of another protocol, and opens a session with it if there is a stream.
func (st *station) beside(method, path string, handshake bool, stream engineio.Stream) (sid string, answer *httptest.ResponseRecorder) {
	answer = httptest.NewRecorder()
	r := httptest.NewRequest(method, path, nil)
	r.Host = "hub.test"
	st.engine.Beside().Serve(answer, r, handshake, func(w http.ResponseWriter, r *http.Request) {
		if stream != nil {
			sid, _ = st.engine.Beside().OpenStream(w, r, stream)
		}
	})
	return sid, answer
}

func TestBeside_EndsAsItsStreamSays(t *testing.T) {
	for _, c := range []struct {
		fault error
		want  engineio.Reason
	}{
		{engineio.Ended(engineio.Close{Reason: engineio.ReasonForcedClose, Detail: "why"}), engineio.ReasonForcedClose},
		{fmt.Errorf("wrapped: %w", engineio.Ended(engineio.Close{Reason: engineio.ReasonParseError})), engineio.ReasonParseError},
		{io.EOF, engineio.ReasonTransportClose},
		{errors.New("lost"), engineio.ReasonTransportClose},
	} {
		st := newStation(t, nil)
		near, far := net.Pipe()
		sid, _ := st.beside(http.MethodGet, "/engine.io/1/", true, besideLink{&link{Conn: far, done: make(chan struct{})}, c.fault})
		if len(sid) != 20 {
			t.Fatalf("%q", sid)
		}
		if n, err := near.Read(make([]byte, 1024)); n == 0 || err != nil { // the open packet
			t.Fatal(n, err)
		}
		_ = near.Close()
		st.wantClose(c.want)
	}
}

func TestBeside_IsCheckedLikeAllOthers(t *testing.T) {
	var refused []engineio.Refusal
	st := newStation(t, func(c *engineio.Config) {
		c.Handshakes.OnRefused = func(r engineio.Refusal) { refused = append(refused, r) }
		c.Limits.QueryBytes = 100
	})
	stream := besideLink{link: &link{done: make(chan struct{})}}
	for _, c := range []struct {
		method, path string
		handshake    bool
		status, told int
	}{
		{http.MethodPost, "/engine.io/1/", true, http.StatusBadRequest, 1},
		{http.MethodGet, "/elsewhere/1/", true, http.StatusNotFound, 1},
		{http.MethodGet, "/engine.io/../1/", true, http.StatusNotFound, 1},
		{http.MethodGet, "/engine.io/1/?" + fmt.Sprintf("%0200d", 1), true, http.StatusRequestURITooLong, 1},
		// What is for a session is no handshake.
		{http.MethodGet, "/engine.io/1/?" + fmt.Sprintf("%0200d", 1), false, http.StatusRequestURITooLong, 0},
	} {
		refused = nil
		sid, a := st.beside(c.method, c.path, c.handshake, stream)
		if sid != "" || a.Code != c.status || len(refused) != c.told {
			t.Errorf("%s %s: %q %d %+v", c.method, c.path, sid, a.Code, refused)
		}
	}
}

func TestBeside_APanicIsOfOneGoroutine(t *testing.T) {
	panics := make(chan any, 1)
	st := newStation(t, func(c *engineio.Config) { c.Trace.Panic = func(v any) { panics <- v } })
	st.engine.Beside().Start(func() { panic("here") })
	select {
	case v := <-panics:
		if v != "here" {
			t.Error(v)
		}
	case <-time.After(10 * time.Second):
		t.Error("it was not counted")
	}
}
