// Package calls is what surrounds a gRPC call of a service before its handler sees it: a seat
// among the turns (internal/turns), a decoder that never fails, and for the stream of an
// attachment a way past the interceptors.
//
//	gRPC ──► Seats.StreamTurns, RememberBare ──► metrics, log, identity ──► StreamDecoding, UseBare ──► handler
//	gRPC ──► Seats.ControlMethods ─────────────► metrics, log, identity ──► refuses what is bad ─────► handler
//
// Interceptors are all of them in their order. Seats is its main type. Caller is who makes a call without a stream, with its
// seat, and whether its request was found to have nothing unknown as it was decoded.
//
// It carries nothing out and decides nothing about who may: that is for internal/caller and
// internal/command. The package starts no goroutine and has no lock.
package calls
