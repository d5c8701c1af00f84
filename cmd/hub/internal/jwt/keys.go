package jwt

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

// Limits of a key set.
const (
	maxSetBytes = 1 << 20
	maxKeys     = 256
	minRSABits  = 2048
	// maxTries is how many keys are tried for a token that names none.
	maxTries = 8
)

// keySet are the public keys of an issuer. It never changes.
type keySet struct {
	keys []jwk.Key
}

// parseKeys reads a JWK set. Keys that cannot verify a signature are passed over:
// secrets, keys for encryption, kinds that are not known, RSA keys that are too short.
func parseKeys(text []byte) (*keySet, error) {
	if len(text) > maxSetBytes {
		return nil, fmt.Errorf("larger than %d bytes", maxSetBytes)
	}
	set, err := jwk.Parse(text, jwk.WithIgnoreParseError(true))
	if err != nil {
		// The library's error might repeat what it read.
		return nil, errors.New("not a JWK set; want {\"keys\": […]}")
	}
	if set.Len() > maxKeys {
		return nil, fmt.Errorf("more than %d keys", maxKeys)
	}
	s := &keySet{}
	for i := range set.Len() {
		key, _ := set.Key(i)
		if public, ok := publicKey(key); ok {
			s.keys = append(s.keys, public)
		}
	}
	if len(s.keys) == 0 {
		return nil, errors.New("has no public key that verifies signatures")
	}
	return s, nil
}

// publicKey is what of a key verifies signatures.
func publicKey(key jwk.Key) (jwk.Key, bool) {
	switch key.KeyType() {
	case jwa.RSA(), jwa.EC(), jwa.OKP():
	default:
		return nil, false
	}
	if use, ok := key.KeyUsage(); ok && use != "sig" {
		return nil, false
	}
	public, err := key.PublicKey()
	if err != nil || public.Validate() != nil {
		return nil, false
	}
	if key.KeyType() == jwa.RSA() {
		var raw rsa.PublicKey
		if jwk.Export(public, &raw) != nil || raw.N.BitLen() < minRSABits {
			return nil, false
		}
	}
	return public, true
}

// find returns the keys that may have signed a token with this header. A token that
// names a key gets that one; known is false when there is none of this name.
func (s *keySet) find(alg jwa.SignatureAlgorithm, kid string) (found []jwk.Key, known bool) {
	for _, key := range s.keys {
		id, _ := key.KeyID()
		if kid != "" && id != kid {
			continue
		}
		known = true
		if fits(key, alg) && len(found) < maxTries {
			found = append(found, key)
		}
	}
	return found, known
}

// fits reports whether a key is one for an algorithm.
func fits(key jwk.Key, alg jwa.SignatureAlgorithm) bool {
	if own, ok := key.Algorithm(); ok && own.String() != alg.String() {
		return false
	}
	switch name := alg.String(); {
	case strings.HasPrefix(name, "RS"), strings.HasPrefix(name, "PS"):
		return key.KeyType() == jwa.RSA()
	case strings.HasPrefix(name, "ES"):
		return key.KeyType() == jwa.EC()
	}
	return key.KeyType() == jwa.OKP()
}
