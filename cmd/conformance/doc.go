// Conformance is the program that the public suites run against: those of the protocols
// Engine.IO v3 and v4 and Socket.IO v5, and socket.io-client's own. docs/conformance.md says how.
//
//	go run ./cmd/conformance            hub and service, /socket.io/
//	go run ./cmd/conformance -engine    a bare Engine.IO echo, /engine.io/
//	go run ./cmd/conformance -parser both
//	                                    the same for clients of msgpack as well
//	go run ./cmd/conformance -client -addr localhost:3210
//	                                    hub and service for socket.io-client's suite (client.go)
//
// By default it starts a hub, its control plane on a gRPC listener of its own, and
// an application service made with the Go kit that attaches over that listener: an
// event crosses the same wires as in production. All three live in one process, so
// that one signal ends them. With -admin-listen, admin.go serves the profiles and the
// few metrics by which a suite sees that nothing is left behind.
//
// The settings are those that the protocol suites ask for: a heartbeat of 300 ms with 200 ms
// to answer, payloads up to 1 000 000 bytes, one second to join a namespace, pages of
// every origin, clients of both revisions, and no grace after the start, so that an unknown namespace is
// refused at once. Namespaces and events are in service.go.
//
// It says on stderr, in one line, when it is ready and where.
package main
