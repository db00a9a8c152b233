#!/usr/bin/env bash
#
# 26-engine-faults.sh - an engine that is not there, hangs, lies, forgets and is slow; janusd killed at each of its steps.
. "$(dirname "$0")/lib.sh"

hostile ok
images link
front=$work/front.sock
rules=$work/rules.json
printf '[]' >"$rules"

# faults [RULE...]: what the engine in front does wrong from now on (tests/fake/faults.py)
faults() {
	local IFS=,
	printf '[%s]' "$*" >"$rules.new"
	mv "$rules.new" "$rules"
}
start_front() {
	run front python3 "$root/tests/fake/faults.py" "$front" "$engine" "$rules" "$work/front.log"
	until_true 10 test -S "$front" || giveup "the faulty engine starts" "$(cat "$work/front.log")"
}
begin() { start_janusd "DOCKER_HOST=unix://$front"; }
engine_says() { control GET /api/v1/status; jq -r '.engine.detail // ""' <<<"$body"; }
says() { engine_says | grep -qE -- "$1"; }
is_ready() { control GET /api/v1/status; jq -e '.engine.ok and .isolation.state == "contained"' <<<"$body"; }
seen_engine() { grep -qE -- "$1" "$work/front.log"; }
quick() {	# the control API answers at once, whatever the engine does
	local from took best=100000
	for _ in 1 2 3; do	# the best of three: the machine may have been elsewhere
		from=$(ms)
		control GET /api/v1/status
		took=$(($(ms) - from))
		[ "$took" -ge "$best" ] || best=$took
	done
	below "$1: the control API answers, in ms" 1000 "$best"
}
not_blamed() { truth "$1: nobody is blamed for it" '.restart_count == 0 or (.failures // 0) == 0' "$(instance_of owl)"; }
two() { competitor_is owl ready && containers_are 2; }
pod=none
anew() { two && [ "$(containers)" != "$pod" ]; }
again() {	# WHAT SECONDS: after a restart owl runs anew, once, and answers
	becomes "$1: it is ready, with another pod and no other" "$2" anew
	pod=$(containers)
	becomes "$1: and answers" 40 answers janus/owl
}

# --- [D01] no engine at the start: janusd serves, submissions wait ---
begin
ask "$url/livez"
same "no engine: janusd lives" 200 "$status"
becomes "no engine: it is named" 40 says "$front"
ask "$url/readyz"
same "no engine: readyz" 503 "$status"
has "no engine: and names it" "engine" "$body"
quick "no engine"
control POST /api/v1/submissions '{"name":"owl","image":"hostile-ok:latest"}'
same "no engine: a submission is taken" 2 "${status:0:1}"
id=$(jq -r .id <<<"$body")
waits() { control GET "/api/v1/submissions/$id"; jq -e '.state_reason == "engine_unavailable"' <<<"$body"; }
becomes "no engine: it waits, with the reason" 40 waits
truth "no engine: nobody is blamed" '(.fault // "") != "miner"' "$body"

# --- [D01] what answers is no engine ---
faults '{"match":".","do":"answer","status":200,"body":"hello"}'
start_front
becomes "not an engine: it is said" 40 says 'not a container engine'

# --- [D09] versions ---
faults '{"match":"GET /version","do":"answer","status":200,"body":"{\"ApiVersion\":\"1.24\",\"MinAPIVersion\":\"1.12\"}"}'
becomes "too old: both numbers are said" 40 says '1\.24.*1\.40'
faults '{"match":"GET /version","do":"answer","status":200,"body":"{\"ApiVersion\":\"2.9\",\"MinAPIVersion\":\"1.99\"}"}'
becomes "too new: both numbers are said" 40 says '1\.99.*1\.44'

# --- [D12] an engine that cannot, or does not, enforce what was asked ---
faults '{"match":"GET /v[0-9.]+/images/janus/link","do":"answer","status":404,"body":"{\"message\":\"no\"}"}'
unproved() { control GET /api/v1/status; jq -e '.isolation.state == "failed"' <<<"$body"; }
becomes "no proof of isolation: not ready" 40 unproved
same "no proof of isolation: nothing was started" 0 "$(container_count)"
end janusd
faults
begin
becomes "the engine is right: Janus is ready" 30 is_ready
ctl wait submission "$id" --timeout 180s
same "the submission that waited is accepted" 0 "$code"
again "the submission that waited" 60

# --- [D03] the engine hangs: deadlines, a quick control API, chats go on ---
faults '{"match":"_ping$","do":"pass"}' '{"match":".","do":"hang"}'
becomes "hangs: it is found out" 40 says 'time|second'
ask "$url/readyz"
has "hangs: readyz says so" '"engine":."ok":false|engine.*not|no engine|engine' "$body"
quick "hangs"
check "hangs: chats are answered" answers janus/owl
control GET /api/v1/status
truth "hangs: and since when" '.engine.ok == false and (.engine.since | length > 0)' "$body"
faults
becomes "answers again: ready" 40 is_ready
same "answers again: the same pod" 2 "$(container_count)"

# --- [D08] JSON cut, of wrong types, without fields ---
before=$(containers)
list='GET /v[0-9.]+/containers/json'
for what in '"do":"cut"' '"do":"answer","status":200,"body":"{\"a\":1}"' '"do":"answer","status":200,"body":"[7,null,{}]"' \
	'"do":"answer","status":200,"body":"[{\"Id\":7,\"Labels\":[]}]"' '"do":"answer","status":500,"body":"<html>oh no"'; do
	: >"$work/front.log"
	faults "{\"match\":\"$list\",$what}"
	becomes "list ${what:0:50}...: it is asked" 40 seen_engine "containers/json"
	check "  and chats are answered" answers janus/owl
	ask "$url/livez"
	same "  and janusd lives" 200 "$status"
done
faults
becomes "true lists again: ready" 40 is_ready
becomes "true lists again: owl is ready" 40 two
same "and they are the same" "$before" "$(containers)"

# --- [D07] the stream of events: ended, garbage, of others, twice; the list repairs ---
line='{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"Attributes\":{\"rodeo.janus.instance\":\"ins_00000000000000000000000000\",\"exitCode\":\"0\"}}}\n'
long=$(printf 'x%.0s' {1..1000})
faults "{\"match\":\"/events\",\"do\":\"stream\",\"body\":\"not json\n{\n[]\n\u0000\n$long$long\n$line$line$line{\\\"Action\\\":7}\n\"}"
becomes "garbage of events: read" 40 seen_engine '/events.* stream'
victim=$(containers | head -n 1)
api POST "/containers/$victim/kill" >/dev/null
lost_one() { ! containers | grep -q "$victim"; }
becomes "garbage of events: a death is found all the same" 40 lost_one
again "garbage of events" 60
faults

# --- [D07] gone and back before anyone looked: what ended with it is nobody's fault ---
janusd_pid() { pgrep -P "${pids[janusd]}" -x janusd || printf '%s' "${pids[janusd]}"; }
competitor_container() { api GET "/containers/json?all=1&filters=$(urlencode "{\"label\":[\"rodeo.janus.node=$(node_id)\",\"rodeo.janus.competitor=owl\",\"rodeo.janus.role=$1\"]}")" | jq -r '.[0].Id'; }
had=$(instance_of owl | jq '.failures // 0')
kill -STOP "$(janusd_pid)"
end front
api POST "/containers/$(competitor_container competitor)/kill" >/dev/null
start_front
kill -CONT "$(janusd_pid)"
again "gone and back" 60
same "gone and back: nobody is blamed" "$had" "$(instance_of owl | jq '.failures // 0')"

# --- [D10] removed, stopped, paused, renamed by hand ---
by_hand() {	# WHAT ROLE METHOD PATH
	local victim
	victim=$(competitor_container "$2")
	api "$3" "/containers/$victim$4" >/dev/null
	replaced() { ! containers | grep -q "$victim" && two; }
	becomes "by hand, $1: the pod is made anew, whole" 60 replaced
	becomes "by hand, $1: and answers" 40 answers janus/owl
}
by_hand paused competitor POST /pause
by_hand "its link removed" link DELETE '?force=1'
by_hand removed competitor DELETE '?force=1'
victim=$(competitor_container competitor)
api POST "/containers/$victim/rename?name=js-renamed-$$" >/dev/null
check "by hand, renamed: it is known by its labels" answers janus/owl

# --- [D06] 500 with prose, 409 by a stranger; [D04] done, but the answer was lost ---
trouble() {	# WHAT RULE...: of a restart, after which all is well
	: >"$work/front.log"	# first: any call may be the one that the fault meets
	faults "${@:2}"
	pod=$(containers)
	ctl restart competitor owl
	becomes "$1: it came to that" 30 seen_engine "POST .*(create|start)|DELETE"
	becomes "$1: and passed" 40 passed
	again "$1" 60
	not_blamed "$1"
	faults
}
passed() { [ "$(grep -cE ' (answer|lost|reset|cut)$' "$work/front.log")" -ge 1 ]; }
trouble "[D06] create answers 500" '{"match":"containers/create","do":"answer","status":500,"body":"OCI runtime create failed: so it goes","times":1}'
trouble "[D06] start answers 500" '{"match":"/start","do":"answer","status":500,"body":"connection error: desc = transport","times":1}'
stranger=$(api POST "/containers/create?name=js-stranger-$$" -H 'Content-Type: application/json' -d '{"Image":"hostile-ok:latest","HostConfig":{"NetworkMode":"none"}}' | jq -r .Id)
trouble "[D06] the name is a stranger's" "{\"match\":\"containers/create\",\"do\":\"answer\",\"status\":409,\"body\":\"{\\\"message\\\":\\\"Conflict. The container name is already in use by container \\\\\\\"$stranger\\\\\\\".\\\"}\",\"times\":1}"
api GET "/containers/$stranger/json" >/dev/null
same "[D06] a stranger's container is not touched" 200 "$(status)"
api DELETE "/containers/$stranger?force=1" >/dev/null
trouble "[D04] create took effect, its answer was lost" '{"match":"containers/create","do":"lost","times":1}'
trouble "[D04] start took effect, its answer was lost" '{"match":"/start","do":"lost","times":1}'
trouble "[D04] a removal took effect, its answer was lost" '{"match":"DELETE .*/containers/","do":"lost","times":1}'
trouble "[D08] an inspection is cut" '{"match":"GET /v[0-9.]+/containers/[0-9a-f]+/json","do":"cut","times":1}'

# --- [D13] a slow engine: its time is not the competitor's ---
slow() { faults '{"match":"containers/create","do":"delay","seconds":2,"times":2}' '{"match":"/start","do":"delay","seconds":2,"times":2}'; }
slow
printf '{"start_timeout":"2s"}' >"$work/quick.json"
for try in 1 2 3; do	# that of a loaded machine is
	ctl submit image hostile-ok:latest --name slowly --manifest "$work/quick.json" --wait --timeout 180s
	[ "$code" != 0 ] || break
	printf '     try %s: %s\n' "$try" "$out$err"
	slow
done
same "eight seconds of the engine are none of two to be ready in" 0 "$code"
faults
ctl remove competitor slowly --yes
becomes "and it goes" 30 containers_are 2

# --- [D14] [I07] two on one engine: the same state is refused, another node's is not seen ---
second=0
JANUS_PORT=$(free_port) DOCKER_HOST=unix://$front timeout 60 "$bin/janusd" >"$work/second.log" 2>&1 </dev/null || second=$?
case $second in 0 | 124) bad "a second janusd of the same state does not start" "exit $second" ;; *) ok "a second janusd of the same state does not start: exit $second" ;; esac
has "and says why" 'lock|another|already' "$(cat "$work/second.log")"
before=$(containers)
mkdir -p "$work/other/s" "$work/other/r"
run other env JANUS_STATE_DIR="$work/other/s" JANUS_RUNTIME_DIR="$work/other/r" JANUS_PORT="$(free_port)" \
	DOCKER_HOST="unix://$front" "$bin/janusd"
other_ready() { curl -sf --max-time 2 --unix-socket "$work/other/r/janusd.sock" -o /dev/null http://janus/readyz; }
other_looked() { curl -s --max-time 2 --unix-socket "$work/other/r/janusd.sock" http://janus/api/v1/status | grep -q isolat; }
becomes "a janusd of another node looks at the engine" 30 other_looked
same "and leaves what is not its own alone" "$before" "$(containers)"
check "which answers" answers janus/owl
end other

# --- [D05] killed at each step: after a restart the same end, once, no orphan ---
no_canary() { [ -z "$(api GET "/containers/json?all=1&filters=$(urlencode "{\"label\":[\"rodeo.janus.node=$(node_id)\",\"rodeo.janus.competitor=janus-canary\"]}")" | jq -r '.[].Id')" ]; }
killed_at() {	# WHEN MATCH
	until_true 40 is_ready || true
	until_true 40 no_canary || true	# what follows is owl's
	faults "{\"match\":\"$2\",\"do\":\"kill\",\"pid\":$(janusd_pid),\"when\":\"$1\",\"times\":1}"
	pod=$(containers)
	control POST /api/v1/competitors/owl/restart
	becomes "killed $1 $2: it came to that" 30 gone janusd
	unset 'pids[janusd]'
	faults
	begin
	again "killed $1 $2" 60
}
killed_at before containers/create
killed_at after containers/create
killed_at before /start
killed_at after /start
killed_at before 'DELETE .*/containers/'
killed_at after 'DELETE .*/containers/'
becomes "and nothing is left of any" 40 containers_are 2
left() { [ "$(find "$runtime/pods" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ]; }
becomes "but one directory" 40 left
