#!/usr/bin/env bash
# The hub and the kit of this tree against those of another commit: each workload in turns of
# old and new, compared by benchstat at 95 %.
#
#   tools/pairs.sh COMMIT PAIRS WORKLOADS DURATION BENCHSTAT
#
# Where it is allowed (chrt) they come before what else the machine does.
set -euo pipefail
commit=$1 pairs=$2 workloads=$3 duration=$4 benchstat=$5

root=$(git rev-parse --show-toplevel)
dir=$(mktemp -d)
trap 'git -C "$root" worktree remove --force "$dir/tree" 2>/dev/null || true; rm -rf "$dir"' EXIT
git worktree add --quiet --detach "$dir/tree" "$commit"
cp -r hub/internal/clientfiles/dist "$dir/tree/hub/internal/clientfiles/" # made by make, not in git
go build -o "$dir/run" ./bench/run
for side in old new; do
	from=$([[ $side = old ]] && echo "$dir/tree" || echo "$root")
	(cd "$from" && go build -o "$dir/hub-$side" ./cmd/hub && go build -o "$dir/service-$side" ./bench/service)
done

first=()
chrt --rr 1 true 2>/dev/null && first=(chrt --rr 1)
"${first[@]}" "$dir/run" --only "$workloads" --rounds "$pairs" --duration "$duration" \
	--hub old="$dir/hub-old" --service old="$dir/service-old" \
	--hub new="$dir/hub-new" --service new="$dir/service-new" 2>"$dir/log" >"$dir/out" || {
	cat "$dir/log" "$dir/out" >&2
	exit 1
}

# "-- echo, old, round 1: 14.76 µs + 4.68 µs, 57396/s, …" as benchstat reads it.
for side in old new; do
	awk -v side="$side" '
		$1 == "--" && $3 == side "," && $7 == "µs" {
			name = $2; sub(",", "", name); rate = $11; sub("/s,", "", rate)
			printf "Benchmark%s 1 %s hub-µs/op %s service-µs/op %s op/s\n", name, $6, $9, rate
		}' "$dir/log" "$dir/out" >"$dir/$side"
done
benchstat=$(realpath "$benchstat")
cd "$dir" && "$benchstat" old new
