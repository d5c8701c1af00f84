// Package siopacket reads and writes Socket.IO packets: values in, values out.
//
// # The format
//
// A packet is text, with the attachments of its binary arguments behind it as binary messages:
//
//	<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]
//
//	0{"token":"x"}                                      CONNECT to /, with auth
//	0/chat,{"sid":"…"}                                  CONNECT answer
//	4/chat,{"message":"refused"}                        CONNECT_ERROR
//	2/chat,12["hello",1]                                EVENT, wants ack 12
//	3/chat,12["hi"]                                     ACK 12
//	51-["file",{"_placeholder":true,"num":0}]           EVENT with one attachment
//	1/chat,                                             DISCONNECT
//
// # What it does, and what not
//
// JSON is the default Parser; package msgpacket has another, over Walk. The decoder of JSON reads the head and scans
// the rest once: the JSON has to be well-formed and within Limits, and placeholders have to fit the attachments;
// nothing is unpacked. Arguments keep their bytes from one end to the other. The encoder trusts its caller: whoever
// takes arguments from outside calls CheckArgs first.
//
// Text is expected to be valid UTF-8, which is the transports' business. Gathering attachments is the
// business of package socketio. There are no goroutines; a Parser may be used at the same time.
//
// Spec: socket.io-protocol v5, Packet encoding.
package siopacket
