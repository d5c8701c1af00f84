// Package e2e holds real clients against real processes: a `hub` binary, service
// processes, the socket.io-client of npm, and headless Chromium.
//
//	client_test.mjs   socket.io-client over polling, WebSocket and upgrade, with the service in mirror/
//	chat_test.mjs     the chat page in two tabs; the service is killed, and comes back in other languages
//	processes.mjs     starting, reading and killing the processes that both need
//
// The Go part builds the binaries and runs `node --test`. It skips what the
// machine lacks (node_modules, Chromium, the Python environment) and says so; with
// HUB_E2E=require or CI set, what is missing is a failure.
package e2e
