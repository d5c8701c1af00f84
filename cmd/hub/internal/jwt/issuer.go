package jwt

import (
	"slices"

	"github.com/lestrrat-go/jwx/v3/jwa"
)

// Issuer says whose tokens are taken.
type Issuer struct {
	// Key is where it is configured, such as `control.jwt[1]`: what errors say.
	Key string
	// Name is what `iss` has to be.
	Name string
	// Audiences are those of which `aud` has to have one. At least one.
	Audiences []string
	// Algorithms are those of AlgorithmNames that are taken. At least one.
	Algorithms []string
	// File or URL is where the keys stand, as a JWK set. Exactly one of them.
	File, URL string
}

// algorithms are all that can be configured: signatures that are verified with a
// public key.
var algorithms = []jwa.SignatureAlgorithm{
	jwa.RS256(), jwa.RS384(), jwa.RS512(), jwa.PS256(), jwa.PS384(), jwa.PS512(),
	jwa.ES256(), jwa.ES384(), jwa.ES512(), jwa.EdDSA(),
}

// AlgorithmNames are the words for algorithms.
func AlgorithmNames() []string {
	names := make([]string, len(algorithms))
	for i, a := range algorithms {
		names[i] = a.String()
	}
	return names
}

// algorithmOf is an algorithm by its name.
func algorithmOf(name string) (jwa.SignatureAlgorithm, bool) {
	i := slices.IndexFunc(algorithms, func(a jwa.SignatureAlgorithm) bool { return a.String() == name })
	if i < 0 {
		return jwa.EmptySignatureAlgorithm(), false
	}
	return algorithms[i], true
}
