package hostile

import (
	"fmt"
	"strings"
)

// whatever accepts an end and a life with any replies.
var whatever = Outcomes(Open, Closed, OtherReplies+"*")

// eventRows: an event is an array that starts with its name.
func eventRows() []packetRow {
	var rows []packetRow
	for _, p := range []string{
		"2{}", `2"message"`, "2null", "2true", "2[]", "2[null]", "2[true]", "2[false,1]", "2[{}]", `2[{"toString":"x"}]`, `2[{"length":1}]`, "2[[]]", `2[["message"]]`, "2[[[[]]]]",
		`2{"0":"message","length":1}`, "2 []", "2[ ]", "21{}", `21"x"`, "21null", "21[]", "21[null]", `2["message"`, `2"message",1`, "2undefined", "2[undefined]", "2NaN", `2('message')`,
		"2/,[]", "2/custom", "2/custom,",
	} {
		rows = append(rows, fatal(fmt.Sprintf("event %.40q", p), p))
	}
	for _, p := range []string{"2[1]", "2[-1,2]", "2[1.5]", "2[0]", "2[1e3]", "2[123456789012345678901234567890]"} {
		rows = append(rows, packetRow{name: fmt.Sprintf("event %q", p), packets: []any{p}, allow: Outcomes(Open)})
	}
	return append(rows, packetRow{name: "event with a number that is none", packets: []any{"2[1e999]"}, allow: Outcomes(Open, Closed)},
		packetRow{name: "event without payload", packets: []any{"2"}, allow: Outcomes(Closed), reference: Outcomes(Open)},
		packetRow{name: "event without payload but an id", packets: []any{"21"}, allow: Outcomes(Closed), reference: Outcomes(Open)})
}

// Reserved are the names of events that mean something to Socket.IO itself.
var Reserved = []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}

// nameRows: names are data, except six.
func nameRows() []packetRow {
	var rows []packetRow
	for _, name := range Reserved {
		escaped := fmt.Sprintf(`\u%04x`, name[0]) + name[1:]
		all := ""
		for _, c := range name {
			all += fmt.Sprintf(`\u%04X`, c)
		}
		rows = append(rows,
			fatal("reserved "+name, `2["`+name+`"]`), fatal("reserved with arguments and ack "+name, `21["`+name+`",1,{}]`),
			fatal("reserved, escaped "+name, `2["`+escaped+`",1]`), fatal("reserved, escaped throughout "+name, `2["`+all+`"]`))
	}
	for _, name := range []string{
		`""`, `"error"`, `"__proto__"`, `"constructor"`, `"prototype"`, `"toString"`, `"hasOwnProperty"`, `"valueOf"`, `"\u0000"`, `"\u0000\u0001\u001f"`, `"connection"`, `"new_namespace"`, `"Connect"`, `"connect "`,
		`" connect"`, `"connect\u0000"`, `"disconnected"`, `"message-back"`, `"auth"`, `"é"`, `"😀"`, `"\ud83d\ude00"`, `"\ud800"`, `"\udc00\ud800"`, `"*"`, `"a*"`, `"user:1"`, `"\"\\\/\b\f\n\r\t"`, `"<script>"`, `"\u2028"`,
		`"${a}"`, `"../../etc/passwd"`, `"%s%n%d"`, `"connect_errors"`, `"ping"`, `"pong"`, `"close"`, `"open"`, `"then"`,
	} {
		rows = append(rows, packetRow{name: "ordinary " + name, packets: []any{"2[" + name + ",1]"}, allow: Outcomes(Open)})
		if len(name)%2 == 0 {
			rows = append(rows, packetRow{name: "ordinary with ack " + name, packets: []any{"21[" + name + "]"}, allow: Outcomes(Open)})
		}
	}
	for _, n := range []int{129, 1000, 64 << 10, 900_000} {
		rows = append(rows, packetRow{name: fmt.Sprintf("name of %d bytes", n), packets: []any{`2["` + strings.Repeat("n", n) + `",1]`}, allow: Outcomes(Open, Closed)},
			packetRow{name: fmt.Sprintf("name of %d escapes", n/6), packets: []any{`2["` + strings.Repeat(`\u0041`, n/6) + `",1]`}, allow: Outcomes(Open, Closed)})
	}
	return rows
}

// jsonRows: what is JSON is passed on byte for byte, what is none ends the
// session.
func jsonRows() []packetRow {
	var rows []packetRow
	for _, args := range []string{
		",", "1,", "1 2", "1]]", "1][", "1,,2", "NaN", "Infinity", "-Infinity", "undefined", "'x'", "/**/1", "1//", "01", "-01", ".5", "1.", "+1", "0x10", "1_000", "1e", "1e+", "--1", "- 1", "1.e1", "1n", `"\q"`, `"\x41"`, `"\u12"`,
		`"\u{41}"`, `"\uZZZZ"`, `"\`, `"\"`, `"x`, "\"\n\"", "\"\t\"", "\"\x00\"", "\"\x1f\"", "tru", "True", "nul", "NULL", "falsee", "{", "}", `{"a"}`, `{"a":}`, `{"a":1,}`, "{,}", "{1:2}", "{a:1}", `{"a" 1}`, `{"a":1 "b":2}`, "[", "[,]", "[1,]",
		"\u00a01", "\x0b1", "\x0c1", "\u20281", "\ufeff1", "\x001", "1\x00", "`x`", "function(){}", "new Date()", "<a/>", "=1", "(1)", "1;", "\\u0031", "[1}", "{\"a\":1]", "\"\xc2\xa0\"\"",
	} {
		rows = append(rows, fatal(fmt.Sprintf("no JSON %.20q", args), `2["message",`+args+"]"))
	}
	rows = append(rows, fatal("no JSON: two values", `2["message"]["message"]`), fatal("no JSON: text behind", `2["message",1]x`), fatal("no JSON: NUL behind", "2[\"message\",1]\x00"),
		packetRow{name: "no JSON: BOM before", packets: []any{"2\ufeff[\"message\"]"}, allow: Outcomes(Closed), reference: Outcomes(OtherReplies + "*")}, fatal("no JSON: cut off", `2["message",{"a":[1,2,{"b":"c`),
		packetRow{name: "JSON with space", packets: []any{"2[ \"message\" ,\t1\r\n, { } ]\n"}, allow: Outcomes(OtherReplies + "*")})
	for _, args := range []string{
		`{"__proto__":{"x":1}}`, `{"constructor":{"prototype":{"x":1}}}`, `"\\"`, `"\u0000"`, `""`, `{"":""}`, `[[],{},[{}]]`, `null`, `"<&>'"`, `"é€😀"`, `{"toJSON":1}`, `{"_placeholder":false,"num":0}`, `"{\"_placeholder\":true}"`, "1,true,\"x\",null",
	} {
		rows = append(rows, packetRow{name: fmt.Sprintf("JSON %.40q", args), packets: []any{`2["message",` + args + "]"}, replies: []string{`2["message-back",` + args + "]"}, allow: Outcomes(Open)})
	}
	for _, args := range []string{ // the reference reads and writes anew
		`{"b":1,"a":9007199254740993,"c":"<&>` + "\u2028" + `"}`, "1e400", "-1e400", "1e-400", "-0", "1.0", "100000000000000000000000", "1E5", `{"a":1,"a":2}`, `"\/"`, `"\u0041"`, `"\ud800"`, `"\uDC00"`, `{"2":1,"1":2}`, "0.1000", "123456789.123456789123456789",
	} {
		rows = append(rows, packetRow{name: fmt.Sprintf("JSON kept as it is %.40q", args), packets: []any{`2["message",` + args + "]"}, replies: []string{`2["message-back",` + args + "]"}, allow: Outcomes(Open), reference: Outcomes(OtherReplies + "*")})
	}
	return rows
}

// sizeRows: deep, wide and long things take linear time and bounded memory.
func sizeRows() []packetRow {
	var rows []packetRow
	deep := func(n int, left, right string) string { return strings.Repeat(left, n) + strings.Repeat(right, n) }
	for _, n := range []int{513, 1000, 10_000, 100_000, 450_000} {
		rows = append(rows, packetRow{name: fmt.Sprintf("%d arrays deep", n), packets: []any{`2["x",` + deep(n, "[", "]") + "]"}, allow: Outcomes(Open, Closed)},
			packetRow{name: fmt.Sprintf("%d arrays deep, never closed", n), packets: []any{`2["x",` + strings.Repeat("[", n)}, allow: Outcomes(Closed)})
		if n <= 100_000 {
			rows = append(rows, packetRow{name: fmt.Sprintf("%d objects deep", n), packets: []any{`2["x",` + strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) + "]"}, allow: Outcomes(Open, Closed)},
				packetRow{name: fmt.Sprintf("echo %d arrays deep", n), packets: []any{`2["message",` + deep(n, "[", "]") + "]"}, allow: whatever})
		}
	}
	fill := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s, n), ",") }
	for name, args := range map[string]string{
		"4097 arguments": fill("1,", 4097), "100000 arguments": fill("1,", 100_000), "400000 arguments": fill("1,", 400_000), "900 kB of digits": strings.Repeat("9", 900_000), "900 kB of digits behind a point": "0." + strings.Repeat("1", 900_000),
		"an exponent of 900 kB": "1e" + strings.Repeat("9", 900_000), "900 kB of escapes": `"` + strings.Repeat(`\u0041`, 150_000) + `"`, "900 kB of backslashes": `"` + strings.Repeat(`\\`, 450_000) + `"`,
		"300000 empty arrays": "[" + fill("[],", 300_000) + "]", "300000 empty objects": "[" + fill("{},", 300_000) + "]", "100000 equal keys": "{" + fill(`"a":1,`, 100_000) + "}", "a key of 900 kB": `{"` + strings.Repeat("k", 900_000) + `":1}`,
		"900 kB of space": strings.Repeat(" ", 900_000) + "1", "a string of 900 kB": `"` + strings.Repeat("s", 900_000) + `"`, "a string of surrogates": `"` + strings.Repeat(`\ud800`, 150_000) + `"`, "100000 strings": fill(`"",`, 100_000),
		"30000 placeholders": fill(`{"_placeholder":true,"num":0},`, 30_000),
	} {
		rows = append(rows, packetRow{name: name, packets: []any{`2["x",` + args + "]"}, allow: Outcomes(Open, Closed)})
	}
	return append(rows,
		packetRow{name: "echo of 4000 arguments", packets: []any{`2["message",` + fill("1,", 4000) + "]"}, allow: whatever},
		packetRow{name: "echo of 900 kB", packets: []any{`2["message","` + strings.Repeat("s", 900_000) + `"]`}, replies: []string{`2["message-back","` + strings.Repeat("s", 900_000) + `"]`}, allow: Outcomes(Open)},
		packetRow{name: "1000 echoes at once", flood: true, packets: Repeated(`2["message",1]`, 1000), replies: repeatedText(`2["message-back",1]`, 1000), allow: Outcomes(Open, Closed)},
		packetRow{name: "auth of 900 kB", packets: []any{`0{"a":"` + strings.Repeat("a", 900_000) + `"}`}, unjoined: true, after: func(s Session) Outcome { return Ended(decided(s)) }, allow: Outcomes(Open, Closed)},
		packetRow{name: "auth 450000 deep", packets: []any{`0{"a":` + deep(450_000, "[", "]") + "}"}, unjoined: true, after: func(s Session) Outcome { return Ended(decided(s)) }, allow: Outcomes(Open, Closed),
			// It writes the auth out again, and the stack overflows.
			reference: Outcomes(Hang)},
	)
}

// ackRows: an acknowledgement that nobody asked for is nothing, an id is digits.
func ackRows() []packetRow {
	var rows []packetRow
	loose := Outcomes(Open, Closed)
	for _, p := range []string{"30[]", "31[1]", "3999999[]", `3[1]`, `3["x"]`, "318446744073709551616[]", "3" + strings.Repeat("9", 400) + "[]", "30[null]", `30["__proto__"]`, "300[]"} {
		rows = append(rows, packetRow{name: fmt.Sprintf("unasked ack %.30q", p), packets: []any{p}, allow: loose})
	}
	rows = append(rows, packetRow{name: "unasked ack twice", packets: []any{"30[]", "30[]"}, allow: loose}, packetRow{name: "1000 unasked acks", packets: Repeated("37[1]", 1000), allow: loose},
		packetRow{name: "ack without payload", packets: []any{"30"}, allow: Outcomes(Closed), reference: Outcomes(Open)})
	for _, p := range []string{
		"3-1[]", "31.5[]", "31e3[]", "3١[]", "3１[]", "3+1[]", "3 1[]", "30x1[]", "30{}", "30null", `30"x"`, "30true", "3,[]", "3{}", "30[", "30[]x",
		`2-1["message-with-ack",1]`, `21.5["message-with-ack",1]`, `21e3["message-with-ack",1]`, `2١["message-with-ack",1]`, `2１["message-with-ack",1]`, `2+1["message-with-ack",1]`, `20x1["message-with-ack",1]`, "21\x00[\"message-with-ack\",1]", `21,["message-with-ack",1]`,
		`2/,1,["message-with-ack"]`, `21/["message-with-ack"]`,
	} {
		row := fatal(fmt.Sprintf("ack id %.30q", p), p)
		if strings.HasPrefix(p, "3 ") { // a space is a digit there
			row.reference = Outcomes(Open)
		}
		rows = append(rows, row)
	}
	for _, id := range []string{"9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "340282366920938463463374607431768211456", strings.Repeat("9", 400), strings.Repeat("1", 100_000)} {
		rows = append(rows, packetRow{name: fmt.Sprintf("ack id of %d digits %.24s", len(id), id), packets: []any{"2" + id + `["message-with-ack",1]`}, replies: []string{"3" + id + "[1]"}, allow: Outcomes(Open, Closed),
			reference: Outcomes(OtherReplies + "*")})
	}
	return append(rows,
		packetRow{name: "ack id with zeros", packets: []any{`2007["message-with-ack",1]`}, allow: Outcomes("7", Closed), judge: func(got []string) Outcome {
			if len(got) == 1 && (got[0] == "37[1]" || got[0] == "3007[1]") {
				return "7"
			}
			return Outcome(fmt.Sprint(got))
		}},
		packetRow{name: "ack id used twice", packets: []any{`25["message-with-ack",1]`, `25["message-with-ack",2]`}, replies: []string{"35[1]", "35[2]"}, allow: Outcomes(Open)},
		packetRow{name: "1000 events with ids", flood: true, packets: Repeated(`25["message-with-ack"]`, 1000), replies: repeatedText("35[]", 1000), allow: Outcomes(Open, Closed)},
		packetRow{name: "5000 events whose acks never come", flood: true, packets: Repeated(`25["nobody"]`, 5000), allow: Outcomes(Open, Closed)},
	)
}
