// Package envelope is gRPC's codec for the stream of AttachService, on both of its
// ends. On the wire it is protobuf, byte for byte of the contract in proto/hub/v1. It
// does two things that generated code does not:
//
//   - at the hub it decodes a service's envelope action by action into a Request, so
//     that one action that cannot be understood is refused for itself;
//   - it is quicker about the few items that nearly all envelopes are made of.
//
// It is not a transport, and it knows nothing of streams, groups or deliveries: what
// becomes of a bad action is the control plane's decision.
//
// # Requests
//
// Codec.Unmarshal never fails for a Request, because gRPC would end the stream with
// INTERNAL and tell nobody why. What is wrong stands in it:
//
//	Request.Err                the stream has to end: no protobuf, more than MaxActions
//	Action.Bad                 the action is refused: why, where, and its numbers
//	Action.BadSubscriptions    the hello is good, these subscriptions of it are not
//
// upward.decode counts the actions before it allocates anything for them. Each one
// goes one of two ways. A hot settlement is decoded by upward.settlement, a hot emit by upward.emission. Everything
// else is looked through by check, which walks the bytes beside tables of the
// contract's descriptors (schema.go) and finds what protobuf would pass over (unknown
// fields, enum values, kinds, wire types), strings that are not UTF-8, and lists that are
// too long; then protobuf decodes it. Of a refused action skim reads the numbers that
// its answer needs, as far as they are there.
//
// An action with anything unknown is refused, for a service that sets it counts on
// its meaning. In a hello the unknown is passed over, and inside a subscription it
// refuses that subscription. A field of the envelope itself that is not known refuses
// all actions but a hello.
//
// An envelope of more than MaxBytes is not decoded: skim reads over gRPC's buffers as
// they are, and each action is refused with EnvelopeTooLarge. Beyond HardMaxBytes gRPC
// itself ends the stream.
//
// # Quick ways
//
// Hot are
//
//	down   a Delivery with an Event
//	up     a Settlement that is done or has a Reply, without commands; decoded
//	       alone, an emit to sockets, rooms, users or everybody, without exceptions
//
// Everything else goes to google.golang.org/protobuf, item by item: all other kinds
// of items, and hot ones that have anything unusual about them (an unknown field, a
// field twice, a string that is not UTF-8). So the quick way needs to know neither
// tomorrow's fields nor protobuf's rules for merging. A field that is added to a hot
// message has to be added to the quick ways, or to the list of what is left to
// protobuf: fields_test.go fails until it is.
//
// What is won: an item costs two allocations instead of a dozen, and no reflection.
// Messages are decoded into one struct (response.go and settlement.go have the fields
// beside each other), sockets and names that come again are shared (intern.go).
//
// # Memory
//
// Decoding an envelope of n bytes takes at most n for a copy, n for what protobuf
// copies out of it, and 32 MiB for messages and the places of lists, whatever is in it:
// 16 384 actions took 1.4 MiB (empty ones) to 13 MiB (hellos that are refused), lists
// of 262 144 empty names 22 MiB, of which 4 were left. One of more than MaxBytes takes
// 2 MiB beside the buffers of gRPC. A stream decodes one envelope at a time.
//
// What a message holds may be kept: nothing of it lies in gRPC's pooled buffers. An
// event keeps no memory of its neighbours in the envelope unless it fills half of it;
// the arguments of a reply do keep their envelope, for they are written to the browser
// at once. Sockets of events that come again are shared: like all of a decoded envelope
// they are to be read, not written.
//
// Encoding drops unknown fields of hot items: neither hub nor kit passes a message on
// that it received. Args and attachments of 8 KiB and more are handed to gRPC as they
// are, without a copy: their bytes must not change after Marshal, for as long as gRPC may
// send them.
//
// # Concurrency
//
// Whoever decodes says when (Pace): before an envelope, and between its actions. The
// package starts no goroutine and has no lock. A Codec encodes at any number of
// goroutines at once. The one of Hub decodes likewise; one of Service belongs to one
// stream and decodes one envelope at a time.
package envelope
