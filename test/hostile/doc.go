// Package hostile holds thousands of bad inputs against a running hub: one
// table row each, grouped by kind. What browsers do wrong is here, in the files of
// the same names; what services do wrong is in the package services below. The test
// runs both together against one server.
//
//	http      request lines, headers, lengths, methods, paths, other protocols on the port
//	polling   Engine.IO payloads and concurrent requests over HTTP long-polling
//	frames    WebSocket frames that no decent client sends
//	upgrade   the walk from polling to WebSocket, taken wrongly
//	packets   Socket.IO packets, over polling and over WebSocket
//	binary    attachments and placeholders, over both
//	slow      whoever sends nothing, or a byte at a time
//	origin    pages of other origins            (against `hub serve`)
//	deflate   compressed WebSocket messages     (against `hub serve`)
//
//	grpc      services that break the rules of the control plane    (package services)
//	grpcwire  HTTP/2 below gRPC                                     (package services)
//	token     services without the right token  (against `hub serve`, package services)
//
// A row, an Input, names what is sent and the outcomes that are allowed. After each input
//
//   - a fresh client connects, joins and gets an acknowledgement within 2 s;
//   - two bystanders, one on WebSocket and one on polling, connected before
//     everything else, still get their echo and were never disconnected;
//   - nothing that the server said is a 5xx (but 501 and 505), a close 1011, a
//     stack, a file path, or text that is not UTF-8; nothing took longer than 5 s.
//
// A client or an echo that is late is tried once more, because the machine may be
// busy with something else; under the race detector the 2 s are 6 s.
//
// At the end the server's sessions, parked events, goroutines, descriptors and memory have to be back
// near where they were, its panic counters at zero and its log free of stacks.
//
// A Target is the server, a Probe the life of one input: it dials, it keeps what the
// server said, and ends what the input leaves open. Both packages speak bytes only:
// their own WebSocket frame writer, their own HTTP requests over net.Conn, and raw
// HTTP/2 frames and gRPC messages for the services' side. They import nothing of the
// hub but the generated contract.
//
// # Running it
//
//	go test ./test/hostile                        builds and starts cmd/conformance, then cmd/hub
//	go test ./test/hostile -run TestHostile/frames/close
//	HOSTILE_RACE=1 go test ./test/hostile         the server under the race detector
//	HOSTILE_TARGET=127.0.0.1:3000 go test ./test/hostile    a running server; HOSTILE_PID,
//	                                              HOSTILE_ADMIN and HOSTILE_CONTROL add what can be checked
//	HOSTILE_PROGRAM=path go test ./test/hostile   another program with the same flags
//	HOSTILE_REFERENCE=dir go test ./test/hostile  the reference server, from dir/node_modules/socket.io
//
//	go test ./test/hostile -run TestMemoryLimit   a hub with 128 MiB beside browsers that begin what they do not end
//	go test ./test/hostile -run TestVanished      browsers that vanish without FIN or RST, in a network namespace
//
//	make neighbours                               a bystander's echo beside services that take all they can
//	make neighbours-browsers                      the same beside browsers;
//	                                              HOSTILE_ONLY, such as `small echoes|pushed`, says which
//
// HOSTILE_SEED repeats the order of a run; the seed is printed. With
// HOSTILE_REFERENCE the rows where the hub has to be stricter than the reference
// allow the reference's outcome as well (field reference); that run proves that
// the suite itself asks for the right things.
//
// # Goroutines
//
// TestHostile runs the inputs in a pool of workers, the slow ones beside it, and
// waits for all. Each bystander has one reader, which ends with its connection.
package hostile
