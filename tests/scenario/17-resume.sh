#!/usr/bin/env bash
#
# 17-resume.sh - a stream goes on without its client, who comes back for the rest of it.
. "$(dirname "$0")/lib.sh"

port=$(free_port)
run fake "$fake" --port "$port"
until_true 10 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
start_platform
settings=(JANUS_STREAM_RESUME_TTL=10m JANUS_STREAM_RESUME_BYTES=64KiB JANUS_ROUTER_DRAIN_TIMEOUT=4s)
start_janusd "${settings[@]}"
ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 60s
same "an endpoint is accepted" 0 "$code"

question() { jq -nc --arg t "$1" '{model: "janus/dev", stream: true, messages: [{role: "user", content: $t}]}'; }
# start NAME WORDS: a resumable stream in the background; its events in $work/NAME.log, sets id
start() {
	rm -f "$work/$1.head" "$work/$1.log"
	run "$1" curl -sN -D "$work/$1.head" "$url/v1/chat/completions" -H 'content-type: application/json' \
		-H "x-janus-resume: 1" -H "x-request-id: request-of-$1" -d "$(question "$2")"
	until_true 10 grep -q '^id: 2$' "$work/$1.log" || giveup "$1 streams" "$(cat "$work/$1.head" "$work/$1.log")"
	id=$(tr -d '\r' <"$work/$1.head" | sed -n 's/^x-janus-stream-id: //p')
}
look() { ask "$url/v1/streams"; item=$(jq -c --arg id "$id" '.data[] | select(.id == $id)' <<<"$body"); }
state_is() { look; [ "$(jq -r .state <<<"$item")" = "$1" ]; }
events() { grep -v -e '^: ping' "$@" | awk -v RS= -v ORS='\n\n' 1; }
cancelled() { grep -c "\"event\":\"end\",\"id\":\"request-of-$1\".*\"cancelled\":true" "$work/fake.log" || true; }

# What the answer is: a stream like any other.
words="fault:chunks=15 fault:hold=$work/go"
: >"$work/go"
ask -N "$url/v1/chat/completions" -H 'content-type: application/json' -d "$(question "$words")"
plain=$body
lacks "a stream that is not resumable has no numbers" '^id: ' "$plain"

# Cut in the middle by killing curl, and resumed after the last whole event.
rm "$work/go"	# from here on it stops after a few words
start cut "$words"
has "a resumable one has an id" '^strm_[0-9a-z]{26}$' "$id"
end cut KILL
# curl may have died inside an event: what has no blank line after it is not whole
last=$(grep -n '^$' "$work/cut.log" | tail -n 1 | cut -d: -f1)
head -n "$last" "$work/cut.log" >"$work/first"
seen=$(sed -n 's/^id: //p' "$work/first" | tail -n 1)
alone() { look; [ "$(jq -r .readers <<<"$item")" = 0 ]; }
until_true 30 alone || true	# that its client has gone is seen in a moment
truth "it is shown with what it is" ".state == \"running\" and .object == \"stream\" and .request_id == \"request-of-cut\"
	and .model == \"janus/dev\" and .competitor == \"dev\" and .first_seq == 1 and .last_seq >= $seen and .readers == 0
	and .resumed == 0 and .expires_at == null and (.created_at | test(\"Z$\"))" "$item"
run resumer curl -sN --max-time 120 -D "$work/resumer.head" "$url/v1/streams/$id" -H "last-event-id: $seen"
followed() { look; [ "$(jq -r .readers <<<"$item")" = 1 ]; }
becomes "somebody comes for the rest" 30 followed
: >"$work/go"
becomes "and has it" 30 gone resumer
head=$(tr -d '\r' <"$work/resumer.head")
body=$(cat "$work/resumer.log")
status=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' <<<"$head")
same "it is resumed" 200 "$status"
has "under the same id" "^x-janus-stream-id: $id\$" "$head"
printf '%s\n' "$body" >"$work/second"
check "what comes is what was missing" grep -q "^id: $((seen + 1))\$" "$work/second"
lacks "and nothing twice" "^id: $seen\$" "$body"
events "$work/first" >"$work/both"
events "$work/second" >>"$work/both"
same "together they are the whole" "$(events <<<"$plain")" "$(grep -v '^id: ' "$work/both")"
same "with one [DONE]" 1 "$(grep -c '^data: \[DONE\]' "$work/both")"
same "numbered without a gap" "$(seq 18 | tr '\n' ' ' | cut -d' ' -f1-"$(grep -c '^id: ' "$work/both")")" \
	"$(sed -n 's/^id: //p' "$work/both" | tr '\n' ' ' | sed 's/ $//')"
becomes "then it is done" 20 state_is 'done'
truth "and says until when it is kept" '.expires_at != null' "$item"
ask -N "$url/v1/streams/$id?from=1"
same "the whole can be had once more" "$(events <"$work/both")" "$(events <<<"$body")"
ask "$url/v1/streams/$id" -H "last-event-id: $(sed -n 's/^id: //p' "$work/both" | tail -n 1)"
same "after its end there is nothing more: 204" 204 "$status"
same "upstream never noticed" 0 "$(cancelled cut)"
found() { control GET /api/v1/requests/request-of-cut && [ "$status" = 200 ]; }
becomes "its record is there" 30 found
truth "settled once, resumed once" '.code == null and .status == 200 and .resumed == 1' "$body"
truth "and so says its log line" '.resumed == 1 and .status == 200' "$(grep '"request.done"' "$work/janusd.log" | grep '"request-of-cut"')"
becomes "it is counted" 10 metric_is 2 janus_streams_resumed_total 'competitor="dev"'

# Two at once, and an explicit stop.
start long 'fault:chunks=2000 fault:slow=50'
run reader curl -sN "$url/v1/streams/$id"
until_true 10 grep -q '^id: 3$' "$work/reader.log" || giveup "a second reader follows" "$(cat "$work/reader.log")"
from=$(ms)
ask -X DELETE "$url/v1/streams/$id"
same "DELETE" 200 "$status"
truth "tells the state" '.state == "stopped"' "$body"
stopped_upstream() { [ "$(cancelled long)" = 1 ]; }
becomes "upstream is cancelled" 20 stopped_upstream
below "within a second, and some for a busy machine, in ms" 5000 $(($(ms) - from))
for name in long reader; do
	becomes "$name ends" 20 gone "$name"
	has "with a typed event" '"code":"stream_stopped"' "$(tail -n 8 "$work/$name.log")"
	same "and one [DONE]" 1 "$(grep -c '^data: \[DONE\]' "$work/$name.log")"
done
ask -X DELETE "$url/v1/streams/$id"
same "DELETE again changes nothing" "200 stopped" "$status $(jq -r .state <<<"$body")"

# Too old, not there, not one's own.
start big 'fault:chunks=200 fault:bytes=2000 fault:slow=1'
becomes "a long answer ends" 60 gone big
ask "$url/v1/streams/$id?from=1"
refused "what fell out of its ring" 410 stream_expired
ask "$url/v1/streams/strm_00000000000000000000000000"
refused "one that never was" 404 resource_not_found
control DELETE "/v1/streams/$id"
refused "one of other callers" 404 resource_not_found
ask "$url/v1/streams/$id?from=none"
refused "a place that is none" 400 invalid_value

# SIGTERM: a stream with a reader is waited for, then ended with a type, and its usage is stored.
start late 'fault:chunks=2000 fault:slow=50'
end janusd
becomes "its reader ends with janusd" 20 gone late
has "with a typed event" '"code":"draining"' "$(tail -n 8 "$work/late.log")"
same "and one [DONE]" 1 "$(grep -c '^data: \[DONE\]' "$work/late.log")"
start_janusd "${settings[@]}" JANUS_STREAM_RESUME_IDLE=1s
control GET /api/v1/requests/request-of-late
truth "its usage was stored" '.code == "draining"' "$body"

# Nobody comes.
becomes "the endpoint is ready again" 60 serves dev
start left 'fault:chunks=2000 fault:slow=50'
end left KILL
becomes "a stream that nobody follows is cancelled" 30 state_is failed
ask -N "$url/v1/streams/$id?from=2"
has "and says why" '"code":"stream_abandoned"' "$body"
