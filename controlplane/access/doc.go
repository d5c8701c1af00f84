// Package access is who may reach what of a hub, in the words of a program that embeds the
// control plane: who its callers are, what they may do, and which browsers get in without
// a service.
//
//	call of a service ──► Authenticator ──► Identity ──► Permissions   yes, or a reason
//	connect attempt ────► BrowserTokens ──► BrowserDecision            in, out, or ask a service
//
// An Identity lives by its credentials: its calls and streams end when it expires or is
// revoked. Permissions are compiled Rules, and deny by default.
//
// It checks no credential itself: that is for those who implement its two interfaces, as
// cmd/hub does with files of tokens, JWTs and certificates. What a call asks of its caller
// stands in internal/caller, what a rule means in internal/permit.
//
// The package starts no goroutine and has no lock. Permissions count streams and commands
// with atomics; all its values are safe for concurrent use.
package access
