package hostile

import (
	"fmt"
	"net/url"
	"strings"
)

// versionRows: EIO is exactly 3 or 4.
func versionRows() []httpRow {
	var rows []httpRow
	for _, v := range []string{
		"", "0", "1", "2", "5", "3.0", "03", "3 ", "３", "4.0", "04", "4 ", "+4", "４", "99", "-1", "NaN", "four", "__proto__", "4\x00", "0x4", "4,4",
		"18446744073709551620", "\xff", strings.Repeat("4", 2000),
	} {
		name, eio := fmt.Sprintf("EIO %.30q", v), url.QueryEscape(v)
		rows = append(rows,
			httpRow{name: name, raw: get("/socket.io/?transport=polling&EIO=" + eio), allow: Outcomes("400/5")},
			httpRow{name: name + " upgrading", raw: Upgrading("/socket.io/?transport=websocket&EIO=" + eio), allow: Outcomes("400/5", "400:5"), reference: Outcomes("101 closed")})
	}
	return append(rows,
		httpRow{name: "EIO missing", raw: get("/socket.io/?transport=polling"), allow: Outcomes("400/5")},
		httpRow{name: "EIO missing upgrading", raw: Upgrading("/socket.io/?transport=websocket"), allow: Outcomes("400/5", "400:5"), reference: Outcomes("101 closed")},
		httpRow{name: "EIO twice, last wrong", raw: get("/socket.io/?transport=polling&EIO=4&EIO=2"), allow: Outcomes("400/5")},
		httpRow{name: "EIO twice, last right", raw: get("/socket.io/?transport=polling&EIO=3&EIO=4"), allow: Outcomes("200")},
		httpRow{name: "another EIO in a session", raw: post("/socket.io/?transport=polling&EIO=3&sid={sid}", "40"), allow: Outcomes("400/3", "400/5")},
		httpRow{name: "no EIO in a session", raw: post("/socket.io/?transport=polling&sid={sid}", "40"), allow: Outcomes("400/3", "400/5")},
		httpRow{name: "another EIO when upgrading", raw: Upgrading("/socket.io/?transport=websocket&EIO=3&sid={sid}"),
			allow: Outcomes("400/3", "400/5", "400:3", "400:5"), session: Open},
	)
}

// pathRows: nothing but the path of the browsers is served on their port.
func pathRows() []httpRow {
	var rows []httpRow
	for _, path := range []string{
		"/", "/metrics", "/debug/pprof/", "/debug/pprof/goroutine?debug=2", "/debug/vars", "/admin", "/admin/", "/healthz", "/readyz",
		"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/socket.io", "/socket.io2/", "/SOCKET.IO/", "/engine.io/?EIO=4&transport=polling",
		"/.git/config", "/.env", "/favicon.ico", "/index.html", "/wp-login.php", "/socket", "/xsocket.io/", "/hub.v1.ControlService/Execute",
		"/grpc.health.v1.Health/Check", "/\xff\xfe", "/%00", "/socket.i%6f2/", "/?EIO=4&transport=polling",
	} {
		rows = append(rows,
			httpRow{name: fmt.Sprintf("path %q", path), raw: get(path), allow: Outcomes("404"), reference: Outcomes("400")},
			// The reference cuts a stray upgrade after a second, without a word.
			httpRow{name: fmt.Sprintf("path %q upgrading", path), raw: Upgrading(path), allow: Outcomes("404"), reference: Outcomes(Dropped, "400")})
	}
	// These are inside of the path, or may be taken for it.
	for _, path := range []string{
		"/socket.io/../etc/passwd", "/socket.io/../../../../etc/passwd", "/socket.io/..%2f..%2fetc/passwd", "/socket.io/%2e%2e/metrics", "//socket.io/",
		"/./socket.io/", "/socket.io//", "/socket.io/1/", "/socket.io/nofile.js", "/socket.io/socket.io.js/x", "/socket.io/../metrics", "/socket.io\\..\\x",
		"/socket.io%2f", "/x/../socket.io/", "/socket.io/;a=b",
	} {
		rows = append(rows, httpRow{name: fmt.Sprintf("path %q", path), raw: get(path), allow: Outcomes("400/0", "404", "400")})
	}
	return append(rows,
		httpRow{name: "absolute URI of another host", raw: get("http://evil.example" + pollingPath), allow: Outcomes("200", "404", "400")},
		httpRow{name: "path of 20 KiB", raw: get("/" + strings.Repeat("a", 20<<10)), allow: tooLong},
		httpRow{name: "fragment in the URI", raw: get(pollingPath + "#x"), allow: Outcomes("200", "400", "400/0")},
		httpRow{name: "bad escape in the path", raw: get("/socket.io/%zz?EIO=4&transport=polling"), allow: Outcomes("400", "404", "200")},
		httpRow{name: "POST to an unknown path", raw: post("/metrics", "x"), allow: Outcomes("404", "405")},
		httpRow{name: "client file by POST", raw: post("/socket.io/socket.io.js", "x"), allow: Outcomes("200", "400/0", "404", "405")},
	)
}

// originRows: what cannot be an origin gets nothing, and breaks nothing.
func originRows() []httpRow {
	var rows []httpRow
	for _, o := range []string{"\x01", "https://a.example\x00", "https://a.example\x7f", "a\x0bb", "\x1b[31m"} {
		rows = append(rows,
			httpRow{name: fmt.Sprintf("Origin with control bytes %q", o), raw: get(pollingPath, "Origin: "+o), allow: Outcomes("400/3", "400", "403/4")},
			httpRow{name: fmt.Sprintf("Origin with control bytes %q upgrading", o), raw: Upgrading(WebSocketPath, "Origin: "+o),
				allow: Outcomes("400/3", "400:3", "400", "403/4", "403:4")})
	}
	fine := Outcomes("200", "400/3", "400", "403/4")
	for _, o := range []string{
		"null", "", "https://", "https://a.example, https://b.example", "file://", "javascript:alert(1)", "https://a.example:99999", "__proto__", "*",
		"https://\xff\xfe", "https://[::1", strings.Repeat("o", 4<<10),
	} {
		rows = append(rows, httpRow{name: fmt.Sprintf("Origin %.40q", o), raw: get(pollingPath, "Origin: "+o), allow: fine})
	}
	return append(rows, httpRow{name: "Origin twice", raw: get(pollingPath, "Origin: https://a.example", "Origin: https://b.example"), allow: fine})
}

// openingRows: opening a WebSocket takes more than the words GET and Upgrade.
func openingRows() []httpRow {
	head := "GET " + WebSocketPath + " HTTP/1.1\r\nHost: {host}\r\n"
	key, version := "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "Sec-WebSocket-Version: 13\r\n"
	up := "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	refused := Outcomes("400", "400/3", "400:3", "426", "426/3", "426:3")
	byPost := Upgrading(WebSocketPath, "Content-Length: 0")
	byPost = "POST" + strings.TrimPrefix(byPost, "GET")
	rows := []httpRow{
		{name: "opening without key", raw: head + up + version + "\r\n"},
		{name: "opening without version", raw: head + up + key + "\r\n"},
		{name: "opening without Connection", raw: head + "Upgrade: websocket\r\n" + key + version + "\r\n"},
		{name: "opening with Connection close", raw: head + "Connection: close\r\nUpgrade: websocket\r\n" + key + version + "\r\n"},
		{name: "opening without Upgrade", raw: head + "Connection: Upgrade\r\n" + key + version + "\r\n"},
		{name: "opening of another protocol", raw: head + "Connection: Upgrade\r\nUpgrade: foo\r\n" + key + version + "\r\n"},
		{name: "opening of websocket2", raw: head + "Connection: Upgrade\r\nUpgrade: websocket2\r\n" + key + version + "\r\n"},
	}
	for _, k := range []string{"", "x", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ==", "!!!!!!!!!!!!!!!!!!!!!!==", strings.Repeat("A", 4096), "\xff\xff"} {
		rows = append(rows, httpRow{name: fmt.Sprintf("opening with key %.30q", k), raw: head + up + version + "Sec-WebSocket-Key: " + k + "\r\n\r\n"})
	}
	for _, v := range []string{"", "0", "7", "8", "12", "14", "-13", "1313", "13.0", "thirteen", "8, 13x", "99999999999999999999"} {
		row := httpRow{name: fmt.Sprintf("opening with version %q", v), raw: head + up + key + "Sec-WebSocket-Version: " + v + "\r\n\r\n"}
		if v == "8" || v == "13.0" { // an old draft, and a lenient reading, of the reference
			row.reference = Outcomes("101 open")
		}
		rows = append(rows, row)
	}
	for i := range rows {
		rows[i].allow = refused
		rows[i].reference = append(rows[i].reference, Dropped)
	}
	fine := append(Outcomes("101 open"), refused...)
	for _, extension := range []string{
		"permessage-deflate; server_max_window_bits=99", "permessage-deflate; client_max_window_bits=-1", "permessage-deflate, permessage-deflate",
		"__proto__", "constructor; a=b", ";;;,,,", "x-webkit-deflate-frame", "permessage-deflate; a=\"", strings.Repeat(" ", 8000) + "x", strings.Repeat("a,", 4000),
		strings.Repeat("permessage-deflate;", 400), "permessage-deflate; server_no_context_takeover=1",
	} {
		rows = append(rows, httpRow{name: fmt.Sprintf("extension %.50q", extension), raw: Upgrading(WebSocketPath, "Sec-WebSocket-Extensions: "+extension), allow: fine})
	}
	for _, protocol := range []string{"__proto__", ",,,", "a, a", "chat\x01", strings.Repeat(" ", 8000) + "x", strings.Repeat("a,", 4000)} {
		rows = append(rows, httpRow{name: fmt.Sprintf("subprotocol %.50q", protocol), raw: Upgrading(WebSocketPath, "Sec-WebSocket-Protocol: "+protocol), allow: fine})
	}
	return append(rows,
		httpRow{name: "opening by POST", raw: byPost, allow: append(Outcomes("400/2", "400:2", "405"), refused...)},
		httpRow{name: "opening by HTTP/1.0", raw: strings.Replace(Upgrading(WebSocketPath), "HTTP/1.1", "HTTP/1.0", 1), allow: fine},
		httpRow{name: "opening with a body", raw: Upgrading(WebSocketPath, "Content-Length: 5") + "hello", allow: append(Outcomes("101 closed", Dropped), fine...)},
		httpRow{name: "opening with a chunked body", raw: Upgrading(WebSocketPath, "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", allow: append(Outcomes("101 closed", Dropped), fine...)},
		httpRow{name: "opening with keys twice", raw: Upgrading(WebSocketPath, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), allow: fine},
	)
}
