#!/usr/bin/env bash
#
# 09-submit-url.sh - an endpoint somebody else runs, and what its faults look like to a client.
. "$(dirname "$0")/lib.sh"

start_fake() { run fake "$fake" --port "$1"; until_true 10 listens "$1" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"; }
port=$(free_port)
start_fake "$port"
start_platform
start_janusd JANUS_ROUTER_BREAKER_FAILURES=0 JANUS_ROUTER_BREAKER_RATIO=0 # it is made to fail all the time

ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 60s --output json
same "submit url exits 0" 0 "$code"
truth "it is ready" ".state == \"ready\" and .kind == \"url\" and .url == \"http://127.0.0.1:$port\"" "$out"
same "and has no container" 0 "$(container_count)"
chat janus/dev hello
same "it answers" 200 "$status"
has "in its own words" 'word0' "$body"

stream() {	# FAULT-WORDS [CURL-OPTIONS]
	ask -N "$url/v1/chat/completions" -H 'content-type: application/json' "${@:2}" \
		-d "$(jq -nc --arg t "$1" '{model: "janus/dev", stream: true, messages: [{role: "user", content: $t}]}')"
}
dones() { grep -c '^data: \[DONE\]' <<<"$body" || true; }
typed() {	# WHAT CODE: an error event with that code, then [DONE]
	truth "$1: $2" ".error.code == \"$2\"" "$(grep '^data: {"error"' <<<"$body" | tail -n 1 | cut -c7-)"
	same "$1: one [DONE]" 1 "$(dones)"
}

stream "fault:chunks=20"
same "a stream has status 200" 200 "$status"
same "all its events" 20 "$(grep -c '"content":"word[0-9]' <<<"$body")"
same "and one [DONE]" 1 "$(dones)"
stream "fault:nodone"
same "a missing [DONE] is added" 1 "$(dones)"
lacks "without an error" '"error"' "$body"
stream "fault:done2"
same "a second one is not passed on" 1 "$(dones)"
stream "fault:status=500"
same "a failing status before the first byte is a status" 502 "$status"
truth "with a code of ours" '.error.janus.fault == "miner"' "$body"
stream "fault:status=429 fault:retry=7"
case $status in 429 | 502 | 503) ok "too many requests: $status" ;; *) bad "too many requests" "$status $body" ;; esac
stream "fault:html=200"
refused "HTML is no answer" 502 upstream_bad_response
stream "fault:badhead"
refused "nor is what is not HTTP" 502 upstream_bad_response
stream "fault:errfirst"
refused "an error frame first of all is a status" 502 upstream_error_frame
stream "fault:errmid fault:chunks=30 fault:slow=100"
typed "an error frame in the middle" upstream_error_frame
stream "fault:cut=900 fault:chunks=50"
typed "a cut stream" upstream_died
stream "fault:reset=900 fault:chunks=50"
typed "a reset one" upstream_died
stream "fault:nofinish"
typed "one that ends without a finish" upstream_died
stream "fault:giant"
typed "an event over 1 MiB" upstream_bad_response

# Silence is filled.
stream "fault:chunks=2 fault:slow=4000"
has "a silence has pings" '^: ping' "$body"

# Who goes away is noticed.
run leaver curl -sN --max-time 60 "$url/v1/chat/completions" -H 'content-type: application/json' -H 'x-request-id: leaver-of-09' \
	-d '{"model":"janus/dev","stream":true,"messages":[{"role":"user","content":"fault:chunks=300 fault:slow=200"}]}'
becomes "a client reads" 20 grep -q word1 "$work/leaver.log"
end leaver
becomes "one that leaves ends the upstream's work" 10 grep -q '"event":"end","id":"leaver-of-09".*"cancelled":true' "$work/fake.log"

# The endpoint goes and comes back.
end fake KILL
not_ready() { ! competitor_is dev ready; }
becomes "gone, it is not ready" 60 not_ready
no_answer() { chat janus/dev hello; [ "$status" = 503 ]; }
becomes "and a chat says so" 10 no_answer
start_fake "$port"
becomes "back, it is ready" 90 competitor_is dev ready
becomes "and answers" 30 answers janus/dev

ctl submit url "http://127.0.0.1:$(free_port)" --name nobody --wait --timeout 90s --output json
same "an endpoint nobody listens at exits 1" 1 "$code"
truth "and is rejected" '.state == "rejected" and .state_reason == "endpoint_unreachable"' "$out"
