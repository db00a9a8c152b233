#!/usr/bin/env bash
#
# upgrade.sh - one janusd takes over from another, again and again, under many open streams.
#
# upgrade.sh [STREAMS [TIMES [REPORT]]]
#
# Half of the streams are an endpoint's and half a pod's, an event each 50 ms; each is checked byte by byte by
# its client, which measures its silences too.  All the time somebody else makes new connections, one after
# the other.  REPORT is a file: what comes after its line "## Measured" is written anew.
streams=${1:-1000} times=${2:-5} report=${3:-}
load=$(cut -d' ' -f1 /proc/loadavg)
. "$(dirname "$0")/../scenario/lib.sh"
own=$tests/bench

ulimit -n "$(ulimit -Hn)"
port=$(free_port)
run up "$own/upstream" "$port"
until_true 10 listens "$port" || giveup "the upstream starts" "$(cat "$work/up.log")"
start_platform
start_janusd "JANUS_ROUTER_CONCURRENCY=$streams" JANUS_LOG_LEVEL=warn,janusd=info
ctl submit url "http://127.0.0.1:$port" --name endpoint --wait --timeout 60s
[ "$code" = 0 ] || giveup "an endpoint is accepted" "$out" "$err"
images link
"$root/tests/bench/pod.sh" --engine "$engine" >"$work/images.log" 2>&1 || giveup "an image of the upstream" "$(tail "$work/images.log")"
accept bench-upstream:latest pod

active() { curl -s "$url/metrics" | awk '/^janus_streams_active/ { n += $2 } END { print n + 0 }'; }
all_open() { [ "$(active)" -ge "$streams" ]; }
serving() { curl -s --max-time 2 --unix-socket "$runtime/janusd.sock" http://janus/api/v1/status | jq -r .pid; }
is_serving() { [ "$(serving)" = "$1" ]; }
field() { grep -oE "$1=[0-9.]+" "$work/$2.log" | tail -n 1 | cut -d= -f2; }
ended() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:[[:space:]]*Z' "/proc/$1/status"; }

: >"$work/table"
for i in $(seq "$times"); do
	old=${pids[janusd]} seconds=$((streams / 1000 + 6))
	for who in endpoint pod; do
		rm -f "$work/$who.log"
		run "$who" "$own/load" paced "$JANUS_PORT" "$old" "janus/$who" $((streams / 2)) "$seconds" 100 50
	done
	until_true 30 all_open || giveup "$streams streams are open" "$(active)"
	rm -f "$work/knock.log"
	run knock "$own/knock" "$JANUS_PORT"
	began=$(ms)
	run "janusd$i" env "DOCKER_HOST=unix://$engine" "JANUS_ROUTER_CONCURRENCY=$streams" "$bin/janusd" --take-over
	new=${pids[janusd$i]}
	until_true 60 is_serving "$new" || giveup "a new one takes over" "$(tail "$work/janusd$i.log")"
	served=$(($(ms) - began))
	until_true 60 gone endpoint
	until_true 60 gone pod
	until_true 60 ended "$old" || giveup "the old one ends" "$(tail "$work/janusd.log")"
	kill "${pids[knock]}"
	until_true 5 gone knock
	pids[janusd]=$new
	unset "pids[janusd$i]"
	dropped=$(($(field failures endpoint) + $(field failures pod)))
	gap=$(printf '%s\n' "$(field gap_ms endpoint)" "$(field gap_ms pod)" | sort -n | tail -n 1)
	same "upgrade $i: none of $streams streams was dropped" 0 "$dropped"
	same "nobody was refused" "0 0" "$(field refused knock) $(field broken knock)"
	printf '| %d | %d | %d | %d ms | %d | %d | %d ms | %.1f s |\n' "$i" "$streams" "$dropped" "$gap" "$(field asked knock)" \
		"$(($(field refused knock) + $(field broken knock)))" "$(field longest_ms knock)" "${served}e-3" >>"$work/table"
done
end janusd

table() {
	printf '| upgrade | open streams | dropped | longest silence on one | new connections meanwhile | refused or broken | slowest of them | until the new one answered |\n'
	printf '|---|---|---|---|---|---|---|---|\n'
	cat "$work/table"
}
table | sed 's/^/     /'
if [ -n "$report" ] && [ "$fails" = 0 ]; then
	{
		sed '/^## Measured$/q' "$report"
		printf '\nWritten by `make upgrades`; what it does is said at the head of its script, tests/bench/upgrade.sh. '
		printf 'Machine: %s cores; Linux %s; load before it began %s.\n\n' "$(nproc)" "$(uname -r | cut -d- -f1)" "$load"
		table
	} >"$work/report"
	cp "$work/report" "$report"
fi
