// Package rates says how much of something may come in how much time.
//
// Addresses has a token bucket and a count for each address that browsers come from, an IPv6 network of 64 bits (Network)
// counting as one. It is bounded: an address is forgotten when its bucket is full again, and those for which there
// is no room share a bucket. Loopback and private addresses are left out unless it is told otherwise, since
// proxies and tests have those.
//
// Meter is a bucket for messages and bytes in one number, for whatever there are too many of to have a limiter with
// a lock each. It never refuses: it says how long to wait.
//
// Users has such a bucket for each user, for all of their sessions together. It shares it fairly between them, and keeps
// nothing of users who send little.
//
// Crowd finds an address that has a large part of all sessions, without keeping addresses.
//
// Memory says whether the process is near the limit of its memory.
//
// # Locks
//
// The locks of Addresses and Users, one for each of their shards, are leaves.
package rates
