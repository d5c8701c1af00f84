// Package adapter keeps the rooms of one namespace and picks who receives.
//
// # What it is
//
// An Adapter knows which member is in which room on this node and which belong to which user (Add, Join, Leave,
// Remove, Select, Count), and carries commands to the other nodes of a cluster (Publish). A command that another node published comes
// back through Host.Apply. Memory is the default: rooms in memory, and no other nodes.
//
// # What it is not
//
// It sends nothing to browsers and knows no packet. Members are opaque: whoever selects them knows what
// they are, so that a delivery needs no lookup by id. What crosses nodes is the event's name, its
// arguments as raw JSON, its attachments and its flags, so that an adapter can speak the wire of an
// existing engine.
//
// # Locks
//
// Memory holds a member's entry while it changes that member's rooms, and under it one shard of rooms at
// a time: entry -> shard. A Watcher is called with the shard held, so that what it hears of one name is in order.
// Select copies and holds nothing when it returns.
package adapter
