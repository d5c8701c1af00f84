// Package e2e holds real clients against real processes: a `hub` binary, service
// processes, the socket.io-client of npm, and headless Chromium.
//
//	client_test.mjs   socket.io-client over polling, WebSocket and upgrade, with the service in mirror/; once more with
//	                  socket.io-msgpack-parser
//	old_clients_test.mjs  socket.io-client 1 and 2, which want `allow_eio3`
//	oldest_clients_test.mjs  socket.io-client 0.9, which wants `allow_v09`
//	tls_test.mjs      TLS and HTTP/2 by the hub, with socket.io-client and headless Chromium
//	proxies_test.mjs  nginx and HAProxy in front of the hub, as docs/proxies.md has them
//	msgpack_test.mjs  clients with and without it beside each other, and what a service sees of them
//	msgpack_page_test.mjs  the client with it that the hub serves, in headless Chromium
//	options_test.mjs  the options of docs/compatibility.md, each as an operator sets it
//	transport_test.mjs  its rows of the transports, request by request and packet by packet
//	features_test.mjs  its rows of what services do with browsers, in the fields of the contract
//	recovery_test.mjs  browsers that are cut at random moments, over each transport (`make recovery-cuts` for more of them)
//	webtransport_test.mjs  socket.io-client over WebTransport, in headless Chromium
//	bursts_test.mjs   what browsers do at once, against the slow service in crawl/
//	patience_test.mjs decisions, absences and lines that take their time, against the same
//	clock_test.mjs    the wall clock of hub and services is set while they run (`make clock`)
//	chat_test.mjs     the chat page in two tabs; the service is killed, and comes back in other languages
//	bare_test.mjs     the service of examples/bare-java, whose text is in docs/contract.md
//	resume_test.mjs   the exchange of docs/contract.md on a stream that breaks
//	processes.mjs     starting, reading and killing processes, for all of them
//	requests.mjs      single requests and WebSockets without a client
//	services.mjs      services without a kit
//
// The Go part builds the binaries and runs `node --test`. It skips what the
// machine lacks (node_modules, Chromium, nginx, HAProxy, OpenSSL, the Python environment, the
// Java build) and says so; with HUB_E2E=require or CI set, what is missing is a failure.
package e2e
