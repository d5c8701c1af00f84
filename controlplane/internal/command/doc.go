// Package command carries out the commands of the contract. A command is the same
// message on a stream, inside a settlement and in a unary call, and takes the same way
// here: one check, one question to the caller's permissions, one outcome.
//
//	stream, settlement ──►  Now, else Run  ─┐
//	                                        ├─► check ─► perform        one result, at once
//	ControlService ──► Control ──► Run ─────┘         ├─► acks          results of browsers, then the total
//	                                                  └─► Pages         one result for each page
//
// The main type is Executor. Control is the service of the unary calls. The package
// knows neither streams nor deliveries: a caller says who it is (Caller) and takes what
// is answered (Answers); the rest of the control plane stands behind interfaces.
//
// # Results
//
// A result is the last one of its command unless `more` is set. The last one is always
// given, exactly once. A result with `more` that the taker has no room for is left out,
// and counted.
//
// # Bounds
//
// What callers can make the hub keep is bounded, in sum and each: 64 MiB of browsers'
// acknowledgements and 1 MiB of them in one result; 64 MiB of what queries have found
// (names and pointers; the pages themselves are made one at a time, when there is room
// to send); 10 000 idempotency keys and 16 MiB for each identity and group. Each bound
// has a name in Bound, and is told to the Trace when it was reached.
//
// # Goroutines and locks
//
// The package starts no goroutine. Acknowledgements come on goroutines of the hub; the
// lock of an ackKeeper is held while a result is given, so that Answers are called one
// at a time. Locks of Answers are taken inside of it and are leaves.
package command
