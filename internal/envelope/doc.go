// Package envelope is gRPC's codec for the stream of AttachService, on both of its
// ends. On the wire it is protobuf as generated code writes and reads it, byte for
// byte of the contract in proto/hub/v1; it is only quicker about the few items that
// nearly all envelopes are made of:
//
//	down   a Delivery with an Event
//	up     a Settlement that is done or has a Reply, without commands
//
// Everything else goes to google.golang.org/protobuf, item by item: all other kinds
// of items, and hot ones that have anything unusual about them (an unknown field, a
// field twice, a string that is not UTF-8). So the quick way needs to know neither
// tomorrow's fields nor protobuf's rules for merging. An envelope that protobuf would
// refuse is refused with protobuf's error.
//
// What is won: an item costs two allocations instead of a dozen, and no
// reflection. Messages are decoded into one struct (encode.go and decode.go have the
// fields beside each other), their bytes are copied once.
//
// # Memory
//
// What a message holds may be kept: nothing of it lies in gRPC's pooled buffers. An
// event keeps no memory of its neighbours in the envelope; a settlement does, for it
// is carried out at once. Sockets of events that come again are shared (intern.go):
// like all of a decoded envelope they are to be read, not written.
//
// Encoding drops unknown fields of hot items. Neither hub nor kit passes a message on
// that it received.
package envelope
