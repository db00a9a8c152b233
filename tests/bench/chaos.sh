#!/usr/bin/env bash
#
# chaos.sh - a working Janus, while everything that it stands on is killed, paused, filled up, cut off and set wrong.
#
# chaos.sh [FAULTS [SEED [REPORT]]]
#
# Clients chat (plainly, with tools, resumably), give agent tasks, submit, measure, make keys and vote, all the
# time, on real daemons with real pods.  One fault after another is done to them, drawn by SEED and its number.
# After each, all must be steady within 30 s of its end (ready, every competitor answers), and what docs/chaos.md
# lists must hold.  FROM=17 begins with that number, ONLY=17 does that one alone, KINDS=disk,clock those whose
# names have that in them.  TOGETHER=3 does so many at once.  SHORT=1: on the engine of the machine instead of one
# of its own, which is never harmed, only cut off; faults last a quarter of their time, and 90 s are in time.
# With REPORT, a file, the table is written there.
faults=${1:-1000} seed=${2:-1} report=${3:-}
. "$(dirname "$0")/../scenario/lib.sh"

images link baseline sandbox
hostile ok
mount -t tmpfs -o size=2g tmpfs "$state" || giveup "a small disk" "a tmpfs cannot be mounted on $state"
cc -shared -fPIC -O1 -Wall -Wextra -D_GNU_SOURCE -o "$work/clock.so" "$root/tests/bench/chaos/clock.c" -ldl ||
	giveup "a clock that can be set" "clock.c is not compiled"
arguments=(--bin "$bin" --root "$root" --work "$work" --engine "$engine" --faults "$faults" --seed "$seed" --report "$report"
	--from "${FROM:-1}" --only "${ONLY:-0}" --kinds "${KINDS:-}" --together "${TOGETHER:-1}")
if [ -n "${SHORT:-}" ]; then arguments+=(--hold 0.25 --limit 90); else arguments+=(--own-engine); fi
code=0
FAKE=$fake PYTHONDONTWRITEBYTECODE=1 python3 "$root/tests/bench/chaos" "${arguments[@]}" 2>&1 | tee "$work/chaos.log" || code=$?
has "the driver came to its end" '^[1-9][0-9]* faults, ' "$(tail -n 1 "$work/chaos.log")"
same "[M05] [I01] after every fault all was steady in time, and every invariant held" '' "$(grep -A3 '^FAULT' "$work/chaos.log" || true)"
same "the driver exits 0" 0 "$code"
