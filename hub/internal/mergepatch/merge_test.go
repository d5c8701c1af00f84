package mergepatch

import (
	"encoding/json"
	"reflect"
	"testing"
)

// The examples of RFC 7396, appendix A, then what its words do not show.
var merges = []struct{ doc, patch, want string }{
	{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
	{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
	{`{"a":"b"}`, `{"a":null}`, `{}`},
	{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
	{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
	{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
	{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
	{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
	{`["a","b"]`, `["c","d"]`, `["c","d"]`},
	{`{"a":"b"}`, `["c"]`, `["c"]`},
	{`{"a":"foo"}`, `null`, `null`},
	{`{"a":"foo"}`, `"bar"`, `"bar"`},
	{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
	{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
	{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},

	{``, `{"a":1}`, `{"a":1}`},
	{`null`, ` {"a" : 1} `, `{"a":1}`},
	{`{"id":9007199254740993,"f":1.10,"e":1E2}`, `{"x":0.30000000000000004441}`, `{"e":1E2,"f":1.10,"id":9007199254740993,"x":0.30000000000000004441}`},
	{`{"s":"\u003c<&\/\ud800"}`, `{"<&>":"\u2028"}`, `{"<&>":"\u2028","s":"\u003c<&\/\ud800"}`},
	{`{"a":{"x": [1, 2]}}`, `{"a":{"y":{"z": null}}}`, `{"a":{"x":[1, 2],"y":{}}}`},
	{`{"a":1,"a":2}`, `{"b":1,"b":3}`, `{"a":2,"b":3}`},
}

func TestMerge(t *testing.T) {
	for _, row := range merges {
		got, err := Merge([]byte(row.doc), []byte(row.patch))
		if err != nil || string(got) != row.want {
			t.Errorf("%s with %s: got %s, want %s (%v)", row.doc, row.patch, got, row.want, err)
		}
	}
}

func TestMerge_KeepsNoPartOfItsArguments(t *testing.T) {
	doc, patch := []byte(`{"a":1}`), []byte(`{"b":2}`)
	got, err := Merge(doc, patch)
	clear(doc)
	clear(patch)
	if err != nil || string(got) != `{"a":1,"b":2}` {
		t.Errorf("%s %v", got, err)
	}
}

func TestMerge_RefusesWhatIsNoJSON(t *testing.T) {
	for _, row := range [][2]string{{`{`, `{}`}, {`{}`, `{`}, {`{"a":1}}`, `{}`}} {
		if got, err := Merge([]byte(row[0]), []byte(row[1])); err == nil {
			t.Errorf("%q: got %s", row, got)
		}
	}
}

// reference is RFC 7396's own pseudocode.
func reference(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	members, ok := target.(map[string]any)
	if !ok {
		members = map[string]any{}
	}
	for name, change := range changes {
		if change == nil {
			delete(members, name)
		} else {
			members[name] = reference(members[name], change)
		}
	}
	return members
}

func FuzzMerge(f *testing.F) {
	for _, row := range merges {
		f.Add(row.doc, row.patch)
	}
	f.Fuzz(func(t *testing.T, doc, patch string) {
		got, err := Merge([]byte(doc), []byte(patch))
		var target, change, merged any
		if json.Unmarshal([]byte(doc), &target) != nil || json.Unmarshal([]byte(patch), &change) != nil {
			return // checked by the caller
		}
		if err != nil {
			t.Fatalf("%q with %q: %v", doc, patch, err)
		}
		if err := json.Unmarshal(got, &merged); err != nil {
			t.Fatalf("%q with %q: %q: %v", doc, patch, got, err)
		}
		if want := reference(target, change); !reflect.DeepEqual(merged, want) {
			t.Fatalf("%q with %q: got %q, want %v", doc, patch, got, want)
		}
	})
}
