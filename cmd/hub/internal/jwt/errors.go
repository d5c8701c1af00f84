package jwt

import (
	"errors"
	"fmt"
)

// Why a token is not taken. None of these errors has a part of the token in it.
var (
	// ErrMalformed: it is no signed JWT in compact form.
	ErrMalformed = errors.New("jwt: not a signed token")
	// ErrAlgorithm: it is signed by an algorithm that is not configured.
	ErrAlgorithm = errors.New("jwt: algorithm not taken")
	// ErrIssuer: nobody knows its issuer.
	ErrIssuer = errors.New("jwt: unknown issuer")
	// ErrKey: the issuer has no key that could have signed it.
	ErrKey = errors.New("jwt: unknown key")
	// ErrKeysUnread is an ErrKey where the newest try to read the keys failed: the issuer
	// may have one by now.
	ErrKeysUnread = fmt.Errorf("%w; the keys of the issuer could not be read again", ErrKey)
	// ErrSignature: the signature is wrong.
	ErrSignature = errors.New("jwt: wrong signature")
	// ErrExpired: it was valid once.
	ErrExpired = errors.New("jwt: expired")
	// ErrNotYet: it is not valid yet.
	ErrNotYet = errors.New("jwt: not valid yet")
	// ErrAudience: it is meant for somebody else.
	ErrAudience = errors.New("jwt: wrong audience")
	// ErrClaims: a claim that is required is missing or has a wrong form.
	ErrClaims = errors.New("jwt: a required claim is missing or invalid")
)

// PendingError is a token whose key is not known while the keys are fetched again.
type PendingError struct {
	// Done is closed when it is worth to ask again.
	Done <-chan struct{}
}

// Error implements error.
func (*PendingError) Error() string { return "jwt: the keys of the issuer are being fetched" }

// SourceError is a key source that cannot be used from the start.
type SourceError struct {
	// Key is that of the issuer's setting: where it is configured, and `jwks_file` or `jwks_url`. Value is what it says.
	Key, Value string
	Err        error
}

// Error implements error.
func (e *SourceError) Error() string { return fmt.Sprintf("jwt: keys of %s: %v", e.Value, e.Err) }

// Unwrap implements errors.Unwrap.
func (e *SourceError) Unwrap() error { return e.Err }
