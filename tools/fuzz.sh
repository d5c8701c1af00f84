#!/usr/bin/env bash
# Runs every fuzz target of the tree for FUZZTIME (default 10s), one after the other.
# A target is found by its name, so a new one needs no entry anywhere. An input that
# breaks one is kept by Go in the package's testdata/fuzz and belongs into the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
fuzztime=${FUZZTIME:-10s}

targets=$(git grep --untracked -E '^func Fuzz[A-Za-z0-9_]*\(' -- '*_test.go' |
	sed -E 's/^([^:]+):func (Fuzz[A-Za-z0-9_]*)\(.*/\1 \2/' | sort)
test -n "$targets" || { echo "fuzz: no targets" >&2; exit 1; }

while read -r file target; do
	dir=./$(dirname "$file")
	echo "== $dir $target for $fuzztime"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "$dir" </dev/null
done <<<"$targets"

echo "fuzz: $(wc -l <<<"$targets") targets, $fuzztime each, nothing found"
