package hostile

import (
	"fmt"
	"strings"
)

// lineRows: a head that is no HTTP.
func lineRows() []httpRow {
	const p = pollingPath
	refused := Outcomes("400", Dropped)
	maybe := Outcomes("200", "400", Dropped)
	version := Outcomes("400", "505", Dropped)
	return append(headerRows(), []httpRow{
		{name: "space before the colon", raw: "GET " + p + " HTTP/1.1\r\nHost : {host}\r\n\r\n", allow: refused},
		{name: "space before the colon of a length", raw: "POST " + sidPath + " HTTP/1.1\r\nHost: {host}\r\nContent-Length : 2\r\n\r\n40", allow: refused},
		{name: "no Host", raw: "GET " + p + " HTTP/1.1\r\n\r\n", allow: refused},
		{name: "two Hosts", raw: "GET " + p + " HTTP/1.1\r\nHost: {host}\r\nHost: b\r\n\r\n", allow: refused, reference: Outcomes("200")},
		{name: "Host empty", raw: "GET " + p + " HTTP/1.1\r\nHost:\r\n\r\n", allow: maybe},
		{name: "Host with a space", raw: "GET " + p + " HTTP/1.1\r\nHost: a b\r\n\r\n", allow: maybe},
		{name: "Host with NUL", raw: "GET " + p + " HTTP/1.1\r\nHost: a\x00b\r\n\r\n", allow: refused},
		{name: "Host with high bytes", raw: "GET " + p + " HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n", allow: maybe},
		{name: "HTTP/1.0", raw: "GET " + p + " HTTP/1.0\r\n\r\n", allow: Outcomes("200"), ends: true},
		{name: "HTTP/0.9", raw: "GET /\r\n", allow: refused, hangsUp: true},
		{name: "HTTP/2.0", raw: "GET " + p + " HTTP/2.0\r\nHost: {host}\r\n\r\n", allow: version, reference: Outcomes("200")},
		{name: "HTTP/9.9", raw: "GET " + p + " HTTP/9.9\r\nHost: {host}\r\n\r\n", allow: version},
		{name: "HTTP/1.10", raw: "GET " + p + " HTTP/1.10\r\nHost: {host}\r\n\r\n", allow: version},
		{name: "HTTP/1.2", raw: "GET " + p + " HTTP/1.2\r\nHost: {host}\r\n\r\n", allow: append(Outcomes("200"), version...)},
		{name: "HTTP/-1.1", raw: "GET " + p + " HTTP/-1.1\r\nHost: {host}\r\n\r\n", allow: version},
		{name: "http in lower case", raw: "GET " + p + " http/1.1\r\nHost: {host}\r\n\r\n", allow: version},
		{name: "version missing", raw: "GET " + p + "\r\nHost: {host}\r\n\r\n", allow: refused, reference: Outcomes("200")},
		{name: "version twice", raw: "GET " + p + " HTTP/1.1 HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: version},
		{name: "URI missing", raw: "GET HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: refused, hangsUp: true},
		{name: "URI empty", raw: "GET  HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: refused},
		{name: "method missing", raw: " " + p + " HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: refused},
		{name: "space before the method", raw: "  GET " + p + " HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: maybe},
		{name: "tabs for spaces", raw: "GET\t" + p + "\tHTTP/1.1\r\nHost: {host}\r\n\r\n", allow: refused},
		{name: "two spaces", raw: "GET  " + p + "  HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: version, reference: Outcomes("200")},
		{name: "URI with a space", raw: "GET /socket.io/ x?EIO=4 HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: version},
		{name: "URI with NUL", raw: "GET " + p + "\x00 HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: refused},
		{name: "URI without a slash", raw: "GET socket.io HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: append(Outcomes("404"), refused...)},
		{name: "URI is a star", raw: "GET * HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: append(Outcomes("404"), refused...)},
		{name: "URI with a control byte", raw: "GET " + p + "\x01 HTTP/1.1\r\nHost: {host}\r\n\r\n", allow: refused},
	}...)
}

// headerRows: header lines that are none, or odd ones.
func headerRows() []httpRow {
	const p = pollingPath
	refused := Outcomes("400", Dropped)
	maybe := Outcomes("200", "400", Dropped)
	return []httpRow{
		{name: "header without a colon", raw: get(p, "nonsense"), allow: refused},
		{name: "header without a name", raw: get(p, ": v"), allow: refused},
		{name: "header name with a space", raw: get(p, "a b: v"), allow: refused},
		{name: "header name with NUL", raw: get(p, "a\x00b: v"), allow: refused},
		{name: "header name with high bytes", raw: get(p, "h\xc3\xa9: v"), allow: refused},
		{name: "header value with NUL", raw: get(p, "X-A: a\x00b"), allow: refused},
		{name: "header value with DEL", raw: get(p, "X-A: a\x7fb"), allow: maybe},
		{name: "header value with escapes", raw: get(p, "X-A: \x1b[2J"), allow: maybe},
		{name: "header value with high bytes", raw: get(p, "X-A: \xff\xfe\xfd"), allow: Outcomes("200")},
		{name: "folded header", raw: get(p, "X-A: a\r\n b"), allow: maybe},
		{name: "folded first header", raw: "GET " + p + " HTTP/1.1\r\n Host: {host}\r\n\r\n", allow: refused},
		{name: "bare CR in a value", raw: get(p, "X-A: a\rX-Injected: 1"), allow: maybe},
		{name: "bare LF for line ends", raw: "GET " + p + " HTTP/1.1\nHost: {host}\n\n", allow: maybe},
		{name: "bare CR for line ends", raw: "GET " + p + " HTTP/1.1\rHost: {host}\r\r", allow: refused, hangsUp: true},
		{name: "empty lines first", raw: "\r\n\r\n" + get(p), allow: maybe},
		{name: "header __proto__", raw: get(p, "__proto__: x", "constructor: y"), allow: Outcomes("200")},
		{name: "header cut off", raw: "GET " + p + " HTTP/1.1\r\nHos", allow: refused, hangsUp: true},
		{name: "request line cut off", raw: "GET /sock", allow: refused, hangsUp: true},
		{name: "method cut off", raw: "GE", allow: refused, hangsUp: true},
		{name: "nothing", raw: "", allow: refused, hangsUp: true},
		{name: "Connection of 500 tokens", raw: get(p, "Connection: "+strings.Repeat("a,", 500)), allow: Outcomes("200")},
		{name: "cookies that are none", raw: get(p, "Cookie: ;;;=;=;\xff=\xfe; io=; __proto__=1"), allow: Outcomes("200")},
		{name: "forwarded for everybody", raw: get(p, "X-Forwarded-For: "+strings.Repeat("::1,", 500), "Forwarded: for=\"_\xff\"", "X-Real-IP: '"), allow: Outcomes("200")},
		{name: "ranges", raw: get(p, "Range: bytes=-1,0-,5-1"), allow: Outcomes("200")},
		{name: "conditions", raw: get(p, "If-Match: *", "If-None-Match: *", "If-Modified-Since: x"), allow: Outcomes("200")},
		{name: "accept nonsense", raw: get(p, "Accept-Encoding: gzip;q=NaN, *;q=-1, "+strings.Repeat("x,", 300)), allow: Outcomes("200")},
	}
}

// strangerRows: somebody else's protocol on the port.
func strangerRows() []httpRow {
	hello := "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + strings.Repeat("\x42", 32) + "\x00\x00\x02\x13\x01\x01\x00\x00\x00"
	var noise strings.Builder
	for i, x := 0, uint32(1); i < 4096; i++ {
		x = x*1664525 + 1013904223
		noise.WriteByte(byte(x >> 24))
	}
	rows := make([]httpRow, 0, 32)
	for name, raw := range map[string]string{
		"TLS hello":            hello,
		"TLS hello of SSL 2":   "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + strings.Repeat("\x01", 37),
		"TLS alert":            "\x15\x03\x03\x00\x02\x02\x28",
		"HTTP/2 preface":       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
		"HTTP/2 settings":      "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x00\xa0\x00\x00",
		"SSH":                  "SSH-2.0-OpenSSH_9.6\r\n",
		"Redis inline":         "PING\r\n",
		"Redis":                "*1\r\n$4\r\nPING\r\n",
		"Redis huge":           "*2147483647\r\n$2147483647\r\n",
		"memcached":            "stats\r\n",
		"memcached binary":     "\x80\x0b" + strings.Repeat("\x00", 22),
		"SMTP":                 "EHLO evil.example\r\nMAIL FROM:<a@b>\r\n",
		"FTP":                  "USER anonymous\r\nPASS x\r\n",
		"PROXY v1":             "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY v2":             "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\x00\x01\x00\x02",
		"SOCKS5":               "\x05\x01\x00",
		"SOCKS4":               "\x04\x01\x00\x50\x7f\x00\x00\x01x\x00",
		"RTSP":                 "OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",
		"SIP":                  "INVITE sip:a@b SIP/2.0\r\nVia: x\r\n\r\n",
		"MySQL":                "\x4a\x00\x00\x00\x0a5.7\x00",
		"PostgreSQL":           "\x00\x00\x00\x08\x04\xd2\x16\x2f",
		"MongoDB":              "\x3a\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xd4\x07\x00\x00",
		"AMQP":                 "AMQP\x00\x00\x09\x01",
		"MQTT":                 "\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00",
		"BitTorrent":           "\x13BitTorrent protocol" + strings.Repeat("\x00", 48),
		"DNS":                  "\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03",
		"X11":                  "l\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"RDP":                  "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x0b\x00\x00\x00",
		"a WebSocket frame":    string(TextFrame("40")),
		"an Engine.IO packet":  "40\r\n\r\n",
		"noise":                noise.String(),
		"64 KiB of NUL":        strings.Repeat("\x00", 64<<10),
		"64 KiB of line ends":  strings.Repeat("\r\n", 32<<10),
		"64 KiB of one letter": strings.Repeat("A", 64<<10),
		"64 KiB of 0xff":       strings.Repeat("\xff", 64<<10),
	} {
		rows = append(rows, httpRow{name: "stranger " + name, raw: raw, allow: Outcomes("400", "404", "414", "431", "505", Dropped), hangsUp: true, ends: true})
	}
	for _, n := range []int{1, 3, 10} {
		rows = append(rows, httpRow{name: fmt.Sprintf("stranger noise of %d bytes", n), raw: noise.String()[:n], allow: Outcomes("400", Dropped), hangsUp: true, ends: true})
	}
	return rows
}
