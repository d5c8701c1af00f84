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
	allow     []outcome
	reference []outcome
	// ends is true when the connection has to end after the answer.
	ends bool
	// hangsUp ends our direction after the request.
	hangsUp bool
	// session is what has to become of the session `{sid}`; empty: either.
	session outcome
}

func (h httpRow) input() input {
	return input{kind: "http", name: h.name, attack: h.attack, allow: h.allow, reference: h.reference}
}

func (h httpRow) attack(p *probe) outcome {
	raw := strings.ReplaceAll(h.raw, "{host}", p.target.addr)
	var s *pollingSession
	if strings.Contains(raw, "{sid}") {
		s = must(p.polling())
		raw = strings.ReplaceAll(raw, "{sid}", s.sid)
	}
	if strings.Contains(raw, "{wsid}") {
		raw = strings.ReplaceAll(raw, "{wsid}", must(p.websocket()).sid)
	}
	w := p.dial()
	w.say([]byte(raw))
	if h.hangsUp {
		w.hangUp()
	}
	method, _, _ := strings.Cut(raw, " ")
	r := w.read(method)
	got := r.outcome()
	if r.status == 101 {
		got = opened(w)
	}
	if h.ends && r.status != 0 && w.end() == hang {
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
func opened(w *wire) outcome {
	s := &websocketSession{wire: w}
	m, err := s.read()
	switch {
	case err == nil && strings.HasPrefix(m, "0{"):
		return "101 open"
	case isTimeout(err):
		return "101 hang"
	}
	return "101 closed"
}

// must lets a failure of the preparation end the input as failed.
func must[T any](v T, err error) T {
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

func upgrading(uri string, headers ...string) string {
	return upgradeHead(uri, "{host}") + joinLines(headers) + "\r\n"
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}

const (
	pollingPath   = "/socket.io/?EIO=4&transport=polling"
	websocketPath = "/socket.io/?EIO=4&transport=websocket"
	sidPath       = pollingPath + "&sid={sid}"
)

func httpInputs() []input {
	var rows []httpRow
	for _, make := range []func() []httpRow{
		transportRows, sidRows, methodRows, mismatchRows, versionRows, pathRows, originRows, openingRows,
		headRows, framingRows, chunkRows, lineRows, strangerRows, bodyRows,
	} {
		rows = append(rows, make()...)
	}
	all := make([]input, 0, len(rows))
	for _, r := range rows {
		all = append(all, r.input())
	}
	return all
}

// tooLong are the answers to what may be longer than the server reads.
var tooLong = outcomes("414", "431")

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
			httpRow{name: name, raw: get(uri), allow: outcomes("400/0")},
			httpRow{name: name + " upgrading", raw: upgrading(uri), allow: outcomes("400/0", "400:0")})
	}
	return append(rows,
		httpRow{name: "transport missing", raw: get("/socket.io/?EIO=4"), allow: outcomes("400/0")},
		httpRow{name: "transport missing upgrading", raw: upgrading("/socket.io/?EIO=4"), allow: outcomes("400/0", "400:0")},
		httpRow{name: "no query", raw: get("/socket.io/"), allow: outcomes("400/0")},
		httpRow{name: "transport missing by POST", raw: post("/socket.io/?EIO=4", "40"), allow: outcomes("400/0")},
		httpRow{name: "transport twice, last wrong", raw: get(pollingPath + "&transport=foo"), allow: outcomes("400/0")},
		httpRow{name: "transport twice, last right", raw: get("/socket.io/?EIO=4&transport=foo&transport=polling"), allow: outcomes("200")},
		httpRow{name: "transport as array", raw: get("/socket.io/?EIO=4&transport[]=polling"), allow: outcomes("400/0")},
		httpRow{name: "transport with a bad escape", raw: get("/socket.io/?EIO=4&transport=polling%zz"), allow: outcomes("400/0", "400")},
		httpRow{name: "transport of 20 KiB", raw: get("/socket.io/?EIO=4&transport=" + strings.Repeat("p", 20<<10)), allow: tooLong},
		httpRow{name: "query of separators", raw: get("/socket.io/?" + strings.Repeat("&", 3000)), allow: outcomes("400/0", "414")},
		httpRow{name: "query of 1500 keys", raw: get("/socket.io/?" + strings.Repeat("a&", 1500)), allow: outcomes("400/0", "414")},
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
			httpRow{name: name, raw: get(pollingPath + sid), allow: outcomes("400/1")},
			httpRow{name: name + " by POST", raw: post(pollingPath+sid, "40"), allow: outcomes("400/1")},
			httpRow{name: name + " upgrading", raw: upgrading(websocketPath + sid), allow: outcomes("400/1", "400:1")})
	}
	for name, sid := range map[string]string{
		"with one more letter": "{sid}x", "with NUL": "{sid}%00", "with a dot": "{sid}.", "in quotes": "%22{sid}%22", "after a space": "%20{sid}",
	} {
		rows = append(rows, httpRow{name: "a live sid " + name, raw: post(pollingPath+"&sid="+sid, "40"), allow: outcomes("400/1"), session: open})
	}
	return append(rows,
		httpRow{name: "sid of 20 KiB", raw: get(pollingPath + "&sid=" + strings.Repeat("A", 20<<10)), allow: tooLong},
		httpRow{name: "sid empty", raw: get(pollingPath + "&sid="), allow: outcomes("200", "400/1")},
		httpRow{name: "sid raw high bytes", raw: get(pollingPath + "&sid=\xff\xfe"), allow: outcomes("400/1", "400")},
		httpRow{name: "sid twice, last unknown", raw: post(sidPath+"&sid=zzz", "40"), allow: outcomes("400/1"), session: open},
		httpRow{name: "sid in upper case", raw: get(pollingPath + "&SID=zzz"), allow: outcomes("200")},
	)
}

// methodRows: a handshake is a GET; a session takes GET and POST.
func methodRows() []httpRow {
	var rows []httpRow
	for _, m := range []string{"POST", "PUT", "DELETE", "PATCH", "HEAD", "TRACE", "PROPFIND", "LOCK", "MKCOL", "QUERY"} {
		bad := outcomes("400/2")
		if m == "HEAD" {
			bad = outcomes("400")
		}
		if m == "QUERY" { // unknown to some parsers
			bad = outcomes("400/2", "400")
		}
		rows = append(rows,
			httpRow{name: "handshake by " + m, raw: request(m, pollingPath, "Content-Length: 0"), allow: bad},
			httpRow{name: "handshake with a body by " + m, raw: request(m, pollingPath, "Content-Length: 2") + "40", allow: bad})
		if m != "POST" {
			rows = append(rows, httpRow{name: m + " in a session", raw: request(m, sidPath, "Content-Length: 0"), allow: outcomes("405"),
				reference: outcomes("500", "400"), session: open})
		}
	}
	for _, m := range []string{"FOO", "get", "G\xc3\x89T", "GET\x00", "M-SEARCH", strings.Repeat("A", 2000)} {
		rows = append(rows,
			httpRow{name: fmt.Sprintf("handshake by %.10q", m), raw: request(m, pollingPath), allow: outcomes("400/2", "400", "405", "501"), hangsUp: true},
			httpRow{name: fmt.Sprintf("%.10q in a session", m), raw: request(m, sidPath), allow: outcomes("400", "405", "501"),
				reference: outcomes("500"), hangsUp: true, session: open})
	}
	return append(rows,
		httpRow{name: "CONNECT", raw: request("CONNECT", "127.0.0.1:22"), allow: outcomes("400", "404", "405", "501", dropped)},
		httpRow{name: "OPTIONS", raw: request("OPTIONS", pollingPath), allow: outcomes("204", "200", "400/2")},
		httpRow{name: "OPTIONS *", raw: request("OPTIONS", "*"), allow: outcomes("200", "204", "404", "400")},
		httpRow{name: "OPTIONS in a session", raw: request("OPTIONS", sidPath), allow: outcomes("204", "200", "405"), session: open},
		httpRow{name: "preflight of nonsense", raw: request("OPTIONS", pollingPath, "Origin: https://a.example",
			"Access-Control-Request-Method: __proto__", "Access-Control-Request-Headers: "+strings.Repeat("x,", 500)), allow: outcomes("204", "200", "400", "403")},
	)
}

// mismatchRows: transport and request do not fit each other.
func mismatchRows() []httpRow {
	return []httpRow{
		{name: "websocket without upgrade", raw: get(websocketPath), allow: outcomes("400/3")},
		{name: "websocket without upgrade by POST", raw: post(websocketPath, "40"), allow: outcomes("400/2")},
		{name: "websocket without upgrade in a session", raw: get(websocketPath + "&sid={sid}"), allow: outcomes("400/3"), session: open},
		{name: "websocket by POST in a session", raw: post(websocketPath+"&sid={sid}", "40"), allow: outcomes("400/3"), session: open},
		{name: "polling on a WebSocket session", raw: get(pollingPath + "&sid={wsid}"), allow: outcomes("400/3")},
		{name: "POST on a WebSocket session", raw: post(pollingPath+"&sid={wsid}", "42[\"x\"]"), allow: outcomes("400/3")},
		{name: "PUT on a WebSocket session", raw: request("PUT", pollingPath+"&sid={wsid}"), allow: outcomes("400/3", "405")},
		{name: "plain websocket on a WebSocket session", raw: get(websocketPath + "&sid={wsid}"), allow: outcomes("400/3"),
			// The reference holds the request for ever.
			reference: outcomes(hang)},
		{name: "upgrade with transport polling", raw: upgrading(pollingPath), allow: outcomes("400/3", "400:3", "400", "426", "101 closed")},
		{name: "upgrade with transport polling in a session", raw: upgrading(sidPath), allow: outcomes("400/3", "400:3", "400", "426", "101 closed"), session: open},
		{name: "upgrade to h2c", raw: get(pollingPath, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"),
			allow: outcomes("200", "400", "400/3", "400:3", "426")},
		{name: "JSONP with code for an index", raw: get(pollingPath + "&j=alert(1)"), allow: outcomes("200", "400", "400/3")},
		{name: "JSONP with markup for an index", raw: get(pollingPath + "&j=%3Cscript%3Ealert(1)%3C/script%3E"), allow: outcomes("200", "400", "400/3")},
		{name: "JSONP with 2000 digits", raw: get(pollingPath + "&j=" + strings.Repeat("9", 2000)), allow: outcomes("200", "400", "400/3")},
		{name: "b64 nonsense", raw: get(pollingPath + "&b64=__proto__"), allow: outcomes("200")},
	}
}
