// Package contract puts what the hub knows into the messages of hub.v1, and what these say
// into the words of the hub: handshakes, with as much of them as is asked for and secrets
// taken out, events, times, policies, reasons. It also says how large an item is, and makes
// one fit.
//
// It is a translation and nothing else: it decides nothing, remembers nothing, and knows no
// stream, no instance and no group. Whole envelopes are encoded by internal/envelope of the
// module; errors have their words in internal/fault.
//
// Its main type is EventItem, which has all messages of an event's delivery in one
// allocation, or in one for a whole envelope. The package starts no goroutine and has no
// lock.
package contract
