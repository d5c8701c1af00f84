package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"
)

// role tells a copy of the test binary what kind of child to be.
const role = "SIOHUB_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		goleak.VerifyTestMain(m)
	case "good": // ends when it is asked to, or when its parent is gone
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		ctx = UntilParentEnds(ctx, os.Stdin)
		fmt.Println("running")
		<-ctx.Done()
		fmt.Println("ending")
	case "fails":
		os.Exit(7)
	}
}

const patience = 30 * time.Second

// output wakes who waits for a word in it.
type output struct {
	mu   sync.Mutex
	all  bytes.Buffer
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.all.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

func (o *output) wait(t *testing.T, word string) {
	t.Helper()
	timeout := time.After(patience)
	for !strings.Contains(o.String(), word) {
		select {
		case <-o.more:
		case <-timeout:
			t.Fatalf("no %q in %q", word, o.String())
		}
	}
}

func child(t *testing.T, kind string) (*Child, *output) {
	t.Helper()
	out := newOutput()
	c, err := Start(os.Args[0], nil, append(os.Environ(), role+"="+kind), out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c, out
}

func ended(t *testing.T, c *Child) {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(patience):
		t.Fatal("the child did not end")
	}
}

func TestChild_StopLetsItEndInOrder(t *testing.T) {
	c, out := child(t, "good")
	out.wait(t, "running")
	c.Stop()
	if got := c.Ending(); got != "ended" || !strings.Contains(out.String(), "ending") {
		t.Errorf("%s: %s", got, out)
	}
	c.Stop() // twice does no harm
}

func TestChild_KilledIsSaid(t *testing.T) {
	c, out := child(t, "good")
	out.wait(t, "running")
	process, err := os.FindProcess(c.PID())
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended(t, c)
	if got := c.Ending(); got != "was killed" {
		t.Error(got)
	}
}

func TestChild_FailureIsSaid(t *testing.T) {
	c, _ := child(t, "fails")
	ended(t, c)
	if got := c.Ending(); got != "ended (exit status 7)" {
		t.Error(got)
	}
}

// The pipe is closed as it is when the parent is killed and can clean up nothing.
func TestChild_EndsWithItsParent(t *testing.T) {
	c, out := child(t, "good")
	out.wait(t, "running")
	_ = c.stdin.Close()
	ended(t, c)
	if got := c.Ending(); got != "ended" {
		t.Error(got)
	}
}

func TestStart_MissingProgramIsAnError(t *testing.T) {
	if _, err := Start("/does/not/exist", nil, nil, io.Discard); err == nil {
		t.Error("started")
	}
}

func TestGuide_CommandsCanBePasted(t *testing.T) {
	var out bytes.Buffer
	g := Guide{Out: &out, Page: "http://localhost:3000/", Restart: []string{"/my dir/it's/hub", "demo", "service", "--hub", "127.0.0.1:7420"}}
	g.Welcome(42)
	g.Ended(42, "was killed")
	for _, want := range []string{
		"chat:      http://localhost:3000/\n", "\n      kill -9 42\n", "process 42) was killed",
		`'/my dir/it'\''s/hub' demo service --hub 127.0.0.1:7420` + "\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, out.String())
		}
	}
}

func TestPage_ServesItsFilesAndNothingElse(t *testing.T) {
	h := Page(fstest.MapFS{
		"index.html": {Data: []byte("<title>chat</title>")}, "main.js": {Data: []byte("go()")},
	})
	for _, tt := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/", 200, "chat"},
		{"GET", "/main.js", 200, "go()"},
		{"HEAD", "/main.js", 200, ""},
		{"GET", "/other", 404, ""},
		{"GET", "/../../etc/passwd", 404, ""},
		{"POST", "/", 405, ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, w.Code, w.Body)
		}
		if tt.status == http.StatusOK && w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: sniffed", tt.path)
		}
	}
}
