// Package eiopacket turns Engine.IO packets into bytes and back: those of revision 4, and those of revision 3 (names
// that end in 3), which Socket.IO clients 1 and 2 speak. It knows values only: no
// sessions, no transports, no goroutines, no locks. It imports the standard library alone.
//
// A packet in text form is one digit for its type and the data:
//
//	0{"sid":…}   open        4hello   message
//	1            close       5        upgrade
//	2, 2probe    ping        6        noop
//	3, 3probe    pong
//
// A binary message has no type digit. In a WebSocket it is a binary frame as it stands; in text it is
// the letter b and its base64:
//
//	bAQIDBA==
//
// A payload is the body of a polling request or answer: packets in text form, joined by U+001E.
// Cut takes them off one by one, so that a body of a hundred thousand packets needs no list.
//
// In revision 3 a binary message has its type in front (the byte 4, or b4 in text), payloads have lengths instead of
// separators (payload3.go), and there is JSONP (jsonp.go).
//
// Over WebTransport packets stand on a stream, each behind a StreamHeader (stream.go).
//
// Decode keeps references into its input; Append functions append to the slice they are given, as in
// the standard library. Nothing here checks UTF-8: whoever reads from a network does that once for
// the whole body.
//
// Spec: engine.io-protocol v4, Packet encoding; v3, Encoding.
package eiopacket
