package jwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// How keys of a URL are fetched.
const (
	refreshEvery = 5 * time.Minute  // when all is well
	retryEvery   = 30 * time.Second // after a failure
	refreshGap   = 5 * time.Second  // from one fetch to the next at least
	fetchTimeout = 5 * time.Second
	maxRedirects = 3
)

// source is where the keys of one issuer stand, and what was last read there.
type source struct {
	// Set at construction.
	url    string
	client *http.Client
	told   func(error) // what came of a refresh

	keys atomic.Pointer[keySet] // never nil once the source is open

	// wanted has room for one wish to refresh.
	wanted chan struct{}

	mu       sync.Mutex    // guards the fields below; a leaf
	started  time.Time     // start of the newest refresh that has ended
	failed   bool          // that refresh
	finished chan struct{} // closed when the next refresh ends
}

func newSource(url string, told func(error)) *source {
	return &source{
		url: url, told: told, wanted: make(chan struct{}, 1), finished: make(chan struct{}),
		client: &http.Client{Timeout: fetchTimeout, CheckRedirect: sameScheme},
	}
}

// sameScheme keeps a redirect from leaving TLS.
func sameScheme(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || req.URL.Scheme != via[0].URL.Scheme {
		return errors.New("redirected too often, or away from https")
	}
	return nil
}

// missing asks for a refresh because a token that was seen at this time names a key
// that is not there. It returns what to wait for, or, when a refresh has ended since, so
// that waiting is of no use, ErrKey or ErrKeysUnread.
func (s *source) missing(seen time.Time) (<-chan struct{}, error) {
	if s.url == "" {
		return nil, ErrKey
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.started.Before(seen):
	case s.failed:
		return nil, ErrKeysUnread
	default:
		return nil, ErrKey
	}
	select {
	case s.wanted <- struct{}{}:
	default:
	}
	return s.finished, nil
}

// run refreshes the keys until ctx ends.
func (s *source) run(ctx context.Context) {
	next := time.NewTimer(refreshEvery)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		case <-s.wanted:
			if !sleep(ctx, s.gap()) {
				return
			}
		}
		wait := refreshEvery
		if s.refresh(ctx) != nil {
			wait = retryEvery
		}
		next.Reset(wait)
	}
}

// gap is the time until the next refresh may begin.
func (s *source) gap() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return refreshGap - time.Since(s.started)
}

func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// first reads the keys for the first time. Its error is for the caller alone.
func (s *source) first(ctx context.Context) error {
	start := time.Now()
	keys, err := s.fetch(ctx)
	if err == nil {
		s.ended(start, keys, nil)
	}
	return err
}

// refresh reads the keys anew. Those that were there stay when it fails.
func (s *source) refresh(ctx context.Context) error {
	start := time.Now()
	keys, err := s.fetch(ctx)
	if ctx.Err() == nil { // otherwise the process ends
		s.ended(start, keys, err)
	}
	return err
}

// ended takes what came of a refresh.
func (s *source) ended(start time.Time, keys *keySet, err error) {
	if err == nil {
		s.keys.Store(keys)
	}
	s.told(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started, s.failed = start, err != nil
	close(s.finished)
	s.finished = make(chan struct{})
}

func (s *source) fetch(ctx context.Context) (*keySet, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		var urlErr *url.Error
		if errors.As(err, &urlErr) {
			err = urlErr.Err // without the URL, which stands beside it
		}
		return nil, fmt.Errorf("cannot be reached: %w; want a URL that answers with a JWK set", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answers with status %d; want a JWK set", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSetBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return parseKeys(body)
}
