#!/usr/bin/env bash
#
# 16-busy.sh - [M10] more chats than a competitor takes at once: who waits, who is refused, what both
# are told; and one that keeps failing is left alone, then used again.
. "$(dirname "$0")/lib.sh"

port=$(free_port)
run fake "$fake" --port "$port"
until_true 10 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
start_platform
start_janusd JANUS_ROUTER_LOOPS=2 JANUS_ROUTER_QUEUE=3 JANUS_ROUTER_BREAKER_OPEN=6s
printf '{"concurrency": 2}' >"$work/manifest.json"
ctl submit url "http://127.0.0.1:$port" --name dev --manifest "$work/manifest.json" --wait --timeout 60s
[ "$code" = 0 ] || giveup "the fake upstream is ready" "$out" "$err"

stream() {	# NAME WORDS [CURL-OPTIONS]: in the background, its answer in $work/NAME.log
	run "$1" curl -sSN --max-time 60 -H "x-request-id: $1-of-16" -H 'content-type: application/json' "${@:3}" \
		"$url/v1/chat/completions" \
		-d "$(jq -nc --arg t "$2" '{model: "janus/dev", stream: true, messages: [{role: "user", content: $t}]}')"
}
said() { grep -qE "$2" "$work/$1.log"; }
waiting() { [ "$(competitor dev | jq ".queue.$1")" = "$2" ]; }
in_use() { [ "$(instance_of dev | jq .in_flight)" = "$1" ]; }
listed() {	# NAME MORE-THAN AT-MOST: how long it waited, by the table
	"$bin/janusctl" list requests -o json 2>/dev/null | jq -e --arg id "$1-of-16" --argjson more "$2" --argjson most "$3" \
		'.data[] | select(.id == $id) | .queue_ms > $more and .queue_ms <= $most' >/dev/null
}
occupy() {	# both slots, until they are let go
	stream "$1-1" "fault:chunks=6 fault:hold=$work/$1.go"
	stream "$1-2" "fault:chunks=6 fault:hold=$work/$1.go"
	if ! until_true 10 said "$1-1" word || ! until_true 10 said "$1-2" word; then
		giveup "two chats run" "$(cat "$work/$1"-*.log)"
	fi
}

let_go() { : >"$work/$1.go"; }

# --- a queue ---
truth "the manifest's concurrency is what counts" '.concurrency == 2 and .breaker.state == "closed"' "$(competitor dev)"
occupy busy
becomes "two are being answered" 20 in_use 2
stream third "fault:chunks=2"
becomes "a third waits" 20 waiting interactive 1
from=$(ms)
stream fourth "fault:chunks=2" -H 'x-janus-progress: 1'
becomes "and a fourth" 20 waiting interactive 2
becomes "the third is told its place in pings" 20 said third '^: queued position=1'
becomes "the fourth in events, as it asked" 20 said fourth '"janus":\{"event":"queued","payload":\{"position":2,'
ctl create key bencher --scopes bench -q
bencher=$out
stream benchmark "fault:chunks=2" -H "authorization: Bearer $bencher"
becomes "a benchmark waits in a class of its own" 20 waiting bench 1
becomes "metrics: waiting" 10 metric_is 3 janus_queue_depth 'competitor="dev"'
ask "$url/v1/chat/completions" -H 'content-type: application/json' -H "authorization: Bearer $bencher" \
	-d '{"model":"janus/dev","messages":[{"role":"user","content":"hi"}]}'
refused "there is no room for another" 429 queue_full
has "when to try again is told" '^retry-after: [1-9]' "$head"
becomes "metrics: refused" 10 metric_is 1 janus_queue_rejected_total 'class="bench"'
stream fifth "fault:chunks=2"
becomes "somebody's chat takes the benchmark's place" 20 said benchmark '"code":"queue_full"'
waited() { [ $(($(ms) - from)) -gt 1100 ]; }
until_true 10 waited
let_go busy
for name in busy-1 busy-2 third fourth fifth; do
	becomes "$name is answered" 60 said "$name" '^data: \[DONE\]'
	lacks "$name without an error" '"error"' "$(cat "$work/$name.log")"
done
recorded() { control GET /api/v1/requests/third-of-16; [ "$status" = 200 ]; }
until_true 20 recorded || true
truth "how long it waited is kept" '.queue_ms > 1000 and ([.timeline[].what] | index("queued") != null)' "$body"
becomes "and kept for good, in the list" 30 listed third 1000 60000
becomes "which says 0 of one that never waited" 30 listed busy-1 -1 0
truth "and logged" '.queue_ms > 1000' "$(grep '"request.done"' "$work/janusd.log" | grep '"third-of-16"')"
settled
same "metrics: waits" 1 "$(($(metric janus_queue_wait_seconds_count 'class="interactive"') >= 3))"
becomes "nothing is left in use" 20 in_use 0

# --- leaving ---
occupy again
stream leaver "fault:chunks=2"
becomes "one waits" 20 waiting interactive 1
end leaver
becomes "and leaves: nobody waits" 10 waiting interactive 0
becomes "what it left is told" 20 grep -q '"leaver-of-16".*"code":"client_disconnected"' "$work/janusd.log"

# --- all that came at once ---
crowd() {	# more than may run, fewer than may wait, many times
	local i
	for i in 1 2 3 4 5 6 7 8; do
		curl -sS --max-time 60 -o /dev/null -w '%{http_code}\n' -H 'content-type: application/json' "$url/v1/chat/completions" \
			-d '{"model":"janus/dev","messages":[{"role":"user","content":"hello"}]}' &
	done
	wait
}
let_go again
until_true 20 in_use 0 || bad "the streams end" "$(competitor dev)"
for _ in 1 2 3 4 5; do crowd; done >"$work/crowd"
lacks "a crowd is answered or told that the queue is full" '^(5|000|40)' "$(cat "$work/crowd")"
has "and mostly answered" '^200' "$(cat "$work/crowd")"
same "each of it" 40 "$(wc -l <"$work/crowd")"
becomes "no slot is lost" 20 in_use 0

# --- a competitor that keeps failing [C01] [C14] ---
for _ in 1 2 3 4 5; do chat janus/dev "fault:status=500"; done
same "five failures are told as they are" 502 "$status"
becomes "it is logged" 10 grep -q '"breaker.state".*"from":"closed","to":"open"' "$work/janusd.log"
chat janus/dev hello
refused "then it is left alone" 503 no_ready_competitor
has "which is said" 'failed too often' "$body"
has "with the time" '"retry_at": ?"20' "$(competitor dev)"
truth "and shown" '.breaker.state == "open" and .state == "ready"' "$(competitor dev)"
ctl show competitor dev
has "by janusctl too" 'breaker.*open|state +open' "$out"
same "metrics: open" 2 "$(metric janus_breaker_state 'competitor="dev"')"
becomes "after a while it is asked again" 30 answers janus/dev
closed() { [ "$(competitor dev | jq -r .breaker.state)" = closed ]; }
becomes "and the breaker is closed" 10 closed
for _ in 1 2 3 4 5 6 7; do chat janus/dev "fault:status=400"; done
same "what the client did wrong" 400 "$status"
check "is not held against it" answers janus/dev
for _ in 1 2 3 4 5; do chat janus/dev "fault:status=429 fault:retry=12"; done
same "too busy for anybody" 429 "$status"
opened_again() { [ "$(grep -c '"breaker.state".*"from":"closed","to":"open"' "$work/janusd.log")" -ge 2 ]; }
until_true 10 opened_again || true
chat janus/dev hello
same "it is left alone" 503 "$status"
has "for as long as it asked" '^retry-after: ([7-9]|1[0-2])$' "$head"
becomes "and then asked again" 40 answers janus/dev

# --- stopping ---
occupy last
stream unlucky "fault:chunks=2"
becomes "one waits" 20 waiting interactive 1
kill -TERM "${pids[janusd]}"
becomes "when Janus stops it is told at once" 10 said unlucky '"code":"draining"'
lacks "while those that run are not ended" '\[DONE\]' "$(cat "$work/last-1.log")"
let_go last
becomes "but go on to their end" 20 said last-1 '^data: \[DONE\]'
