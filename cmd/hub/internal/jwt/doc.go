// Package jwt verifies JSON Web Tokens, those of services and those of browsers.
//
// A Verifier knows one or more issuers. Each has a name (`iss`), the audiences of
// which a token has to name one (`aud`), the algorithms that are taken, and its keys,
// from a file or from a URL (JWKS). The algorithm of a token's header is compared
// with the list before anything else; only signatures with public keys can be in it,
// so that neither `none` nor a secret that is somebody's public key is ever taken.
// `exp` is required. Clocks may differ by 30 seconds. Header fields that point to
// keys (jku, jwk, x5u, x5c) are not looked at, and a token with `crit` is refused.
//
// Keys of a URL are fetched when the Verifier is opened, every five minutes, and when
// a token names a key that is not known, at most every five seconds. A source that
// fails later is told by a hook and a log line, and the keys that were there stay.
//
// Verify never waits. A token whose key is unknown gets a *PendingError while the
// keys are fetched again; whoever can wait does, and asks again.
//
// What it is not: it knows neither identities nor browsers, and gives out only what
// the issuer has signed. Run is the only goroutine for each URL; the key sets are
// swapped atomically, and the one lock (source.mu) is a leaf. A Verifier is safe for
// concurrent use. No token ever gets into an error or a log line.
package jwt
