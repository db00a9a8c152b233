#!/usr/bin/env bash
#
# frames.sh - frames of the chat's page while an answer of 100 tokens a second streams into a thread of 500 messages.
#
# frames.sh [REPORT]
#
# A real Chromium without a screen, at 60 frames a second and without a GPU, on the machine that also runs janusd and the
# fake upstream.  The thread is imported, half of it markdown with tables and code; the answer follows it, one
# word an event, one event every 10 ms.  Measured are the times between frames, as the page's own
# requestAnimationFrame sees them, and tasks over 50 ms.  With REPORT, a file, they are written there.
report=${1:-}
. "$(dirname "$0")/../scenario/lib.sh"

load=$(cut -d' ' -f1 /proc/loadavg)
packages "$ui"
port=$(free_port)
run fake "$fake" --port "$port"
until_true 10 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
start_platform
start_janusd
ctl submit url "http://127.0.0.1:$port" --name swift-owl --wait --timeout 60s
[ "$code" = 0 ] || giveup "an endpoint is accepted" "$out" "$err"
(cd "$ui" && BASE_URL=$url node frames.js) >"$work/frames.json" 2>"$work/frames.log" || giveup "the page is measured" "$(tail "$work/frames.log")"
truth "at least 300 frames of each size were seen" 'all(.frames >= 300)' "$(cat "$work/frames.json")"

table() {
	jq -r '.[] | "| \(.what) | \(.frames) | \(.fps) | \(.median) | \(.p95) | \(.p99) | \(.most) | \(.late) % | \(.tasks) | \(.longest) |"' "$work/frames.json"
}
printf '%s\n' '| window | frames | a second | median ms | p95 | p99 | most | over 25 ms | tasks over 50 ms | longest ms |' "$(table)"
[ -z "$report" ] || {
	cat <<-END
		# Frames

		Written by \`make frames\`; do not edit. What is measured is said at the head of its script, tests/bench/frames.sh.

		Machine: $(nproc) cores; Linux $(uname -r | cut -d- -f1); $("${CHROMIUM:-/usr/bin/chromium-headless-shell}" --version 2>/dev/null | sed 's/ *built.*//'), no GPU; load before it began $load.

		| window | frames | a second | median ms | p95 | p99 | most | over 25 ms | tasks over 50 ms | longest ms |
		|---|---|---|---|---|---|---|---|---|---|
		$(table)
	END
} >"${report:-/dev/null}"
