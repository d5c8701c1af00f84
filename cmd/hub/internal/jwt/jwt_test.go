package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// signer is a key of an issuer.
type signer struct {
	alg jwa.SignatureAlgorithm
	key jwk.Key
}

func newSigner(t *testing.T, alg jwa.SignatureAlgorithm, kid string) signer {
	t.Helper()
	var raw crypto.PrivateKey
	var err error
	switch alg.String()[:2] {
	case "RS", "PS":
		raw, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES":
		raw, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, raw, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	key, err := jwk.Import(raw)
	if err != nil {
		t.Fatal(err)
	}
	if kid != "" {
		_ = key.Set(jwk.KeyIDKey, kid)
	}
	return signer{alg, key}
}

// set is a JWK set with the public halves.
func set(t *testing.T, signers ...signer) []byte {
	t.Helper()
	s := jwk.NewSet()
	for _, one := range signers {
		public, err := one.key.PublicKey()
		if err == nil {
			err = s.AddKey(public)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type claims map[string]any

func valid() claims {
	return claims{"iss": "https://id.test", "aud": "hub", "sub": "u1", "exp": time.Now().Add(time.Hour).Unix()}
}

func (c claims) with(name string, value any) claims {
	c = maps.Clone(c)
	if c[name] = value; value == nil {
		delete(c, name)
	}
	return c
}

func (s signer) sign(t *testing.T, c claims) string {
	t.Helper()
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.Sign(payload, jws.WithKey(s.alg, s.key))
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// fileVerifier knows one issuer by a file.
func fileVerifier(t *testing.T, keys []byte, algorithms ...string) *Verifier {
	t.Helper()
	v, err := openFile(t, keys, algorithms...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func openFile(t *testing.T, keys []byte, algorithms ...string) (*Verifier, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, keys, 0o600); err != nil {
		t.Fatal(err)
	}
	return Open(t.Context(), []Issuer{{
		Name: "https://id.test", Audiences: []string{"hub", "other"}, Algorithms: algorithms, File: path,
	}}, Options{})
}

func TestVerify_EveryAlgorithm(t *testing.T) {
	for _, name := range AlgorithmNames() {
		alg, _ := algorithmOf(name)
		if name == "ES384" || name == "ES512" {
			continue // the signer makes P-256 keys
		}
		s := newSigner(t, alg, "k1")
		c, err := fileVerifier(t, set(t, s), name).Verify(s.sign(t, valid()), time.Now())
		if err != nil || c.Text("sub") != "u1" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerify_Claims(t *testing.T) {
	s := newSigner(t, jwa.ES256(), "k1")
	v := fileVerifier(t, set(t, s), "ES256", "EdDSA")
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	for name, c := range map[string]struct {
		claims claims
		want   error
	}{
		"valid":                 {valid(), nil},
		"audience in a list":    {valid().with("aud", []string{"x", "other"}), nil},
		"expired in the skew":   {valid().with("exp", ago(20*time.Second)), nil},
		"not yet in the skew":   {valid().with("nbf", ago(-20*time.Second)), nil},
		"fraction":              {valid().with("exp", 4e9+0.5), nil},
		"expired":               {valid().with("exp", ago(31*time.Second)), ErrExpired},
		"not yet":               {valid().with("nbf", ago(-40*time.Second)), ErrNotYet},
		"issued in the future":  {valid().with("iat", ago(-time.Hour)), ErrNotYet},
		"no expiry":             {valid().with("exp", nil), ErrClaims},
		"expiry of null":        {claims{"iss": "https://id.test", "aud": "hub", "exp": json.RawMessage("null")}, ErrClaims},
		"expiry as a word":      {valid().with("exp", "never"), ErrClaims},
		"expiry without end":    {valid().with("exp", json.RawMessage("1e400")), ErrClaims},
		"expiry as a list":      {valid().with("exp", []int{1}), ErrClaims},
		"other issuer":          {valid().with("iss", "https://id.test/"), ErrIssuer},
		"no issuer":             {valid().with("iss", nil), ErrIssuer},
		"issuer is a list":      {valid().with("iss", []string{"https://id.test"}), ErrIssuer},
		"other audience":        {valid().with("aud", "hubs"), ErrAudience},
		"no audience":           {valid().with("aud", nil), ErrAudience},
		"audience is a number":  {valid().with("aud", 7), ErrClaims},
		"audience is not exact": {valid().with("aud", "Hub"), ErrAudience},
	} {
		got, err := v.Verify(s.sign(t, c.claims), time.Now())
		if !errors.Is(err, c.want) || (got == nil) != (err != nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	c, err := v.Verify(s.sign(t, valid().with("exp", ago(10*time.Second))), time.Now())
	if err != nil || time.Until(c.Expire) < 15*time.Second || time.Until(c.Expire) > 21*time.Second {
		t.Errorf("within the skew a token ends with the skew: %v, %v", c, err)
	}
	if c, err = v.Verify(s.sign(t, valid().with("n", json.RawMessage("9007199254740993"))), time.Now()); err != nil || c.All["n"] != json.Number("9007199254740993") {
		t.Errorf("numbers lose digits: %v, %v", c, err)
	}
}

func TestVerify_Forgeries(t *testing.T) {
	s, ec := newSigner(t, jwa.RS256(), "k1"), newSigner(t, jwa.ES256(), "k2")
	stranger := newSigner(t, jwa.RS256(), "k1")
	v := fileVerifier(t, set(t, s, ec), "RS256", "ES256")
	payload, _ := json.Marshal(valid())
	good := s.sign(t, valid())
	parts := strings.Split(good, ".")
	craft := func(header string) string { return b64(header) + "." + b64(string(payload)) }
	// The public key as a secret: the oldest forgery of all.
	var raw rsa.PublicKey
	public, _ := s.key.PublicKey()
	if err := jwk.Export(public, &raw); err != nil {
		t.Fatal(err)
	}
	der, _ := x509.MarshalPKIXPublicKey(&raw)
	hs := craft(`{"alg":"HS256","kid":"k1"}`)
	mac := hmac.New(sha256.New, der)
	mac.Write([]byte(hs))
	hs += "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"none":                  {craft(`{"alg":"none"}`) + ".", ErrAlgorithm},
		"none with a signature": {craft(`{"alg":"none"}`) + "." + parts[2], ErrAlgorithm},
		"NONE":                  {craft(`{"alg":"NONE"}`) + "." + parts[2], ErrMalformed},
		"HS256":                 {hs, ErrAlgorithm},
		"not configured":        {signer{jwa.PS256(), s.key}.sign(t, valid()), ErrAlgorithm},
		"algorithm of another":  {craft(`{"alg":"ES256","kid":"k1"}`) + "." + parts[2], ErrKey},
		"stranger":              {stranger.sign(t, valid()), ErrSignature},
		"tampered":              {parts[0] + "." + b64(strings.Replace(string(payload), "u1", "u2", 1)) + "." + parts[2], ErrSignature},
		"unknown key":           {newSigner(t, jwa.RS256(), "k9").sign(t, valid()), ErrKey},
		"no key id":             {newSigner(t, jwa.RS256(), "").sign(t, valid()), ErrSignature},
		"key of its own": {
			craft(`{"alg":"RS256","jwk":`+string(set(t, stranger))+`,"jku":"http://127.0.0.1:1/"}`) + "." + parts[2], ErrMalformed,
		},
		"critical": {craft(`{"alg":"RS256","kid":"k1","crit":["b64"],"b64":false}`) + "." + parts[2], ErrMalformed},
		"empty":    {"", ErrMalformed}, "dots": {"..", ErrMalformed}, "one part": {"abc", ErrMalformed},
		"two parts": {parts[0] + "." + parts[1], ErrMalformed}, "five parts": {good + ".a.b", ErrMalformed},
		"no signature":  {parts[0] + "." + parts[1] + ".", ErrMalformed},
		"no algorithm":  {craft(`{"kid":"k1"}`) + "." + parts[2], ErrAlgorithm},
		"not an object": {parts[0] + "." + b64(`[1]`) + "." + parts[2], ErrMalformed},
		"two objects":   {parts[0] + "." + b64(`{}{}`) + "." + parts[2], ErrMalformed},
		"null":          {parts[0] + "." + b64(`null`) + "." + parts[2], ErrMalformed},
		"JSON form":     {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, ErrMalformed},
		"too large":     {good + strings.Repeat("A", maxTokenBytes), ErrMalformed},
		"blanks":        {" " + good, ErrMalformed},
	} {
		_, err := v.Verify(c.token, time.Now())
		if name == "blanks" && err == nil {
			continue // the library may trim
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil && len(c.token) > 10 && strings.Contains(err.Error(), c.token[:10]) {
			t.Errorf("%s: the error has the token", name)
		}
	}
	if _, err := v.Verify(good, time.Now()); err != nil {
		t.Errorf("the real one: %v", err)
	}
}

func TestVerify_KeysWithoutNamesAreTried(t *testing.T) {
	a, b := newSigner(t, jwa.EdDSA(), ""), newSigner(t, jwa.EdDSA(), "")
	v := fileVerifier(t, set(t, a, b), "EdDSA")
	if _, err := v.Verify(b.sign(t, valid()), time.Now()); err != nil {
		t.Error(err)
	}
}

func TestVerify_IssuersAndAudiences(t *testing.T) {
	a, b := newSigner(t, jwa.EdDSA(), "k"), newSigner(t, jwa.EdDSA(), "k")
	dir := t.TempDir()
	var list []Issuer
	for i, c := range []struct {
		name, audience string
		key            signer
	}{{"a", "x", a}, {"a", "y", b}, {"b", "x", b}} {
		path := filepath.Join(dir, string(rune('0'+i)))
		if err := os.WriteFile(path, set(t, c.key), 0o600); err != nil {
			t.Fatal(err)
		}
		list = append(list, Issuer{Name: c.name, Audiences: []string{c.audience}, Algorithms: []string{"EdDSA"}, File: path})
	}
	v, err := Open(t.Context(), list, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		issuer, audience string
		key              signer
		want             error
	}{
		{"a", "x", a, nil}, {"b", "x", b, nil}, {"b", "x", a, ErrSignature}, {"a", "z", a, ErrAudience}, {"c", "x", a, ErrIssuer},
	} {
		token := c.key.sign(t, valid().with("iss", c.issuer).with("aud", c.audience))
		if _, err := v.Verify(token, time.Now()); !errors.Is(err, c.want) {
			t.Errorf("%s %s: %v, want %v", c.issuer, c.audience, err, c.want)
		}
	}
}

func TestOpen_BadKeySets(t *testing.T) {
	ok := newSigner(t, jwa.EdDSA(), "k")
	secret, _ := jwk.Import([]byte("planted-secret-0123456789abcdef"))
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip(err)
	}
	short := `{"keys":[{"kty":"RSA","kid":"k","e":"AQAB","n":"` + base64.RawURLEncoding.EncodeToString(small.N.Bytes()) + `"}]}`
	encryption := newSigner(t, jwa.EdDSA(), "k")
	_ = encryption.key.Set(jwk.KeyUsageKey, "enc")
	secretText, _ := json.Marshal(secret)
	for name, keys := range map[string]string{
		"empty": "", "no JSON": "planted", "no keys": `{"keys":[]}`, "a list": "[]",
		"a secret": `{"keys":[` + string(secretText) + `]}`, "short RSA": short,
		"encryption": string(set(t, encryption)), "unknown kind": `{"keys":[{"kty":"XX","kid":"a"}]}`,
	} {
		_, err := openFile(t, []byte(keys), "EdDSA")
		var bad *SourceError
		if !errors.As(err, &bad) || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v", name, err)
		}
	}
	mixed := strings.Replace(string(set(t, ok)), `"keys":[`, `"keys":[{"kty":"XX"},`+string(secretText)+`,`, 1)
	if _, err := fileVerifier(t, []byte(mixed), "EdDSA").Verify(ok.sign(t, valid()), time.Now()); err != nil {
		t.Errorf("an unknown key beside a good one: %v", err)
	}
	if _, err := Open(t.Context(), []Issuer{{File: filepath.Join(t.TempDir(), "none")}}, Options{}); err == nil {
		t.Error("a missing file is taken")
	}
}

func FuzzVerify(f *testing.F) {
	t := &testing.T{}
	s := newSigner(t, jwa.EdDSA(), "k1")
	keys, err := parseKeys(set(t, s))
	if err != nil {
		f.Fatal(err)
	}
	v := &Verifier{issuers: []*issuer{{
		Issuer:     Issuer{Name: "https://id.test", Audiences: []string{"hub"}},
		algorithms: []jwa.SignatureAlgorithm{jwa.EdDSA()}, source: newSource("", func(error) {}),
	}}}
	v.issuers[0].source.keys.Store(keys)
	good := s.sign(t, valid())
	f.Add(good)
	f.Add(b64(`{"alg":"EdDSA","kid":"k1"}`) + "." + b64(`{"iss":"https://id.test","exp":1e400}`) + ".AA")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		if c, err := v.Verify(token, time.Now()); err == nil && strings.Join(strings.Fields(token), "") != good {
			// base64 has unused bits at its end, so that the same signature has more than
			// one spelling; the claims are what was signed.
			if c.Text("sub") != "u1" {
				t.Errorf("forged: %q", token)
			}
		}
	})
}
