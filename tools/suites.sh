#!/usr/bin/env bash
# suites.sh CHECKOUT [ROUNDS]: run the public suites against cmd/conformance, from a
# checkout of socketio/socket.io, of which nothing is changed: Engine.IO v3 and v4, Socket.IO
# v5, and socket.io-client's own with the client that package.json has. Ports 3000 and 3210
# have to be free. Exit code 0 when all passed but what docs/conformance.md names.
set -euo pipefail
(($# >= 1)) || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
checkout=$(realpath "$1") rounds=${2:-1}
cd "$(dirname "$0")/.."
work=$(mktemp -d) server=
trap '[[ -z "$server" ]] || kill "$server"; rm -rf "$work"' EXIT
go build -o "$work/conformance" ./cmd/conformance

# serve FLAGS...: start what a suite talks to, in the place of what runs.
serve() {
	stop
	"$work/conformance" "$@" 2>"$work/ready" &
	server=$!
	until grep -q '^conformance: ' "$work/ready"; do
		kill -0 "$server" || { cat "$work/ready" >&2; exit 1; }
		sleep 0.05
	done
}
stop() {
	[[ -n "$server" ]] || return 0
	kill "$server"
	wait "$server" || true
	server=
}

mkdir "$work/engine3" "$work/engine" "$work/socket" "$work/client"
cp -r "$checkout/docs/engine.io-protocol/v3-test-suite/." "$work/engine3"
cp -r "$checkout/docs/engine.io-protocol/v4-test-suite/." "$work/engine"
cp -r "$checkout/docs/socket.io-protocol/v5-test-suite/." "$work/socket"
cp -r "$checkout/packages/socket.io-client/test" "$work/client"
npm=(npm --no-audit --no-fund --loglevel=error)
for suite in engine3 engine socket; do (cd "$work/$suite" && "${npm[@]}" ci); done
client=$(node -p 'require("./package.json").dependencies["socket.io-client"]')
(
	cd "$work/client"
	# The tests import the package that they stand in.
	echo '{"private": true, "main": "./build/cjs/index.js"}' >package.json
	"${npm[@]}" install --save-exact "socket.io-client@$client" expect.js@0.3.1 has-cors@1.1.0 mocha@10.8.2 tsx@4.20.6 \
		@sinonjs/fake-timers@11.3.1 text-blob-builder@0.0.1 base64-arraybuffer@1.0.2
	ln -s node_modules/socket.io-client/build build
)

failed=0
for ((round = 1; round <= rounds; round++)); do
	serve -engine
	(cd "$work/engine3" && npx mocha test-suite.js) || failed=1
	(cd "$work/engine" && npx mocha test-suite.js) || failed=1
	serve
	(cd "$work/socket" && npx mocha test-suite.js) || failed=1
	serve -client -addr localhost:3210
	# In a process group of its own: one of the tests leaves a process behind.
	(cd "$work/client" && setsid --wait bash -c 'echo $$ >group
		exec npx mocha --import=tsx --exit test/index.ts') || failed=1
	kill -- "-$(cat "$work/client/group")" 2>/dev/null || true
done
exit "$failed"
