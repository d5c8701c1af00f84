package hostile

import (
	"fmt"
	"strings"
)

func manyHeaders(n, size int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "X-H%d: %s\r\n", i, strings.Repeat("v", size))
	}
	return strings.TrimSuffix(b.String(), "\r\n")
}

// headRows: a head has at most 16 KiB and 100 lines.
func headRows() []httpRow {
	over := Outcomes("431", "414", "400")
	rows := []httpRow{
		{name: "request line of 17 KiB", raw: get(pollingPath + "&t=" + strings.Repeat("x", 17<<10))},
		{name: "request line of 64 KiB", raw: get(pollingPath + "&t=" + strings.Repeat("x", 64<<10))},
		{name: "request line of 1 MiB", raw: get(pollingPath + "&t=" + strings.Repeat("x", 1<<20))},
		{name: "headers of 17 KiB", raw: get(pollingPath, manyHeaders(34, 500))},
		{name: "headers of 64 KiB", raw: get(pollingPath, manyHeaders(64, 1000))},
		{name: "headers of 1 MiB", raw: get(pollingPath, manyHeaders(90, 12000))},
		{name: "one header of 32 KiB", raw: get(pollingPath, manyHeaders(1, 32<<10))},
		{name: "header name of 32 KiB", raw: get(pollingPath, strings.Repeat("n", 32<<10)+": v")},
		{name: "header name of 1 MiB", raw: get(pollingPath, strings.Repeat("n", 1<<20)+": v")},
		{name: "cookie of 64 KiB", raw: get(pollingPath, "Cookie: "+strings.Repeat("c=1; ", 13<<10))},
		{name: "headers of 64 KiB upgrading", raw: Upgrading(WebSocketPath, manyHeaders(64, 1000))},
		{name: "cookie of 64 KiB upgrading", raw: Upgrading(WebSocketPath, "Cookie: "+strings.Repeat("c=1; ", 13<<10))},
	}
	for _, n := range []int{101, 200, 1000, 2001} {
		rows = append(rows,
			httpRow{name: fmt.Sprintf("%d headers", n), raw: get(pollingPath, manyHeaders(n, 1)), reference: Outcomes("200")},
			httpRow{name: fmt.Sprintf("%d headers upgrading", n), raw: Upgrading(WebSocketPath, manyHeaders(n, 1)), reference: Outcomes("101 open")},
			httpRow{name: fmt.Sprintf("%d headers in a session", n), raw: request("POST", sidPath, "Content-Length: 2", manyHeaders(n, 1)) + "40", reference: Outcomes("200")})
	}
	for i := range rows {
		rows[i].allow, rows[i].ends = over, rows[i].reference == nil
	}
	return append(rows,
		httpRow{name: "90 headers", raw: get(pollingPath, manyHeaders(90, 1)), allow: Outcomes("200")},
		httpRow{name: "headers of 12 KiB", raw: get(pollingPath, manyHeaders(24, 500)), allow: Outcomes("200")},
		httpRow{name: "90 headers upgrading", raw: Upgrading(WebSocketPath, manyHeaders(90, 1)), allow: Outcomes("101 open")},
		httpRow{name: "80 equal headers", raw: get(pollingPath, strings.TrimSuffix(strings.Repeat("X-A: 1\r\n", 80), "\r\n")), allow: Outcomes("200")},
	)
}

// framingRows: where a body ends is beyond doubt, or the connection ends.
func framingRows() []httpRow {
	var rows []httpRow
	for _, n := range []string{"+5", "0x5", "-1", "18446744073709551616", "9223372036854775808", "5 5", "5,6", "5;", "", "5abc", "1e1", "٥", "NaN", "５", "0.5", "5\x00", "--5", "99999999999999999999999999"} {
		row := httpRow{name: fmt.Sprintf("Content-Length %q", n), raw: request("POST", sidPath, "Content-Length: "+n) + "40xyz", allow: Outcomes("400")}
		if n == "9223372036854775808" {
			row.reference = Outcomes(Hang) // it waits for the body
		}
		rows = append(rows, row)
	}
	rows = append(rows,
		httpRow{name: "two lengths", raw: request("POST", sidPath, "Content-Length: 2", "Content-Length: 5") + "40xyz", allow: Outcomes("400")},
		httpRow{name: "two lengths, one wrong", raw: request("POST", sidPath, "Content-Length: 2", "Content-Length: x") + "40", allow: Outcomes("400")},
	)
	for _, coding := range []string{"gzip", "xchunked", "chunked, chunked", "gzip, chunked", "chunked, gzip", "identity", "chunked;foo=bar", "\x0bchunked", "\"chunked\"", "chunked\x00", "cow", "deflate"} {
		rows = append(rows, httpRow{name: fmt.Sprintf("Transfer-Encoding %q", coding), raw: request("POST", sidPath, "Transfer-Encoding: "+coding) + "2\r\n40\r\n0\r\n\r\n",
			allow: Outcomes("400", "501"), reference: Outcomes("200 and left open")})
	}
	for i := range rows {
		rows[i].ends = true
	}
	// Where a length and a coding stand together the length is dropped; the
	// connection must not be used again.
	for name, lines := range map[string][]string{
		"length and chunked":           {"Content-Length: 2", "Transfer-Encoding: chunked"},
		"chunked and length":           {"Transfer-Encoding: chunked", "Content-Length: 4"},
		"chunked and a longer length":  {"Transfer-Encoding: chunked", "Content-Length: 4000"},
		"chunked and a wrong length":   {"Transfer-Encoding: chunked", "Content-Length: x"},
		"chunked twice":                {"Transfer-Encoding: chunked", "Transfer-Encoding: chunked"},
		"chunked in mixed case":        {"Transfer-Encoding: cHuNkEd"},
		"chunked with kept connection": {"Transfer-Encoding: chunked", "Connection: keep-alive"},
	} {
		row := httpRow{name: name, raw: request("POST", sidPath, lines...) + "2\r\n40\r\n0\r\n\r\n", allow: Outcomes("200", "400", "501"), ends: true}
		if strings.HasPrefix(name, "chunked in") || strings.HasPrefix(name, "chunked with") {
			row.allow, row.reference = Outcomes("200"), Outcomes("200 and left open")
		}
		rows = append(rows, row)
	}
	return append(rows,
		httpRow{name: "chunked with a second request behind it", raw: request("POST", sidPath, "Transfer-Encoding: chunked", "Content-Length: 6") + "0\r\n\r\n" + get("/metrics"),
			allow: Outcomes("200", "400"), ends: true},
		httpRow{name: "GET with a body", raw: get(pollingPath, "Content-Length: 5") + "hello", allow: Outcomes("200", "400", "400/3")},
		httpRow{name: "GET with a chunked body", raw: get(pollingPath, "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", allow: Outcomes("200", "400", "400/3")},
		httpRow{name: "GET with a huge announced body", raw: get(pollingPath, "Content-Length: 99999999999"), allow: Outcomes("200", "400", "400/3", "413")},
	)
}

// chunkRows: a chunked body that cannot be read is no body.
func chunkRows() []httpRow {
	var rows []httpRow
	for name, body := range map[string]string{
		"size no number":         "zz\r\n40\r\n0\r\n\r\n",
		"size negative":          "-2\r\n40\r\n0\r\n\r\n",
		"size with plus":         "+2\r\n40\r\n0\r\n\r\n",
		"size with 0x":           "0x2\r\n40\r\n0\r\n\r\n",
		"size of 2^64-1":         "FFFFFFFFFFFFFFFF\r\n40\r\n0\r\n\r\n",
		"size of 2^64":           "10000000000000000\r\n40\r\n0\r\n\r\n",
		"size of 2^63":           "8000000000000000\r\n40\r\n0\r\n\r\n",
		"size of 200 digits":     strings.Repeat("0", 200) + "2\r\n40\r\n0\r\n\r\n",
		"size empty":             "\r\n40\r\n0\r\n\r\n",
		"size with a space":      "2 2\r\n40\r\n0\r\n\r\n",
		"size full width":        "２\r\n40\r\n0\r\n\r\n",
		"data without its end":   "2\r\n40zz0\r\n\r\n",
		"data longer than said":  "2\r\n40404040\r\n0\r\n\r\n",
		"data shorter than said": "9\r\n40\r\n0\r\n\r\n",
		"bare LF":                "2\n40\n0\n\n",
		"bare CR":                "2\r40\r0\r\r",
		"extension of 20 KiB":    "2;" + strings.Repeat("e", 20<<10) + "\r\n40\r\n0\r\n\r\n",
		"bare LF in extension":   "2;a\nb\r\n40\r\n0\r\n\r\n",
		"trailer of 64 KiB":      "2\r\n40\r\n0\r\nX-T: " + strings.Repeat("t", 64<<10) + "\r\n\r\n",
		"1000 trailers":          "2\r\n40\r\n0\r\n" + strings.Repeat("X-T: t\r\n", 1000) + "\r\n",
		"trailer no header":      "2\r\n40\r\n0\r\n\x00\x00\r\n\r\n",
		"NUL":                    "2\r\n40\r\n\x000\r\n\r\n",
		"never ended":            "2\r\n40\r\n",
	} {
		row := httpRow{name: "chunk " + name, raw: request("POST", sidPath, "Transfer-Encoding: chunked") + body,
			allow: Outcomes("400", "413", "431", Dropped), hangsUp: true, ends: true}
		switch name {
		case "size of 200 digits", "trailer of 64 KiB", "1000 trailers", "trailer no header", "bare LF", "size with a space", "extension of 20 KiB", "bare LF in extension":
			row.allow = append(row.allow, "200")
		default:
			row.session = Closed
		}
		rows = append(rows, row)
	}
	return append(rows,
		httpRow{name: "chunk extension on each of 2000 bytes", raw: request("POST", sidPath, "Transfer-Encoding: chunked") + strings.Repeat("1;"+strings.Repeat("e", 200)+"\r\n6\r\n", 2000) + "0\r\n\r\n",
			allow: Outcomes("200", "400", "413", Dropped), ends: true, hangsUp: true},
		httpRow{name: "chunks of one byte", raw: request("POST", sidPath, "Transfer-Encoding: chunked") + strings.Repeat("1\r\n6\r\n", 20000) + "0\r\n\r\n",
			allow: Outcomes("200", "400"), ends: true, hangsUp: true, reference: Outcomes("200 and left open")},
		httpRow{name: "chunks over the limit", raw: request("POST", sidPath, "Transfer-Encoding: chunked") + strings.Repeat("4000\r\n"+strings.Repeat("6", 0x4000)+"\r\n", 70) + "0\r\n\r\n",
			allow: Outcomes("413"), ends: true, hangsUp: true},
	)
}

// bodyRows: the limit of a body is in bytes, and an announcement counts.
func bodyRows() []httpRow {
	var rows []httpRow
	for _, n := range []string{"1000001", "1048576", "10000000", "4294967296", "9007199254740992", "9223372036854775807"} {
		// The reference waits for the body.
		rows = append(rows, httpRow{name: "announced " + n, raw: request("POST", sidPath, "Content-Length: "+n), allow: Outcomes("413"), reference: Outcomes(Hang, "400")},
			httpRow{name: "announced " + n + " without a session", raw: request("POST", pollingPath+"&sid=zzz", "Content-Length: "+n), allow: Outcomes("400/1", "413")})
	}
	big := strings.Repeat("é", MaxPayload/2) // half a million characters, a million bytes
	for _, t := range []string{"application/octet-stream"} {
		rows = append(rows, httpRow{name: "type " + t, raw: post(sidPath, "40", "Content-Type: "+t), allow: Outcomes("400"), session: Closed})
	}
	for _, t := range []string{"Application/Octet-Stream", "application/octet-stream; charset=UTF-8", " application/octet-stream"} {
		rows = append(rows, httpRow{name: fmt.Sprintf("type %q", t), raw: post(sidPath, "6", "Content-Type: "+t), allow: Outcomes("200", "400")})
	}
	for _, t := range []string{"", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/html; charset=utf-16", "\xff", "__proto__", "application/json"} {
		rows = append(rows, httpRow{name: fmt.Sprintf("type %.30q", t), raw: post(sidPath, "6", "Content-Type: "+t), allow: Outcomes("200"), session: Open})
	}
	zipped := "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x33\x31\x00\x00\x2b\x3f\x44\x9c\x02\x00\x00\x00" // "40"
	return append(rows,
		httpRow{name: "over the limit by one byte", raw: post(sidPath, big+"x"), allow: Outcomes("413")},
		httpRow{name: "over the limit in few characters", raw: post(sidPath, strings.Repeat("😀", MaxPayload/4)+"6"), allow: Outcomes("413")},
		httpRow{name: "exactly the limit", raw: post(sidPath, strings.Repeat("6\x1e", MaxPayload/2-1)+"6\x1e"), allow: Outcomes("200", "400"), session: Closed},
		httpRow{name: "exactly the limit, whole", raw: post(sidPath, "6"+strings.Repeat("x", MaxPayload-1)), allow: Outcomes("200"), session: Open},
		httpRow{name: "gzip body", raw: post(sidPath, zipped, "Content-Encoding: gzip"), allow: Outcomes("200", "400", "415"), session: Closed},
		httpRow{name: "expect 100 and too long", raw: request("POST", sidPath, "Content-Length: 2000000", "Expect: 100-continue"), allow: Outcomes("413", "417"), reference: Outcomes(Hang)},
		httpRow{name: "expect 100 and silence", raw: request("POST", sidPath, "Content-Length: 2", "Expect: 100-continue"), allow: Outcomes("400", Dropped, "408"), hangsUp: true, session: Closed},
		httpRow{name: "expect the impossible", raw: post(sidPath, "6", "Expect: a-miracle"), allow: Outcomes("200", "417")},
		httpRow{name: "body broken off", raw: request("POST", sidPath, "Content-Length: 100") + "40", allow: Outcomes("400", Dropped, "408"), hangsUp: true, session: Closed},
		httpRow{name: "body missing", raw: request("POST", sidPath, "Content-Length: 100"), allow: Outcomes("400", Dropped, "408"), hangsUp: true, session: Closed},
		httpRow{name: "two requests in one write", raw: get(pollingPath) + get(pollingPath), allow: Outcomes("200")},
		httpRow{name: "200 handshakes in one write", raw: strings.Repeat(get(pollingPath), 200), allow: Outcomes("200")},
	)
}
