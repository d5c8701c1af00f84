// Package msgpacket reads and writes Socket.IO packets in MessagePack, as socket.io-msgpack-parser does.
//
// # The format
//
// A packet is one binary message: a map, in which binary arguments stand where they belong.
//
//	{type: 0, nsp: "/", data: {token: "x"}}             CONNECT, with auth; data may be missing
//	{type: 2, nsp: "/chat", data: ["hello", 1], id: 12} EVENT, wants ack 12
//	{type: 3, nsp: "/chat", data: ["hi"], id: 12}       ACK 12
//	{type: 4, nsp: "/", data: {message: "refused"}}     CONNECT_ERROR
//	{type: 1, nsp: "/"}                                 DISCONNECT
//
// There are no types 5 and 6. Members with other names are ignored, as the client sends some. The client's encoder
// (notepack.io 2) says undefined, dates and typed arrays in extensions of type 0; those of type -1 are dates as well.
//
// # What it does, and what not
//
// Parser is a siopacket.Parser. Nobody behind it sees MessagePack: its decoder makes JSON and attachments of the
// arguments, its encoder takes them apart again. What JSON cannot say becomes what JSON.stringify makes of it; numbers
// of 64 bits keep their digits. docs/msgpack.md has the whole table.
//
// A message comes from a stranger. Each length in it is held against what is there before it is believed, nothing is
// read by recursion, and the same siopacket.Limits hold as for JSON. What is decoded is at most as large as an event
// may be, as two bytes of MessagePack can be twelve of JSON. The encoder trusts its caller, as that of JSON does.
//
// ToJSON and AppendJSON do the same for single values, as servers of a cluster exchange them.
//
// There are no goroutines; a Parser may be used at the same time.
//
// Spec: github.com/msgpack/msgpack, spec.md; socket.io-msgpack-parser 3.
package msgpacket
