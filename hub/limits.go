package hub

import "time"

// Limits bound what outsiders can make the hub hold. Zero means the default; Allowed tells the range of each by its key.
// Every limit has one outcome and is counted by Trace.LimitReached under its key.
type Limits struct {
	// MaxSessions is how many sessions the hub holds at most. Default 200 000; negative, or 0 in the configuration
	// file: no limit but memory. Beyond it handshakes are refused with 503. Key: limits.max_sessions.
	MaxSessions int
	// Compressors is how many polling answers and WebSocket messages are compressed at the same time, each with a
	// compressor of 1.5 MiB. Default 16. What finds none free leaves uncompressed. Key: limits.compressors.
	Compressors int
	// Outbox bounds what waits for browsers, Unfinished what they have begun to send.
	Outbox     OutboxLimits
	Unfinished UnfinishedLimits
	// Request bounds what one request of a browser is like, Event one event, from browsers and from the application.
	Request RequestLimits
	Event   EventLimits

	// NamespacesPerClient is how many namespaces one browser connection joins. Default 16. Beyond:
	// CONNECT_ERROR. Key: limits.namespaces_per_client.
	NamespacesPerClient int
	// RoomsPerSocket is how many rooms a socket is in, its own not counted. Default 1024. Beyond:
	// *LimitError, nothing joined. Key: limits.rooms_per_socket.
	RoomsPerSocket int
	// PendingAcksPerSocket is how many acknowledgements one browser may owe. Default 256. Beyond:
	// the emission is dropped for it. Key: limits.pending_acks_per_socket.
	PendingAcksPerSocket int
	// NamespaceBytes is the length of a namespace. Default 256. A longer one is unknown.
	// Key: limits.namespace_bytes.
	NamespaceBytes int
	// RoomBytes is the length of a room's name. Default 256. Beyond: *LimitError.
	// Key: limits.room_bytes.
	RoomBytes int
	// AuthBytes is the size of a client's `auth`. Default 16 KiB. Beyond: CONNECT_ERROR.
	// Key: limits.auth_bytes.
	AuthBytes int
	// Undecided bounds the connect attempts without a decision.
	Undecided UndecidedLimits
	// DataBytes is the size of a socket's data. Default 64 KiB. Beyond: *LimitError.
	// Key: limits.data_bytes.
	DataBytes int
}

// OutboxLimits bound what waits for browsers.
type OutboxLimits struct {
	// Bytes is how much may wait for one browser: what waits when another event comes, which itself may be as
	// large as Limits.Event.Bytes allows; each packet counts 64 bytes more. Default 32 MiB. Beyond it the browser is closed,
	// reason `forced close`; it is not read further from half of it until a quarter. Key: limits.outbox_bytes.
	Bytes int64
	// TotalBytes is how much may wait for all browsers together; what a broadcast shares counts once. Default
	// 512 MiB. Beyond it those are closed first that have taken nothing for longest. Key: limits.outbox_total_bytes.
	TotalBytes int64
}

// UnfinishedLimits bound the messages, polling bodies and events with attachments that are not whole yet.
type UnfinishedLimits struct {
	// Bytes is how much all browsers together may have sent of them. Default 256 MiB: as many of the largest messages
	// at once, and a quarter of the memory of a small machine. Beyond it whoever goes on waits, unread, until others
	// are done, and whoever has stood still for 5 s is closed with reason `forced close`. Key: limits.unfinished_bytes.
	Bytes int64
	// Time is how long one of them may make no progress. Default 30 s. Beyond it the browser is
	// closed, reason `forced close`, and a POST answered with 408. Key: limits.unfinished_time.
	Time time.Duration
}

// RequestLimits bound one request of a browser.
type RequestLimits struct {
	// Headers is how many header lines it may have. Default 100. Beyond it: 431. Key: limits.headers.
	Headers int
	// QueryBytes is the length of its query string. Default 4096. Beyond it: 414. Key: limits.query_bytes.
	QueryBytes int
	// HandshakeBytes is how much of a handshake's URL and headers is kept once a namespace has been joined; until
	// then all is there. Default 4096. Of more, HandshakeHeaders stay first, each line whole or not at all; the URL always
	// stays. Key: limits.handshake_bytes.
	HandshakeBytes int
	// HandshakeHeaders are the names of these headers, in any case. Default: what says who the browser is, where it comes
	// from, and its cookies. Key: limits.handshake_headers.
	HandshakeHeaders []string
	// PacketsPerPayload is how many packets a polling body may carry. Default 65 536. Beyond it the
	// session is closed, reason `parse error`. Key: limits.packets_per_payload.
	PacketsPerPayload int
	// BodyPace is how many bytes a second of a polling body have to arrive, on average from its 10th second
	// on. Default 1024. Beyond it: 408. Key: limits.body_pace.
	BodyPace int
}

// EventLimits bound one event. From a browser one beyond them means `forced close`, from the application *LimitError.
type EventLimits struct {
	// Bytes is its size with its attachments. Default 3 MiB. Key: limits.event_bytes.
	Bytes int64
	// Attachments is how many binary arguments it carries. Default 10, at most 64. A browser is closed as soon as it
	// announces more. Key: limits.attachments.
	Attachments int
	// Depth is how deep its JSON may be nested. Default 512, at most 512. Key: limits.depth.
	Depth int
	// Arguments is how many arguments it has. Default 4096. Key: limits.arguments.
	Arguments int
	// NameBytes is the length of its name. Default 128. Key: limits.event_name_bytes.
	NameBytes int
}

// UndecidedLimits bound the connect attempts that are without a decision.
type UndecidedLimits struct {
	// Attempts is how many there may be. Default 10 000. Beyond it browsers wait to be asked about, and are not read
	// meanwhile. The last quarter is for namespaces that have less than a hundredth of it, and the last eighth for those of
	// whose Decider that is true as well; the same parts of Bytes are.
	// Key: limits.undecided.
	Attempts int
	// Bytes is what these may bring along in all, and again those that wait. Default 64 MiB. Beyond the
	// first a browser waits, and one that has sent too much before it was let in is closed; beyond the second its
	// connection is closed, so that it comes back. Key:
	// limits.undecided_bytes.
	Bytes int64
}
