package filewatch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// seen gathers what was told.
type seen []string

func (s *seen) changed(contents [][]byte, err error) {
	if err != nil {
		*s = append(*s, "error: "+err.Error())
		return
	}
	var parts []string
	for _, c := range contents {
		parts = append(parts, string(c))
	}
	*s = append(*s, strings.Join(parts, "|"))
}

// open watches files, and has to succeed.
func open(t *testing.T, told func([][]byte, error), paths ...string) *Files {
	t.Helper()
	f, _, err := Open(told, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// pollOften looks more often than a change takes to be told.
func pollOften(f *Files) {
	for range 4 {
		f.Poll()
	}
}

// wrote watches a file in the background, writes to it and returns what is told, and when.
func wrote(t *testing.T, content string, again chan struct{}) (told string, after time.Duration) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "one")
	changes := make(chan string, 1)
	f := open(t, func(contents [][]byte, _ error) { changes <- string(contents[0]) }, path)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Run(ctx, again, f)
	}()
	write(t, path, content)
	start := time.Now()
	if again != nil {
		again <- struct{}{}
	}
	told = <-changes
	after = time.Since(start)
	cancel()
	<-ended
	return told, after
}

func TestFiles_AChangeCountsOnceItIsSeenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "one")
	var s seen
	f, contents, err := Open(s.changed, path)
	if err != nil || string(contents[0]) != "one" {
		t.Fatal(contents, err)
	}
	for _, step := range []struct{ write, want string }{
		{"one", ""}, {"two", ""}, {"thr", ""}, {"thr", "thr"}, {"thr", ""}, {"half", ""}, {"thr", ""}, {"", ""}, {"", "empty"},
	} {
		s = nil
		write(t, path, step.write)
		f.Poll()
		got := ""
		if len(s) > 0 {
			if got = s[0]; got == "" {
				got = "empty"
			}
		}
		if got != step.want {
			t.Errorf("after %q: told %q, want %q", step.write, got, step.want)
		}
	}
}

func TestFiles_SymlinkSwapIsOneChange(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"v1", "v2"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "crt"), "crt-"+version)
		write(t, filepath.Join(dir, version, "key"), "key-"+version)
	}
	data := filepath.Join(dir, "..data")
	if err := errors.Join(os.Symlink("v1", data), os.Symlink("..data/crt", filepath.Join(dir, "crt")),
		os.Symlink("..data/key", filepath.Join(dir, "key"))); err != nil {
		t.Fatal(err)
	}
	var s seen
	f := open(t, s.changed, filepath.Join(dir, "crt"), filepath.Join(dir, "key"))
	next := filepath.Join(dir, "..tmp")
	if err := errors.Join(os.Symlink("v2", next), os.Rename(next, data)); err != nil {
		t.Fatal(err)
	}
	pollOften(f)
	if diff := cmp.Diff(seen{"crt-v2|key-v2"}, s); diff != "" {
		t.Error(diff)
	}
}

func TestFiles_AnErrorIsToldOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "one")
	var s seen
	f := open(t, s.changed, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	pollOften(f)
	write(t, path, "one")
	pollOften(f)
	if diff := cmp.Diff(seen{"error: no such file or directory", "one"}, s); diff != "" {
		t.Error(diff)
	}
}

func TestRead_RefusesWhatIsNoSmallFile(t *testing.T) {
	dir := t.TempDir()
	pipe, large := filepath.Join(dir, "pipe"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, large, strings.Repeat("x", maxBytes+1))
	for _, path := range []string{dir, pipe, large} {
		if _, err := Read(path); err == nil || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestRead_RefusesWhatEverybodyMayWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "one")
	var s seen
	f := open(t, s.changed, path)
	if err := os.Chmod(path, 0o602); err != nil {
		t.Fatal(err)
	}
	pollOften(f)
	if err := os.Chmod(path, 0o664); err != nil { // the group is the operator's choice
		t.Fatal(err)
	}
	pollOften(f)
	if diff := cmp.Diff(seen{"error: everybody on this machine may write it (mode -rw-----w-); want chmod o-w", "one"}, s); diff != "" {
		t.Error(diff)
	}
}

func TestRun_PollsUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got, _ := wrote(t, "two", nil); got != "two" {
			t.Error(got)
		}
	})
}

func TestRun_WhoAsksHasAChangeAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got, after := wrote(t, "two", make(chan struct{})); got != "two" || after != 0 {
			t.Errorf("%s after %v", got, after)
		}
	})
}
