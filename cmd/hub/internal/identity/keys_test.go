package identity

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/jwt"
	"github.com/siohub/siohub/cmd/hub/internal/jwttest"
	"github.com/siohub/siohub/controlplane/access"
)

// rotated is an issuer of which nobody has seen the newest key, and a token signed by it.
func rotated(t *testing.T, once bool) (*Authenticator, *jwttest.Issuer, access.Credentials) {
	t.Helper()
	id := jwttest.New(t, "https://id.test", "hub")
	keys := httptest.NewServer(id)
	t.Cleanup(keys.Close)
	a := open(t, Options{Once: once, Issuers: []Issuer{{Issuer: jwt.Issuer{
		Name: id.Name, Audiences: []string{id.Audience}, Algorithms: []string{"EdDSA"}, URL: keys.URL,
	}}}})
	id.Rotate("k2")
	return a, id, access.Credentials{Token: id.Token(map[string]any{"sub": "chat"})}
}

// A token of which nothing could be found out must not be called wrong: its service
// would take that as final.
func TestAuthenticate_KeysThatCannotBeHadNowAreNotAWrongToken(t *testing.T) {
	t.Run("too many wait", func(t *testing.T) {
		a, _, shown := rotated(t, false)
		for range maxWaiting {
			a.waiting <- struct{}{}
		}
		if _, err := a.Authenticate(t.Context(), shown); !errors.Is(err, access.ErrKeysPending) {
			t.Error(err)
		}
	})
	t.Run("the wait is over", func(t *testing.T) {
		a, _, shown := rotated(t, false) // nobody runs it
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := a.Authenticate(ctx, shown); !errors.Is(err, access.ErrKeysPending) {
			t.Error(err)
		}
	})
	t.Run("the source is down", func(t *testing.T) {
		a, id, shown := rotated(t, false)
		id.Down(true)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			a.Run(ctx)
		}()
		_, err := a.Authenticate(t.Context(), shown)
		cancel()
		<-ended
		if !errors.Is(err, access.ErrKeysPending) {
			t.Error(err)
		}
	})
}

func TestAuthenticate_OnceWaitsForNoKeys(t *testing.T) {
	a, _, shown := rotated(t, true)
	start := time.Now()
	if _, err := a.Authenticate(t.Context(), shown); !errors.Is(err, access.ErrTokenWrong) {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}
