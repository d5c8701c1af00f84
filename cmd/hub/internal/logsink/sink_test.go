package logsink

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to happen.
const patience = 30 * time.Second

// file is what a sink writes to: each write asks what becomes of it.
type file struct {
	entered chan struct{} // gets one for each write that has begun
	free    chan error    // lets one write go on, or fail having taken half of it

	mu   sync.Mutex
	text bytes.Buffer
}

func newFile() *file { return &file{entered: make(chan struct{}, 100), free: make(chan error, 100)} }

func (f *file) Write(b []byte) (int, error) {
	f.entered <- struct{}{}
	err := <-f.free
	n := len(b)
	if err != nil {
		n /= 2
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text.Write(b[:n])
	return n, err
}

func (f *file) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.text.String()
}

func (f *file) goOn(errs ...error) {
	for _, err := range errs {
		f.free <- err
	}
}

func TestSink_KeepsLinesInOrder(t *testing.T) {
	f := newFile()
	s := New(f)
	close(f.free)
	var want strings.Builder
	for i := range 50 {
		line := fmt.Sprintf("line %d\n", i)
		want.WriteString(line)
		if n, err := s.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	if !s.Flush(patience) || f.String() != want.String() || s.Dropped() != 0 {
		t.Errorf("%d dropped, wrote:\n%s", s.Dropped(), f)
	}
}

func TestSink_StoppedReaderBlocksNobodyAndIsToldWhatItMissed(t *testing.T) {
	f := newFile()
	s := New(f)
	_, _ = s.Write([]byte("first\n"))
	<-f.entered
	line := []byte(strings.Repeat("x", 999) + "\n")
	written := 0
	for s.Dropped() < 3 { // returns each time, though nobody reads
		_, _ = s.Write(line)
		written++
	}
	if s.Flush(time.Millisecond) {
		t.Error("flushed while nobody reads")
	}
	if bound := (written - 3) * len(line); bound > maxBytes || bound < maxBytes-len(line) {
		t.Errorf("%d bytes were kept", bound)
	}
	close(f.free)
	if !s.Flush(patience) {
		t.Fatal("not flushed")
	}
	text := f.String()
	if strings.Count(text, string(line)) != written-3 || strings.Count(text, "lines=3 metric=hub_log_lines_dropped_total") != 1 {
		t.Errorf("%d lines, end: %s", strings.Count(text, string(line)), text[len(text)-300:])
	}
	_, _ = s.Write([]byte("later\n"))
	s.Flush(patience)
	if text = f.String(); !strings.HasSuffix(text, "later\n") || strings.Count(text, "lines=") != 1 {
		t.Error("losses were told twice")
	}
}

func TestSink_WriteErrorLosesTheLineAndNothingElse(t *testing.T) {
	f := newFile()
	s := New(f)
	full := errors.New("no space left")
	f.goOn(full)
	_, _ = s.Write([]byte("12345\n"))
	s.Flush(patience)
	f.goOn(nil, full) // the line, and what tells of the loss
	_, _ = s.Write([]byte("second\n"))
	s.Flush(patience)
	f.goOn(nil, nil)
	_, _ = s.Write([]byte("third\n"))
	s.Flush(patience)
	lines := strings.Split(strings.TrimSuffix(f.String(), "\n"), "\n")
	if len(lines) != 5 || lines[0] != "123" || lines[1] != "second" || lines[3] != "third" || !strings.Contains(lines[4], "lines=1 ") {
		t.Errorf("wrote:\n%s", f)
	}
	if s.Dropped() != 1 {
		t.Errorf("%d dropped", s.Dropped())
	}
}

func TestSink_LineBeyondTheBoundIsLost(t *testing.T) {
	f := newFile()
	s := New(f)
	_, _ = s.Write(make([]byte, maxBytes+1))
	if s.Dropped() != 1 || !s.Flush(0) {
		t.Error("it was kept")
	}
}
