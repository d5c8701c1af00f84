package hostile

import (
	"bytes"
	"fmt"
	"strings"
)

// Seat is a placeholder for the attachment n.
func Seat(n any) string { return fmt.Sprintf(`{"_placeholder":true,"num":%v}`, n) }

func binaryInputs() []Input {
	var rows []packetRow
	for _, make := range []func() []packetRow{countRows, seatRows, attachmentRows, binaryAckRows} {
		rows = append(rows, make()...)
	}
	return append(bothWays("binary", rows), largeAttachments()...)
}

// countRows: the number of attachments is digits and a dash, and at most ten.
func countRows() []packetRow {
	var rows []packetRow
	for _, head := range []string{
		"5-", "5", "5x-", "5 1-", "5+1-", "51.5-", "51e0-", "50x1-", "5--", "5-1-", "5１-", "5١-", "5\x001-", "51\x00-", "51 -", "51_", "51", "511-", "512-", "5100-", "5999999999-", "54294967296-", "54294967297-", "59007199254740993-",
		"59223372036854775808-", "518446744073709551616-", "518446744073709551617-", "5" + strings.Repeat("9", 400) + "-", "5" + strings.Repeat("9", 100_000), "6-", "6-1-", "611-", "6999999999-", "6x-", "5null-", "5NaN-", "5[]-", "51,",
	} {
		rows = append(rows, packetRow{name: fmt.Sprintf("count %.30q", head), packets: []any{head + `["x",` + Seat(0) + "]", []byte{1}}, allow: Outcomes(Closed), reference: lenient(head)})
	}
	return append(rows,
		packetRow{name: "count 0", packets: []any{`50-["message",1]`}, replies: []string{`2["message-back",1]`}, allow: Outcomes(Open, Closed)},
		packetRow{name: "count 0 and an attachment", packets: []any{`50-["x"]`, []byte{1}}, allow: Outcomes(Closed), reference: Outcomes(Open)},
		packetRow{name: "count 0 with a placeholder", packets: []any{`50-["x",` + Seat(0) + "]"}, allow: Outcomes(Open, Closed)},
		packetRow{name: "count 00", packets: []any{`500-["x"]`}, allow: Outcomes(Open, Closed)},
		packetRow{name: "count 01", packets: []any{`501-["x",` + Seat(0) + "]", []byte{1}}, allow: Outcomes(Open, Closed)},
		packetRow{name: "count of zeros", packets: []any{"5" + strings.Repeat("0", 1000) + `1-["x",` + Seat(0) + "]", []byte{1}}, allow: Outcomes(Open, Closed)},
		packetRow{name: "count in an ordinary event", packets: []any{`21-["x"]`}, allow: Outcomes(Closed)},
		packetRow{name: "count alone", packets: []any{"51-"}, allow: Outcomes(Closed)},
		packetRow{name: "count alone and an attachment", packets: []any{"51-", []byte{1}}, allow: Outcomes(Closed), reference: Outcomes(Open)},
	)
}

// lenient: the reference reads the count as JavaScript reads a number.
func lenient(head string) []Outcome {
	switch head {
	case "5 1-", "5+1-", "51e0-", "50x1-", "51 -":
		return Outcomes(Open)
	}
	return nil
}

// seatRows: a placeholder names an attachment that is there.
func seatRows() []packetRow {
	var rows []packetRow
	for _, num := range []string{"-1", "1", "2", "10", "4294967296", "9007199254740993", "18446744073709551616", "1e3", `"0"`, `"splice"`, `"length"`, `"__proto__"`, "null", "0.5", "true", "false", "[]", "[0]", "{}", `""`, "-0.5", "1e-1", "1e999"} {
		rows = append(rows, packetRow{name: "seat " + num, packets: []any{`51-["x",` + Seat(num) + "]", []byte{1}}, allow: Outcomes(Closed), reference: Outcomes(Open)})
	}
	for name, args := range map[string]string{
		"without num": `{"_placeholder":true}`, "with a misspelt num": `{"_placeholder":true,"Num":0}`, "deep, out of range": `[[[{"a":` + Seat(5) + `}]]]`, "one good, one bad": Seat(0) + "," + Seat(1), "in a key's value, negative": `{"k":` + Seat(-1) + "}",
	} {
		rows = append(rows, packetRow{name: "seat " + name, packets: []any{`51-["x",` + args + "]", []byte{1}}, allow: Outcomes(Closed)})
	}
	// Not what a client writes; the reference takes all of it somehow.
	for name, args := range map[string]string{
		"none": "1", "twice the same": Seat(0) + "," + Seat(0), "false": `{"_placeholder":false,"num":0}`, "1 for true": `{"_placeholder":1,"num":0}`, "text for true": `{"_placeholder":"true","num":0}`, "with more keys": `{"_placeholder":true,"num":0,"x":1}`,
		"keys in another order": `{"num":0,"_placeholder":true}`, "keys twice": `{"_placeholder":true,"num":7,"num":0}`, "key escaped": `{"_\u0070laceholder":true,"num":0}`, "num escaped": `{"_placeholder":true,"n\u0075m":0}`, "number with a point": Seat("0.0"), "number with an exponent": Seat("0e0"),
		"negative zero": Seat("-0"), "with space": `{ "_placeholder" : true , "num" : 0 }`, "inside of a placeholder": `{"_placeholder":true,"num":0,"a":` + Seat(0) + "}", "in a string": `"{\"_placeholder\":true,\"num\":0}"`, "number of 1000 zeros": Seat(strings.Repeat("0", 1000)), "450 deep": strings.Repeat("[", 450) + Seat(0) + strings.Repeat("]", 450),
		"30000 times": strings.TrimSuffix(strings.Repeat(Seat(0)+",", 30_000), ","),
	} {
		rows = append(rows, packetRow{name: "seat " + name, packets: []any{`51-["x",` + args + "]", []byte{1}}, allow: Outcomes(Open, Closed)})
	}
	return append(rows,
		packetRow{name: "name is a seat", packets: []any{"51-[" + Seat(0) + ",1]", []byte("connect")}, allow: Outcomes(Closed), reference: Outcomes(Open)},
		packetRow{name: "payload is a seat", packets: []any{"51-" + Seat(0), []byte("[]")}, allow: Outcomes(Closed)},
		packetRow{name: "payload is no JSON", packets: []any{`51-["x",` + Seat(0), []byte{1}}, allow: Outcomes(Closed)},
		packetRow{name: "reserved name with an attachment", packets: []any{`51-["connect",` + Seat(0) + "]", []byte{1}}, allow: Outcomes(Closed)},
		packetRow{name: "reserved name, escaped, with an attachment", packets: []any{`51-["disconn\u0065ct",` + Seat(0) + "]", []byte{1}}, allow: Outcomes(Closed)},
		packetRow{name: "placeholder in an ordinary event", packets: []any{`2["message",` + Seat(0) + "]"}, replies: []string{`2["message-back",` + Seat(0) + "]"}, allow: Outcomes(Open)},
		packetRow{name: "placeholder out of range in an ordinary event", packets: []any{`2["message",` + Seat(99) + "]"}, replies: []string{`2["message-back",` + Seat(99) + "]"}, allow: Outcomes(Open)},
		packetRow{name: "placeholder in the auth", packets: []any{`0{"a":` + Seat(0) + "}"}, unjoined: true, after: func(s Session) Outcome { return Ended(joined(s)) }, allow: Outcomes(Open)},
		packetRow{name: "placeholder in an answer", packets: []any{`21["message-with-ack",` + Seat(0) + "]"}, replies: []string{"31[" + Seat(0) + "]"}, allow: Outcomes(Open)},
	)
}

// attachmentRows: as many attachments as announced, one after the other.
func attachmentRows() []packetRow {
	head := `51-["message",` + Seat(0) + "]"
	back := `51-["message-back",` + Seat(0) + "]"
	ten, tenBack := []any{`510-["message",`}, []string{`510-["message-back",`}
	var seats []string
	for i := range 10 {
		seats = append(seats, Seat(i))
		ten, tenBack = append(ten, []byte{byte(i)}), append(tenBack, "bin:"+string(rune(i)))
	}
	ten[0], tenBack[0] = ten[0].(string)+strings.Join(seats, ",")+"]", tenBack[0]+strings.Join(seats, ",")+"]"
	rows := []packetRow{
		{name: "an attachment", packets: []any{head, []byte{1, 2}}, replies: []string{back, "bin:\x01\x02"}, allow: Outcomes(Open)},
		{name: "an empty attachment", packets: []any{head, []byte{}}, replies: []string{back, "bin:"}, allow: Outcomes(Open)},
		{name: "an attachment of U+001E", packets: []any{head, []byte("\x1e\x1e4")}, replies: []string{back, "bin:\x1e\x1e4"}, allow: Outcomes(Open)},
		{name: "an attachment of 600 kB", packets: []any{head, bytes.Repeat([]byte{0xff}, 600_000)}, replies: []string{back, "bin:" + strings.Repeat("\xff", 600_000)}, allow: Outcomes(Open)},
		{name: "ten attachments", packets: ten, replies: tenBack, allow: Outcomes(Open)},
		{name: "heartbeat between head and attachment", packets: []any{head, rawPacket("3"), []byte{7}}, replies: []string{back, "bin:\x07"}, allow: Outcomes(Open)},
		{name: "noop between head and attachment", packets: []any{head, rawPacket("6"), []byte{7}}, replies: []string{back, "bin:\x07"}, allow: Outcomes(Open)},
		{name: "one attachment too many", packets: []any{head, []byte{1}, []byte{2}}, allow: Outcomes(Closed)},
		{name: "attachment before its head", packets: []any{[]byte{1}, head}, allow: Outcomes(Closed)},
		{name: "a thousand attachments", packets: append([]any{head}, repeatedBytes([]byte{1}, 1000)...), allow: Outcomes(Closed)},
		{name: "too few attachments", packets: []any{`52-["x",` + Seat(0) + "," + Seat(1) + "]", []byte{1}}, allow: Outcomes(Closed)},
		{name: "attachment of an unknown namespace", packets: []any{`51-/nowhere,["x",` + Seat(0) + "]", []byte{1}}, allow: Outcomes(Closed)},
		{name: "attachment of a namespace not joined", packets: []any{`51-/custom,["x",` + Seat(0) + "]", []byte{1}}, allow: Outcomes(Closed)},
	}
	for _, p := range []string{`2["message",1]`, "0", "0/custom,", "1", "30[]", head, "", "junk"} {
		rows = append(rows, packetRow{name: fmt.Sprintf("text %.12q while an attachment is awaited", p), packets: []any{head, p, []byte{1}}, allow: Outcomes(Closed)})
	}
	return rows
}

func repeatedBytes(b []byte, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = b
	}
	return list
}

// binaryAckRows: acknowledgements with attachments that nobody asked for.
func binaryAckRows() []packetRow {
	loose := Outcomes(Open, Closed)
	return []packetRow{
		{name: "unasked binary ack", packets: []any{"61-0[" + Seat(0) + "]", []byte{1}}, allow: loose},
		{name: "unasked binary ack twice", packets: []any{"61-0[" + Seat(0) + "]", []byte{1}, "61-0[" + Seat(0) + "]", []byte{1}}, allow: loose},
		{name: "binary ack without an id", packets: []any{"61-[" + Seat(0) + "]", []byte{1}}, allow: loose},
		{name: "binary ack with a huge id", packets: []any{"61-" + strings.Repeat("9", 400) + "[" + Seat(0) + "]", []byte{1}}, allow: loose},
		{name: "binary ack out of range", packets: []any{"61-0[" + Seat(1) + "]", []byte{1}}, allow: Outcomes(Closed)},
		{name: "binary ack with a text for a seat", packets: []any{"61-0[" + Seat(`"splice"`) + "]", []byte{1}}, allow: Outcomes(Closed)},
		{name: "binary ack that is no array", packets: []any{"61-0{}", []byte{1}}, allow: Outcomes(Closed)},
		{name: "binary ack of a negative id", packets: []any{"61--1[" + Seat(0) + "]", []byte{1}}, allow: Outcomes(Closed)},
		{name: "binary ack of a namespace not joined", packets: []any{"61-/custom,0[" + Seat(0) + "]", []byte{1}}, allow: Outcomes(Closed)},
		{name: "binary ack with an attachment missing", packets: []any{"61-0[" + Seat(0) + "]"}, allow: Outcomes(Closed)},
		{name: "binary ack with count 0", packets: []any{"60-0[]"}, allow: loose},
	}
}

// largeAttachments are events far above the limit of one event, over WebSocket
// alone: a single POST could not carry them.
func largeAttachments() []Input {
	var all []Input
	for _, n := range []int{200_000, 400_000, 999_000} {
		var seats []string
		packets := []any{""}
		for i := range 10 {
			seats = append(seats, Seat(i))
			packets = append(packets, make([]byte, n))
		}
		packets[0] = `510-["x",` + strings.Join(seats, ",") + "]"
		row := packetRow{packets: packets}
		all = append(all, Input{Kind: "binary", Name: fmt.Sprintf("ten attachments of %d bytes", n), Attack: row.attack(false), Allow: Outcomes(Open, Closed)})
	}
	return all
}
