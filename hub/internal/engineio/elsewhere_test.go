package engineio_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/request"
)

// neighbour has the sessions whose ids end with its suffix.
type neighbour struct {
	suffix  string
	outcome engineio.Outcome
	asked   []string
	senders []request.Sender
}

func (n *neighbour) Has(sid string) bool { return strings.HasSuffix(sid, n.suffix) }

func (n *neighbour) Serve(w http.ResponseWriter, r *http.Request, sid string, from request.Sender) engineio.Outcome {
	n.asked, n.senders = append(n.asked, r.Method+" "+sid), append(n.senders, from)
	if n.outcome == engineio.Answered {
		w.Header().Set("X-From", "elsewhere")
		_, _ = w.Write([]byte("2"))
	}
	return n.outcome
}

// A hub that is alone has the ids of the reference, one beside others the same and behind them its own mark.
func TestElsewhere_SuffixOfIDs(t *testing.T) {
	for _, suffix := range []string{"", "abc_-1"} {
		st := newStation(t, func(c *engineio.Config) { c.Others.IDSuffix = suffix })
		for _, transport := range []hubtest.Transport{hubtest.Polling, hubtest.WebSocket} {
			sid := st.Open(hubtest.Options{Transport: transport}).Opened.SID
			if len(sid) != 20+len(suffix) || !strings.HasSuffix(sid, suffix) {
				t.Errorf("%s, suffix %q: %q", transport, suffix, sid)
			}
		}
	}
}

func TestElsewhere_WhoIsAsked(t *testing.T) {
	n := &neighbour{suffix: "-there"}
	st := newStation(t, func(c *engineio.Config) {
		c.Others = engineio.OthersConfig{IDSuffix: "-here!", Elsewhere: n}
		c.Handshakes.AllHeaders = http.Header{"X-All": {"1"}}
		c.CORS.Origins = []string{"https://a.test"}
	})
	b := st.Open(hubtest.Options{Transport: hubtest.Polling})
	b.Send("4hi")
	b.Expect("4hi")
	polling := "EIO=4&transport=polling&sid="
	st.Get(polling + "unknown")
	st.Do(http.MethodOptions, polling+"x-there", "", http.Header{"Origin": {"https://a.test"}, "Access-Control-Request-Method": {"POST"}})
	st.Do(http.MethodGet, polling+"x-there", "", http.Header{"Origin": {"https://foreign.test"}})
	st.Get("EIO=4&transport=carrier-pigeon&sid=x-there")
	st.Get(polling + "x-there&" + strings.Repeat("a", 5000))
	if len(n.asked) > 0 {
		t.Fatalf("asked for %q", n.asked)
	}
	a := st.Do(http.MethodGet, polling+"x-there", "", http.Header{"Origin": {"https://a.test"}})
	// The answer has no other headers than those that come from there: they are the other server's, which has the same policy.
	if a.Status != http.StatusOK || a.Body != "2" || a.Header.Get("X-From") == "" || a.Header.Get("X-All") != "" || a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%+v", a)
	}
	st.Post(polling+"x-there", "4a")
	st.Do(http.MethodDelete, polling+"x-there", "", nil) // what it is answered with is the other server's affair
	if want := []string{"GET x-there", "POST x-there", "DELETE x-there"}; !slices.Equal(n.asked, want) {
		t.Errorf("asked for %q, want %q", n.asked, want)
	}
}

// Nobody there: the answer is that of a session that there is not, with all that this server's answers have.
func TestElsewhere_NobodyThere(t *testing.T) {
	n := &neighbour{suffix: "-there", outcome: engineio.Unknown}
	st := newStation(t, func(c *engineio.Config) {
		c.Others.Elsewhere = n
		c.Handshakes.AllHeaders = http.Header{"X-All": {"1"}}
		c.CORS.Origins = []string{"https://a.test"}
		c.Rates.UnknownSessions, c.Rates.PrivateAddresses = 1, true
	})
	header := http.Header{"Origin": {"https://a.test"}}
	a := st.Do(http.MethodGet, "EIO=4&transport=polling&sid=x-there", "", header)
	if a.Status != http.StatusBadRequest || a.Body != `{"code":1,"message":"Session ID unknown"}` || a.Header.Get("X-All") == "" ||
		a.Header.Get("Access-Control-Allow-Origin") != "https://a.test" {
		t.Errorf("%+v", a)
	}
	n.outcome = engineio.Busy
	a = st.Do(http.MethodGet, "EIO=4&transport=polling&sid=x-there", "", header)
	if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || a.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("%+v", a)
	}
}

// A request that another server has passed on goes nowhere else.
func TestElsewhere_OneHop(t *testing.T) {
	n := &neighbour{suffix: "-there"}
	st := prepare(t, func(c *engineio.Config) { c.Others.Elsewhere = n })
	st.Server = hubtest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st.engine.ServeHTTP(w, engineio.PassedOn(r))
	}), st.engine.ConfigureHTTP)
	if a := st.Get("EIO=4&transport=polling&sid=x-there"); a.Status != http.StatusBadRequest || len(n.asked) > 0 {
		t.Errorf("%+v, asked for %q", a, n.asked)
	}
}

func TestElsewhere_ReleasePoll(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	sid := st.session(0).ID()
	st.engine.ReleasePoll("nobody")
	st.engine.ReleasePoll(sid) // none waits
	answers := make(chan hubtest.Answer, 1)
	go func() { answers <- st.Get(query) }()
	st.wantPoll()
	st.engine.ReleasePoll(sid)
	if a := <-answers; a.Status != http.StatusOK || a.Body != "6" {
		t.Errorf("%+v", a)
	}
}
