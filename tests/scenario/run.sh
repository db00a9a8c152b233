#!/usr/bin/env bash
#
# run.sh - run scenarios on real daemons and a real engine, several at a time.
#
#   tests/scenario/run.sh [NN...]
#
# BIN=build/san/bin runs the sanitized programs; KEEP=1 keeps what a scenario
# made; JOBS=1 runs one after the other (two to a processor if not given).
# Those that say "# alone" in their head measure the machine or take it over,
# and run by themselves at the end.  What one says is shown when it has ended.
# The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/../.."

together=() alone=()
for each in "${@:-}"; do	# 04, 04-supervision.sh, or all
	each=${each##*/}
	for file in tests/scenario/"${each%.sh}"*.sh; do
		case $file in
		*/[0-9]*)
			if head -n 6 "$file" | grep -q '^# alone'; then alone+=("$file"); else together+=("$file"); fi
			;;
		esac
	done
done
[ $((${#together[@]} + ${#alone[@]})) -gt 0 ] || { echo "no such scenario: $*" >&2; exit 2; }
limit_seconds=${SCENARIO_LIMIT:-600}
jobs=${JOBS:-$(($(nproc) * 2))}
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
passed=0
failed=()
declare -A running=()	# pid -> file

start() {
	local name
	name=$(basename "$1" .sh)
	{
		printf '\n== %s: %s\n' "$name" "$(sed -n '3s/^# [^ ]* - //p' "$1")"
		from=$SECONDS code=0
		timeout --kill-after=60 "$limit_seconds" bash "$1" 2>&1 || code=$?
		printf '   (%d s)\n' $((SECONDS - from))
		exit "$code"
	} >"$said/$name" &
	running[$!]=$1
}

finish_one() {
	local pid code=0 name
	wait -n -p pid "${!running[@]}" || code=$?
	name=$(basename "${running[$pid]}" .sh)
	unset "running[$pid]"
	cat "$said/$name"
	if [ "$code" = 0 ]; then passed=$((passed + 1)); else failed+=("$name"); fi
}

# From both ends: browsers, which come last, compute, while the others mostly wait.
order=()
for ((i = 0, j = ${#together[@]} - 1; i <= j; i++, j--)); do
	order+=("${together[j]}")
	[ "$i" = "$j" ] || order+=("${together[i]}")
done
for each in "${order[@]}"; do
	[ "${#running[@]}" -lt "$jobs" ] || finish_one
	start "$each"
done
while [ "${#running[@]}" -gt 0 ]; do finish_one; done
for each in "${alone[@]}"; do
	start "$each"
	finish_one
done
[ "${#failed[@]}" = 0 ] || printf '\nfailed: %s\n' "${failed[*]}"
printf '%d passed, %d failed\n' "$passed" "${#failed[@]}"
[ "${#failed[@]}" = 0 ]
