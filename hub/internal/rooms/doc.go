// Package rooms keeps the rooms of one namespace and picks who receives.
//
// # What it is
//
// A Table knows which member is in which room and which belong to which user (Add, Join, Leave, Remove), and picks those
// that a target means (Select, Count). The other hubs of a cluster have tables of their own.
//
// # What it is not
//
// It sends nothing to browsers and knows no packet. Members are opaque: whoever selects them knows what
// they are, so that a delivery needs no lookup by id.
//
// # Locks
//
// Table holds a member's entry while it changes that member's rooms, and under it one shard of rooms at
// a time: entry -> shard. A Watch is called with the shard held, of rooms, users or members, so that what it hears of one name
// is in order.
// Select copies and holds nothing when it returns. The package starts no goroutine.
package rooms
