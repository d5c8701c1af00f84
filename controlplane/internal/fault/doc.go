// Package fault makes every Status that the hub sends. What goes wrong with one item
// of a stream, with a whole stream or with a unary call is a Fault; nothing else in
// the control plane writes a code or a reason.
//
// A Fault has a Reason, and the Reason says the code: reasons.go has one table of all
// of them, from which the list in docs/contract.md is generated. A Reason is a typed
// constant, so that nobody can make a Fault with a word that is not in the table.
//
//	Of        an error of the hub or of the dispatcher becomes a Fault
//	Status    the Fault as an item's hub.v1.Status
//	GRPC      the Fault as the error of a call or of a stream, with its Status as detail
//
// What a service says by itself, such as the status of a nack, is passed on as it is
// and is none of ours.
//
// The package starts no goroutine and holds no lock. A Fault never changes; it is safe
// for concurrent use.
package fault
