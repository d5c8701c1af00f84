// Package hubtest is a scripted browser for any http.Handler that speaks Engine.IO v4. It knows the
// wire alone, never the hub, so the hub's own tests can use it.
//
// Serve starts a handler on in-memory pipes: no ports, and everything works inside a testing/synctest
// bubble, where heartbeats of 25 seconds pass at once. ServeTCP does the same on a loopback socket,
// where the difference matters. From there three roads lead to a session:
//
//	b := server.Open(hubtest.Options{Transport: hubtest.WebSocket})
//	b.Send("40")                          // packets are text, as on the wire
//	b.Expect(`42["hello"]`)
//
// Each runs the same test over all three: polling, WebSocket, and upgraded in the middle.
//
//   - Browser behaves as a browser does: it polls all the time, answers pings, and moves to a WebSocket
//     when told. A binary message is b and its base64, on every road.
//   - Server.Get, Post and Do make single requests, for what a browser would never do.
//   - Server.Dial and Server.Frames give the bare connection, for what only an attacker would do.
//   - Transcript plays a golden text file of lines like `> 2probe` and `< 3probe`; with the flag
//     -rewrite it writes down what it got.
//   - Main is a TestMain that fails for goroutines left behind; Heap is what the heap has in use,
//     and EchoAllocs what an echo allocates.
//
// A Browser has one goroutine, its reader, which ends with the session; the test's cleanup ends both.
// Methods fail the test themselves, and are meant for the test's goroutine alone.
package hubtest
