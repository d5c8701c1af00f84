// Package unfinished bounds what many peers can make a server hold together by beginning what they do not end:
// messages of which a part has come, bodies that are being read, events whose attachments are on their way.
//
// Budget counts the bytes of all of them. Item is one of them, a part of whatever holds the bytes; it exists only
// as long as that. Owner is who can be told to end, or to go on.
//
// An item that has made no progress for the budget's time is stalled, and its owner ends. When the sum is at its
// limit, nothing is dropped as long as everybody gets on: who wants more waits (Grow returns true) until others
// are done, and those that have made no progress for a few seconds end at once, the one longest without first. Large items may take three
// quarters of the limit, and small ones a quarter more than it, so that they get through beside them. Somebody always goes on: an
// item never waits while no other one is at work, but for large ones when there is no room for what is whole (New).
//
// # Locks
//
// Budget.mu is a leaf; owners are called without it, from whoever calls Budget or from its timer, and must not block.
package unfinished
