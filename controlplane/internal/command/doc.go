// Package command carries out the commands of the contract. A command is the same
// message on a stream, inside a settlement and in a unary call, and takes the same way
// here: one check, one question to the caller's permissions, one outcome.
//
//	stream, settlement ──►  Now, else Run  ─┐
//	                                        ├─► check ─► perform      one result, at once
//	ControlService ──► Control ──► Run ─────┘         ├─► ackKeeper   results of browsers, then the total
//	                                                  ├─► callKeeper  answers of instances, then the total
//	                                                  └─► Pages       one result for each page
//
// The main type is Executor: it checks, has the emits and what changes sockets done by the hub, and gives the rest to
// whom it is of: queries, Calls, revocations and OpenAcks. Control is the service of the unary calls. The package
// knows neither streams nor deliveries: a caller says who it is (Caller) and takes what
// is answered (Answers). What the rest of the control plane gives stands behind
// interfaces: Permit for permissions, Services for the instances that calls go to,
// Groups for what is remembered of a group, and Config.Revoked for decisions that are
// kept. What it is given are the open acknowledgements (OpenAcks).
//
// # Results
//
// A result is the last one of its command unless `more` is set. The last one is always
// given, exactly once. A result with `more` that the taker has no room for is left out,
// and counted. A query has found its sockets, rooms or users when Run returns; their
// pages are made one at a time when the taker asks for them, with what holds then, and
// without sockets that have left by then.
//
// # Other hubs
//
// In a cluster queries are asked of all hubs (gather.go), and answered when they have answered or their time is over; a call goes on
// to the instances elsewhere as a signal (signal.go, callelsewhere.go) and comes from there (callfrom.go), and each answer comes back as it is given. What others say is held
// in the same budgets. What goes over the engine (Crosses) waits while that is behind, for Patience: on a stream before its next
// action, in a unary call within its deadline.
//
// # Bounds
//
// What callers can make the hub keep is bounded, each and in sum:
//
//	acknowledgements, answers   1 MiB in one result, 64 MiB in all        left out of the result
//	what queries have found     64 MiB of names and pointers in all       RESOURCE_EXHAUSTED
//	calls with answers          1024 for each identity and group,
//	                            8192 and 64 MiB in all                    RESOURCE_EXHAUSTED
//	open acknowledgements       256 for each socket, 64 MiB in all        the oldest is given up
//	idempotency keys            10 000 and 16 MiB for each identity
//	                            and group, 256 MiB in all                 the oldest of who has the most
//	                                                                      is forgotten
//	identities and groups       1024 with an idempotency key that is
//	                            not forgotten                             RESOURCE_EXHAUSTED
//
// Each bound has a name in Bound, and is told to the Trace when something was refused or
// left out at it. That an old idempotency key makes room for a newer one is told to nobody.
//
// # Goroutines and locks
//
// The package keeps no goroutine; a call with answers has a timer. Acknowledgements come
// on goroutines of the hub, answers on those of whoever settles. The lock of an
// ackKeeper or callKeeper is held while a result is given, so that Answers are called
// one at a time; inside of it are taken:
//
//	callKeeper -> Invocation
//	callKeeper, ackKeeper -> replay's shelf -> its books, openCalls, whatever Answers takes
//
// All other locks are leaves.
package command
