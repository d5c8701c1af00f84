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
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# at_deadline: whether all that the last run failed of is the end of its own time. Go
# before 1.27 may report that as the target's failure when a worker sees the deadline
# before the coordinator does (golang/go issue 75804). It has found nothing then: an
# input that breaks a target, or hangs it, is named in the output and kept in a file.
at_deadline() {
	[[ $(grep -c '^ *context deadline exceeded$' "$log") == 1 ]] &&
		! grep -qE 'Failing input written|panic|fuzzing process|_test\.go:[0-9]+:' "$log"
}

while read -r file target; do
	dir=./$(dirname "$file")
	echo "== $dir $target for $fuzztime"
	if ! go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "$dir" </dev/null 2>&1 | tee "$log"; then
		at_deadline || exit 1
		echo "fuzz: $target ended at its deadline, which this Go reports as a failure; it found nothing"
	fi
done <<<"$targets"

echo "fuzz: $(wc -l <<<"$targets") targets, $fuzztime each, nothing found"
