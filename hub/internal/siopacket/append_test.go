package siopacket

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestAppendEscaped_IsWhatAppendStringWrites(t *testing.T) {
	for _, text := range []string{"", "plain", "a\"b\\c\n\x00\x1f", strings.Repeat("grüße 🌍\u2028", 9) + "\t"} {
		if got, want := `"`+string(AppendEscaped(nil, []byte(text)))+`"`, string(AppendString(nil, text)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// parts writes down what a walk tells.
type parts []string

func (p *parts) Open(object bool) { *p = append(*p, map[bool]string{true: "{", false: "["}[object]) }
func (p *parts) Key(raw []byte)   { *p = append(*p, string(raw)+":") }
func (p *parts) Scalar(raw []byte) {
	*p = append(*p, string(raw))
}

func (p *parts) Close() error {
	*p = append(*p, "end")
	return nil
}

func TestWalk_TellsEveryPart(t *testing.T) {
	var got parts
	err := Walk([]byte(` [ {"a" : -1.5, "\u0062":[]}, "x" , {} , null ] `), MaxDepth, &got)
	want := parts{"[", "{", `"a":`, "-1.5", `"\u0062":`, "[", "end", "end", `"x"`, "{", "end", "null", "end"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"", "[", `{"a"}`, "1 1"} {
		if err := Walk([]byte(text), MaxDepth, &parts{}); err == nil || json.Valid([]byte(text)) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := Walk([]byte("[[[]]]"), 2, nil); err != ErrDepth {
		t.Error(err)
	}
}
