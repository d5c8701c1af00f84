package terminal

import "testing"

func TestClean_NobodySteersTheTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"ann é 日本": "ann é 日本", "a\x1b[2Jb": "a\ufffd[2Jb", "a\nb\t": "a\ufffdb\ufffd", "\u009b31m": "\ufffd31m",
		"a\u202eb": "a\ufffdb", "": "",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNames_ManyAreCounted(t *testing.T) {
	if got := Names([]string{"a", "b\n", "c", "d"}, 2); got != "a,b\ufffd,+2" {
		t.Error(got)
	}
	if got := Names([]string{"a", "b"}, 2); got != "a,b" {
		t.Error(got)
	}
	if got := Names(nil, 2); got != "" {
		t.Error(got)
	}
}
