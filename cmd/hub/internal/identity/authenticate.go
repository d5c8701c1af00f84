package identity

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/jwt"
	"github.com/siohub/siohub/cmd/hub/internal/token"
	"github.com/siohub/siohub/controlplane/access"
)

const (
	// maxWaiting is how many calls may wait for keys of issuers at the same time.
	maxWaiting = 64
	// keysTimeout is how long one of them waits.
	keysTimeout = 10 * time.Second
)

// Authenticate implements access.Authenticator.
func (a *Authenticator) Authenticate(ctx context.Context, c access.Credentials) (*access.Identity, error) {
	switch {
	case c.Token != "":
		return a.byToken(ctx, c.Token)
	case len(c.Certificates) > 0:
		return a.byCertificate(c.Certificates[0])
	case len(a.fixed) == 0 && a.options.File == "" && len(a.options.Issuers) == 0:
		return nil, access.ErrCertificateMissing
	}
	return nil, access.ErrTokenMissing
}

func (a *Authenticator) byToken(ctx context.Context, given string) (*access.Identity, error) {
	hash := token.HashOf(given)
	fixed, file := a.fixed.find(hash), a.file.find(hash)
	switch {
	case fixed != nil:
		return fixed.identity, nil
	case file != nil:
		return file.identity, nil
	case len(a.options.Issuers) == 0 || strings.Count(given, ".") != 2:
		return nil, access.ErrTokenWrong
	}
	claims, err := a.verify(ctx, given)
	if err == nil {
		return a.byClaims(claims)
	}
	a.log.Debug("token refused", "cause", err)
	switch {
	case errors.Is(err, jwt.ErrExpired):
		return nil, access.ErrTokenExpired
	case errors.Is(err, access.ErrKeysPending), errors.Is(err, jwt.ErrKeysUnread):
		// Nothing was found out about the token: who shows it may come again.
		return nil, access.ErrKeysPending
	}
	return nil, access.ErrTokenWrong
}

// verify verifies a JWT. It waits for keys that are being fetched, in a bounded number
// of calls and for a bounded time; beyond that the error is access.ErrKeysPending.
func (a *Authenticator) verify(ctx context.Context, given string) (*jwt.Claims, error) {
	seen := time.Now()
	if a.options.Once {
		seen = time.Time{} // the keys are as new as can be
	}
	claims, err := a.verifier.Verify(given, seen)
	var pending *jwt.PendingError
	if !errors.As(err, &pending) {
		return claims, err
	}
	select {
	case a.waiting <- struct{}{}:
		defer func() { <-a.waiting }()
	default:
		return nil, access.ErrKeysPending
	}
	ctx, cancel := context.WithTimeout(ctx, keysTimeout)
	defer cancel()
	for errors.As(err, &pending) {
		select {
		case <-pending.Done:
		case <-ctx.Done():
			return nil, access.ErrKeysPending
		}
		claims, err = a.verifier.Verify(given, seen)
	}
	return claims, err
}

// byClaims finds the identity that the issuer has named.
func (a *Authenticator) byClaims(c *jwt.Claims) (*access.Identity, error) {
	is := &a.options.Issuers[c.Index]
	if name := is.identity(c); name != "" {
		return &access.Identity{Name: name, Permissions: a.permissionsOf(name), ExpireTime: c.Expire}, nil
	}
	a.log.Debug("token refused", "cause", fmt.Sprintf("the claim %q names no identity", is.claim()))
	return nil, access.ErrTokenWrong
}

func (is *Issuer) claim() string {
	if is.NameClaim == "" {
		return "sub"
	}
	return is.NameClaim
}

// identity is the name that a token's claim stands for. Empty when it stands for none.
func (is *Issuer) identity(c *jwt.Claims) string {
	for _, value := range c.Texts(is.claim()) {
		if len(is.Identities) > 0 {
			value = is.Identities[value]
		}
		if checkName(value) {
			return value
		}
	}
	return ""
}

// byCertificate finds the identity that a verified certificate names: the first of its
// URIs, DNS names and its common name that has rules, or without any the first.
func (a *Authenticator) byCertificate(c *x509.Certificate) (*access.Identity, error) {
	var names []string
	for _, uri := range c.URIs {
		names = append(names, uri.String())
	}
	names = append(append(names, c.DNSNames...), c.Subject.CommonName)
	first := ""
	for _, name := range names {
		if !checkName(name) {
			continue
		}
		if _, known := a.options.Permissions[name]; known {
			return a.certified(name, c), nil
		}
		if first == "" {
			first = name
		}
	}
	if first == "" {
		return nil, access.ErrCertificateUnknown
	}
	return a.certified(first, c), nil
}

func (a *Authenticator) certified(name string, c *x509.Certificate) *access.Identity {
	return &access.Identity{
		Name: name, Permissions: a.permissionsOf(name), ExpireTime: c.NotAfter, Expired: access.ErrCertificateExpired,
	}
}

// maxNameBytes bounds names that issuers and certificates give.
const maxNameBytes = 256

func checkName(name string) bool {
	return name != "" && len(name) <= maxNameBytes && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xFFFD })
}

// sourceError says which setting of which issuer cannot be used.
func sourceError(err error) error {
	var source *jwt.SourceError
	if !errors.As(err, &source) {
		return err
	}
	return &Error{Key: source.Key, Value: source.Value, Err: source.Err}
}
