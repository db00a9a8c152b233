#!/usr/bin/env bash
#
# 21-sandbox.sh - sandboxes: commands, files, agents; nobody else's; gone when they should be; hostile ones too.
. "$(dirname "$0")/lib.sh"

images link sandbox
printf 'key-of-the-first-caller\nkey-of-the-second-caller\n' >"$state/sandbox.key"
settings=(JANUS_SANDBOX_MAX=4 JANUS_SANDBOX_WARM=1 JANUS_SANDBOX_PIDS=128 JANUS_SANDBOX_MEMORY=512MiB
	JANUS_SANDBOX_DISK=64MiB JANUS_SANDBOX_OUTPUT=256KiB)
start_sandboxd "${settings[@]}"
sandbox_key=key-of-the-first-caller

# sandy METHOD PATH [BODY] [CURL-ARGUMENTS...]: sets status and body
sandy() {
	ask -X "$1" -H "authorization: Bearer $sandbox_key" "$sandboxes$2" ${3:+--data-binary "$3"} "${@:4}"
}
create() {	# [BODY]: sets id
	sandy POST /api/sandboxes "${1:-}"
	id=$(jq -r '.sandboxId // empty' <<<"$body")
}
sh_in() {	# COMMAND [MORE-JSON]: in $id
	sandy POST "/api/sandboxes/$id/exec" "$(jq -nc --arg c "$1" "{command:\$c} + {${2:-}}")"
}
says() { jq -r "$1" <<<"$body"; }
is_gone() { sandy GET "/api/sandboxes/$1"; [ "$status" = 404 ]; }
warm_is() { sandy GET /api/resources; [ "$(says .warmPool.size)" = "$1" ]; }
pods_are() { [ "$(sandbox_containers | wc -l)" = $(($1 * 2)) ]; }

# --- who may ---------------------------------------------------------------------
ask -X POST "$sandboxes/api/sandboxes"
refused "without the key" 401 invalid_api_key
ask "$sandboxes/api/health"
same "health needs none" 200 "$status"

# --- a fresh one, warm and cold ----------------------------------------------------
becomes "one is kept warm" 30 warm_is 1
warm=$(sandbox_containers)
from=$(ms)
create '{"priority":1,"preemptable":false,"flavor":"agent-ready","timeoutMinutes":5}'
printf '     there after %s ms\n' "$(($(ms) - from))"
same "the warm one is taken" "$warm" "$(api GET "/containers/json?filters=$(urlencode "{\"label\":[\"rodeo.janus.instance=$id\"]}")" | jq -r '.[].Id' | sort)"
same "with status 200" 200 "$status"
truth "as callers know it" '(.sandboxId | startswith("sb_")) and .status == "running" and
	(.url | length > 0) and (.createdAt | endswith("Z")) and (.timeoutAt > .createdAt)' "$body"
first=$id
sandy GET "/api/sandboxes/$id"
same "and it is there" "$first" "$(says .sandboxId)"

# --- commands ----------------------------------------------------------------------
sh_in 'echo out; echo err >&2; exit 3'
truth "standard output, standard error, exit code" '.stdout == "out\n" and .stderr == "err\n" and .exitCode == 3' "$body"
sh_in 'pwd; echo $GREETING' 'cwd:"/tmp", env:{GREETING:"hello"}'
same "working directory and environment" $'/tmp\nhello' "$(says .stdout)"
sh_in 'cat' 'stdin:"from outside"'
same "standard input" "from outside" "$(says .stdout)"
sh_in 'bash --version | head -n 1; python3 -c "print(6 * 7)"; node -e "console.log(6 * 7)"; git --version; id -u'
truth "a shell, Python, Node, git, and no root" '.exitCode == 0 and (.stdout | test("bash") and test("42\n42\n") and test("git version") and (test("\n0\n$") | not))' "$body"
limit=250
has_words() {	# a slow machine needs longer until there are any
	from=$(ms)
	sh_in 'echo before; sleep 60 & sleep 60' "timeoutMs:$((limit *= 2))"
	[ -n "$(says .stdout)" ]
}
until_true 40 has_words || true
truth "what takes too long is ended, and says what it wrote" '.timedOut and .exitCode == 124 and .stdout == "before\n"' "$body"
below "  after ms" 30000 "$(($(ms) - from))"
no_sleepers() { sh_in 'pgrep -c sleep'; [ "$(says .stdout)" = 0 ]; }
becomes "  with all it had begun" 30 no_sleepers
sh_in 'kill -SEGV $$'
truth "a signal" '.signal == 11 and .exitCode == 139' "$body"
sh_in 'head -c 70000 /dev/zero | tr "\0" "\377"' 'encoding:"base64"'
same "bytes that are no text" "$(head -c 70000 /dev/zero | tr '\0' '\377' | sha256sum)" "$(says .stdout | base64 -d | sha256sum)"
sh_in 'yes 0123456789 | head -c 20000000'
truth "much output is cut, and says so" '.truncated and .stdoutBytes == 20000000 and (.stdout | length) == 262144 and .exitCode == 0' "$body"
sandy POST "/api/sandboxes/$id/exec" '{"command":""}'
refused "no command" 400 invalid_value
running=()
for i in 1 2 3 4 5 6; do	# they wait for each other: only together do they end
	curl -sS --max-time 90 -H "authorization: Bearer $sandbox_key" "$sandboxes/api/sandboxes/$id/exec" \
		-d "{\"command\":\"touch /tmp/at.$i; until [ -e /tmp/at.1 -a -e /tmp/at.2 -a -e /tmp/at.3 -a -e /tmp/at.4 -a -e /tmp/at.5 -a -e /tmp/at.6 ]; do sleep 0.05; done; echo met\"}" >"$work/at.$i" &
	running+=($!)
done
wait "${running[@]}"
same "six commands at once" 6 "$(cat "$work"/at.* | grep -o '"met\\n"' | wc -l)"

# --- files -------------------------------------------------------------------------
head -c 300000 /dev/urandom >"$work/bytes"
jq -n --rawfile c <(base64 -w0 "$work/bytes") '{path:"deep/er/bytes.bin",content:$c,encoding:"base64"}' >"$work/write.json"
sandy POST "/api/sandboxes/$id/files/write" "@$work/write.json"
same "bytes are written, directories made" 200 "$status"
sandy GET "/api/sandboxes/$id/files/read?path=deep/er/bytes.bin"
same "  and read as base64" "$(sha256sum <"$work/bytes")" "$(says .content | base64 -d | sha256sum)"
curl -sS -H "authorization: Bearer $sandbox_key" -H 'accept: application/octet-stream' \
	"$sandboxes/api/sandboxes/$id/files/read?path=/workspace/deep/er/bytes.bin" >"$work/bytes.again"
check "  and as they are" cmp "$work/bytes" "$work/bytes.again"
sandy POST "/api/sandboxes/$id/files/write" '{"path":"text.txt","content":"Grüße\n"}'
sandy GET "/api/sandboxes/$id/files/read?path=text.txt"
truth "text is text" '.content == "Grüße\n" and .encoding == "utf-8"' "$body"
sandy GET "/api/sandboxes/$id/files/list"
truth "a list" '.files == ["text.txt"] and ([.entries[] | select(.type == "directory") | .name] == ["deep"])' "$body"
sandy GET "/api/sandboxes/$id/files/read?path=none"
refused "a file that is not there" 404 resource_not_found
for path in ../etc/passwd /etc/passwd /workspace/../etc/passwd /proc/self/environ; do
	sandy GET "/api/sandboxes/$id/files/read?path=$path"
	refused "$path" 400 invalid_value
done
sh_in 'mkdir -p artifacts && echo "<b>1</b>" >artifacts/page.html && echo 1 >artifacts/a.csv'
sandy GET "/api/sandboxes/$id/files/list?path=/workspace/artifacts"
truth "artifacts are listed" '.files | sort == ["a.csv", "page.html"]' "$body"
sandy GET "/sandbox/$id/artifacts/page.html"
has "  and served" '^<b>1</b>$' "$body"
has "  but run by no browser" 'content-disposition: attachment' "$head"

# --- no network ----------------------------------------------------------------------
sh_in 'for a in 1.1.1.1 172.17.0.1 169.254.169.254; do curl -sS --noproxy "*" --max-time 20 http://$a/ 2>&1; done; getent hosts example.org; cat /proc/net/dev | grep -vc "lo:"'
lacks "nothing outside can be reached, which is known at once" '[Tt]imed out|[Tt]imeout' "$(says .stdout)"
same "  " 3 "$(grep -c "Couldn't connect\|Failed to connect\|unreachable" <<<"$(says .stdout)")"

# --- agents ------------------------------------------------------------------------------
sandy POST "/api/sandboxes/$id/agent/run" '{"agent":"shell","model":"none","prompt":"echo plain; echo bad >&2; echo {\\\"type\\\":\\\"result\\\",\\\"result\\\":\\\"yes\\\"}; echo new >made.txt"}'
events=$(sed -n 's/^data: //p' <<<"$body" | jq -sc .)
truth "an agent's run is a stream of events" 'map(.type) | .[0] == "status" and .[-1] == "complete"
	and (["output", "stderr", "agent-output", "files-update"] - .) == []' "$events"
truth "  with what it did" '(map(select(.type == "files-update"))[0].changes == [{path: "made.txt", changeType: "created"}])
	and (.[-1] | .success and .exitCode == 0) and (map(select(.type == "agent-output"))[0].data.result == "yes")' "$events"
sandy POST "/api/sandboxes/$id/agent/run" '{"agent":"claude-code","model":"m","prompt":"hello"}'
refused "an agent that is not installed" 422 agent_not_installed
sandy POST "/api/sandboxes/$id/agent/run" '{"agent":"nobody","model":"m","prompt":"hello"}'
refused "an agent that nobody knows" 400 invalid_value
curl -sSN --max-time 90 -H "authorization: Bearer $sandbox_key" "$sandboxes/api/sandboxes/$id/agent/run" \
	-d '{"agent":"shell","model":"m","prompt":"echo begun; sleep 300"}' >"$work/run" &
run_pid=$!
until_true 40 grep -q begun "$work/run" || bad "a run streams at once" "$(cat "$work/run")"
sandy POST "/api/sandboxes/$id/agent/cancel"
wait "$run_pid"
truth "a run is cancelled" '.cancelled and (.success | not)' "$(sed -n 's/^data: //p' "$work/run" | tail -n 1)"
run left curl -sSN -H "authorization: Bearer $sandbox_key" "$sandboxes/api/sandboxes/$id/agent/run" \
	-d '{"agent":"shell","model":"m","prompt":"echo begun; exec sleep 301"}'
until_true 40 grep -q begun "$work/left.log" || bad "another runs" "$(cat "$work/left.log")"
end left
no_sleeper() { sh_in 'pgrep -x sleep'; [ "$(says .exitCode)" = 1 ]; }
becomes "who hangs up ends the run" 40 no_sleeper

# --- nobody else's, and never used before ------------------------------------------------------
becomes "another is kept warm" 30 warm_is 1
create
second=$id
sh_in 'ls -A /workspace /tmp; ps -e -o comm= | sort -u | tr "\n" " "'
lacks "a fresh one has nothing of another's" 'text.txt|artifacts|at\.' "$(says .stdout)"
sandbox_key=key-of-the-second-caller
for call in "GET /api/sandboxes/$first" "POST /api/sandboxes/$first/exec {\"command\":\"id\"}" \
	"POST /api/sandboxes/$first/terminate" "GET /api/sandboxes/$first/files/list" "GET /sandbox/$first/artifacts/a.csv"; do
	read -r method path data <<<"$call"
	sandy "$method" "$path" "$data"
	same "another caller is told of none: $method ${path/$first/ID}" 404 "$status"
done
sandy GET "/api/sandboxes/stats?ids=$first"
same "  nor what it uses" 0 "$(says '.stats | length')"
sandbox_key=key-of-the-first-caller
sandy GET "/api/sandboxes/stats?ids=$first,$second"
truth "its own caller is" '(.stats | length) == 2 and (.stats[0].memory_usage_bytes > 0)' "$body"

# [G14] what a sandbox's user tries from inside: fork bomb, full disk, no memory, its agent killed or stopped
# --- hostile ones ------------------------------------------------------------------------------
id=$second
sh_in 'f() { f | f & }; f; sleep 1; echo survived' 'timeoutMs:3000'
same "a fork bomb is answered" 200 "$status"
sh_in 'echo alive'
has "  and what comes after it is too, or in words" '^(200|422|502|504)$' "$status"
sandy POST "/api/sandboxes/$second/terminate"
same "  and it can be ended" 200 "$status"
create
sh_in 'dd if=/dev/zero of=/tmp/fill bs=1M 2>&1; dd if=/dev/zero of=/workspace/fill bs=1M 2>&1'
same "a disk that is filled has an end" 2 "$(says .stdout | grep -c 'No space left')"
sandy POST "/api/sandboxes/$id/files/write" "@$work/write.json"
refused "  and files are refused" 422 sandbox_exhausted
sh_in 'python3 -c "x = bytearray(2 << 30)"; echo after'
truth "a hog of memory is killed alone" '(.stderr | length >= 0) and (.stdout == "after\n")' "$body"
sh_in 'pkill -KILL janus-sandbox-a; sleep 60'
refused "whoever kills the agent" 502 sandbox_lost
becomes "  has no sandbox any more" 40 is_gone "$id"
create
limit=100
stops_it() {	# before its time is over
	sh_in 'pkill -STOP janus-sandbox-a; sleep 60' "timeoutMs:$((limit *= 2))"
	[ "$status" != 200 ]
}
until_true 40 stops_it || true
refused "whoever stops it" 504 sandbox_timeout
becomes "  has none either" 40 is_gone "$id"
sandy GET "/api/sandboxes/$first"
same "the others live on" 200 "$status"

# --- how they end --------------------------------------------------------------------------------
sandy POST "/api/sandboxes/$first/refresh"
same "a refreshed one has its time again" 200 "$status"
sandy POST "/api/sandboxes/$first/terminate"
same "terminated" 200 "$status"
sandy POST "/api/sandboxes/$first/terminate"
same "  is gone" 404 "$status"
becomes "no pod is left but the warm one's" 30 pods_are 1

create '{"priority":3,"preemptable":true}'
low=$id
create '{"priority":3,"preemptable":false}'
kept=$id
create '{"priority":2,"preemptable":true}'
create '{"priority":2,"preemptable":true}'
same "as many as may" 200 "$status"
create '{"priority":1}'
same "one more, that is more important" 200 "$status"
becomes "  takes the place of the least important that may be taken" 40 is_gone "$low"
sandy GET "/api/sandboxes/$kept"
same "  and of no other" 200 "$status"
create '{"priority":3}'
refused "one that is not" 503 sandbox_capacity
has "  may come again" 'retry-after: [0-9]' "$head"

end janus-sandboxd
becomes "when the service stops nothing is left" 30 pods_are 0
start_sandboxd "${settings[@]}" JANUS_SANDBOX_TTL=2s
sandbox_key=key-of-the-first-caller
create
short=$id
becomes "one whose time is over is gone" 40 is_gone "$short"
create '{"timeoutMinutes":5}'
same "another is there" 200 "$status"
end janus-sandboxd KILL	# [M05] janus-sandboxd killed alone
has "a killed service leaves its pods" '^[0-9a-f]{64}$' "$(sandbox_containers)"
left=$runtime/sandbox/pods/left	# as when it is killed between a pod's end and its directory's
mkdir -m 700 "$left"
touch "$left/link.sock"
start_sandboxd "${settings[@]}" JANUS_SANDBOX_WARM=0
becomes "the next removes them" 30 pods_are 0
same "with their directories" '' "$(find "$runtime/sandbox" -name '*.sock')"
sandbox_key=key-of-the-first-caller
check "and knows nothing of them" is_gone "$id"
create
same "without a pool one is made when it is asked for" 200 "$status"
lacks "no key is in the log" 'key-of-the' "$(cat "$work/janus-sandboxd.log")"
