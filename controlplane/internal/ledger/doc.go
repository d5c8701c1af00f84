// Package ledger keeps the deliveries of one instance that are not settled, and
// remembers numbers that are over, so that a late settlement can be told apart: one
// for a delivery that is settled already, one for a delivery that was revoked, and
// one for a number that was never given.
//
// It is bookkeeping without a lock and without a clock: whoever owns a Ledger
// guards it. Only Gone, which anybody asks, has a lock of its own, a leaf. The package
// starts no goroutine.
package ledger
