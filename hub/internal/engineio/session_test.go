package engineio_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/engineio"
)

func sidOf(t *testing.T, openPacket string) string {
	t.Helper()
	o, err := eiopacket.DecodeOpen([]byte(openPacket))
	if err != nil {
		t.Fatalf("open packet %q: %v", openPacket, err)
	}
	return o.SID
}

func TestSession_EchoesTextAndBinary(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		b.Send("4hello", "4", "4☃ 😀 \u2028", hubtest.Binary([]byte{0, 1, 2, 255}), "b")
		b.Expect("4hello", "4", "4☃ 😀 \u2028", "bAAEC/w==", "b")
	})
}

func TestSession_EchoesOverTCP(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newTCPStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		for _, n := range []int{1, 125, 126, 5000, 65536, 300_000} {
			p := "4" + strings.Repeat("x", n)
			b.Send(p)
			b.Expect(p)
		}
	})
}

func TestSession_KeepsOrder(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newTCPStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		for i := range 500 {
			b.Send(fmt.Sprint("4", i))
		}
		for i := range 500 {
			b.Expect(fmt.Sprint("4", i))
		}
	})
}

func TestTranscripts(t *testing.T) {
	hubtest.Transcripts(t, "testdata/*.txt", func(t *testing.T) *hubtest.Server { return newStation(t, nil).Server })
}

type panicker struct{ closes chan engineio.Close }

func (panicker) HandleMessage([]byte, bool)     { panic("on purpose") }
func (p panicker) HandleClose(c engineio.Close) { p.closes <- c }

func TestSession_PanicEndsOneSessionAlone(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		var st *station
		first := true
		st = newStation(t, func(c *engineio.Config) {
			c.OnSession = func(s *engineio.Session) engineio.Handler {
				if first {
					first = false
					return panicker{st.closes}
				}
				return st.onSession(s)
			}
		})
		b := st.Open(hubtest.Options{Transport: transport})
		bystander := st.Open(hubtest.Options{})
		_ = b.TrySend("4hello")
		st.wantClose(engineio.ReasonTransportError)
		b.WaitEnd()
		bystander.Send("4undisturbed")
		bystander.Expect("4undisturbed")
		st.mu.Lock()
		defer st.mu.Unlock()
		if st.panics != 1 {
			t.Errorf("%d panics counted", st.panics)
		}
		st.panics = 0
	})
}
