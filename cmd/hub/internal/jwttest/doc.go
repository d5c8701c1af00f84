// Package jwttest is an issuer of JWTs for tests: keys that sign, and the JWK set that
// says how to verify them. It starts nothing. An Issuer is not safe for concurrent
// use, but its Handler is.
package jwttest
