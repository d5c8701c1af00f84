// Package browsertoken lets browsers in by a JWT that the hub verifies itself: it is
// the hub's access.BrowserTokens.
//
// A Rule says for which namespaces, where the token stands (in `auth`, a header, a
// cookie or the query), whose tokens are taken, and which claims say user, rooms, data
// and expiry. Of several rules the one with the most specific namespace counts. A
// token that is missing or wrong is a denial, or left to the authorizer of the
// namespace where the rule says that one stands behind it.
//
// Decide is a function of the handshake, the auth bytes and the keys at hand; it never
// waits. What it does not do: it joins nobody and ends nobody, which is the control
// plane's.
//
// Decider starts no goroutine but those of Run, which refresh keys, and holds no lock.
// It is safe for concurrent use. Tokens never get into errors or the log.
package browsertoken
