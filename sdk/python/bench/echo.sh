#!/bin/sh
# CPU of an echo: python-socketio with uvicorn, and the same program over a hub, in one run of
# `hub bench` each, interleaved. Prints microseconds of the Python process for each echo.
#   bench/echo.sh [rounds] [rate]     HUB=path of the hub's binary; rate 0: a closed loop
set -eu
cd "$(dirname "$0")/.."
hub=${HUB:-../../bin/hub} python=${PYTHON:-.venv/bin/python} rounds=${1:-3} rate=${2:-0}
"$hub" serve --listen 127.0.0.1:13010 --control-listen 127.0.0.1:17430 --admin-listen 127.0.0.1:17431 >/dev/null 2>&1 &
pids=$!
trap 'kill $pids 2>/dev/null || true' EXIT
sleep 1
export PYTHONPATH=src HUB_ADDRESS=127.0.0.1:17430
"$python" bench/app.py siohub.socketio 13011 2>/dev/null & kit=$!
"$python" bench/app.py socketio 13012 2>/dev/null & reference=$!
pids="$pids $kit $reference"
ready() { until "$python" -c "import socket; socket.create_connection(('127.0.0.1', $1)).close()" 2>/dev/null; do sleep 0.3; done; }
ready 13011 && ready 13012 && sleep 1
one() { # name pid url
	"$hub" bench -q -s echo -n 100 -r "$rate" -d 5s --json --url "$3" --pid "$2" |
		"$python" -c "import json,sys; d=json.load(sys.stdin); p=d['processes'][0]; print('$1', d['operations'], 'echoes', round(p['cpu_ns']/1e3/d['operations'],1), 'us each')"
}
i=0
while [ $i -lt "$rounds" ]; do
	one reference $reference http://127.0.0.1:13012
	one siohub $kit http://127.0.0.1:13010
	i=$((i + 1))
done
