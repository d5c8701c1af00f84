package jwttest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

// Issuer signs tokens with its newest key (EdDSA).
type Issuer struct {
	// Name and Audience are claims of all tokens.
	Name, Audience string

	t   testing.TB
	key jwk.Key

	mu   sync.Mutex // guards the fields below
	set  []byte
	down bool
}

// New makes an issuer with one key.
func New(t testing.TB, name, audience string) *Issuer {
	t.Helper()
	i := &Issuer{Name: name, Audience: audience, t: t}
	i.Rotate("k1")
	return i
}

// Rotate exchanges the key: tokens of the old one are not taken any more.
func (i *Issuer) Rotate(kid string) {
	i.t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	if i.key, err = jwk.Import(private); err != nil {
		i.t.Fatal(err)
	}
	_ = i.key.Set(jwk.KeyIDKey, kid)
	public, err := i.key.PublicKey()
	if err != nil {
		i.t.Fatal(err)
	}
	set := jwk.NewSet()
	_ = set.AddKey(public)
	text, err := json.Marshal(set)
	if err != nil {
		i.t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.set = text
}

// Set is the JWK set.
func (i *Issuer) Set() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.set
}

// Down lets the handler fail, or answer again.
func (i *Issuer) Down(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// ServeHTTP implements http.Handler: it answers with the JWK set.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write(i.set)
}

// Token signs claims; `iss`, `aud` and an `exp` in an hour are added where they are
// missing. A claim that is nil is left out.
func (i *Issuer) Token(claims map[string]any) string {
	i.t.Helper()
	all := map[string]any{"iss": i.Name, "aud": i.Audience, "exp": time.Now().Add(time.Hour).Unix()}
	for name, value := range claims {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	payload, err := json.Marshal(all)
	if err != nil {
		i.t.Fatal(err)
	}
	token, err := jws.Sign(payload, jws.WithKey(jwa.EdDSA(), i.key))
	if err != nil {
		i.t.Fatal(err)
	}
	return string(token)
}
