package hostile

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// httpRow is one request, as bytes. `{host}` stands for the address, `{sid}` for
// the id of a polling session that is opened before, `{wsid}` for that of a
// WebSocket session.
type httpRow struct {
	name, raw string
	allow     []Outcome
	reference []Outcome
	// ends is true when the connection has to end after the answer.
	ends bool
	// hangsUp ends our direction after the request.
	hangsUp bool
	// session is what has to become of the session `{sid}`; empty: either.
	session Outcome
}

func (h httpRow) input() Input {
	return Input{Kind: "http", Name: h.name, Attack: h.attack, Allow: h.allow, reference: h.reference}
}

func (h httpRow) attack(p *Probe) Outcome {
	raw := strings.ReplaceAll(h.raw, "{host}", p.Target.Addr)
	var s *PollingSession
	if strings.Contains(raw, "{sid}") {
		s = Must(p.Polling())
		raw = strings.ReplaceAll(raw, "{sid}", s.SID)
	}
	if strings.Contains(raw, "{wsid}") {
		raw = strings.ReplaceAll(raw, "{wsid}", Must(p.WebSocket()).sid)
	}
	w := p.dial()
	w.Say([]byte(raw))
	if h.hangsUp {
		w.HangUp()
	}
	method, _, _ := strings.Cut(raw, " ")
	r := w.read(method)
	got := r.Outcome()
	if r.Status == 101 {
		got = opened(w)
	}
	if h.ends && r.Status != 0 && w.end() == Hang {
		got += " and left open"
	}
	if h.session != "" {
		if now := joins(s); now != h.session {
			got += ", session " + now
		}
	}
	return got
}

// opened says what a connection that was upgraded is good for.
func opened(w *Wire) Outcome {
	s := &WebSocketSession{Wire: w}
	m, err := s.Read()
	switch {
	case err == nil && strings.HasPrefix(m, "0{"):
		return "101 open"
	case IsTimeout(err):
		return "101 hang"
	}
	return "101 closed"
}

// Must lets a failure of the preparation end the input as failed.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// get, post and upgrading make requests for a query or URI.
func get(uri string, headers ...string) string { return request("GET", uri, headers...) }

func request(method, uri string, headers ...string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: {host}\r\n%s\r\n", method, uri, joinLines(headers))
}

func post(uri, body string, headers ...string) string {
	return request("POST", uri, append(slices.Clone(headers), fmt.Sprintf("Content-Length: %d", len(body)))...) + body
}

// Upgrading is a GET that asks for a WebSocket.
func Upgrading(uri string, headers ...string) string {
	return upgradeHead(uri, "{host}") + joinLines(headers) + "\r\n"
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}

// The paths that rows ask for; {sid} stands for the id of the row's session.
const (
	pollingPath   = "/socket.io/?EIO=4&transport=polling"
	WebSocketPath = "/socket.io/?EIO=4&transport=websocket"
	sidPath       = pollingPath + "&sid={sid}"
)

func httpInputs() []Input {
	var rows []httpRow
	for _, make := range []func() []httpRow{
		transportRows, sidRows, methodRows, mismatchRows, versionRows, pathRows, originRows, openingRows,
		headRows, framingRows, chunkRows, lineRows, strangerRows, bodyRows,
	} {
		rows = append(rows, make()...)
	}
	all := make([]Input, 0, len(rows))
	for _, r := range rows {
		all = append(all, r.input())
	}
	return all
}

// tooLong are the answers to what may be longer than the server reads.
var tooLong = Outcomes("414", "431")

// transportRows: the transport is one of two words, compared as it is.
func transportRows() []httpRow {
	values := []string{
		"", "foo", "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "__defineGetter__",
		"webtransport", "Polling", "POLLING", "WebSocket", "polling ", " polling", "polling\x00", "\x00", "polling\r\n",
		"polling\r\nX-Injected: 1", "polling/", "flashsocket", "jsonp", "xhr-polling", "htmlfile", "../../etc/passwd",
		"polling,websocket", "polling;websocket", "\xff\xfe", "ｐｏｌｌｉｎｇ", "<script>alert(1)</script>", "null", "0", "[]",
		"polling\u200b", strings.Repeat("p", 3<<10),
	}
	var rows []httpRow
	for _, v := range values {
		uri := "/socket.io/?EIO=4&transport=" + url.QueryEscape(v)
		name := fmt.Sprintf("transport %.40q", v)
		rows = append(rows,
			httpRow{name: name, raw: get(uri), allow: Outcomes("400/0")},
			httpRow{name: name + " upgrading", raw: Upgrading(uri), allow: Outcomes("400/0", "400:0")})
	}
	return append(rows,
		httpRow{name: "transport missing", raw: get("/socket.io/?EIO=4"), allow: Outcomes("400/0")},
		httpRow{name: "transport missing upgrading", raw: Upgrading("/socket.io/?EIO=4"), allow: Outcomes("400/0", "400:0")},
		httpRow{name: "no query", raw: get("/socket.io/"), allow: Outcomes("400/0")},
		httpRow{name: "transport missing by POST", raw: post("/socket.io/?EIO=4", "40"), allow: Outcomes("400/0")},
		httpRow{name: "transport twice, last wrong", raw: get(pollingPath + "&transport=foo"), allow: Outcomes("400/0")},
		httpRow{name: "transport twice, last right", raw: get("/socket.io/?EIO=4&transport=foo&transport=polling"), allow: Outcomes("200")},
		httpRow{name: "transport as array", raw: get("/socket.io/?EIO=4&transport[]=polling"), allow: Outcomes("400/0")},
		httpRow{name: "transport with a bad escape", raw: get("/socket.io/?EIO=4&transport=polling%zz"), allow: Outcomes("400/0", "400")},
		httpRow{name: "transport of 20 KiB", raw: get("/socket.io/?EIO=4&transport=" + strings.Repeat("p", 20<<10)), allow: tooLong},
		httpRow{name: "query of separators", raw: get("/socket.io/?" + strings.Repeat("&", 3000)), allow: Outcomes("400/0", "414")},
		httpRow{name: "query of 1500 keys", raw: get("/socket.io/?" + strings.Repeat("a&", 1500)), allow: Outcomes("400/0", "414")},
	)
}

// sidRows: a session id is looked up and nothing else.
func sidRows() []httpRow {
	values := []string{
		"abcdefghij0123456789", "__proto__", "constructor", "toString", "hasOwnProperty", "../../etc/passwd", "\x00",
		"\xff\xfe\xfd", "\xc0\xaf", "x\r\nX-Injected: 1", "<script>alert(1)</script>", "' OR 1=1 --", "0", "null", "undefined",
		"[object Object]", "${jndi:ldap://127.0.0.1/}", "AAAAAAAAAAAAAAAAAAAA", "٣", strings.Repeat("A", 3<<10),
	}
	var rows []httpRow
	for _, v := range values {
		sid := "&sid=" + url.QueryEscape(v)
		name := fmt.Sprintf("sid %.40q", v)
		rows = append(rows,
			httpRow{name: name, raw: get(pollingPath + sid), allow: Outcomes("400/1")},
			httpRow{name: name + " by POST", raw: post(pollingPath+sid, "40"), allow: Outcomes("400/1")},
			httpRow{name: name + " upgrading", raw: Upgrading(WebSocketPath + sid), allow: Outcomes("400/1", "400:1")})
	}
	for name, sid := range map[string]string{
		"with one more letter": "{sid}x", "with NUL": "{sid}%00", "with a dot": "{sid}.", "in quotes": "%22{sid}%22", "after a space": "%20{sid}",
	} {
		rows = append(rows, httpRow{name: "a live sid " + name, raw: post(pollingPath+"&sid="+sid, "40"), allow: Outcomes("400/1"), session: Open})
	}
	return append(rows,
		httpRow{name: "sid of 20 KiB", raw: get(pollingPath + "&sid=" + strings.Repeat("A", 20<<10)), allow: tooLong},
		httpRow{name: "sid empty", raw: get(pollingPath + "&sid="), allow: Outcomes("200", "400/1")},
		httpRow{name: "sid raw high bytes", raw: get(pollingPath + "&sid=\xff\xfe"), allow: Outcomes("400/1", "400")},
		httpRow{name: "sid twice, last unknown", raw: post(sidPath+"&sid=zzz", "40"), allow: Outcomes("400/1"), session: Open},
		httpRow{name: "sid in upper case", raw: get(pollingPath + "&SID=zzz"), allow: Outcomes("200")},
	)
}

// methodRows: a handshake is a GET; a session takes GET and POST.
func methodRows() []httpRow {
	var rows []httpRow
	for _, m := range []string{"POST", "PUT", "DELETE", "PATCH", "HEAD", "TRACE", "PROPFIND", "LOCK", "MKCOL", "QUERY"} {
		bad := Outcomes("400/2")
		if m == "HEAD" {
			bad = Outcomes("400")
		}
		if m == "QUERY" { // unknown to some parsers
			bad = Outcomes("400/2", "400")
		}
		rows = append(rows,
			httpRow{name: "handshake by " + m, raw: request(m, pollingPath, "Content-Length: 0"), allow: bad},
			httpRow{name: "handshake with a body by " + m, raw: request(m, pollingPath, "Content-Length: 2") + "40", allow: bad})
		if m != "POST" {
			rows = append(rows, httpRow{name: m + " in a session", raw: request(m, sidPath, "Content-Length: 0"), allow: Outcomes("405"),
				reference: Outcomes("500", "400"), session: Open})
		}
	}
	for _, m := range []string{"FOO", "get", "G\xc3\x89T", "GET\x00", "M-SEARCH", strings.Repeat("A", 2000)} {
		rows = append(rows,
			httpRow{name: fmt.Sprintf("handshake by %.10q", m), raw: request(m, pollingPath), allow: Outcomes("400/2", "400", "405", "501"), hangsUp: true},
			httpRow{name: fmt.Sprintf("%.10q in a session", m), raw: request(m, sidPath), allow: Outcomes("400", "405", "501"),
				reference: Outcomes("500"), hangsUp: true, session: Open})
	}
	return append(rows,
		httpRow{name: "CONNECT", raw: request("CONNECT", "127.0.0.1:22"), allow: Outcomes("400", "404", "405", "501", Dropped)},
		httpRow{name: "OPTIONS", raw: request("OPTIONS", pollingPath), allow: Outcomes("204", "200", "400/2")},
		httpRow{name: "OPTIONS *", raw: request("OPTIONS", "*"), allow: Outcomes("200", "204", "404", "400")},
		httpRow{name: "OPTIONS in a session", raw: request("OPTIONS", sidPath), allow: Outcomes("204", "200", "405"), session: Open},
		httpRow{name: "preflight of nonsense", raw: request("OPTIONS", pollingPath, "Origin: https://a.example",
			"Access-Control-Request-Method: __proto__", "Access-Control-Request-Headers: "+strings.Repeat("x,", 500)), allow: Outcomes("204", "200", "400", "403")},
	)
}

// mismatchRows: transport and request do not fit each other.
func mismatchRows() []httpRow {
	return []httpRow{
		{name: "websocket without upgrade", raw: get(WebSocketPath), allow: Outcomes("400/3")},
		{name: "websocket without upgrade by POST", raw: post(WebSocketPath, "40"), allow: Outcomes("400/2")},
		{name: "websocket without upgrade in a session", raw: get(WebSocketPath + "&sid={sid}"), allow: Outcomes("400/3"), session: Open},
		{name: "websocket by POST in a session", raw: post(WebSocketPath+"&sid={sid}", "40"), allow: Outcomes("400/3"), session: Open},
		{name: "polling on a WebSocket session", raw: get(pollingPath + "&sid={wsid}"), allow: Outcomes("400/3")},
		{name: "POST on a WebSocket session", raw: post(pollingPath+"&sid={wsid}", "42[\"x\"]"), allow: Outcomes("400/3")},
		{name: "PUT on a WebSocket session", raw: request("PUT", pollingPath+"&sid={wsid}"), allow: Outcomes("400/3", "405")},
		{name: "plain websocket on a WebSocket session", raw: get(WebSocketPath + "&sid={wsid}"), allow: Outcomes("400/3"),
			// The reference holds the request for ever.
			reference: Outcomes(Hang)},
		{name: "upgrade with transport polling", raw: Upgrading(pollingPath), allow: Outcomes("400/3", "400:3", "400", "426", "101 closed")},
		{name: "upgrade with transport polling in a session", raw: Upgrading(sidPath), allow: Outcomes("400/3", "400:3", "400", "426", "101 closed"), session: Open},
		{name: "upgrade to h2c", raw: get(pollingPath, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"),
			allow: Outcomes("200", "400", "400/3", "400:3", "426")},
		{name: "JSONP with code for an index", raw: get(pollingPath + "&j=alert(1)"), allow: Outcomes("200", "400", "400/3")},
		{name: "JSONP with markup for an index", raw: get(pollingPath + "&j=%3Cscript%3Ealert(1)%3C/script%3E"), allow: Outcomes("200", "400", "400/3")},
		{name: "JSONP with 2000 digits", raw: get(pollingPath + "&j=" + strings.Repeat("9", 2000)), allow: Outcomes("200", "400", "400/3")},
		{name: "b64 nonsense", raw: get(pollingPath + "&b64=__proto__"), allow: Outcomes("200")},
	}
}
