// Package certs gives a listener TLS from files that may change while it runs: a
// certificate with its key, and authorities that verify the certificates of clients.
//
// New connections get what was read last. Files that are broken, or a key that does
// not belong to its certificate, are logged and leave what was there in force.
// Connections that exist keep what they began with.
//
// Each version of the files has a tls.Config of its own, which never changes, so that
// no session ticket of an older version is taken and client certificates are verified
// against the newest authorities. The package starts no goroutine: the caller polls
// Files. The current version is swapped atomically.
package certs
