package clustersecret

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	one = strings.Repeat("1", MinBytes)
	two = strings.Repeat("2", MinBytes+10)
)

func TestOpen_WhatAFileMayHave(t *testing.T) {
	for content, want := range map[string]int{
		one: 1, one + "\n": 1, "# now\n" + one + "\r\n\n  " + two + "  \n": 2, strings.Repeat(one+"\n", MaxSecrets): MaxSecrets,
		"": 0, "\n# nothing\n": 0, one + "\nshort\n": 0, strings.Repeat(one+"\n", MaxSecrets+1): 0,
	} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, slog.New(slog.DiscardHandler), func() {})
		switch {
		case want == 0 && err == nil:
			t.Errorf("%q is taken", content)
		case want == 0:
			if strings.Contains(err.Error(), "short") || strings.Contains(err.Error(), one) {
				t.Errorf("the error shows the secret: %v", err)
			}
		case err != nil || len(s.List()) != want || string(s.List()[0]) != one:
			t.Errorf("%q: %v", content, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), nil, nil); err == nil {
		t.Error("a file that is not there is taken")
	}
}

func TestSecrets_OtherContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(one)
	changes := 0
	s, err := Open(path, slog.New(slog.DiscardHandler), func() { changes++ })
	if err != nil {
		t.Fatal(err)
	}
	poll := func() {
		s.Watched().Poll()
		s.Watched().Poll()
	}
	write(two + "\n" + one)
	poll()
	if changes != 1 || len(s.List()) != 2 || string(s.List()[0]) != two {
		t.Errorf("%d changes, %q", changes, s.List())
	}
	write("too short")
	poll()
	if changes != 1 || len(s.List()) != 2 {
		t.Errorf("%d changes, %q", changes, s.List())
	}
}
