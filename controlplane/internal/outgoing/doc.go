// Package outgoing is what an attachment has to say to its service: deliveries, results, facts,
// notices, pages of queries and copies for observers, in order and within bounds.
//
//	Deliver, Tell, Offer, Push, Fact ──► queue ──────────┐
//	Notice, Heartbeat                    gathered ───────┤
//	Pull                                 one page ahead ─┼──► Take ──► sendLoop
//	Copies                               when it is idle ┘
//
// What others can make large is bounded on its own, so that acknowledgements never end a
// stream; results have a larger bound, and beyond that the stream ends (overflow). What is
// made as there is room (pages, notices, copies) is never in memory as messages before.
//
// It outlives the streams on which it is said; what was sent and has no receipt stays in its
// queue, which is that of internal/outqueue of the module. It knows no stream and encodes
// nothing.
//
// The package starts no goroutine. Outgoing.mu comes before the queue's lock, and is not held
// while overflow or room are called. Take belongs to one goroutine at a time, all else is safe
// for concurrent use.
package outgoing
