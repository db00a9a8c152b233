#!/usr/bin/env bash
#
# 54-upgrade.sh - another janusd takes over: no stream is dropped, nobody is refused, nothing is lost. [M06]
. "$(dirname "$0")/lib.sh"
own=$tests/bench
streams=300

up=$(free_port)
run up "$own/upstream" "$up"
port=$(free_port)
run fake "$fake" --port "$port"
until_true 30 listens "$up" || giveup "the upstream starts" "$(cat "$work/up.log")"
until_true 30 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
start_platform
# janusd is a service with sockets that were opened for it; one more than its settings ask for.
ui=$(free_port)
run manager env "DOCKER_HOST=unix://$engine" "$root/tests/fake/manager.py" "$work/notify" 400 "$JANUS_PORT" "$runtime/janusd.sock" "$ui" \
	-- "$bin/janusd"
told() { grep -qE -- "$1" "$work/manager.log"; }
becomes "the manager is told that it is ready" 60 told 'READY=1 STATUS=.* of .* competitors ready'
export NOTIFY_SOCKET=$work/notify
first=$(sed -n 's/^pid //p' "$work/manager.log")
pids[janusd]=$first
begin_knocking() { run knock "$own/knock" "$JANUS_PORT"; run knock_ui "$own/knock" "$ui"; }
end_knocking() {
	local name
	for name in knock knock_ui; do
		kill "${pids[$name]}"
		until_true 30 gone "$name"
		has "no connection was refused or broken on a port of $name" '^asked=[1-9][0-9]* refused=0 broken=0 ' "$(tail -n 1 "$work/$name.log")"
		unset "pids[$name]"
	done
}
ctl submit url "http://127.0.0.1:$up" --name many --wait --timeout 60s
same "an endpoint is accepted" 0 "$code"
ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 60s
same "and another" 0 "$code"
images link
"$root/tests/bench/pod.sh" --engine "$engine" >"$work/images.log" 2>&1 || giveup "an image of the upstream" "$(tail "$work/images.log")"
accept bench-upstream:latest fox
pods=$(containers)

db() { sqlite3 -cmd '.timeout 5000' "$state/janus.db" "$1"; }	# janusd may be writing
rows() { db "SELECT count(*) FROM usage WHERE status = 200"; }
serving() { curl -s --unix-socket "$runtime/janusd.sock" http://janus/api/v1/status | jq -r .pid; }
# successor NAME [VARIABLE=VALUE...]: a janusd that wants to take over; its pid becomes next
successor() {
	local name=$1
	shift
	run "$name" env "DOCKER_HOST=unix://$engine" "$@" "$bin/janusd" --take-over
	next=${pids[$name]}
}
said() { grep -q "\"msg\":\"$2\"" "$work/$1.log"; }
serves_or_gone() { said "$1" takeover.serving || gone "$1"; }
question() { jq -nc --arg m "janus/$1" --arg t "$2" '{model: $m, stream: true, messages: [{role: "user", content: $t}]}'; }

# --- under open streams ------------------------------------------------------------------

before=$(rows)
same "it serves on the sockets that were passed" "$first 200" "$(serving) $(curl -s -o /dev/null -w '%{http_code}' "$url/readyz")"
kill -HUP "$first"
becomes "settings are read again" 30 told 'RELOADING=1 MONOTONIC_USEC=[0-9]+ '
run load "$own/load" paced "$JANUS_PORT" "$first" janus/many "$streams" 3 100 50
run pods "$own/load" paced "$JANUS_PORT" "$first" janus/fox 50 3 100 50
begin_knocking
# One that can be resumed, cut in the middle.
run cut curl -sN -D "$work/cut.head" "$url/v1/chat/completions" -H 'content-type: application/json' -H 'x-janus-resume: 1' \
	-H 'x-request-id: request-of-cut' -d "$(question dev 'fault:chunks=45 fault:slow=100')"
until_true 30 grep -q '^id: 3$' "$work/cut.log" || giveup "a resumable stream runs" "$(cat "$work/cut.log")"
id=$(tr -d '\r' <"$work/cut.head" | sed -n 's/^x-janus-stream-id: //p')
end cut KILL
all_open() { [ "$(curl -s "$url/metrics" | awk '/^janus_streams_active/ { n += $2 } END { print n + 0 }')" -gt $((streams + 49)) ]; }
becomes "$streams streams are open, and 50 of a pod" 30 all_open

upgraded=$("$bin/janusd" --upgrade 2>&1) || bad "janusd --upgrade" "$upgraded" "$(tail "$work/manager.log")"
second=$(serving)
has "janusd --upgrade says who serves" "^janusd [0-9][^ ]* serves \(pid $second\)" "$upgraded"
check "who is another" test "$second" != "$first"
becomes "the manager knows" 30 told "MAINPID=$second"
check "the first still has its streams" alive janusd
ask "$url/readyz"
same "the second is ready at once" 200 "$status"
chat janus/dev hello
same "it answers chats" 200 "$status"
same "the pod is the same" "$pods" "$(containers)"
control POST /api/v1/keys '{"name":"after","scopes":["chat"]}'
same "and decides" 201 "$status"

# The stream that was begun at the first is found by way of the second.
last=$(grep -n '^$' "$work/cut.log" | tail -n 1 | cut -d: -f1)
seen=$(head -n "$last" "$work/cut.log" | sed -n 's/^id: //p' | tail -n 1)
ask -N "$url/v1/streams/$id" -H "last-event-id: $seen"
same "a stream that was cut is resumed" 200 "$status"
has "as itself" "^x-janus-stream-id: $id\$" "$head"
check "with what was missing" grep -q "^id: $((seen + 1))\$" <<<"$body"
same "to its end" 1 "$(grep -c '^data: \[DONE\]' <<<"$body")"
ask "$url/v1/streams/strm_00000000000000000000000000"
same "one that nobody has is not found" 404 "$status"

until_true 60 gone load
until_true 60 gone pods
has "no stream was dropped" 'failures=0$' "$(cat "$work/load.log")"
has "none of the pod's either" 'failures=0$' "$(cat "$work/pods.log")"
gap=$(grep -oE 'gap_ms=[0-9]+' "$work/load.log" | cut -d= -f2)
below "the longest silence on one, in ms" 5000 "$gap"
written() { [ "$(rows)" -ge $((before + streams + 52)) ]; }
becomes "each has its row of usage" 30 written
same "and one alone" 0 "$(db "SELECT count(*) FROM (SELECT request_id FROM usage GROUP BY request_id HAVING count(*) > 1)")"
check "the one that was cut too" test "$(db "SELECT count(*) FROM usage WHERE request_id = 'request-of-cut' AND status = 200")" = 1
end_knocking
beats() { [ "$(awk '/WATCHDOG=1/ { last = $1 } /MAINPID=/ { since = $1 } END { print (since && last > since + 400) }' "$work/manager.log")" = 1 ]; }
becomes "the manager hears of the second" 30 beats
# What ended lately is kept for who comes back, so the first one stays; TERM ends that.
end janusd
becomes "the first one ends well" 30 told '^exit 0'
lacks "without an error" '"level":"error"' "$(cat "$work/manager.log")"
pids[janusd]=$second

# --- who may not, and who dies ------------------------------------------------------------

schema=$(db "PRAGMA user_version")
db "PRAGMA user_version = 999"
successor older
until_true 60 gone older
db "PRAGMA user_version = $schema"
check "one of an older schema does not take over" grep -q 'use the newer program' "$work/older.log"
mkdir -p "$world/other"
has "nor one of another state directory" 'its state directory is another one' \
	"$(JANUS_STATE_DIR=$world/other DOCKER_HOST=unix://$engine "$bin/janusd" --take-over 2>&1 || true)"
ctl backup create -q
backup=$out
ctl backup restore "$backup" --yes
has "nor while a backup waits to be restored" 'a backup waits to be restored' \
	"$(DOCKER_HOST=unix://$engine "$bin/janusd" --take-over 2>&1 || true)"
ctl backup cancel "$backup"
has "nor one that does not ask" 'another janusd uses' "$(DOCKER_HOST=unix://$engine "$bin/janusd" 2>&1 || true)"
same "the one before them goes on" "$second" "$(serving)"

# One that dies with the database: the program that served before takes it, and no stream sees any of it.
# Its engine answers when it is told to: until then it has the database, and waits to serve.
printf '[{"match":".","do":"hold"}]' >"$work/door.json"
run door python3 "$root/tests/fake/faults.py" "$work/door.sock" "$engine" "$work/door.json" "$work/door.requests"
until_true 30 test -S "$work/door.sock" || giveup "an engine that can be kept back" "$(cat "$work/door.log")"
run load "$own/load" paced "$JANUS_PORT" "$second" janus/many 50 5 100 50
begin_knocking
successor dies "DOCKER_HOST=unix://$work/door.sock"
released() { grep "\"pid\":$second,.*\"to\":\"released\"" "$work/manager.log" | grep -q handover.state; }
until_true 60 released || giveup "it gives the database" "$(tail -n 20 "$work/manager.log")"
end dies KILL
adopted() { third=$(serving); [ -n "$third" ] && [ "$third" != "$second" ] && [ "$third" != "$next" ]; }
becomes "when one dies with the database, another serves" 60 adopted
becomes "that the one before it started" 30 told "\"msg\":\"handover.program_started\".*\"new_pid\":$third"
chat janus/dev hello
same "chats are answered" 200 "$status"

# Two at once: one of them.  It is asked for the second port, too.
export JANUS_UI_PORT=$ui
successor left "DOCKER_HOST=unix://$work/door.sock"
left=$next
becomes "one asks" 30 told "\"msg\":\"handover.asked\".*\"pid\":$third,.*\"new_pid\":$left"
successor right
until_true 30 gone right || true
printf '[]' >"$work/door.json.new"
mv "$work/door.json.new" "$work/door.json"
until_true 60 serves_or_gone left
same "of two at once one takes over, and the other is told" "1 1" "$(cat "$work/left.log" "$work/right.log" |
	awk '/"msg":"takeover.serving"/ { a++ } /another one is taking over/ { b++ } END { print a + 0, b + 0 }')"
fourth=$(serving)
check "it is what serves" test "$fourth" = "$left" -o "$fourth" = "$next"

# --- make up ------------------------------------------------------------------------------------

# The part of make up that puts daemons in place.
as_up() {	# [VARIABLE=VALUE...]
	env BIN="$bin" "$@" bash -c 'set -euo pipefail; command=up steps=1
		. "$1/controlplane/local.sh"; . "$1/controlplane/daemons.sh"
		mkdir -p "$logs"; engine=$2 engine_group=""; run_daemon janusd' as_up "$root" "$engine" 2>&1
}
has "make up takes the place of one that it did not start" "has taken over; $fourth ends" "$(as_up)"
fifth=$(serving)
same "and keeps its pid" "$fifth" "$(cut -d' ' -f1 "$runtime/janusd.pid")"
has "again it is left alone" 'runs already' "$(as_up)"
until_true 60 gone load
has "no stream was dropped in all of this" 'failures=0$' "$(cat "$work/load.log")"
end_knocking
none_left() { ! kill -0 "$second" 2>/dev/null && ! kill -0 "$third" 2>/dev/null && ! kill -0 "$fourth" 2>/dev/null; }
becomes "those before have ended by themselves" 60 none_left
pids[janusd]=$fifth
end janusd
becomes "stopping is told" 30 told 'STOPPING=1 STATUS=stopping'
becomes "with the time it takes" 30 told 'EXTEND_TIMEOUT_USEC=[0-9]+'
rm -f "$runtime"/janusd.*
until_true 30 gone manager || bad "the manager ends with the last" "$(tail "$work/manager.log")"
unset 'pids[manager]' 'pids[janusd]'
same "nobody is there to upgrade: 6" 6 "$("$bin/janusd" --upgrade 2>/dev/null; echo $?)"
