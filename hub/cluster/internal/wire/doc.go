// Package wire is the form in which hubs speak to each other over an engine.
//
// # What it is
//
// A frame is a Header of fixed size and a body in MessagePack:
//
//	0  'S' 'h'            what it is
//	2  version            1; a frame of another version is not read
//	3  Kind
//	4  flags              More: the body goes on in the next frame; Continued: it began in an earlier one; Direct
//	5  sender             8 bytes: the hub's id, 16 hexadecimal digits
//	13 epoch              8 bytes: anew each time a hub opens its cluster
//	21 sequence           8 bytes: one more for each frame of the sender
//	29 lane               8 bytes: what its receivers have in common: see Lane
//	37 count              8 bytes: one more for each frame of the sender in this lane. Zero: not counted
//
// Bodies are maps with small numbers as keys, as protobuf has them: a key that is not known is passed over, a key that is
// missing is zero. Arguments and data are raw JSON, attachments bytes, as they are: nothing of what browsers say is
// unpacked here.
//
// # What it is not
//
// It knows no engine, no order and no members: package mesh does. It is not what Node servers understand.
//
// # Hostile bytes
//
// Whoever may write to an engine may forge. Before a body is decoded, its shape is looked at without an allocation: nesting,
// and that each length fits into what is there (shape.go). Counts and names have limits of their own (limits.go). What is
// decoded shares no memory with what was received.
//
// There are no goroutines and no locks.
package wire
