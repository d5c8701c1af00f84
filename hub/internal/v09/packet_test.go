package v09

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

func id(n uint64) siopacket.ID { return siopacket.NewID(n) }

// The examples of the specification, and those of the reference's own tests.
var packets = []struct {
	text string
	want Packet
}{
	{"0::", Packet{Type: Disconnect}},
	{"0::/woot", Packet{Type: Disconnect, Endpoint: "/woot"}},
	{"1::", Packet{Type: Connect}},
	{"1::/tobi", Packet{Type: Connect, Endpoint: "/tobi"}},
	{"1::/test?my=param", Packet{Type: Connect, Endpoint: "/test", Query: "my=param"}},
	{"2::", Packet{Type: Heartbeat}},
	{"3:::woot", Packet{Type: Message, Data: []byte("woot")}},
	{"3:5:/tobi:a:b\n", Packet{Type: Message, ID: id(5), Endpoint: "/tobi", Data: []byte("a:b\n")}},
	{`4:::"2"`, Packet{Type: JSON, Data: []byte(`"2"`)}},
	{`4:1+::{"a":"b"}`, Packet{Type: JSON, ID: id(1), WithData: true, Data: []byte(`{"a":"b"}`)}},
	{`5:::{"name":"woot"}`, Packet{Type: Event, Data: []byte(`{"name":"woot"}`)}},
	{`5:18446744073709551615+:/x:{"name":"e"}`, Packet{Type: Event, ID: id(1<<64 - 1), WithData: true, Endpoint: "/x", Data: []byte(`{"name":"e"}`)}},
	{"6:::140", Packet{Type: Ack, Data: []byte("140")}},
	{`6:::12+["woot","wa"]`, Packet{Type: Ack, Data: []byte(`12+["woot","wa"]`)}},
	{"7:::2+0", Packet{Type: Error, Data: []byte("2+0")}},
	{"7::/woot", Packet{Type: Error, Endpoint: "/woot"}},
	{"8::", Packet{Type: Noop}},
}

func TestDecode_SpecificationsExamples(t *testing.T) {
	for _, c := range packets {
		got, err := Decode([]byte(c.text))
		if err != nil || !same(got, c.want) {
			t.Errorf("%s: %+v, %v", c.text, got, err)
		}
		if text := Append(nil, c.want); string(text) != c.text {
			t.Errorf("%s: encoded as %s", c.text, text)
		}
	}
}

func same(a, b Packet) bool {
	data := bytes.Equal(a.Data, b.Data)
	a.Data, b.Data = nil, nil
	return data && a.Type == b.Type && a.ID == b.ID && a.WithData == b.WithData && a.Endpoint == b.Endpoint && a.Query == b.Query
}

func TestDecode_QueryAsDataOfAConnect(t *testing.T) {
	p, err := Decode([]byte("1::/test:?test=1"))
	if err != nil || p.Endpoint != "/test" || p.Query != "test=1" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestDecode_Refuses(t *testing.T) {
	for text, want := range map[string]error{
		"": ErrType, "9::": ErrType, "::": ErrType, "42[]": ErrSyntax, "5": ErrSyntax, "5:": ErrSyntax, "10::": ErrSyntax,
		"5:x::": ErrID, "5:-1::": ErrID, "5:+::": ErrID, "5:1++::": ErrID, "5:18446744073709551616::": ErrID, "5:000000000000000000001::": ErrID,
		"3::chat:x": ErrEndpoint, "1::/": ErrEndpoint, "1::/a,b": ErrEndpoint,
	} {
		if _, err := Decode([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

func TestPayload_LengthsAreUTF16(t *testing.T) {
	texts := []string{"3:::a", "3:::grüße", "3:::🌍", "8::", "3:::�7�"}
	var all [][]byte
	for _, text := range texts {
		all = append(all, []byte(text))
	}
	body := AppendPayload(nil, all)
	if want := "�5�3:::a�9�3:::grüße�6�3:::🌍�3�8::�7�3:::�7�"; string(body) != want {
		t.Fatalf("%s", body)
	}
	for _, want := range texts {
		one, rest, err := Cut(body)
		if err != nil || string(one) != want {
			t.Fatalf("%q, %v, want %q", one, err, want)
		}
		body = rest
	}
	if len(body) > 0 {
		t.Errorf("left: %q", body)
	}
	if one, rest, err := Cut([]byte("3:::�")); string(one) != "3:::�" || rest != nil || err != nil {
		t.Error("a packet alone:", string(one), rest, err)
	}
}

func TestCut_Refuses(t *testing.T) {
	for _, body := range []string{
		"�", "��", "��3:::a", "�5", "�5�", "�6�3:::a", "�-1�3:::a", "�+5�3:::a", "�5 �3:::a", "�9999999999999�", "�99999999999999999999999�x",
		"�4�3::🌍", "�x�3:::a", "�" + strings.Repeat("0", 1<<16) + "5�3:::a",
	} {
		if one, _, err := Cut([]byte(body)); !errors.Is(err, ErrLength) {
			t.Errorf("%.40q: %q, %v", body, one, err)
		}
	}
}

// hostile are seeds for both fuzz targets.
var hostile = []string{
	"", "�", "�0�", "�0��0�", "�5�3:::a�6�3:::bc", "�5�3:::a8::", "�1�🌍", "�2�\xf0\x9f", "5:::", "5:::null", "5:::[]", `5:::{"name":1}`,
	`5:::{"name":"a","args":{}}`, `5:::{"name":"a","args":[`, `5:::{"name":"connect","args":[]}`, `5:::{"name":"a","args":[{"_placeholder":true,"num":0}]}`,
	`5:1+::{"name":"a","name":"b","args":[1],"args":[2]}`, `5:1::{"name":"\ud800"}`, `4:::` + strings.Repeat("[", 3000), "4:::1,2", "4:::] [", "4:::", "6:::",
	"6:::1+", "6:::1+{}", "6:::+[]", "6:::99999999999999999999999", "0::/never", "1::/a?b=%zz&c", "1::/a:?", "1::/\x1e", "1::/*", "3:1::\x00", "2::\ufffd",
	"7:::2+0", "8:1+:/x:y",
}

func FuzzDecode(f *testing.F) {
	for _, c := range packets {
		f.Add(c.text)
	}
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Decode([]byte(text))
		if err != nil {
			return
		}
		again, err := Decode(Append(nil, p))
		if err != nil || !same(again, p) {
			t.Errorf("%q: %+v became %+v, %v", text, p, again, err)
		}
	})
}

func FuzzCut(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if !utf8.ValidString(body) || body == "" {
			return
		}
		var all [][]byte
		for rest := []byte(body); len(rest) > 0; {
			one, after, err := Cut(rest)
			if err != nil {
				return
			}
			if len(after) >= len(rest) || !utf8.Valid(one) {
				t.Fatalf("%q: cut to %q and %q", body, one, after)
			}
			all, rest = append(all, one), after
		}
		for rest := AppendPayload(nil, all); len(all) > 1; all = all[1:] {
			one, after, err := Cut(rest)
			if err != nil || !bytes.Equal(one, all[0]) {
				t.Fatalf("%q: %q, %v, want %q", body, one, err, all[0])
			}
			rest = after
		}
	})
}
