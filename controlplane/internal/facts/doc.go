// Package facts tells instances of services which rooms are occupied and which users are
// present, where their subscriptions ask for that (KIND_OCCUPANCY, KIND_USERS).
//
//	hello ──► Listeners.Begin ──► looked up: what is there ──► TellSome, bit by bit
//	hub ────► Listeners.Learn ──► each Facts that asks ──────► Instance.TellFact
//
// Facts are those of one instance. Of one name it is told in turn: that it is there, that it
// is not. Listeners are the Facts of all instances; while nobody asks, a fact costs one look
// at them.
//
// It does not know who is in a room, only that somebody is, and keeps nothing but what it
// has told. It does not decide who may ask: that is for internal/caller.
//
// The package starts no goroutine; Listeners.Tend is called from time to time. Listeners.mu
// is a leaf. Facts.mu is held while the instance is told, so that what is told of a name is
// in order.
package facts
