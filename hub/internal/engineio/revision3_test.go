package engineio_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/internal/virtualtime"
)

// old are the options of a browser of revision 3.
func old(transport hubtest.Transport) hubtest.Options {
	return hubtest.Options{Transport: transport, Revision: eiopacket.Revision3}
}

// newStation3 is a station that lets such browsers in.
func newStation3(t *testing.T, change func(*engineio.Config)) *station {
	t.Helper()
	return newStation(t, func(c *engineio.Config) {
		c.AllowRevision3 = true
		if change != nil {
			change(c)
		}
	})
}

func TestRevision3_Transcripts(t *testing.T) {
	hubtest.Transcripts(t, "testdata/revision3/*.txt", func(t *testing.T) *hubtest.Server { return newStation3(t, nil).Server })
}

func TestRevision3_EchoesTextAndBinary(t *testing.T) {
	for _, query := range []string{"", "b64=1"} {
		hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
			st := newStation3(t, nil)
			o := old(transport)
			o.Query = query
			b := st.Open(o)
			b.Send("4hello", "4", "4☃ 😀 \u2028\x1e", hubtest.Binary([]byte{0, 1, 2, 255}), "b", "2")
			b.Expect("4hello", "4", "4☃ 😀 \u2028\x1e", "bAAEC/w==", "b", "3")
		})
	}
}

// Browsers of both revisions are sent the same messages, each in the form that it reads.
func TestRevision3_OneMessageForBoth(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation3(t, nil)
		var browsers []*hubtest.Browser
		for _, o := range []hubtest.Options{{Transport: transport}, old(transport), {Transport: transport, Query: "b64=1"}, old(transport)} {
			browsers = append(browsers, st.Open(o))
		}
		unit := []*engineio.Message{
			engineio.NewTextMessage([]byte("4grüße"), true), engineio.NewBinaryMessage([]byte{1, 2, 3}, true),
		}
		for i := range browsers {
			if err := st.session(i).Send(nil, unit, false); err != nil {
				t.Fatal(err)
			}
		}
		for _, b := range browsers {
			b.Expect("4grüße", "bAQID")
		}
	})
}

func TestRevision3_ManyPacketsInOrder(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation3(t, nil)
		b := st.Open(old(transport))
		var packets []string
		for i := range 300 {
			packets = append(packets, "4"+strings.Repeat("é", i))
		}
		b.Send(packets...)
		b.Expect(packets...)
	})
}

// The browser pings: who does so lives, who does not is closed after interval and timeout, and not before.
func TestRevision3_Heartbeat(t *testing.T) {
	inBubble(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation3(t, nil)
		st.Timeout = time.Minute
		b := st.Open(old(transport))
		for range 5 {
			b.Quiet(44 * time.Second) // the server sends no ping
			b.Send("2")
			b.Expect("3")
		}
		start := time.Now()
		virtualtime.Pass(30 * time.Second)
		b.Send("4no ping") // counts for nothing
		b.Expect("4no ping")
		c := st.wantClose(engineio.ReasonPingTimeout)
		if d := time.Since(start); d < 44*time.Second || d > 46*time.Second || c.Detail != "no ping in time" {
			t.Errorf("closed after %v: %+v", d, c)
		}
	})
}

func TestRevision3_WrongDirectionOfTheHeartbeat(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation3(t, nil)
		_ = st.Open(old(transport)).TrySend("3")
		st.wantClose(engineio.ReasonTransportError)
		_ = st.Open(hubtest.Options{Transport: transport}).TrySend("2")
		st.wantClose(engineio.ReasonTransportError)
	})
}

// A browser whose messages are held back cannot be heard: it is not judged, and shown that somebody is there.
func TestRevision3_NoPingIsMissedInAPause(t *testing.T) {
	inBubble(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation3(t, nil)
		st.Timeout = time.Hour
		b := st.Open(old(transport))
		st.session(0).Pause()
		virtualtime.Pass(10 * time.Minute)
		st.noClose()
		st.session(0).Resume()
		b.Quiet(44 * time.Second)
		b.Send("2")
		b.Expect("3")
	})
}

// A flood of pings that nobody reads the answers of is bounded like messages.
func TestRevision3_PongsAreBounded(t *testing.T) {
	st := newStation3(t, func(c *engineio.Config) {
		c.Limits.OutboxBytes = 64 << 10
		c.Rates.Messages, c.Rates.Bytes = -1, -1
	})
	b := st.Get("EIO=3&transport=polling")
	_, text, _ := strings.Cut(b.Body, ":")
	query := "EIO=3&transport=polling&sid=" + sidOf(t, text)
	flood := strings.Repeat("1:2", 2000)
	if a := st.Post(query, flood); a.Status != http.StatusOK {
		t.Errorf("%+v", a)
	}
	st.wantClose(engineio.ReasonForcedClose)
}

func TestRevision3_PauseHoldsTheRestOfAPayload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation3(t, nil)
		st.Timeout, st.silent = time.Minute, true
		st.onMessage = func(s *engineio.Session, text string) {
			if text == "one" {
				s.Pause()
			}
		}
		b := st.Get("EIO=3&transport=polling")
		_, text, _ := strings.Cut(b.Body, ":")
		query := "EIO=3&transport=polling&sid=" + sidOf(t, text)
		first := st.posting(query, "4:4one3:4zü6:b4AQID")
		virtualtime.Pass(26 * time.Second) // beyond what a POST is held for
		if a := <-first; a.Status != http.StatusOK {
			t.Fatalf("%+v", a)
		}
		st.noClose()
		second := st.posting(query, "6:4three1:2")
		virtualtime.Pass(26 * time.Second)
		if a := <-second; a.Status != http.StatusOK {
			t.Fatalf("%+v", a)
		}
		if got := st.messages(); len(got) != 1 {
			t.Fatalf("%q in the pause", got)
		}
		st.session(0).Resume()
		synctest.Wait()
		if got := st.messages(); strings.Join(got, "|") != "one|zü|\x01\x02\x03|three" {
			t.Errorf("%q", got)
		}
	})
}

// Clients 1 post nothing but binary payloads, and read text that is not ASCII in binary payloads alone. Later ones
// say by their first text payload that they read text.
func TestRevision3_TextsThatOldParsersMisread(t *testing.T) {
	for _, row := range []struct{ name, contentType, body, want string }{
		{"clients 1", "application/octet-stream", "\x00\x03\xff4é", "\x00\x03\xff4é"},
		{"clients 2", "text/plain;charset=UTF-8", "2:4é", "2:4é"},
		{"clients 1, ASCII", "application/octet-stream", "\x00\x02\xff4e", "2:4e"},
	} {
		t.Run(row.name, func(t *testing.T) {
			st := newStation3(t, nil)
			b := st.Get("EIO=3&transport=polling")
			_, text, _ := strings.Cut(b.Body, ":")
			query := "EIO=3&transport=polling&sid=" + sidOf(t, text)
			if a := st.Do(http.MethodPost, query, row.body, http.Header{"Content-Type": {row.contentType}}); a.Status != http.StatusOK {
				t.Fatalf("%+v", a)
			}
			if a := st.Get(query); a.Body != row.want {
				t.Errorf("got %q, want %q", a.Body, row.want)
			}
		})
	}
}

// Where they cannot do so they encode text twice, and decode it twice.
func TestRevision3_TextsThatAreEncodedTwice(t *testing.T) {
	for name, rows := range map[string][][2]string{
		"clients 1": {{"2:4e", "2:4e"}, {"3:4\u00c3\u00a91:2", "3:4\u00c3\u00a91:3"}, {"2:4e", "2:4e"}, {"4:4\u00e2\u0082\u00ac10:b4AQIDBA==", "4:4\u00e2\u0082\u00ac10:b4AQIDBA=="}},
		"clients 2": {{"2:4e", "2:4e"}, {"2:4é", "2:4é"}, {"3:4\u00c3\u00a9", "3:4\u00c3\u00a9"}},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStation3(t, nil)
			b := st.Get("EIO=3&transport=polling&b64=1")
			_, text, _ := strings.Cut(b.Body, ":")
			query := "EIO=3&transport=polling&sid=" + sidOf(t, text)
			for _, row := range rows {
				if a := st.Post(query, row[0]); a.Status != http.StatusOK {
					t.Fatalf("%q: %+v", row[0], a)
				}
				if a := st.Get(query); a.Body != row[1] {
					t.Errorf("%q: got %q, want %q", row[0], a.Body, row[1])
				}
			}
			if want := map[string]string{"clients 1": "e|é|e|€|\x01\x02\x03\x04", "clients 2": "e|é|\u00c3\u00a9"}[name]; strings.Join(st.messages(), "|") != want {
				t.Errorf("received %q", st.messages())
			}
		})
	}
}

func TestRevision3_JSONP(t *testing.T) {
	st := newStation3(t, nil)
	b := st.Get("EIO=3&transport=polling&b64=1&j=4;alert(2)")
	script, ok := strings.CutPrefix(b.Body, `___eio[42]("`)
	if !ok || b.Header.Get("Content-Type") != "text/javascript; charset=UTF-8" || b.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Fatalf("%+v", b)
	}
	_, text, _ := strings.Cut(strings.ReplaceAll(strings.TrimSuffix(script, `");`), `\"`, `"`), ":")
	query := "EIO=3&transport=polling&j=42&sid=" + sidOf(t, text)
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if a := st.Do(http.MethodPost, query, `d=7%3A4%22%5Cn%E2%80%A8%5C%5Cn%2B10%3Ab4AQIDBA%3D%3D`, form); a.Status != http.StatusOK || a.Body != "ok" {
		t.Fatalf("%+v", a)
	}
	if a, want := st.Get(query), `___eio[42]("7:4\"\n\u2028\\n+10:b4AQIDBA==");`; a.Body != want {
		t.Errorf("got  %s\nwant %s", a.Body, want)
	}
	if a := st.Do(http.MethodPost, query, "6:4hello", form); a.Status != http.StatusBadRequest {
		t.Errorf("a body without a form: %+v", a)
	}
	st.wantClose(engineio.ReasonParseError)
}

// Whether answers are scripts is settled by the handshake: a page that knows an id cannot read a session with a script.
func TestRevision3_NoScriptOfASessionWithout(t *testing.T) {
	st := newStation3(t, nil)
	b := st.Get("EIO=3&transport=polling")
	_, text, _ := strings.Cut(b.Body, ":")
	query := "EIO=3&transport=polling&sid=" + sidOf(t, text)
	if a := st.Post(query, "6:4hello"); a.Status != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	if a := st.Get(query + "&j=0"); a.Body != "6:4hello" || a.Header.Get("Content-Type") != "text/plain; charset=UTF-8" {
		t.Errorf("%+v", a)
	}
	if a := st.Get("EIO=4&transport=polling&j=0"); !strings.HasPrefix(a.Body, "0{") {
		t.Errorf("in revision 4: %+v", a)
	}
}

// A script of a foreign page has no Origin, and is held to the same rule as any request of that page.
func TestRevision3_ScriptsOfOtherPages(t *testing.T) {
	st := newStation3(t, nil)
	const query = "EIO=3&transport=polling&b64=1&j=0"
	for _, row := range []struct {
		header http.Header
		status int
	}{
		{http.Header{}, 200},
		{http.Header{"Cookie": {"login=1"}}, 403},
		{http.Header{"Referer": {"http://hub.test/page"}, "Cookie": {"login=1"}}, 200},
		{http.Header{"Referer": {"https://evil.test/page"}}, 403},
		{http.Header{"Sec-Fetch-Site": {"same-origin"}, "Cookie": {"login=1"}}, 200},
		{http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
	} {
		if a := st.Do(http.MethodGet, query, "", row.header); a.Status != row.status {
			t.Errorf("%v: got %d, want %d", row.header, a.Status, row.status)
		}
	}
}

func TestRevision3_TheRefusalNamesTheOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log safeLog
		st := newStation(t, func(c *engineio.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		for range 3 {
			if a := st.Get("EIO=3&transport=polling"); a.Status != 400 || a.Body != `{"code":5,"message":"Unsupported protocol version"}` {
				t.Errorf("%+v", a)
			}
			if _, a, err := st.TryFrames("EIO=3&transport=websocket", nil); err == nil || a.Status != 400 {
				t.Errorf("%v %+v", err, a)
			}
		}
		st.Get("EIO=2&transport=polling")
		if text := log.text(); strings.Count(text, "option=allow_eio3") != 1 {
			t.Errorf("%q", text)
		}
	})
}

// Where ids are known to others, whoever tries many of them is slowed down.
func TestRevision3_GuessedIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log safeLog
		var limits []string
		st := newStation3(t, func(c *engineio.Config) {
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			c.Rates.UnknownSessions = 2
			c.Trace.LimitReached = func(key string) { limits = append(limits, key) }
		})
		known := st.Get("EIO=3&transport=polling")
		_, text, _ := strings.Cut(known.Body, ":")
		answers := map[int]int{}
		for range 50 {
			answers[st.Get("EIO=3&transport=polling&sid=guessed").Status]++
		}
		if answers[400] != 40 || answers[429] != 10 || len(limits) != 10 || limits[0] != "rates.unknown_sessions" {
			t.Errorf("%v %v", answers, limits)
		}
		if text := log.text(); strings.Count(text, "option=rates.unknown_sessions") != 1 {
			t.Errorf("%q", text)
		}
		// Whoever has a session is not concerned.
		if a := st.Post("EIO=3&transport=polling&sid="+sidOf(t, text), "1:2"); a.Status != http.StatusOK {
			t.Errorf("%+v", a)
		}
		virtualtime.Pass(time.Second)
		if a := st.Get("EIO=3&transport=polling&sid=guessed"); a.Status != 400 {
			t.Errorf("after a second: %+v", a)
		}
	})
}

// Hostile payloads end one session, with the reason for it, and nobody else's.
func TestRevision3_HostilePayloads(t *testing.T) {
	for name, row := range map[string]struct {
		contentType, body string
		reason            engineio.Reason
	}{
		"empty":                          {"text/plain", "", engineio.ReasonParseError},
		"no length":                      {"text/plain", "4hello", engineio.ReasonParseError},
		"a length of a gigabyte":         {"text/plain", "1000000000:4", engineio.ReasonParseError},
		"a length of 1000 digits":        {"text/plain", strings.Repeat("9", 1000) + ":4", engineio.ReasonParseError},
		"a negative length":              {"text/plain", "-1:4", engineio.ReasonParseError},
		"half a character":               {"text/plain", "2:4😀", engineio.ReasonParseError},
		"bytes instead of characters":    {"text/plain", "4:4€", engineio.ReasonParseError},
		"not UTF-8":                      {"text/plain", "2:4\xff", engineio.ReasonParseError},
		"too many packets":               {"text/plain", strings.Repeat("1:4", 70_000), engineio.ReasonParseError},
		"too many empty packets":         {"text/plain", strings.Repeat("0:", 70_000), engineio.ReasonParseError},
		"binary, empty":                  {"application/octet-stream", "", engineio.ReasonParseError},
		"binary, as text":                {"application/octet-stream", "6:4hello", engineio.ReasonParseError},
		"text, as binary":                {"text/plain", "\x00\x06\xff4hello", engineio.ReasonParseError},
		"binary, cut":                    {"application/octet-stream", "\x00\x06\xff4hell", engineio.ReasonParseError},
		"binary, without an end":         {"application/octet-stream", "\x00" + strings.Repeat("\x01", 5000), engineio.ReasonParseError},
		"binary, a length of a gigabyte": {"application/octet-stream", "\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\x04", engineio.ReasonParseError},
		"binary, a digit that is none":   {"application/octet-stream", "\x0031\xff4", engineio.ReasonParseError},
		"binary, another type":           {"application/octet-stream", "\x01\x02\xff\x02a", engineio.ReasonParseError},
		"binary, an empty packet":        {"application/octet-stream", "\x00\x00\xff", engineio.ReasonParseError},
		"binary, not UTF-8":              {"application/octet-stream", "\x00\x02\xff4\xff", engineio.ReasonParseError},
		"an unknown type":                {"text/plain", "1:7", engineio.ReasonParseError},
		"an unknown binary type":         {"text/plain", "2:b2", engineio.ReasonParseError},
		"bad base64":                     {"text/plain", "4:b4??", engineio.ReasonParseError},
		"a pong":                         {"text/plain", "1:3", engineio.ReasonTransportError},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStation3(t, nil)
			b := st.Get("EIO=3&transport=polling")
			_, text, _ := strings.Cut(b.Body, ":")
			query := "EIO=3&transport=polling&sid=" + sidOf(t, text)
			bystander := st.Open(old(hubtest.Polling))
			st.Do(http.MethodPost, query, row.body, http.Header{"Content-Type": {row.contentType}})
			st.wantClose(row.reason)
			if got := st.messages(); len(got) != 0 {
				t.Errorf("%d messages were handed up", len(got))
			}
			bystander.Send("4hello")
			bystander.Expect("4hello")
		})
	}
}
