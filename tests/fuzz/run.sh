#!/usr/bin/env bash
#
# run.sh - replay what once broke a fuzz target, then look for more.
#
#   tests/fuzz/run.sh build/fuzz/fuzz_NAME SECONDS
#
# tests/fuzz/corpus/NAME/ holds inputs to begin with and those that once broke it.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
target=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
name=$(basename "$1")
name=${name#fuzz_}
kept=$root/tests/fuzz/corpus/$name
found=$root/build/fuzz/corpus/$name
mkdir -p "$found" "$root/build/fuzz/crashes"

if [ -d "$kept" ]; then
	"$target" -runs=1 "$kept"/*
fi
dirs=("$found")
[ ! -d "$kept" ] || dirs+=("$kept")
"$target" -max_total_time="$2" -max_len=8192 -timeout=10 -artifact_prefix="$root/build/fuzz/crashes/$name-" \
	-print_final_stats=1 "${dirs[@]}"
