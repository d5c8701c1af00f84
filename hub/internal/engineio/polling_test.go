package engineio_test

import (
	"compress/gzip"
	"compress/zlib"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

const separator = "\x1e"

func TestPolling_AnswersAtOnceWhenSomethingIsQueued(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	s := st.session(0)
	_ = s.Send(nil, []*engineio.Message{text("a")}, false)
	_ = s.Send(nil, []*engineio.Message{text("b"), engineio.NewBinaryMessage([]byte{1, 2, 3, 4}, true)}, false)
	if a := st.Get(query); a.Status != 200 || a.Body != "4a"+separator+"4b"+separator+"bAQIDBA==" {
		t.Errorf("%+v", a)
	}
}

func TestPolling_PostAnswer(t *testing.T) {
	st := newStation(t, nil)
	a := st.Post(st.handshake(), "4hello")
	if a.Status != 200 || a.Body != "ok" || a.Header.Get("Content-Type") != "text/html" || a.Header.Get("Content-Length") != "2" ||
		a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%+v", a)
	}
}

func TestPolling_XSSHeaderForOldBrowsers(t *testing.T) {
	st := newStation(t, nil)
	a := st.Do("GET", "EIO=4&transport=polling", "", http.Header{"User-Agent": {"Mozilla/5.0 (Trident/7.0)"}})
	if a.Header.Get("X-XSS-Protection") != "0" {
		t.Errorf("%v", a.Header)
	}
}

func TestSession_SecondPollClosesSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		query := st.handshake()
		first := st.pending(query)
		synctest.Wait()
		if a := st.Get(query); a.Status != 400 || a.Body != "" {
			t.Errorf("second: %+v", a)
		}
		if a := st.await(first); a.Status != 200 || a.Body != "1" {
			t.Errorf("first: %+v", a)
		}
		st.wantClose(engineio.ReasonTransportError)
		if a := st.Get(query); a.Status != 400 || a.Body != `{"code":1,"message":"Session ID unknown"}` {
			t.Errorf("third: %+v", a)
		}
	})
}

func TestSession_SecondPostClosesSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		query := st.handshake()
		c := st.Dial()
		first := make(chan string, 1)
		_, _ = io.WriteString(c, "POST "+st.Path+"?"+query+" HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 100\r\n\r\n4he")
		go func() {
			answer, _ := io.ReadAll(c)
			first <- string(answer)
		}()
		synctest.Wait()
		start := time.Now()
		if a := st.Post(query, "4hello"); a.Status != 400 || a.Body != "" {
			t.Errorf("second: %+v", a)
		}
		if a := <-first; !strings.HasPrefix(a, "HTTP/1.1 400") {
			t.Errorf("first: %q", a)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("the first was released after %v", d)
		}
		st.wantClose(engineio.ReasonTransportError)
		if got := st.messages(); len(got) != 0 {
			t.Errorf("half a body was taken: %q", got)
		}
	})
}

func TestSession_AbortedPollClosesSession(t *testing.T) {
	for _, serve := range []func(*testing.T, func(*engineio.Config)) *station{newStation, newTCPStation} {
		st := serve(t, nil)
		b := st.Open(hubtest.Options{})
		b.Send("4hello")
		b.Expect("4hello")
		st.wantPoll()
		b.Abort()
		c := st.wantClose(engineio.ReasonTransportError)
		if c.Detail != "poll connection closed prematurely" {
			t.Errorf("%+v", c)
		}
		if a := st.Get(b.Query()); a.Status != 400 {
			t.Errorf("%+v", a)
		}
	}
}

func TestSession_AbortedPostClosesSession(t *testing.T) {
	st := newTCPStation(t, nil)
	query := st.handshake()
	c := st.Dial()
	_, _ = io.WriteString(c, "POST "+st.Path+"?"+query+" HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 100\r\n\r\n4hello"+separator+"4wor")
	_ = c.Close()
	st.wantClose(engineio.ReasonTransportError)
	if got := st.messages(); len(got) != 0 {
		t.Errorf("half a body was taken: %q", got)
	}
}

func TestPolling_OctetStreamIsRefused(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	a := st.Do("POST", query, "4hello", http.Header{"Content-Type": {"Application/Octet-Stream; x=y"}})
	if a.Status != 400 {
		t.Errorf("%+v", a)
	}
	st.wantClose(engineio.ReasonTransportError)
}

func TestPolling_PayloadLimit(t *testing.T) {
	st := newTCPStation(t, func(c *engineio.Config) { c.MaxPayload = 1000 })
	query := st.handshake()
	exact := "4" + strings.Repeat("€", 333) // 1000 bytes, 334 characters
	chunked := func(body string) hubtest.Answer {
		r, _ := http.NewRequest(http.MethodPost, st.URL(query), struct{ io.Reader }{strings.NewReader(body)})
		a, err := st.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Body.Close() }()
		b, _ := io.ReadAll(a.Body)
		return hubtest.Answer{Status: a.StatusCode, Body: string(b), Header: a.Header}
	}
	for name, row := range map[string]struct {
		answer hubtest.Answer
		status int
	}{
		"exact":            {st.Post(query, exact), 200},
		"exact, chunked":   {chunked(exact), 200},
		"one more":         {st.Post(query, exact+"x"), 413},
		"one more, chunks": {chunked(exact + "x"), 413},
		"many more":        {chunked(strings.Repeat(exact, 100)), 413},
	} {
		if row.answer.Status != row.status || row.status == 413 && row.answer.Body != "" {
			t.Errorf("%s: %+v", name, row.answer)
		}
	}
	// The session lives on, as in the reference: it is the browser that ends it.
	if a := st.Post(query, "4still here"); a.Status != 200 {
		t.Errorf("%+v", a)
	}
}

func TestPolling_AnnouncedLengthIsRefusedAtOnce(t *testing.T) {
	st := newTCPStation(t, nil)
	query := st.handshake()
	c := st.Dial()
	_, _ = io.WriteString(c, "POST "+st.Path+"?"+query+" HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 1000001\r\n\r\n")
	_ = c.SetReadDeadline(time.Now().Add(st.Timeout))
	answer, err := io.ReadAll(c) // to the end: the connection is not used again
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 413 ") || !strings.Contains(string(answer), "Connection: close\r\n") {
		t.Errorf("%v %q", err, answer)
	}
}

func TestPolling_UnparsablePayloads(t *testing.T) {
	for _, body := range []string{
		"", separator, separator + separator, "abc", "7", "9hello", "4hello" + separator, "bAQIDB", "b???",
		"6:4hello2:4a"[1:], "4\xff\xfe", "4\xed\xa0\x80", "\x00\x06\xff4hello", "<html>", `{"a":1}`,
	} {
		st := newStation(t, nil)
		query := st.handshake()
		if a := st.Post(query, body); a.Status != 400 && a.Status != 200 {
			t.Errorf("%q: %+v", body, a)
		}
		st.wantClose(engineio.ReasonParseError)
		if a := st.Get(query); a.Status != 400 {
			t.Errorf("%q: session goes on: %+v", body, a)
		}
	}
}

func TestPolling_GzippedBodyIsNotInflated(t *testing.T) {
	st := newStation(t, nil)
	var b strings.Builder
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte("4hello"))
	_ = z.Close()
	st.Do("POST", st.handshake(), b.String(), http.Header{"Content-Encoding": {"gzip"}})
	st.wantClose(engineio.ReasonParseError)
}

func TestPolling_PacketsBeforeTheFaultCount(t *testing.T) {
	st := newStation(t, nil)
	st.Post(st.handshake(), "4one"+separator+"4two"+separator+"abc"+separator+"4three")
	st.wantClose(engineio.ReasonParseError)
	if got := strings.Join(st.messages(), " "); got != "one two" {
		t.Errorf("received %q", got)
	}
}

func TestPolling_IgnoresWhatNobodyAsked(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		b.Send("3", "6", "0{}", "5", "3probe", "4hello")
		b.Expect("4hello")
	})
}

func TestPolling_PacketsPerPayload(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) { c.Limits.PacketsPerPayload = 3 })
	query := st.handshake()
	if a := st.Post(query, "4a"+separator+"4b"+separator+"4c"); a.Status != 200 {
		t.Errorf("%+v", a)
	}
	st.Post(query, "4a"+separator+"4b"+separator+"4c"+separator+"4d")
	st.wantClose(engineio.ReasonParseError)
}

func TestPolling_AHundredThousandPackets(t *testing.T) {
	st := newStation(t, nil)
	b := st.Open(hubtest.Options{})
	_ = b.TrySend(strings.TrimSuffix(strings.Repeat("6"+separator, 100_000), separator))
	st.wantClose(engineio.ReasonParseError)
}

func TestPolling_OtherMethods(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	for _, method := range []string{"PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND"} {
		if a := st.Do(method, query, "", nil); a.Status != 405 || a.Header.Get("Allow") == "" {
			t.Errorf("%s: %+v", method, a)
		}
	}
	if a := st.Post(query, "4still here"); a.Status != 200 {
		t.Errorf("%+v", a)
	}
}

func TestPolling_RevisionIsTheHandshakes(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	for _, eio := range []string{"3", "5", "x"} {
		if a := st.Post(strings.Replace(query, "EIO=4", "EIO="+eio, 1), "4hello"); a.Status != 400 {
			t.Errorf("%s: %+v", eio, a)
		}
	}
	if a := st.Post(strings.Replace(query, "EIO=4&", "", 1), "4hello"); a.Status != 400 || a.Body != `{"code":3,"message":"Bad request"}` {
		t.Errorf("without: %+v", a)
	}
	if a := st.Post(query, "4hello"); a.Status != 200 {
		t.Errorf("%+v", a)
	}
}

func TestPolling_OnAWebSocketSession(t *testing.T) {
	st := newStation(t, nil)
	b := st.Open(hubtest.Options{Transport: hubtest.WebSocket})
	for _, method := range []string{"GET", "POST", "PUT"} {
		if a := st.Do(method, b.Query(), "", nil); a.Status != 400 || a.Body != `{"code":3,"message":"Bad request"}` {
			t.Errorf("%s: %+v", method, a)
		}
	}
	b.Send("4hello")
	b.Expect("4hello")
}

func TestPolling_ChunkedRequestClosesTheConnection(t *testing.T) {
	st := newTCPStation(t, nil)
	query := st.handshake()
	c := st.Dial()
	_, _ = io.WriteString(c, "POST "+st.Path+"?"+query+" HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n4hello\r\n0\r\n\r\n")
	_ = c.SetReadDeadline(time.Now().Add(st.Timeout))
	answer, err := io.ReadAll(c)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") || !strings.Contains(string(answer), "Connection: close\r\n") {
		t.Errorf("%v %q", err, answer)
	}
}

func TestPolling_SlowBodyIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		st.Timeout = time.Minute
		query := st.handshake()
		c := st.Dial()
		start := time.Now()
		_, _ = io.WriteString(c, "POST "+st.Path+"?"+query+" HTTP/1.1\r\nHost: hub.test\r\nContent-Length: 100\r\n\r\n4he")
		answer, _ := io.ReadAll(c)
		if !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
			t.Errorf("%q", answer)
		}
		if d := time.Since(start); d < 10*time.Second || d > 15*time.Second {
			t.Errorf("after %v", d)
		}
		st.wantClose(engineio.ReasonTransportError)
	})
}

func TestPolling_Compression(t *testing.T) {
	big := strings.Repeat("compress me ", 200)
	for _, row := range []struct {
		accept, want string
		noCompress   bool
		size         int
		off          bool
	}{
		{accept: "gzip, deflate, br", want: "gzip", size: len(big)},
		{accept: "deflate", want: "deflate", size: len(big)},
		{accept: "gzip;q=0.1, deflate;q=0.5", want: "deflate", size: len(big)},
		{accept: "*", want: "gzip", size: len(big)},
		{accept: "gzip;q=0", size: len(big)},
		{accept: "br", size: len(big)},
		{accept: "", size: len(big)},
		{accept: "gzip", size: 1000},
		{accept: "gzip", size: len(big), noCompress: true},
		{accept: "gzip", size: len(big), off: true},
		{accept: "gzip;q=NaN, ,;;=,", size: len(big)},
	} {
		st := newStation(t, func(c *engineio.Config) {
			on := !row.off
			c.HTTPCompression.Enabled = &on
		})
		query := st.handshake()
		_ = st.session(0).Send(nil, []*engineio.Message{text(big[:row.size])}, row.noCompress)
		a := st.Do("GET", query, "", http.Header{"Accept-Encoding": {row.accept}})
		if got := a.Header.Get("Content-Encoding"); got != row.want {
			t.Errorf("%+v: coding %q", row, got)
			continue
		}
		body := io.Reader(strings.NewReader(a.Body))
		switch row.want {
		case "gzip":
			body, _ = gzip.NewReader(body)
		case "deflate":
			body, _ = zlib.NewReader(body)
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != "4"+big[:row.size] {
			t.Errorf("%+v: %d bytes, %v", row, len(got), err)
		}
	}
}

func TestPolling_HeldPollEndsWithItsRequest(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	go func() {
		_, err := st.Try(ctx, http.MethodGet, query, "", nil)
		failed <- err
	}()
	st.wantPoll()
	cancel()
	if err := <-failed; err == nil {
		t.Error("no error")
	}
	st.wantClose(engineio.ReasonTransportError)
}
