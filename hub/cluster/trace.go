package cluster

// Trace is told what happens between this hub and its engine. Each function may be nil, is called from many goroutines at
// the same time, and must neither block nor call the cluster. Nothing that was received is passed but the words listed.
type Trace struct {
	// Sent and Received: a message of so many bytes was handed to the engine, or came from it and was taken. The kind is
	// one of Kinds.
	Sent, Received func(kind string, bytes int)
	// NotSent: a message was not sent: the engine is `away`, cluster.queue_bytes wait already (`full`), or it is larger than
	// cluster.max_message (`too_large`).
	NotSent func(reason string)
	// Dropped: a message that came was not taken. The reason is one of Drops.
	Dropped func(reason string)
	// Lost: so many messages of another hub have not arrived.
	Lost func(messages int)
	// Questions: so many more questions are open (or fewer, below zero): `asked` of others, or `answered` here.
	Questions func(side string, change int)
	// QuestionDone: a question has ended of which so many servers have said nothing, or not all.
	QuestionDone func(missing int)
	// QuestionRefused: a question was not `asked`, or not `answered` here, as too many are open.
	QuestionRefused func(side string)
	// Members: so many other servers are known.
	Members func(n int)
	// Connected: the engine can be reached, or not any more.
	Connected func(yes bool)
	// Panic: the host panicked. The message that it was about counts as taken.
	Panic func(value any)
}

// Drops are the reasons of Trace.Dropped.
const (
	// DropMalformed is not of the right shape.
	DropMalformed = "malformed"
	// DropTooLarge is beyond cluster.max_message, or another limit.
	DropTooLarge = "too_large"
	// DropVersion is of a version, or a kind, that this hub does not know.
	DropVersion = "unknown_kind"
	// DropForged bears this hub's own id, or speaks for a server that it cannot come from.
	DropForged = "forged"
	// DropDuplicate has come before.
	DropDuplicate = "duplicate"
	// DropLate came after one that was sent later.
	DropLate = "late"
	// DropFuture has a number far ahead of what its sender had reached.
	DropFuture = "future"
	// DropUnasked answers a question that is not open, or of whom it was not asked.
	DropUnasked = "unasked"
	// DropMembers is of yet another server where too many are known.
	DropMembers = "too_many_members"
	// DropPart is a part of a message of which others are missing.
	DropPart = "part"
	// DropOverrun came faster than it could be taken.
	DropOverrun = "overrun"
)

// Drops lists the reasons of Trace.Dropped.
func Drops() []string {
	return []string{
		DropMalformed, DropTooLarge, DropVersion, DropForged, DropDuplicate, DropLate, DropFuture, DropUnasked, DropMembers, DropPart, DropOverrun,
	}
}

// Kinds lists the kinds of Trace.Sent and Trace.Received.
func Kinds() []string {
	return []string{"hello", "heartbeat", "leave", "description", "wanted", "command", "question", "answer", "stop", "foreign"}
}
