#!/bin/sh
# Makes src/siohub/_pb of the contract, proto/hub/v1: modules and their types, with imports
# local to the package, so that nothing called `hub` is installed.
# Needs grpcio-tools, of the oldest release whose code runs with what pyproject.toml allows.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-.venv/bin/python}
out=src/siohub/_pb
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m grpc_tools.protoc -I ../../proto --python_out="$work" --pyi_out="$work" --grpc_python_out="$work" \
	../../proto/hub/v1/*.proto
find "$out" -name '*_pb2*.py*' -delete
for file in "$work"/hub/v1/*; do
	sed -e 's/^from hub\.v1 import/from siohub._pb import/' -e '/^from siohub/b' "$file" >"$out/$(basename "$file")"
done
rm -f "$out"/*_pb2_grpc.py # the kit names the methods itself, in _core/wire.py
printf '"""The contract, proto/hub/v1, made by generate.sh. Not for programs: it has no stable names."""\n' >"$out/__init__.py"
"$python" contract_capabilities.py ../../proto/hub/v1 >"$out/capabilities.py"
