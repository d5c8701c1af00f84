package siopacket

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The specification's own examples, and what the reference's tests add: each row is read and written.
var examples = []struct {
	text   string
	packet Packet
}{
	{`0`, Packet{Type: Connect, Namespace: "/"}},
	{`0{"token":"123"}`, Packet{Type: Connect, Namespace: "/", Payload: []byte(`{"token":"123"}`)}},
	{`0/admin,`, Packet{Type: Connect, Namespace: "/admin"}},
	{`0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}`, Packet{Type: Connect, Namespace: "/admin", Payload: []byte(`{"sid":"oSO0OpakMV_3jnilAAAA"}`)}},
	{`0/admin?a=b,`, Packet{Type: Connect, Namespace: "/admin?a=b"}},
	{`1`, Packet{Type: Disconnect, Namespace: "/"}},
	{`1/admin,`, Packet{Type: Disconnect, Namespace: "/admin"}},
	{`2["foo"]`, Packet{Type: Event, Namespace: "/", Name: "foo", Payload: []byte(`[]`)}},
	{`2/admin,["bar",1]`, Packet{Type: Event, Namespace: "/admin", Name: "bar", Payload: []byte(`[1]`)}},
	{`212["foo"]`, Packet{Type: Event, Namespace: "/", ID: NewID(12), Name: "foo", Payload: []byte(`[]`)}},
	{`20["a b",{"c":[]}]`, Packet{Type: Event, Namespace: "/", ID: NewID(0), Name: "a b", Payload: []byte(`[{"c":[]}]`)}},
	{`2["",null]`, Packet{Type: Event, Namespace: "/", Name: "", Payload: []byte(`[null]`)}},
	{`2["\"\\\n\u0001é\u007f",-0.5e-7]`, Packet{Type: Event, Namespace: "/", Name: "\"\\\n\x01é\x7f", Payload: []byte(`[-0.5e-7]`)}},
	{`3/admin,13["bar"]`, Packet{Type: Ack, Namespace: "/admin", ID: NewID(13), Payload: []byte(`["bar"]`)}},
	{`318446744073709551615[]`, Packet{Type: Ack, Namespace: "/", ID: NewID(1<<64 - 1), Payload: []byte(`[]`)}},
	{`4{"message":"Not authorized"}`, Packet{Type: ConnectError, Namespace: "/", Payload: []byte(`{"message":"Not authorized"}`)}},
	{`4"Not authorized"`, Packet{Type: ConnectError, Namespace: "/", Payload: []byte(`"Not authorized"`)}},
	{`51-["baz",{"_placeholder":true,"num":0}]`, Packet{Type: Event, Attachments: 1, Namespace: "/", Name: "baz", Payload: []byte(`[{"_placeholder":true,"num":0}]`)}},
	{`52-/admin,["baz",{"_placeholder":true,"num":0},{"a":[{"_placeholder":true,"num":1}]}]`, Packet{Type: Event, Attachments: 2, Namespace: "/admin", Name: "baz", Payload: []byte(`[{"_placeholder":true,"num":0},{"a":[{"_placeholder":true,"num":1}]}]`)}},
	{`61-15["bar",{"_placeholder":true,"num":0}]`, Packet{Type: Ack, Attachments: 1, Namespace: "/", ID: NewID(15), Payload: []byte(`["bar",{"_placeholder":true,"num":0}]`)}},
	{`61-/admin,1[{"_placeholder":true,"num":0}]`, Packet{Type: Ack, Attachments: 1, Namespace: "/admin", ID: NewID(1), Payload: []byte(`[{"_placeholder":true,"num":0}]`)}},
}

func decode(t testing.TB, text string) (Packet, error) {
	t.Helper()
	p, inline, err := NewJSON(Limits{}).Decode([]byte(text), false)
	if inline != nil {
		t.Fatal("attachments inside of a text")
	}
	return p, err
}

var idComparer = cmp.Comparer(func(a, b ID) bool { return a == b })

func TestJSON_DecodesTheExamples(t *testing.T) {
	for _, row := range examples {
		got, err := decode(t, row.text)
		if err != nil {
			t.Errorf("%s: %v", row.text, err)
			continue
		}
		if diff := cmp.Diff(row.packet, got, idComparer); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", row.text, diff)
		}
	}
}

func TestJSON_EncodesTheExamples(t *testing.T) {
	for _, row := range examples {
		attachments := make([][]byte, row.packet.Attachments)
		got, binary, separate := NewJSON(Limits{}).Encode([]byte("4"), row.packet, attachments)
		want := "4" + strings.ReplaceAll(row.text, `\u007f`, "\x7f")
		if string(got) != want || binary || separate != (len(attachments) > 0) {
			t.Errorf("got %s, want %s (binary %v, separate %v)", got, want, binary, separate)
		}
		if limit := 1 + Size(row.packet); len(got) > limit && !strings.Contains(want, `\`) {
			t.Errorf("%s has %d bytes, Size says %d", got, len(got), limit)
		}
	}
}

func TestJSON_DecodesWhatItWouldNotWrite(t *testing.T) {
	for text, want := range map[string]Packet{
		`0/admin`:                              {Type: Connect, Namespace: "/admin"},
		`0/admin,{}`:                           {Type: Connect, Namespace: "/admin", Payload: []byte(`{}`)},
		`2/,["a"]`:                             {Type: Event, Namespace: "/", Name: "a", Payload: []byte(`[]`)},
		`2[1,2]`:                               {Type: Event, Namespace: "/", Name: "1", Payload: []byte(`[2]`)},
		`2[-1.5e3]`:                            {Type: Event, Namespace: "/", Name: "-1.5e3", Payload: []byte(`[]`)},
		"2 [ \"a\"\t,\r\n1 ] ":                 {Type: Event, Namespace: "/", Name: "a", Payload: []byte("[\r\n1 ] ")},
		`2["a" ]`:                              {Type: Event, Namespace: "/", Name: "a", Payload: []byte(`[]`)},
		`50-["a",{"_placeholder":true}]`:       {Type: Event, Namespace: "/", Name: "a", Payload: []byte(`[{"_placeholder":true}]`)},
		`2["a",{"_placeholder":true,"num":7}]`: {Type: Event, Namespace: "/", Name: "a", Payload: []byte(`[{"_placeholder":true,"num":7}]`)},
		`2007["a"]`:                            {Type: Event, Namespace: "/", ID: ID{value: 7, width: 3}, Name: "a", Payload: []byte(`[]`)},
		`2["\u0065rror"]`:                      {Type: Event, Namespace: "/", Name: "error", Payload: []byte(`[]`)},
		`2["\ud83d\ude00\ud83d","\ud83d"]`:     {Type: Event, Namespace: "/", Name: "😀\ufffd", Payload: []byte(`["\ud83d"]`)},
		`2["\ud83d\u0041"]`:                    {Type: Event, Namespace: "/", Name: "\ufffdA", Payload: []byte(`[]`)},
		`51-["a",{"\u005fplaceholder":true,"num":0}]`:                         {Type: Event, Attachments: 1, Namespace: "/", Name: "a", Payload: []byte(`[{"\u005fplaceholder":true,"num":0}]`)},
		`51-["a",{"_placeholder":false,"num":9,"_placeholder":true,"num":0}]`: {Type: Event, Attachments: 1, Namespace: "/", Name: "a", Payload: []byte(`[{"_placeholder":false,"num":9,"_placeholder":true,"num":0}]`)},
	} {
		got, err := decode(t, text)
		if diff := cmp.Diff(want, got, idComparer); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got)\n%s", text, err, diff)
		}
	}
}

func TestJSON_RefusesWhatTheReferenceRefuses(t *testing.T) {
	deep := strings.Repeat("[", 512) + strings.Repeat("]", 512)
	many := "[\"a\"" + strings.Repeat(",1", 4097) + "]"
	for text, want := range map[string]error{
		``: ErrType, `7`: ErrType, `9["a"]`: ErrType, `a`: ErrType, "\xff": ErrType, `-1`: ErrType,
		`5`: ErrCount, `5["a"]`: ErrCount, `5-["a"]`: ErrCount, `5-1-["a"]`: ErrCount, `51["a"]`: ErrCount,
		`51.5-["a"]`: ErrCount, `5999999999-["a"]`: ErrAttachments, `518446744073709551616-["a"]`: ErrAttachments,
		`511-["a"]`: ErrAttachments, `5splice-["a"]`: ErrCount,
		`0"x"`: ErrPayload, `0[]`: ErrPayload, `0null`: ErrPayload, `0{`: ErrSyntax, `0{}{}`: ErrSyntax, `01[]`: ErrPayload,
		`1{}`: ErrPayload, `1/a,"x"`: ErrPayload, `1 `: ErrPayload,
		`2`: ErrPayload, `2{}`: ErrPayload, `2[]`: ErrPayload, `2"x"`: ErrPayload, `2[ ]`: ErrPayload,
		`2[null]`: ErrName, `2[true]`: ErrName, `2[{"toString":"x"}]`: ErrName, `2[["a"]]`: ErrName,
		`2["connect"]`: ErrReserved, `2["connect_error"]`: ErrReserved, `2["disconnect"]`: ErrReserved,
		`2["disconnecting"]`: ErrReserved, `2["newListener"]`: ErrReserved, `2["removeListener"]`: ErrReserved,
		`2["\u0063onnect"]`: ErrReserved,
		`2["a",NaN]`:        ErrSyntax, `2["a",]`: ErrSyntax, `2["a"]1`: ErrSyntax, `2["a" /*x*/]`: ErrSyntax,
		`2["a",01]`: ErrSyntax, `2["a",+1]`: ErrSyntax, `2["a",1.]`: ErrSyntax, `2["a",.5]`: ErrSyntax, `2["a",1e]`: ErrSyntax,
		`2["a",tru]`: ErrSyntax, `2["a","\x"]`: ErrSyntax, `2["a","\u12g4"]`: ErrSyntax, "2[\"a\",\"\n\"]": ErrSyntax,
		`2["a",{"b"}]`: ErrSyntax, `2["a",{"b":1,}]`: ErrSyntax, `2["a",{1:2}]`: ErrSyntax, `2["a"`: ErrSyntax, `2["a",[}]`: ErrSyntax,
		"2\ufeff[\"a\"]": ErrPayload, `2["a",'b']`: ErrSyntax, `2["a",-]`: ErrSyntax,
		`2["a",` + deep + `]`: ErrDepth, `2` + many: ErrArguments,
		`2["` + strings.Repeat("n", 129) + `"]`: ErrNameLength, `21e3["a"]`: ErrPayload, `2-1["a"]`: ErrPayload, `21.5["a"]`: ErrPayload,
		`2٣["a"]`: ErrPayload, `218446744073709551616["a"]`: ErrID, `2` + strings.Repeat("9", 400) + `["a"]`: ErrID,
		`2000000000000000000001["a"]`: ErrID,
		`3`:                           ErrPayload, `31`: ErrPayload, `31{}`: ErrPayload, `31"a"`: ErrPayload,
		`4`: ErrPayload, `40`: ErrPayload, `4[]`: ErrPayload, `41`: ErrPayload,
		`51-["a"]`: ErrPlaceholder, `52-["a",{"_placeholder":true,"num":0}]`: ErrPlaceholder,
		`51-["a",{"_placeholder":true}]`: ErrPlaceholder, `51-["a",{"_placeholder":true,"num":"splice"}]`: ErrPlaceholder,
		`51-["a",{"_placeholder":true,"num":-1}]`: ErrPlaceholder, `51-["a",{"_placeholder":true,"num":1}]`: ErrPlaceholder,
		`51-["a",{"_placeholder":true,"num":0.5}]`: ErrPlaceholder, `51-["a",{"_placeholder":true,"num":null}]`: ErrPlaceholder,
		`51-["a",{"_placeholder":true,"num":[0]}]`: ErrPlaceholder, `51-["a",{"_placeholder":1,"num":0}]`: ErrPlaceholder,
		`51-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`: ErrPlaceholder,
		`51-["a",{"_placeholder":true,"num":0,"num":99999999999999999999}]`:    ErrPlaceholder,
		`61-1[]`: ErrPlaceholder,
	} {
		if _, err := decode(t, text); !errors.Is(err, want) {
			t.Errorf("%.60q: got %v, want %v", text, err, want)
		}
	}
	if _, _, err := NewJSON(Limits{}).Decode([]byte("2"), true); err != ErrBinary {
		t.Errorf("binary: %v", err)
	}
}

func TestJSON_TakesWhatIsJustWithinTheLimits(t *testing.T) {
	deep := strings.Repeat("[", 511) + strings.Repeat("]", 511)
	for _, text := range []string{
		`2["a",` + deep + `]`,
		`2["a"` + strings.Repeat(",1", 4095) + `]`,
		`2["` + strings.Repeat("n", 128) + `"]`,
		`510-["a"` + strings.Repeat(`,{"_placeholder":true,"num":9}`, 10) + `]`,
	} {
		if _, err := decode(t, text); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

// The limit counts arguments, whoever sends them and with or without a name in front.
func TestJSON_ArgumentLimitIsTheSameInBothDirections(t *testing.T) {
	j := NewJSON(Limits{Arguments: 2})
	for _, args := range []string{`[]`, `[1]`, `[1,2]`, `[1,2,3]`} {
		want := error(nil)
		if args == `[1,2,3]` {
			want = ErrArguments
		}
		event := `2["a"]`
		if args != `[]` {
			event = `2["a",` + args[1:]
		}
		_, _, inEvent := j.Decode([]byte(event), false)
		_, _, inAck := j.Decode([]byte(`31`+args), false)
		for where, err := range map[string]error{"event": inEvent, "ack": inAck, "emit": j.CheckArgs([]byte(args), 0)} {
			if !errors.Is(err, want) {
				t.Errorf("%s %s: %v, want %v", where, args, err, want)
			}
		}
	}
}

func TestJSON_KeepsEveryByteOfTheArguments(t *testing.T) {
	const args = `[{"b":1,"a":9007199254740993,"c":"<&>` + "\u2028" + `\/"} , 1E400]`
	p, err := decode(t, `2["x",`+args[1:])
	if err != nil || string(p.Payload) != args {
		t.Fatalf("%v %q", err, p.Payload)
	}
	if got := Append(nil, p); string(got) != `2["x",`+args[1:] {
		t.Fatalf("%q", got)
	}
}

func TestAppend_PutsNoCommaBeforeEmptyArguments(t *testing.T) {
	for _, args := range []string{"", "[]", " [ ] ", "[\n]"} {
		got := Append(nil, Packet{Type: Event, Namespace: "/", Name: "a", Payload: []byte(args)})
		if _, err := decode(t, string(got)); err != nil || bytes.Contains(got, []byte(",")) {
			t.Errorf("%q became %q: %v", args, got, err)
		}
	}
}

func TestCheckArgs(t *testing.T) {
	j := NewJSON(Limits{})
	for _, row := range []struct {
		args        string
		attachments int
		want        error
	}{
		{``, 0, nil}, {`[]`, 0, nil}, {` [1] `, 0, nil}, {`[{"_placeholder":true,"num":3}]`, 0, nil},
		{`[{"_placeholder":true,"num":0}]`, 1, nil},
		{``, 1, ErrPlaceholder}, {`[]`, 1, ErrPlaceholder}, {`[]`, 11, ErrAttachments},
		{`{}`, 0, ErrPayload}, {`x`, 0, ErrPayload}, {`[1`, 0, ErrSyntax}, {`[1]]`, 0, ErrSyntax}, {` `, 0, ErrPayload},
	} {
		if err := j.CheckArgs([]byte(row.args), row.attachments); !errors.Is(err, row.want) {
			t.Errorf("%q, %d: got %v, want %v", row.args, row.attachments, err, row.want)
		}
	}
	for text, want := range map[string]error{`1`: nil, ` {"a":null} `: nil, ``: ErrSyntax, `1 2`: ErrSyntax} {
		if err := j.CheckValue([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
}

func TestAppendString_ReplacesWhatIsNotUTF8(t *testing.T) {
	if got := AppendString(nil, "a\xffb\xc3"); string(got) != "\"a\ufffdb\ufffd\"" {
		t.Fatalf("%q", got)
	}
}

func TestNames_StopLearningAtTheirBound(t *testing.T) {
	var n Names
	for i := range 3 * maxNames {
		text := NewID(uint64(i)).String()
		if got := n.Intern([]byte(text)); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	}
	n.Intern(bytes.Repeat([]byte("x"), maxNameBytes+1))
	if got := len(*n.known.Load()); got != maxNames {
		t.Fatalf("%d names kept", got)
	}
}
