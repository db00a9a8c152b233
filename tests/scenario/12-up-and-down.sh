#!/usr/bin/env bash
#
# 12-up-and-down.sh - make up brings everything up, again changes nothing; make down leaves nothing.
# alone
. "$(dirname "$0")/lib.sh"

export DOCKER_HOST=unix://$engine BIN=$bin
up() { from=$SECONDS; out=$("$root/controlplane/up.sh" 2>&1 </dev/null) && code=0 || code=$?; took=$((SECONDS - from)); }
down() { out=$("$root/controlplane/down.sh" 2>&1 </dev/null) && code=0 || code=$?; }
pid_files() { cat "$runtime"/*.pid; }

# --- [N04] from nothing ---
up
same "make up exits 0" 0 "$code"
first=$took
[ "$code" = 0 ] || giveup "make up" "$out" "$(tail "$state"/log/janusd.log)"
has "it prints the URL" "$url" "$out"
has "and where a browser finds the chat" "$url/chat\$" "$out"
has "its pages are there" '<div id="root">' "$(curl -s "$url/")"
has "and each step" '\[9/9\]' "$out"
check "the sandboxes answer" curl -sf "http://127.0.0.1:$JANUS_SANDBOX_PORT/livez"
check "the baseline answers" answers janus/baseline-agent
check "so does the second" answers janus/baseline-langchain
chat janus hello
same "so does the default route" 200 "$status"
pids_before=$(pid_files)
before=$(containers)

# --- [N04] again, over what is there ---
up
same "again it exits 0" 0 "$code"
below "and takes seconds, where it took $first" $((first + 20)) "$took"
same "the daemons are the same" "$pids_before" "$(pid_files)"
same "so are the containers" "$before" "$(containers)"

# A killed daemon is started again, and takes the pods over.
kill -KILL "$(cut -d' ' -f1 "$runtime/janusd.pid")"
up
same "after a kill it exits 0" 0 "$code"
has "and says by which pid it is started again" "janusd started \(pid $(cut -d' ' -f1 "$runtime/janusd.pid")," "$out"
same "with the same containers" "$before" "$(containers)"

# What was replaced by itself is found, and handed over to what make up starts; once more, and make down stops it.
upgraded=$("$bin/janusd" --upgrade 2>&1) || bad "janusd --upgrade" "$upgraded"
second=$(grep -oE 'pid [0-9]+' <<<"$upgraded" | cut -d' ' -f2)
up
same "after janusd --upgrade it exits 0" 0 "$code"
has "and takes the place of the one that serves" "janusd [0-9]+ has taken over; $second ends" "$out"
same "with the same containers" "$before" "$(containers)"
upgraded=$("$bin/janusd" --upgrade 2>&1) || bad "janusd --upgrade" "$upgraded"

# A failure names the step.
broken=$(DOCKER_HOST=unix://$work/no-engine JANUS_STATE_DIR=$world/s2 JANUS_RUNTIME_DIR=$world/r2 "$root/controlplane/up.sh" 2>&1 </dev/null) || true
has "the engine that is named and no other is used" "no engine answers at unix://$work/no-engine" "$broken"
broken=$(JANUS_RUNTIME_DIR=$world/r2-of-many-more-bytes-than-sockets-have "$root/controlplane/up.sh" 2>&1 </dev/null) || true
has "a runtime directory that janusd would refuse is refused" '40 bytes at most' "$broken"
end_code=0
broken=$(JANUS_STATE_DIR=$world/s2 JANUS_RUNTIME_DIR=$world/r2 BIN=$world/nowhere "$root/controlplane/up.sh" 2>&1 </dev/null) || end_code=$?
if [ "$end_code" != 0 ]; then ok "without programs it fails"; else bad "without programs it fails" "$broken"; fi
has "and names the step" 'failed in step' "$broken"

down
same "make down exits 0" 0 "$code"
same "no container is left" 0 "$(container_count)"
same "no socket" '' "$(find "$runtime" -type s 2>/dev/null)"
lacks "no process" "$world|$runtime" "$(for p in /proc/[0-9]*; do
	case $(readlink "$p/exe" 2>/dev/null) in */janusd | */janus-platform) tr '\0' '\n' <"$p/environ" | grep JANUS_RUNTIME_DIR ;; esac
done)"
if [ -n "$(find "$state" -name "*.db")" ]; then ok "the data stay"; else bad "the data stay" "$(ls "$state")"; fi
down
same "make down of nothing exits 0" 0 "$code"

up
same "up again it exits 0" 0 "$code"
competitors=$("$bin/janusctl" list competitors --output csv --columns name --no-headers | sort | xargs)
same "and knows what it knew" "baseline-agent baseline-langchain" "$competitors"
down
