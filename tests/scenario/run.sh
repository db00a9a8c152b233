#!/usr/bin/env bash
#
# run.sh - run scenarios, one after the other, on real daemons and a real engine.
#
#   tests/scenario/run.sh [NN...]
#
# BIN=build/san/bin runs the sanitized programs; KEEP=1 keeps what a scenario
# made.  The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/../.."

scenarios=()
for each in "${@:-}"; do	# 04, 04-supervision.sh, or all
	each=${each##*/}
	for file in tests/scenario/"${each%.sh}"*.sh; do
		case $file in
		*/[0-9]*) scenarios+=("$file") ;;
		esac
	done
done
[ "${#scenarios[@]}" -gt 0 ] || { echo "no such scenario: $*" >&2; exit 2; }
limit_seconds=${SCENARIO_LIMIT:-600}
passed=0
failed=()
for each in "${scenarios[@]}"; do
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
