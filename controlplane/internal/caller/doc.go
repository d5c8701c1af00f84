// Package caller is who makes a call to the control plane, from the first header to the
// last command.
//
// A Door is the interceptor that asks the Authenticator who it is, and puts a Caller into
// the context of the call; Of takes it out again. The context ends when the credentials do,
// and EndUnary and EndStream say so to the one at the other end.
//
// A Caller answers the questions of hellos, subscriptions, commands and queries: may it?
// The rules themselves are those of internal/permit; here they are asked in the contract's
// words, and answered with a fault. Who has no rules may do everything, which costs nothing.
//
// It decides nothing about browsers, and limits no bytes. The package starts no goroutine
// and has no lock; a Caller never changes and is safe for concurrent use.
package caller
