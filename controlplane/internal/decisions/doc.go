// Package decisions keeps accepts of connect attempts, so that attempts that are alike
// are let in without asking a service again.
//
// A Cache is a table by Key: the SHA-256 of a namespace, the client's `auth` bytes and
// the values of those headers that the decision depended on. Which headers that are is
// said by each accept; a namespace has a few such lists, and a lookup tries each that is
// in use. Neither auth nor header values are kept.
//
// An Entry ends with its time, with the revocation of its user or of a socket that came
// by it, with the last instance of the group that decided, or when newer ones need its
// room. A revocation that comes while a service still decides is not undone by the accept
// that comes after it: Keep is told since when the attempt has been open.
//
// It is not the decision itself, knows no protobuf and asks nobody. It has no
// goroutines. Cache.mu is a leaf; hashes are made without it.
package decisions
