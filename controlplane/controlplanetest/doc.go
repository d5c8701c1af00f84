// Package controlplanetest is a scripted application service: it plays the bare
// contract against a control plane, one action at a time, and fails the test when
// the answer is not the expected one. It knows the contract alone.
//
//	conn := controlplanetest.Dial(t, listener.DialContext)
//	chat := controlplanetest.Attach(t, conn, &hubv1.Hello{Group: "chat", …})
//	attempt := chat.Delivery()
//	chat.Accept(attempt)
//
// A Service has two goroutines: one receives, one sends heartbeats. Both end with
// the stream; the test's cleanup ends it. Methods are meant for the test's
// goroutine; Send may be called from any.
package controlplanetest
