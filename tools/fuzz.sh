#!/usr/bin/env bash
# Runs every fuzz target of the tree for FUZZTIME (default 10s), one on each processor: building
# one, which one processor does for the most part, goes on while others run.
# FUZZPART=2/3 takes the second of every three, and a third of the time.
# A target is found by its name, so a new one needs no entry anywhere. An input that
# breaks one is kept by Go in the package's testdata/fuzz and belongs into the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
fuzztime=${FUZZTIME:-10s}
part=${FUZZPART:-1/1}
[[ $part =~ ^[1-9][0-9]*/[1-9][0-9]*$ ]] || { echo "fuzz: FUZZPART is such as 2/3, not $part" >&2; exit 2; }

targets=$(git grep --untracked -E '^func Fuzz[A-Za-z0-9_]*\(' -- '*_test.go' |
	sed -E 's/^([^:]+):func (Fuzz[A-Za-z0-9_]*)\(.*/\1 \2/' | sort | awk -v at="${part%/*}" -v of="${part#*/}" 'NR % of == at % of')
test -n "$targets" || { echo "fuzz: no targets" >&2; exit 1; }
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# at_deadline LOG: whether all that a run failed of is the end of its own time. Go
# before 1.27 may report that as the target's failure when a worker sees the deadline
# before the coordinator does (golang/go issue 75804). It has found nothing then: an
# input that breaks a target, or hangs it, is named in the output and kept in a file.
at_deadline() {
	[[ $(grep -c '^ *context deadline exceeded$' "$1") == 1 ]] &&
		! grep -qE 'Failing input written|panic|fuzzing process|_test\.go:[0-9]+:' "$1"
}

# fuzz LOGS FUZZTIME FILE TARGET: run one target, and say what came of it at its end.
fuzz() {
	local dir status=0 log=$1/${3//\//_}.$4
	dir=./$(dirname "$3")
	go test -run '^$' -fuzz "^$4\$" -fuzztime "$2" -parallel 1 "$dir" </dev/null >"$log" 2>&1 || status=$?
	echo "== $dir $4 for $2"
	cat "$log"
	((status == 0)) && return
	at_deadline "$log" || return 255 # which ends xargs
	echo "fuzz: $4 ended at its deadline, which this Go reports as a failure; it found nothing"
}
export -f fuzz at_deadline

xargs -P "$(nproc)" -L 1 bash -c 'fuzz "$@"' fuzz "$logs" "$fuzztime" <<<"$targets"

echo "fuzz: $(wc -l <<<"$targets") targets (part $part), $fuzztime each, nothing found"
