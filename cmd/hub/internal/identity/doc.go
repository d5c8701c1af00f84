// Package identity knows the callers of the control listener: it is the hub's
// access.Authenticator.
//
//	a bearer token   static, from the configuration or a file   token
//	                 a JWT of an issuer that is configured      jwt
//	no token         the verified certificate of the client
//
// A token decides alone: a wrong one is not made good by a certificate. Whoever is
// known gets the permissions of its name. Once any identity has rules, those without
// may do nothing.
//
// The tokens file is watched. A token that is removed ends the life of its identity,
// and with it the calls and streams that live by it; a token that stays keeps them. A
// file that cannot be read or is broken is logged, and the tokens that were there
// stay in force; a file that is empty has none.
//
// A JWT that names a key which is not known yet waits until the keys of its issuer have
// been fetched again. Where they cannot be, or too many wait, nothing is said about the
// token: the call may come again.
//
// Run has a goroutine for each URL of keys; who runs filewatch with Files has the one
// for the files. The table of tokens is swapped atomically, without a lock. An Authenticator is safe for
// concurrent use. Neither tokens nor parts of them get into errors or the log.
package identity
