#!/usr/bin/env bash
#
# 07-pull-the-plug.sh - fifty streams, then janusd killed, then the engine: nothing hangs, nothing is lost.
# alone
. "$(dirname "$0")/lib.sh"

images link baseline
hostile ok
from=$engine
start_engine
copy_images "$from" janus/link:latest janus/baseline-agent:latest hostile-ok:latest
start_janus
accept janus/baseline-agent:latest baseline-agent
accept hostile-ok:latest owl
readonly streams=50
# About twenty seconds of a word or two ten times a second.
request=$(jq -nc '{model: "janus/baseline-agent", stream: true, messages: [{role: "user", content: "/slow 100ms\n/long 700"}]}')

start_streams() {
	local i
	rm -f "$work"/stream.*
	for ((i = 0; i < streams; i++)); do
		run "curl$i" curl -sSN --max-time 120 -o "$work/stream.$i" "$url/v1/chat/completions" \
			-H 'content-type: application/json' -d "$request"
	done
	becomes "$streams streams run" 40 all_speak
}
all_speak() { [ "$(grep -lE '"content": ?"[^"]' "$work"/stream.* 2>/dev/null | wc -l)" = "$streams" ]; }
running() { local n=0 i; for ((i = 0; i < streams; i++)); do ! alive "curl$i" || n=$((n + 1)); done; printf '%s' "$n"; }
none_runs() { [ "$(running)" = 0 ]; }
listed() { "$bin/janusctl" list competitors --output json | jq -cS '[.data[] | {name, state, wanted, digest, version_id, is_default}] | sort_by(.name)'; }

before=$(containers)
list_before=$(listed)
running_pods() { containers 'select(.State == "running") | .Id'; }	# the canary comes and goes
pods_before=$(running_pods)
both_ready() { competitor_is baseline-agent ready && competitor_is owl ready; }
both_answer() { both_ready && answers janus/baseline-agent && answers janus/owl; }

start_streams
kill_janusd
becomes "janusd killed: no stream hangs" 30 none_runs
same "the pods run on" "$pods_before" "$(running_pods)"
start_janusd
becomes "restarted, both answer" 60 both_answer
same "with the same containers" "$before" "$(containers)"
same "and list competitors is as before" "$list_before" "$(listed)"

start_streams
# [D02] killed while streams run
kill_engine
not_ready() { ask "$url/readyz"; [ "$status" = 503 ]; }
becomes "the engine killed: readyz says so" 30 not_ready
has "and names it" 'engine' "$body"
ask "$url/livez"
same "janusd lives" 200 "$status"
becomes "every stream comes to an end" 90 none_runs
ended=0 typed=0 cut=0
for ((i = 0; i < streams; i++)); do
	if grep -q '^data: {"error"' "$work/stream.$i" && grep -q '^data: \[DONE\]' "$work/stream.$i"; then
		typed=$((typed + 1))
	elif grep -q '"finish_reason": \?"stop"' "$work/stream.$i" && grep -q '^data: \[DONE\]' "$work/stream.$i"; then
		ended=$((ended + 1))
	else
		cut=$((cut + 1))
	fi
done
same "complete ($ended) or with a typed error ($typed), none cut off" 0 "$cut"
start_engine
becomes "the engine back: both answer again" 90 both_answer
same "and list competitors is as before" "$list_before" "$(listed)"
becomes "with two containers each" 30 containers_are 4
janus_ready() { ask "$url/readyz"; [ "$status" = 200 ]; }
becomes "and Janus is ready" 30 janus_ready

# Both at once.
kill_engine
kill_janusd
start_engine
start_janusd
becomes "both killed at once: both answer again" 90 both_answer
same "and list competitors is as before" "$list_before" "$(listed)"
becomes "with two containers each" 30 containers_are 4
