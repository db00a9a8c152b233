#!/usr/bin/env bash
#
# run.sh - run scenarios, one after the other, on real daemons and a real engine.
#
#   tests/scenario/run.sh [NN-what.sh...]
#
# BIN=build/san/bin runs the sanitized programs; KEEP=1 keeps what a scenario
# made.  The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/../.."

scenarios=("$@")
[ $# -gt 0 ] || scenarios=(tests/scenario/[0-9]*.sh)
limit_seconds=${SCENARIO_LIMIT:-600}
passed=0
failed=()
for each in "${scenarios[@]}"; do
	[ -f "$each" ] || each=tests/scenario/$(basename "$each")
	printf '\n== %s: %s\n' "$(basename "$each" .sh)" "$(sed -n '3s/^# [^ ]* - //p' "$each")"
	from=$SECONDS
	if timeout --kill-after=60 "$limit_seconds" bash "$each"; then
		passed=$((passed + 1))
	else
		failed+=("$(basename "$each" .sh)")
	fi
	printf '   (%d s)\n' $((SECONDS - from))
done
[ "${#failed[@]}" = 0 ] || printf '\nfailed: %s\n' "${failed[*]}"
printf '%d passed, %d failed\n' "$passed" "${#failed[@]}"
[ "${#failed[@]}" = 0 ]
