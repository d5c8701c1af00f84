// Package acmecerts gives a listener TLS with certificates that an authority issues over ACME (RFC 8555), such as Let's
// Encrypt or one of an own network. It is not for clients' certificates, nor for those that lie in files: package certs is.
//
// Certificates asks for one certificate for each host that is configured, and for no other, when Run begins, and renews it
// when a third of its life is left, at most 30 days. golang.org/x/crypto/acme/autocert speaks with the authority, proves that the
// host is this one's (TLS-ALPN-01 on the listener itself, HTTP-01 where Challenges is served) and keeps keys and
// certificates in the cache, a directory that nobody else may read.
//
// A handshake never waits for the authority, and never makes it work: it is shown what Run has obtained, or fails. So nobody
// can use up what an authority allows in an hour by asking for names. While the authority does not answer, what there is stays in
// force; requests are counted, and what went wrong is logged in the authority's words.
//
// Run has one goroutine for each host, which end with it, in a few seconds: all requests end with its context, and an authority that asks for
// patience is given pollTime. What handshakes are shown is swapped atomically. autocert renews on timers of its own, which
// nothing ends; after Run they have no effect.
//
// Spec: RFC 8555; RFC 8737 (TLS-ALPN-01).
package acmecerts
