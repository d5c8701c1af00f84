package msgpacket

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

// The library stands in for a client here: it knows nothing of this package.

// pair is a member of a map, so that a test says in which order they come and may say one twice.
type pair struct{ key, value any }

// ordered is a map with its order.
type ordered []pair

var _ msgpack.CustomEncoder = ordered(nil)

func (o ordered) EncodeMsgpack(e *msgpack.Encoder) error {
	if err := e.EncodeMapLen(len(o)); err != nil {
		return err
	}
	for _, p := range o {
		if err := e.EncodeMulti(p.key, p.value); err != nil {
			return err
		}
	}
	return nil
}

// raw is a value that is written as it stands.
type raw = msgpack.RawMessage

const undefined = "\xd4\x00\x00"

func pack(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := msgpack.NewEncoder(&b)
	e.UseCompactInts(true)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const eventBytes = 3 << 20

func parser() *Parser { return New(siopacket.Limits{}, eventBytes) }

// blobs makes attachments.
func blobs(texts ...string) (list [][]byte) {
	for _, text := range texts {
		list = append(list, []byte(text))
	}
	return list
}

type list = []any

// Each row is read and written; what is written has the members in this order.
var examples = []struct {
	name   string
	value  ordered
	packet siopacket.Packet
	inline [][]byte
}{
	{"connect", ordered{{"type", 0}, {"nsp", "/"}}, siopacket.Packet{Type: siopacket.Connect, Namespace: "/"}, nil},
	{"auth", ordered{{"type", 0}, {"data", ordered{{"token", "123"}}}, {"nsp", "/admin"}},
		siopacket.Packet{Type: siopacket.Connect, Namespace: "/admin", Payload: []byte(`{"token":"123"}`)}, nil},
	{"disconnect", ordered{{"type", 1}, {"nsp", "/admin"}}, siopacket.Packet{Type: siopacket.Disconnect, Namespace: "/admin"}, nil},
	{"event", ordered{{"type", 2}, {"data", list{"foo"}}, {"nsp", "/"}},
		siopacket.Packet{Type: siopacket.Event, Namespace: "/", Name: "foo", Payload: []byte(`[]`)}, nil},
	{"event with id", ordered{{"type", 2}, {"data", list{"a b", ordered{{"c", list{}}}}}, {"id", 0}, {"nsp", "/admin"}},
		siopacket.Packet{Type: siopacket.Event, Namespace: "/admin", ID: siopacket.NewID(0), Name: "a b", Payload: []byte(`[{"c":[]}]`)}, nil},
	{"event without a name", ordered{{"type", 2}, {"data", list{"", nil}}, {"nsp", "/"}},
		siopacket.Packet{Type: siopacket.Event, Namespace: "/", Payload: []byte(`[null]`)}, nil},
	{"ack", ordered{{"type", 3}, {"data", list{}}, {"id", uint64(math.MaxUint64)}, {"nsp", "/"}},
		siopacket.Packet{Type: siopacket.Ack, Namespace: "/", ID: siopacket.NewID(math.MaxUint64), Payload: []byte(`[]`)}, nil},
	{"refusal", ordered{{"type", 4}, {"data", ordered{{"message", "no"}, {"data", ordered{{"code", 3}}}}}, {"nsp", "/"}},
		siopacket.Packet{Type: siopacket.ConnectError, Namespace: "/", Payload: []byte(`{"message":"no","data":{"code":3}}`)}, nil},
	{"refusal in a word", ordered{{"type", 4}, {"data", "no"}, {"nsp", "/"}},
		siopacket.Packet{Type: siopacket.ConnectError, Namespace: "/", Payload: []byte(`"no"`)}, nil},
	{"binary event", ordered{{"type", 2}, {"data", list{"baz", []byte("one"), ordered{{"a", list{[]byte{}}}}}}, {"nsp", "/admin"}},
		siopacket.Packet{Type: siopacket.Event, Namespace: "/admin", Name: "baz", Attachments: 2,
			Payload: []byte(`[{"_placeholder":true,"num":0},{"a":[{"_placeholder":true,"num":1}]}]`)}, blobs("one", "")},
	{"binary ack", ordered{{"type", 3}, {"data", list{[]byte("one")}}, {"id", 15}, {"nsp", "/"}},
		siopacket.Packet{Type: siopacket.Ack, Namespace: "/", ID: siopacket.NewID(15), Attachments: 1,
			Payload: []byte(`[{"_placeholder":true,"num":0}]`)}, blobs("one")},
}

var idComparer = cmp.Comparer(func(a, b siopacket.ID) bool { return a == b })

func TestParser_ReadsAndWritesTheExamples(t *testing.T) {
	for _, row := range examples {
		message := pack(t, row.value)
		got, inline, err := parser().Decode(bytes.Clone(message), true)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		want := row.packet
		want.Own = true
		if diff := cmp.Diff(want, got, idComparer); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", row.name, diff)
		}
		if diff := cmp.Diff(row.inline, inline); diff != "" {
			t.Errorf("%s: attachments (-want +got)\n%s", row.name, diff)
		}
		written, binary, separate := parser().Encode([]byte("4"), row.packet, row.inline)
		if !binary || separate || string(written) != "4"+string(message) {
			t.Errorf("%s: wrote %q, want %q (binary %v, separate %v)", row.name, written, message, binary, separate)
		}
		if size := 1 + parser().Size(row.packet, row.inline); len(written) > size {
			t.Errorf("%s has %d bytes, Size says %d", row.name, len(written), size)
		}
	}
}

// What a client may send and the hub would not.
func TestParser_ReadsWhatItWouldNotWrite(t *testing.T) {
	event := siopacket.Packet{Type: siopacket.Event, Own: true, Namespace: "/", Name: "a", Payload: []byte("[]")}
	numbered := event
	numbered.Name = "-12"
	fraction := event
	fraction.Name = "1.5"
	for name, c := range map[string]struct {
		value ordered
		want  siopacket.Packet
	}{
		"any order": {ordered{{"data", list{"a"}}, {"nsp", "/"}, {"type", 2}}, event},
		"the client's own members": {ordered{{"type", 2}, {"data", list{"a"}}, {"options", ordered{{"compress", true}}}, {"nsp", "/"},
			{7, list{1}}, {list{1}, 7}}, event},
		"undefined id":           {ordered{{"type", 2}, {"data", list{"a"}}, {"id", raw(undefined)}, {"nsp", "/"}}, event},
		"undefined auth":         {ordered{{"type", 0}, {"data", raw(undefined)}, {"nsp", "/"}}, siopacket.Packet{Own: true, Namespace: "/"}},
		"nil with a disconnect":  {ordered{{"type", 1}, {"data", nil}, {"nsp", "/"}}, siopacket.Packet{Type: siopacket.Disconnect, Own: true, Namespace: "/"}},
		"wide numbers":           {ordered{{"type", raw("\xd3\x00\x00\x00\x00\x00\x00\x00\x02")}, {"data", list{"a"}}, {"nsp", "/"}}, event},
		"numbers as floats":      {ordered{{"type", 2.0}, {"data", list{"a"}}, {"nsp", "/"}}, event},
		"wide text":              {ordered{{"type", 2}, {"data", raw("\xdd\x00\x00\x00\x01\xdb\x00\x00\x00\x01a")}, {"nsp", raw("\xda\x00\x01/")}}, event},
		"number as name":         {ordered{{"type", 2}, {"data", list{-12}}, {"nsp", "/"}}, numbered},
		"fraction as name":       {ordered{{"type", 2}, {"data", list{1.5}}, {"nsp", "/"}}, fraction},
		"namespace with a query": {ordered{{"type", 0}, {"nsp", "/a?b=c"}}, siopacket.Packet{Own: true, Namespace: "/a?b=c"}},
	} {
		got, _, err := parser().Decode(pack(t, c.value), true)
		if diff := cmp.Diff(c.want, got, idComparer); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}

// values are the table of docs/msgpack.md: what is sent, and what a service sees.
var values = []struct {
	name, packed, json string
	attachments        int
}{
	{name: "nil", packed: "\xc0", json: "null"},
	{name: "false", packed: "\xc2", json: "false"},
	{name: "true", packed: "\xc3", json: "true"},
	{name: "fixint", packed: "\x7f", json: "127"},
	{name: "negative fixint", packed: "\xe0", json: "-32"},
	{name: "uint 8", packed: "\xcc\xff", json: "255"},
	{name: "uint 16", packed: "\xcd\xff\xff", json: "65535"},
	{name: "uint 32", packed: "\xce\xff\xff\xff\xff", json: "4294967295"},
	{name: "uint 64", packed: "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", json: "18446744073709551615"},
	{name: "int 8", packed: "\xd0\x80", json: "-128"},
	{name: "int 16", packed: "\xd1\x80\x00", json: "-32768"},
	{name: "int 32", packed: "\xd2\x80\x00\x00\x00", json: "-2147483648"},
	{name: "int 64", packed: "\xd3\x80\x00\x00\x00\x00\x00\x00\x00", json: "-9223372036854775808"},
	{name: "beyond a double", packed: "\xcf\x00\x20\x00\x00\x00\x00\x00\x01", json: "9007199254740993"},
	{name: "float 32", packed: "\xca\x3f\xc0\x00\x00", json: "1.5"},
	{name: "float 64", packed: "\xcb\xbf\xe0\x00\x00\x00\x00\x00\x00", json: "-0.5"},
	{name: "whole float", packed: "\xcb\x40\x08\x00\x00\x00\x00\x00\x00", json: "3"},
	{name: "minus zero", packed: "\xcb\x80\x00\x00\x00\x00\x00\x00\x00", json: "0"},
	{name: "NaN", packed: "\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01", json: "null"},
	{name: "Infinity", packed: "\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", json: "null"},
	{name: "-Infinity", packed: "\xca\xff\x80\x00\x00", json: "null"},
	{name: "undefined", packed: undefined, json: "null"},
	{name: "undefined member", packed: "\x82\xa1a" + undefined + "\xa1b\x01", json: `{"b":1}`},
	{name: "undefined member at the end", packed: "\x82\xa1a\x01\xa1b" + undefined, json: `{"a":1}`},
	{name: "text", packed: "\xa6gr\xc3\xbc\xc3\x9f", json: `"grüß"`},
	{name: "text with escapes", packed: "\xa5\"\\\n\x00<", json: `"\"\\\n\u0000<"`},
	{name: "str 8", packed: "\xd9\x01a", json: `"a"`},
	{name: "bin 8", packed: "\xc4\x02ab", json: `{"_placeholder":true,"num":0}`, attachments: 1},
	{name: "bin 16", packed: "\xc5\x00\x02ab", json: `{"_placeholder":true,"num":0}`, attachments: 1},
	{name: "bin 32", packed: "\xc6\x00\x00\x00\x02ab", json: `{"_placeholder":true,"num":0}`, attachments: 1},
	{name: "empty bin", packed: "\xc4\x00", json: `{"_placeholder":true,"num":0}`, attachments: 1},
	{name: "typed array", packed: "\xc7\x01\x00a", json: `{"_placeholder":true,"num":0}`, attachments: 1},
	{name: "typed array of eight bytes", packed: "\xc7\x08\x00abcdefgh", json: `{"_placeholder":true,"num":0}`, attachments: 1},
	{name: "binary in order", packed: "\x92\x81\xa1x\xc4\x01a\xc4\x01b",
		json: `[{"x":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}]`, attachments: 2},
	{name: "date of notepack", packed: "\xd7\x00\x00\x00\x01\x88\x80\xd0\xb4\x05", json: `"2023-06-03T10:32:21.253Z"`},
	{name: "date before 1970", packed: "\xd7\x00\xff\xff\xff\xff\xff\xff\xff\xff", json: `"1969-12-31T23:59:59.999Z"`},
	{name: "date that is none", packed: "\xd7\x00\x7f\xff\xff\xff\xff\xff\xff\xff", json: "null"},
	{name: "year of six digits", packed: "\xd7\x00\x00\x1e\xb2\x08\xc2\xdc\x00\x00", json: `"+275760-09-13T00:00:00.000Z"`},
	{name: "year below zero", packed: "\xd7\x00\xff\xe1\x4d\xf7\x3d\x24\x00\x00", json: `"-271821-04-20T00:00:00.000Z"`},
	{name: "timestamp 32", packed: "\xd6\xff\x00\x00\x00\x01", json: `"1970-01-01T00:00:01.000Z"`},
	{name: "timestamp 64", packed: "\xd7\xff\x77\x35\x8f\xfc\x00\x00\x00\x01", json: `"1970-01-01T00:00:01.499Z"`},
	{name: "timestamp 96", packed: "\xc7\x0c\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", json: `"1969-12-31T23:59:59.000Z"`},
	{name: "timestamp beyond", packed: "\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff", json: "null"},
	{name: "empty containers", packed: "\x92\x90\x80", json: "[[],{}]"},
	{name: "keys that are no text", packed: "\x88\x01\x01\xff\x02\xc0\x03\xc3\x04\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\x05" +
		"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01\x06" + "\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x07" + undefined + "\x08",
		json: `{"1":1,"-1":2,"null":3,"true":4,"1.5":5,"NaN":6,"18446744073709551615":7,"undefined":8}`},
	{name: "equal keys", packed: "\x82\xa1a\x01\xa1a\x02", json: `{"a":1,"a":2}`},
	{name: "nearly a placeholder", packed: "\x82\xac_placeholder\xa4true\xa3num\x00", json: `{"_placeholder":"true","num":0}`},
}

func TestDecode_ValuesAsAServiceSeesThem(t *testing.T) {
	for _, row := range values {
		message := pack(t, ordered{{"type", 2}, {"data", list{"a", raw(row.packed)}}, {"nsp", "/"}})
		p, inline, err := parser().Decode(message, true)
		if err != nil || string(p.Payload) != "["+row.json+"]" || len(inline) != row.attachments || p.Attachments != row.attachments {
			t.Errorf("%s: %s and %d attachments, %v", row.name, p.Payload, len(inline), err)
		}
	}
}

func TestDecode_NumbersAsJavaScriptWritesThem(t *testing.T) {
	for f, want := range map[float64]string{
		1e21: "1e+21", 123456789012345680000: "123456789012345680000", 1e-6: "0.000001", 1e-7: "1e-7", -1.5e-9: "-1.5e-9", 5e-324: "5e-324",
		1.7976931348623157e308: "1.7976931348623157e+308", 0.1: "0.1", float64(float32(0.1)): "0.10000000149011612",
	} {
		if got := string(appendFloat(nil, f)); got != want {
			t.Errorf("%v: %s", f, got)
		}
	}
}

// auth has no attachments: binary in it is what JSON.stringify makes of a Buffer.
func TestDecode_Auth(t *testing.T) {
	value := ordered{{"type", 0}, {"data", ordered{{"key", []byte{1, 200}}, {"like", ordered{{"_placeholder", true}}}}}, {"nsp", "/"}}
	p, inline, err := parser().Decode(pack(t, value), true)
	if want := `{"key":{"type":"Buffer","data":[1,200]},"like":{"_placeholder":true}}`; err != nil || string(p.Payload) != want || inline != nil {
		t.Errorf("%s, %v", p.Payload, err)
	}
	// A longer one than a client may have is not looked at, and not copied: it is refused for its size.
	m := New(siopacket.Limits{AuthBytes: 16}, eventBytes)
	message := pack(t, ordered{{"type", 0}, {"data", ordered{{"a", strings.Repeat("\xff", 16)}}}, {"nsp", "/"}})
	if p, _, err := m.Decode(message, true); err != nil || len(p.Payload) <= 16 || p.Own {
		t.Errorf("%+v, %v", p, err)
	}
}

// What a service says, and the bytes of it that a client reads.
func TestEncode_Arguments(t *testing.T) {
	for name, c := range map[string]struct {
		args        string
		attachments [][]byte
		want        any
	}{
		"scalars":        {`[null,true,false,"a\n\u00e9\ud83c\udf0d"]`, nil, list{nil, true, false, "a\né🌍"}},
		"half of a pair": {`["\ud800"]`, nil, list{"\ufffd"}},
		"whole numbers": {`[0,-1,128,-9223372036854775808,9223372036854775807,18446744073709551615,9007199254740993]`, nil,
			list{0, -1, 128, math.MinInt64, math.MaxInt64, uint64(math.MaxUint64), 9007199254740993}},
		"other numbers": {`[1.0,1e2,-0,18446744073709551616,-9223372036854775809,1e400,0.1]`, nil,
			list{1.0, 100.0, math.Copysign(0, -1), 18446744073709551616.0, -9223372036854775809.0, math.Inf(1), 0.1}},
		"long text": {`["` + strings.Repeat("x", 31) + `","` + strings.Repeat("y", 32) + `","` + strings.Repeat("z", 70_000) + `"]`, nil,
			list{strings.Repeat("x", 31), strings.Repeat("y", 32), strings.Repeat("z", 70_000)}},
		"containers":     {` [ { "a" : [ ] , "b" : { } , "a" : 1 } ] `, nil, list{ordered{{"a", list{}}, {"b", ordered{}}, {"a", 1}}}},
		"many":           {"[" + strings.Repeat("[],", 20) + "[]]", nil, many(21)},
		"binary":         {`[{"x":{"num":1,"_placeholder":true}},{"_placeholder":true,"num":0}]`, blobs("zero", ""), list{ordered{{"x", []byte{}}}, []byte("zero")}},
		"binary twice":   {`[{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, blobs("a", "b"), list{[]byte("a"), []byte("a")}},
		"escaped seat":   {`[{"\u005fplaceholder":true,"num":0,"more":{"x":[1]}}]`, blobs("a"), list{[]byte("a")}},
		"no attachments": {`[{"_placeholder":true,"num":0}]`, nil, list{ordered{{"_placeholder", true}, {"num", 0}}}},
		"nothing":        {``, nil, list{}},
		"no JSON":        {`[1,`, nil, nil},
	} {
		p := siopacket.Packet{Type: siopacket.Ack, Namespace: "/", ID: siopacket.NewID(1), Payload: []byte(c.args)}
		got, _, _ := parser().Encode(nil, p, c.attachments)
		if want := pack(t, ordered{{"type", 3}, {"data", c.want}, {"id", 1}, {"nsp", "/"}}); !bytes.Equal(got, want) {
			t.Errorf("%s: %.200q, want %.200q", name, got, want)
		}
	}
}

func many(n int) (l list) {
	for range n {
		l = append(l, list{})
	}
	return l
}

// What a service hands back as it came arrives as it was sent, unless JSON could not say it.
func TestParser_EchoIsWhatWasSent(t *testing.T) {
	args := list{
		"x", int8(-5), uint64(math.MaxUint64), 0.25, true, nil, []byte("bytes"),
		ordered{{"deep", list{list{ordered{{"bin", []byte{0}}}}}}, {"text", strings.Repeat("€", 100)}},
	}
	message := pack(t, ordered{{"type", 2}, {"data", args}, {"id", 1}, {"nsp", "/"}})
	m := parser()
	p, inline, err := m.Decode(bytes.Clone(message), true)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := m.Encode(nil, p, inline); !bytes.Equal(got, message) {
		t.Errorf("%q, want %q", got, message)
	}
}

func TestDecode_KeepsNothingOfTheMessage(t *testing.T) {
	message := pack(t, ordered{{"type", 2}, {"data", list{"name", "text", []byte("bytes")}}, {"nsp", "/n"}})
	p, inline, err := parser().Decode(message, true)
	clear(message)
	if err != nil || p.Name != "name" || p.Namespace != "/n" || !strings.HasPrefix(string(p.Payload), `["text"`) || string(inline[0]) != "bytes" {
		t.Errorf("%+v %q %v", p, inline, err)
	}
}

func TestAppendDate_AsTheLibraryOfGoReadsIt(t *testing.T) {
	for _, ms := range []int64{0, 1, -1, 1_700_000_000_123, -62167219200000, 253402300799999} {
		got, err := time.Parse(strconv.Quote(time.RFC3339Nano), string(appendDate(nil, ms)))
		if err != nil || got.UnixMilli() != ms {
			t.Errorf("%d: %v, %v", ms, got, err)
		}
	}
}
