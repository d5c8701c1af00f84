// Conformance is the program that the public protocol suites of Engine.IO v4 and
// Socket.IO v5 run against.
//
//	go run ./cmd/conformance            hub and service, /socket.io/
//	go run ./cmd/conformance -engine    a bare Engine.IO echo, /engine.io/
//
// By default it starts a hub, its control plane on a gRPC listener of its own, and
// an application service made with the Go kit that attaches over that listener: an
// event crosses the same wires as in production. All three live in one process, so
// that one signal ends them. With -admin-listen, admin.go serves the profiles and the
// few metrics by which a suite sees that nothing is left behind.
//
// The settings are those that the suites ask for: a heartbeat of 300 ms with 200 ms
// to answer, payloads up to 1 000 000 bytes, one second to join a namespace, pages of
// every origin, and no grace after the start, so that an unknown namespace is
// refused at once. Namespaces and events are in service.go.
//
// It says on stderr, in one line, when it is ready and where.
package main
