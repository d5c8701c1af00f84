package jwt

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"

	"github.com/siohub/siohub/internal/virtualtime"
)

// endpoint is a key source in memory.
type endpoint struct {
	mu    sync.Mutex
	keys  []byte // nil: it cannot be reached
	delay time.Duration
	asked atomic.Int32
}

func (e *endpoint) set(keys []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keys = keys
}

// RoundTrip implements http.RoundTripper.
func (e *endpoint) RoundTrip(*http.Request) (*http.Response, error) {
	e.asked.Add(1)
	time.Sleep(e.delay)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.keys == nil {
		return nil, errors.New("refused")
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(string(e.keys)))}, nil
}

// open gives a Verifier whose keys are at the endpoint, running.
func (e *endpoint) open(t *testing.T, options Options) *Verifier {
	t.Helper()
	is := &issuer{
		Issuer:     Issuer{Name: "https://id.test", Audiences: []string{"hub"}, URL: "https://id.test/keys"},
		algorithms: []jwa.SignatureAlgorithm{jwa.EdDSA()},
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	is.source = newSource(is.URL, teller(options, is.Issuer))
	is.source.client.Transport = e
	v := &Verifier{issuers: []*issuer{is}}
	if err := v.open(t.Context(), is); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		v.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return v
}

// wait verifies as somebody does who can wait.
func wait(v *Verifier, token string) error {
	seen := time.Now()
	for {
		_, err := v.Verify(token, seen)
		var pending *PendingError
		if !errors.As(err, &pending) {
			return err
		}
		<-pending.Done
	}
}

func TestSource_RotationIsNoticedByTheFirstToken(t *testing.T) {
	old, next := newSigner(t, jwa.EdDSA(), "old"), newSigner(t, jwa.EdDSA(), "next")
	oldKeys, nextKeys := set(t, old), set(t, next)
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{keys: oldKeys, delay: 100 * time.Millisecond}
		v := e.open(t, Options{})
		virtualtime.Pass(time.Minute)
		e.set(nextKeys)
		start := time.Now()
		if err := wait(v, next.sign(t, valid())); err != nil || time.Since(start) > time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if err := wait(v, old.sign(t, valid())); !errors.Is(err, ErrKey) {
			t.Errorf("the old key: %v", err)
		}
	})
}

func TestSource_UnknownKeysDoNotFlood(t *testing.T) {
	known, stranger := newSigner(t, jwa.EdDSA(), "known"), newSigner(t, jwa.EdDSA(), "stranger")
	keys := set(t, known)
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{keys: keys, delay: 50 * time.Millisecond}
		v := e.open(t, Options{})
		token := stranger.sign(t, valid())
		var running sync.WaitGroup
		for range 100 {
			running.Go(func() {
				for range 10 {
					if err := wait(v, token); !errors.Is(err, ErrKey) {
						t.Error(err)
					}
				}
			})
		}
		start := time.Now()
		running.Wait()
		if n, most := e.asked.Load(), int32(time.Since(start)/refreshGap)+2; n > most {
			t.Errorf("%d fetches in %s", n, time.Since(start))
		}
		if err := wait(v, known.sign(t, valid())); err != nil {
			t.Error(err)
		}
	})
}

func TestSource_OutageKeepsTheOldKeysAndIsTold(t *testing.T) {
	s, next := newSigner(t, jwa.EdDSA(), "k"), newSigner(t, jwa.EdDSA(), "next")
	keys, both := set(t, s), set(t, s, next)
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		failed, succeeded := 0, 0
		e := &endpoint{keys: keys}
		v := e.open(t, Options{
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Refreshed: func(_ string, err error) {
				if err != nil {
					failed++
				} else {
					succeeded++
				}
			},
		})
		e.set(nil)
		virtualtime.Pass(10 * time.Minute)
		token := s.sign(t, valid())
		if _, err := v.Verify(token, time.Now()); err != nil {
			t.Errorf("the old keys are gone: %v", err)
		}
		if err := wait(v, next.sign(t, valid())); !errors.Is(err, ErrKeysUnread) || !errors.Is(err, ErrKey) {
			t.Errorf("an unknown key in the outage: %v", err)
		}
		if failed < 5 || strings.Count(log.String(), "not read again") != 1 || strings.Contains(log.String(), token) {
			t.Errorf("%d failures, log: %s", failed, log.String())
		}
		e.set(both)
		virtualtime.Pass(time.Minute)
		if _, err := v.Verify(next.sign(t, valid()), time.Now()); err != nil || succeeded < 2 {
			t.Errorf("after the outage: %v, %d", err, succeeded)
		}
		if !strings.Contains(log.String(), "are read again") {
			t.Error(log.String())
		}
	})
}

func TestSource_BadAnswersAreNoKeys(t *testing.T) {
	good := set(t, newSigner(t, jwa.EdDSA(), "k"))
	answer := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			_, _ = w.Write(good)
		case "/redirect":
			http.Redirect(w, r, "/good", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/away":
			http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusFound)
		case "/html":
			_, _ = w.Write([]byte("<html>planted</html>"))
		case "/large":
			_, _ = w.Write([]byte(`{"keys":[` + strings.Repeat(" ", maxSetBytes) + `]}`))
		default:
			http.NotFound(w, r)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(answer))
	defer server.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for path, ok := range map[string]bool{
		"/good": true, "/redirect": true, "/loop": false, "/away": false, "/html": false, "/large": false, "/none": false,
	} {
		_, err := Open(t.Context(), []Issuer{{URL: server.URL + path}}, Options{})
		if (err == nil) != ok {
			t.Errorf("%s: %v", path, err)
		}
		if err != nil && strings.Contains(err.Error(), "planted") {
			t.Error(err)
		}
	}
	_, err := Open(t.Context(), []Issuer{{URL: "http://127.0.0.1:1/keys?key=planted"}}, Options{})
	if err == nil || strings.Contains(err.Error(), "planted") {
		t.Error(err)
	}
}
