package jwt

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwt"
)

// Claims are what an issuer has said. They must not be changed.
type Claims struct {
	// Index is the place, in the list of issuers, of the one that has verified them.
	Index int
	// Expire is when the token ends. Of a token that ended within the skew it is the
	// end of the skew.
	Expire time.Time
	// All has every claim; numbers are json.Number.
	All map[string]any

	payload []byte
}

// parseClaims reads a payload that must not be trusted yet.
func parseClaims(payload []byte) (*Claims, error) {
	c := &Claims{payload: payload}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	if err := decoder.Decode(&c.All); err != nil || c.All == nil {
		return nil, ErrMalformed
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrMalformed
	}
	return c, nil
}

// Issuer is the claim `iss`. Empty when it is missing or no text.
func (c *Claims) Issuer() string { return c.Text("iss") }

// Text is a claim that is a text. Empty when it is missing or something else.
func (c *Claims) Text(name string) string {
	text, _ := c.All[name].(string)
	return text
}

// Value is a claim. A name with dots that is no claim itself leads into objects:
// `realm_access.roles`.
func (c *Claims) Value(path string) (any, bool) {
	values := c.All
	for {
		if v, ok := values[path]; ok {
			return v, v != nil
		}
		name, rest, deeper := strings.Cut(path, ".")
		inner, ok := values[name].(map[string]any)
		if !deeper || !ok {
			return nil, false
		}
		values, path = inner, rest
	}
}

// Texts are a claim that is a text or a list of texts. Nil when it is missing or
// something else.
func (c *Claims) Texts(path string) []string {
	v, _ := c.Value(path)
	return Texts(v)
}

// Texts are a value that is a text or a list of texts. Nil when it is something else.
func Texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		texts := make([]string, 0, len(v))
		for _, x := range v {
			text, ok := x.(string)
			if !ok {
				return nil
			}
			texts = append(texts, text)
		}
		return texts
	}
	return nil
}

// maxSeconds is the last second of the year 9999.
const maxSeconds = 253402300799

// Time is a claim that is a number of seconds since 1970, as `exp` is.
func (c *Claims) Time(path string) (time.Time, bool) {
	v, _ := c.Value(path)
	number, ok := v.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > maxSeconds {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// validate checks what the issuer's settings ask for, and sets Expire.
func (c *Claims) validate(is *Issuer) error {
	token, err := jwt.Parse(c.payload, jwt.WithVerify(false), jwt.WithValidate(false))
	if err != nil {
		return ErrClaims
	}
	now := time.Now()
	err = jwt.Validate(token, jwt.WithAcceptableSkew(Skew), jwt.WithIssuer(is.Name), jwt.WithRequiredClaim(jwt.ExpirationKey),
		jwt.WithClock(jwt.ClockFunc(func() time.Time { return now })))
	switch {
	case errors.Is(err, jwt.TokenExpiredError()):
		return ErrExpired
	case errors.Is(err, jwt.TokenNotYetValidError()), errors.Is(err, jwt.InvalidIssuedAtError()):
		return ErrNotYet
	case err != nil:
		return ErrClaims
	}
	if !slices.ContainsFunc(c.Texts("aud"), func(a string) bool { return slices.Contains(is.Audiences, a) }) {
		return ErrAudience
	}
	c.Expire, _ = token.Expiration()
	if !c.Expire.After(now) {
		c.Expire = c.Expire.Add(Skew)
	}
	return nil
}
