package request

import (
	"net/url"
	"strings"
	"testing"
)

func TestFormField(t *testing.T) {
	for _, row := range []struct {
		body, want string
		ok         bool
	}{
		{"d=6%3A4hello", "6:4hello", true},
		{"d=6:4hello", "6:4hello", true},
		{"d=7:4a+b%2Bc%20", "7:4a b+c ", true},
		{"d=a=b", "a=b", true},
		{"x=1&d=1:2&y=3", "1:2", true},
		{"d=1:2&d=1:3", "1:3", true},
		{"d=", "", true},
		{"d=%", "%", true}, {"d=%zz", "%zz", true}, {"d=%ff", "\xff", true},
		{"", "", false}, {"d", "", false}, {"6:4hello", "", false}, {"dd=1:2", "", false}, {"&&&", "", false},
	} {
		got, ok := FormField([]byte(row.body), "d")
		if string(got) != row.want || ok != row.ok {
			t.Errorf("%q: %q, %v", row.body, got, ok)
		}
	}
}

func FuzzFormField(f *testing.F) {
	for _, s := range []string{"6:4hello", "d=1:2", "&d=&d=%41", "%", "+%2B", "=", strings.Repeat("d=&", 1000), "\xff\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, _ := FormField([]byte(s), "d"); len(got) > len(s) {
			t.Fatalf("%q became %q", s, got)
		}
		if got, ok := FormField([]byte("x=1&d="+url.QueryEscape(s)+"&y"), "d"); !ok || string(got) != s {
			t.Fatalf("%q became %q, %v", s, got, ok)
		}
	})
}
