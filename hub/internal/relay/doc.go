// Package relay lets browsers meet any hub of a cluster: a request for a session of another hub is passed on to it. This
// part knows what session ids say of the hub that they belong to.
package relay
