package argjson

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type picture struct {
	Title string `json:"title"`
	Image []byte `json:"image"`
	Any   any    `json:"any"`
	Tags  map[string][]byte
	Parts [][]byte
	Fixed [2][]byte
	Next  *picture
	Raw   json.RawMessage
	Count int `json:",string"`
	base
}

type base struct {
	Base []byte `json:"base"`
}

func TestBind_Values(t *testing.T) {
	one, two := []byte("one"), []byte("two")
	for _, c := range []struct {
		name        string
		args        string
		attachments [][]byte
		dst         any
		want        any
	}{
		{"string", `["a"]`, nil, new(string), "a"},
		{"string with escapes", `["\u00e9\n"]`, nil, new(string), "é\n"},
		{"int", ` [ 42 ] `, nil, new(int), 42},
		{"null into string", `[null]`, nil, new(string), ""},
		{"raw is byte exact", `[{"b":1, "a":9007199254740993,"c":"<&>\u2028"}]`, nil, new(json.RawMessage), json.RawMessage(`{"b":1, "a":9007199254740993,"c":"<&>\u2028"}`)},
		{"struct", `[{"title":"x","COUNT":"7"}]`, nil, new(picture), picture{Title: "x", Count: 7}},
		{"missing", `[]`, nil, new(int), 0},
		{"no bytes at all", ``, nil, new(int), 0},
		{"binary", `[{"_placeholder":true,"num":1}]`, [][]byte{one, two}, new([]byte), two},
		{"binary, members the other way round", `[{"num":0,"_placeholder":true}]`, [][]byte{one}, new([]byte), one},
		{"binary null", `[null]`, [][]byte{one}, new([]byte), []byte(nil)},
		{"binary as any", `[{"_placeholder":true,"num":0}]`, [][]byte{one}, new(any), any(one)},
		{"binary deep in any", `[{"a":[1,{"b":{"_placeholder":true,"num":0}}],"c":"d"}]`, [][]byte{one}, new(any),
			any(map[string]any{"a": []any{1.0, map[string]any{"b": one}}, "c": "d"})},
		{"binary in map", `[{"x":{"_placeholder":true,"num":0}}]`, [][]byte{one}, new(map[string][]byte), map[string][]byte{"x": one}},
		{"binary in struct", `[{"title":"t","image":{"_placeholder":true,"num":0},"any":{"_placeholder":true,"num":1},"unknown":[{}],"Tags":{"k":{"_placeholder":true,"num":0}},"Parts":[{"_placeholder":true,"num":1},null],"Fixed":[{"_placeholder":true,"num":0},null,3],"next":{"image":{"_placeholder":true,"num":1}},"Raw":{"_placeholder":true,"num":1},"Count":"3","base":{"_placeholder":true,"num":0}}]`,
			[][]byte{one, two}, new(picture), picture{
				Title: "t", Image: one, Any: two, Tags: map[string][]byte{"k": one}, Parts: [][]byte{two, nil},
				Fixed: [2][]byte{one, nil}, Next: &picture{Image: two}, Raw: json.RawMessage(`{"_placeholder":true,"num":1}`),
				Count: 3, base: base{Base: one},
			}},
		{"base64 in struct as encoding/json", `[{"image":"b25l"}]`, nil, new(picture), picture{Image: one}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Bind([]byte(c.args), c.attachments, []any{c.dst}); err != nil {
				t.Fatal(err)
			}
			got := reflect.ValueOf(c.dst).Elem().Interface()
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(picture{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBind_MissingArgumentsBecomeZero(t *testing.T) {
	text, number := "old", 7
	if _, err := Bind([]byte(`["new"]`), nil, []any{&text, &number, nil}); err != nil {
		t.Fatal(err)
	}
	if text != "new" || number != 0 {
		t.Error(text, number)
	}
}

func TestBind_NamesTheArgument(t *testing.T) {
	var text string
	var file []byte
	for _, c := range []struct {
		args     string
		argument int
		want     string
	}{
		{`["a","b"]`, 1, "binary wanted, text found"},
		{`[7]`, 0, "json: cannot unmarshal number into Go value of type string"},
		{`{}`, WholeList, "not valid JSON"},
		{`["a",`, 1, "not valid JSON"},
		{`["a" "b"]`, WholeList, "not valid JSON"},
		{`["a",{"_placeholder":true,"num":9}]`, 1, "binary wanted, an object found"},
		{`["a",{"_placeholder":true,"num":-1}]`, 1, "binary wanted, an object found"},
		{`["a",{"_placeholder":true,"num":-0}]`, 1, "binary wanted, an object found"},
		{`["a",{"_placeholder":true,"num":0,"num":"x"}]`, 1, "binary wanted, an object found"},
	} {
		argument, err := Bind([]byte(c.args), [][]byte{{1}}, []any{&text, &file})
		if err == nil || argument != c.argument || err.Error() != c.want {
			t.Errorf("%s: argument %d: %v, want argument %d: %s", c.args, argument, err, c.argument, c.want)
		}
	}
}

func TestBind_RefusesWhatIsNoPointer(t *testing.T) {
	for _, dst := range []any{"x", 7, (*string)(nil), (*int)(nil), (*[]byte)(nil), (*json.RawMessage)(nil), struct{}{}} {
		for _, args := range []string{`["a"]`, `[]`} {
			if _, err := Bind([]byte(args), nil, []any{dst}); !errors.Is(err, errNotPointer) && args != `[]` {
				t.Errorf("%T %s: %v", dst, args, err)
			}
		}
	}
}

// A browser that nests without end must not cost more than one pass.
func TestBind_DepthIsOnePass(t *testing.T) {
	deep := "[" + strings.Repeat(`{"a":[`, 250) + `{"_placeholder":true,"num":0}` + strings.Repeat(`]}`, 250) + "]"
	var v any
	if _, err := Bind([]byte(deep), [][]byte{{1}}, []any{&v}); err != nil {
		t.Fatal(err)
	}
	if _, err := Bind([]byte(strings.Repeat("[", 1<<20)), [][]byte{{1}}, []any{&v}); err == nil {
		t.Error("accepted")
	}
}

func FuzzBind(f *testing.F) {
	for _, text := range scanCases {
		f.Add([]byte(text), []byte("x"))
	}
	f.Add([]byte(`[{"_placeholder":true,"num":0},{"title":"t","image":{"_placeholder":true,"num":0}}]`), []byte("binary"))
	f.Add([]byte(`[{"_placeholder":true,"num":99999999999999999999}]`), []byte{})
	f.Add([]byte(`[{"Next":{"Next":{"Next":null}}}]`), []byte{0})
	f.Fuzz(func(t *testing.T, args, attachment []byte) {
		attachments := [][]byte{attachment}
		var (
			raw    json.RawMessage
			first  any
			second picture
			third  map[string][]byte
			fourth []byte
		)
		if _, err := Bind(args, attachments, []any{&raw}); err == nil && len(raw) > 0 && !json.Valid(raw) {
			t.Errorf("raw %q is not JSON", raw)
		}
		_, _ = Bind(args, attachments, []any{&first, &second, &third, &fourth})
		_, _ = Bind(args, attachments, []any{&second})
		_, _ = Bind(args, attachments, []any{&third})
		_, _ = Bind(args, nil, []any{&second, &third})
		_ = Check(args, len(attachments))
		if got, want := validJSON(args), json.Valid(args); got && !want {
			t.Errorf("%q: valid here alone", args)
		}
		if first != nil {
			if _, _, err := Encode([]any{first}); err != nil {
				t.Errorf("%q: bound, and cannot be encoded: %v", args, err)
			}
		}
	})
}
