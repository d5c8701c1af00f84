package argjson

import (
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type embedded struct {
	Shown  string `json:"shown"`
	hidden int    //nolint:unused // encoding must not see it
	Skip   int    `json:"-"`
	Empty  string `json:"empty,omitempty"`
	Zero   int    `json:"zero,omitzero"`
	Quoted int    `json:"quoted,string"`
	*inner
	Outer
}

type inner struct{ Inner int }

type Outer struct {
	Outer []byte
	Shown string `json:"shown"` // loses against the nearer one
}

type shouting string

func (s shouting) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(s))), nil }

type pointerMarshaler struct{ V int }

func (p *pointerMarshaler) MarshalJSON() ([]byte, error) { return []byte(`{ "v" : 1 }`), nil }

func TestEncode_Values(t *testing.T) {
	exact := `{"b":1,"a":9007199254740993,"c":"<&>\u2028"}`
	for _, c := range []struct {
		name        string
		args        []any
		want        string
		attachments int
	}{
		{"nothing", nil, ``, 0},
		{"null", []any{nil}, `[null]`, 0},
		{"scalars", []any{"a", true, 7, int64(-7), uint8(255), 1.5, float32(0.1)}, `["a",true,7,-7,255,1.5,0.1]`, 0},
		{"numbers as JavaScript writes them", []any{1e21, 1e-7, 1e20, 0.0, -1e-9}, `[1e+21,1e-7,100000000000000000000,0,-1e-9]`, 0},
		{"raw, byte for byte", []any{json.RawMessage(exact), json.RawMessage(` [1 , 2]`)}, `[` + exact + `, [1 , 2]]`, 0},
		{"raw inside", []any{map[string]any{"x": json.RawMessage(exact)}}, `[{"x":` + exact + `}]`, 0},
		{"raw in a struct", []any{struct{ R json.RawMessage }{json.RawMessage(` {"z":1, "a":2}`)}}, `[{"R": {"z":1, "a":2}}]`, 0},
		{"no HTML escaping", []any{"<a href=\"x\">&</a>\u2028\u2029"}, "[\"<a href=\\\"x\\\">&</a>\u2028\u2029\"]", 0},
		{"control characters", []any{"\x00\x1f\n\r\t\\\x7f"}, `["\u0000\u001f\n\r\t\\` + "\x7f" + `"]`, 0},
		{"not UTF-8", []any{"a\xffb\xc3"}, "[\"a\ufffdb\ufffd\"]", 0},
		{"binary", []any{[]byte("x"), "y", []byte{}}, `[{"_placeholder":true,"num":0},"y",{"_placeholder":true,"num":1}]`, 2},
		{"nil binary", []any{[]byte(nil)}, `[null]`, 0},
		{"binary at depth", []any{map[string]any{"b": []any{[]byte("1")}, "a": picture{Image: []byte("2"), Parts: [][]byte{[]byte("3")}}}},
			`[{"a":{"title":"","image":{"_placeholder":true,"num":0},"any":null,"Tags":null,"Parts":[{"_placeholder":true,"num":1}],"Fixed":[null,null],"Next":null,"Raw":null,"Count":"0","base":null},"b":[{"_placeholder":true,"num":2}]}]`, 3},
		{"sorted keys", []any{map[int]string{2: "b", 1: "a"}, map[string]int{"z": 1, "y": 2}}, `[{"1":"a","2":"b"},{"y":2,"z":1}]`, 0},
		{"struct tags", []any{embedded{Shown: "s", Quoted: 3, Outer: Outer{Outer: []byte("o"), Shown: "lost"}}},
			`[{"shown":"s","quoted":"3","Outer":{"_placeholder":true,"num":0}}]`, 1},
		{"marshalers", []any{shouting("x"), &pointerMarshaler{}, []pointerMarshaler{{}}, netip.MustParseAddr("::1"), time.Unix(0, 0).UTC(), json.Number("1.50")},
			`["X",{ "v" : 1 },[{ "v" : 1 }],"::1","1970-01-01T00:00:00Z",1.50]`, 0},
		{"pointers", []any{new(int), (*int)(nil), new(any)}, `[0,null,null]`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			encoded, attachments, err := Encode(c.args)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(encoded)); diff != "" {
				t.Error(diff)
			}
			if len(attachments) != c.attachments {
				t.Errorf("%d attachments, want %d", len(attachments), c.attachments)
			}
		})
	}
}

func TestEncode_Errors(t *testing.T) {
	type ring struct{ Next *ring }
	loop := &ring{}
	loop.Next = loop
	var pointer any
	pointer = &pointer
	for name, args := range map[string][]any{
		"channel":           {make(chan int)},
		"function inside":   {map[string]any{"f": func() {}}},
		"not a number":      {math.NaN()},
		"infinite":          {float32(math.Inf(1))},
		"ring":              {loop},
		"ring of pointers":  {pointer},
		"two raw values":    {json.RawMessage(`1,2`)},
		"raw that ends all": {json.RawMessage(`1]`)},
		"empty raw":         {json.RawMessage{}},
		"raw not UTF-8":     {json.RawMessage("\"\xff\"")},
		"bad number":        {json.Number("1x")},
		"map key":           {map[[1]int]int{{1}: 1}},
	} {
		if encoded, _, err := Encode(args); err == nil {
			t.Errorf("%s: encoded as %s", name, encoded)
		}
	}
	if _, err := Marshal([]byte("x")); err == nil {
		t.Error("binary as data")
	}
}

func TestEncode_KeepsNoMemoryOfTheCaller(t *testing.T) {
	file := []byte("before")
	_, attachments, err := Encode([]any{file})
	if err != nil {
		t.Fatal(err)
	}
	copy(file, "after!")
	if string(attachments[0]) != "before" {
		t.Error("the attachment changed under way")
	}
}

// What has no binary and no raw JSON is what encoding/json writes, without its
// escaping for HTML.
func FuzzEncodeString(f *testing.F) {
	for _, seed := range []string{"", "a", "\xff\xfe", "<&>", "\u2028", "\x00", "\"\\", "é🙂"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := encoder{}
		e.string(s)
		var back string
		if err := json.Unmarshal(e.buf, &back); err != nil || back != eachValid(s) {
			t.Errorf("%q became %s: %v", s, e.buf, err)
		}
	})
}

// eachValid replaces each byte that is not UTF-8, as encoding/json does.
func eachValid(s string) string {
	return string([]rune(s))
}

func TestEncode_AgreesWithEncodingJSON(t *testing.T) {
	type ambiguousA struct{ Same int }
	type ambiguousB struct{ Same int }
	type tagged struct {
		Other int `json:"Same"`
	}
	for _, v := range []any{
		struct {
			ambiguousA
			ambiguousB
		}{}, struct {
			ambiguousA
			tagged
		}{},
		struct {
			A *int      `json:",omitempty"`
			B bool      `json:"b,string"`
			C []int     `json:"c,omitzero"`
			D time.Time `json:"d,omitzero"`
			E [0]int    `json:"e,omitempty"`
			F string    `json:"f,string"`
			G *int      `json:"g,string"`
		}{F: "q\"q"},
		struct{ error }{}, map[string]*int{"a": nil}, [3]bool{true}, []any{nil, 1.0, "x"}, struct{}{}, []string(nil), map[string]any(nil),
		[]any(nil), int8(-8), uint64(math.MaxUint64), math.MaxFloat64, math.SmallestNonzeroFloat64, float32(1e-7), json.Number(""),
		struct{ T time.Duration }{time.Second}, &struct{ *Outer }{},
	} {
		var want strings.Builder
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(v); err != nil {
			t.Fatal(err)
		}
		got, err := Marshal(v)
		if err != nil || string(got)+"\n" != want.String() {
			t.Errorf("%T: %s, encoding/json says %s (%v)", v, got, want.String(), err)
		}
	}
}
