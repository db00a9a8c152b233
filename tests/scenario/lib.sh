# shellcheck shell=bash
#
# lib.sh - a Janus of a scenario's own: daemons, engine, registry, and what to ask of them.
# shellcheck disable=SC2034	# read by the scenarios and by engine.sh
#
# Sourced first by every NN-what.sh.  BIN names the programs (build/bin, or /usr/bin of a package), engine
# the socket (DOCKER_HOST, or /var/run/docker.sock).  Everything that runs for
# a scenario ends with it; what a failed one leaves to look at is printed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${BIN:-build/bin}
[[ $bin = /* ]] || bin=$root/$bin
lib=$bin tests=${bin%/bin}/tests	# where competitors' programs are, and what tests alone need
if [ ! -x "$lib/janus-baseline" ]; then lib=${bin%/bin}/lib/janus; fi
if [ ! -d "$tests/fake" ]; then tests=$root/build/tests; fi
fake=${FAKE:-$tests/fake/upstream}
scenario=$(basename "$0" .sh)

world=$(mktemp -d /tmp/js.XXXXXX)	# short: unix sockets have 107 bytes for their path
state=$world/s
runtime=$world/r
work=$world/work
status_file=$work/status
mkdir -p "$state" "$runtime" "$work"
engine=${DOCKER_HOST:-/var/run/docker.sock}
engine=${engine#unix://}

# What a developer's shell may have set must not reach the daemons.
while read -r name; do
	unset "$name"
done < <(env | grep -oE '^(JANUS_|OPENAI_|CHUTES_|SANDY_)[A-Z0-9_]*' || true)
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY DOCKER_HOST
export JANUS_STATE_DIR=$state JANUS_RUNTIME_DIR=$runtime JANUS_HOST=127.0.0.1
export NO_COLOR=1 LC_ALL=C.UTF-8 PATH=$bin:$PATH
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1

# shellcheck source=images/engine.sh
. "$root/images/engine.sh"

oks=0 fails=0
declare -A pids=()	# what we started: name -> pid

# --- saying what was seen ---------------------------------------------------------

ok() { oks=$((oks + 1)); printf 'ok   %s: %s\n' "$scenario" "$1"; }
bad() {
	fails=$((fails + 1))
	printf 'FAIL %s: %s\n' "$scenario" "$1"
	shift
	[ $# = 0 ] || printf '%s\n' "$@" | cut -c1-2000 | head -n 40 | sed 's/^/     | /'
}

# check WHAT COMMAND...: ok if it succeeds
check() {
	local what=$1 out
	shift
	if out=$("$@" 2>&1); then ok "$what"; else bad "$what" "\$ $*" "$out"; fi
}

same() {	# WHAT WANTED SEEN
	if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "wanted: $2" "seen:   $3"; fi
}

has() {	# WHAT PATTERN TEXT: an extended regular expression
	if grep -qE -- "$2" <<<"$3"; then ok "$1"; else bad "$1" "wanted: $2" "seen:   $3"; fi
}

lacks() {	# WHAT PATTERN TEXT
	if grep -qE -- "$2" <<<"$3"; then bad "$1" "not wanted: $2" "seen: $3"; else ok "$1"; fi
}

truth() {	# WHAT JQ-CONDITION JSON
	if jq -e "$2" <<<"$3" >/dev/null 2>&1; then ok "$1"; else bad "$1" "wanted: $2" "seen:   $3"; fi
}

below() {	# WHAT LIMIT NUMBER
	if [ "$3" -lt "$2" ]; then ok "$1: $3"; else bad "$1" "wanted: less than $2" "seen:   $3"; fi
}

# refused WHAT STATUS CODE: the last ask was answered with that, in the envelope of docs/api.md
refused() {
	same "$1: $2" "$2" "$status"
	truth "$1: $3, in the envelope" ".error | .code == \"$3\" and (.message | length > 0)
		and (.type | length > 0) and has(\"param\") and .janus.docs == \"/docs/errors#$3\"
		and (.janus.request_id | test(\"^[A-Za-z0-9_-]{8,128}\$\")) and (.janus | has(\"retryable\") and has(\"fault\"))" "$body"
}

giveup() { bad "$@"; exit 1; }

# until_true SECONDS COMMAND...: ask again and again, less often after a while, until yes or the deadline.
until_true() {
	local deadline=$((SECONDS + $1)) asked=0
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		if [ "$((asked += 1))" -le 5 ]; then moment 0.05; else moment 0.25; fi
	done
}

# becomes WHAT SECONDS COMMAND...: ok if it turns true in time
becomes() {
	local what=$1
	shift
	if until_true "$@"; then ok "$what"; else bad "$what" "not in $1 s: ${*:2}"; fi
}

moment() { read -r -t "$1" <>"$world/never" || true; }	# time that passes, in seconds
mkfifo "$world/never"

ms() { local t=$EPOCHREALTIME; printf '%s' "$((${t/./} / 1000))"; }

# --- processes --------------------------------------------------------------------

# run NAME COMMAND...: in the background, its output in $work/NAME.log
run() {
	local name=$1
	shift
	"$@" >>"$work/$name.log" 2>&1 </dev/null &
	pids[$name]=$!
	disown
}

# Ended is what is gone, or a zombie whose last thread has ended: only then its locks are free.
alive() {
	local pid=${pids[$1]:-0} tasks
	kill -0 "$pid" 2>/dev/null || return 1
	tasks=("/proc/$pid/task"/*)
	[ "${#tasks[@]}" -gt 1 ] || ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null
}
gone() { ! alive "$1"; }

end() {	# NAME [SIGNAL]: and wait until it is gone
	[ -n "${pids[$1]:-}" ] || return 0
	kill "-${2:-TERM}" "${pids[$1]}" 2>/dev/null || true
	if ! until_true 45 gone "$1"; then
		kill -KILL "${pids[$1]}" 2>/dev/null || true
		bad "$1 ends when told to" "it did not in 45 s"
	fi
	unset "pids[$1]"
}

free_port() {	# nobody listens there, and none that runs now was given it, for later
	local port
	while port=$((20000 + RANDOM % 12000)); do
		if ! grep -qsx "$port" /tmp/js.*/ports && ! { : <>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then
			printf '%s\n' "$port" | tee -a "$world/ports"
			return
		fi
	done
}

listens() { { : <>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null; }

# --- Janus ------------------------------------------------------------------------

export JANUS_PORT JANUS_SANDBOX_PORT
JANUS_PORT=$(free_port)
JANUS_SANDBOX_PORT=$(free_port)
url=http://127.0.0.1:$JANUS_PORT

start_platform() {	# [VARIABLE=VALUE...]
	run janus-platform env "$@" "$bin/janus-platform"
	until_true 60 test -S "$runtime/platform.sock" || giveup "janus-platform starts" "$(tail "$work/janus-platform.log")"
}

# start_sandboxd [VARIABLE=VALUE...]: sets sandboxes to its address, sandbox_key to its key
start_sandboxd() {
	sandboxes=http://127.0.0.1:$JANUS_SANDBOX_PORT
	run janus-sandboxd env "DOCKER_HOST=unix://$engine" "$@" "$bin/janus-sandboxd"
	until_true 60 sandboxd_or_death
	sandboxd_answers || giveup "janus-sandboxd starts" "$(tail -n 30 "$work/janus-sandboxd.log")"
	sandbox_key=$(cat "$state/sandbox.key")
}

sandboxd_answers() { curl -sf --max-time 2 -o /dev/null "$sandboxes/livez"; }
sandboxd_or_death() { sandboxd_answers || gone janus-sandboxd; }

sandbox_containers() {	# of this janus-sandboxd, as the engine knows them
	[ -s "$state/sandbox.node" ] || return 0
	api GET "/containers/json?all=1&filters=$(urlencode "{\"label\":[\"rodeo.janus.node=$(cat "$state/sandbox.node")\"]}")" |
		jq -r '.[].Id' | sort
}

control_answers() { curl -sf --max-time 2 --unix-socket "$runtime/janusd.sock" -o /dev/null http://janus/livez; }

start_janusd() {	# [VARIABLE=VALUE...]
	run janusd env "DOCKER_HOST=unix://$engine" "$@" "$bin/janusd"
	until_true 60 control_or_death
	control_answers || giveup "janusd starts" "$(tail -n 30 "$work/janusd.log")"
}

control_or_death() { control_answers || gone janusd; }

baseline() {	# accepted and ready
	images baseline
	accept janus/baseline-agent:latest baseline-agent
}

start_janus() { start_platform; start_janusd; }

kill_janusd() { end janusd KILL; }

# control METHOD PATH [BODY]: with administrator rights; sets status and body
control() {
	ask --unix-socket "$runtime/janusd.sock" -X "$1" ${3+-H 'content-type: application/json' --data-binary "$3"} "http://janus$2"
}

# ask CURL-ARGUMENTS...: sets status, body and head
ask() {
	body=$(curl -sS --max-time 60 -D "$work/head" -o - -w '\n%{http_code}' "$@" 2>"$work/curl.err") || true
	status=${body##*$'\n'}
	body=${body%$'\n'*}
	head=$(tr -d '\r' <"$work/head" 2>/dev/null || true)
}

# chat MODEL TEXT [MORE-JSON]: not streamed; sets status and body
chat() {
	ask "$url/v1/chat/completions" -H 'content-type: application/json' \
		-d "$(jq -nc --arg m "$1" --arg t "$2" "{model:\$m,messages:[{role:\"user\",content:\$t}]} + {${3:-}}")"
}

answers() {	# MODEL: does it answer a chat?
	chat "$1" hello
	[ "$status" = 200 ]
}

# serves COMPETITOR: it is ready, and its route is stored, which comes a moment later
serves() { competitor_is "$1" ready && answers "janus/$1"; }

ctl() {	# sets out, err and code
	code=0
	out=$("$bin/janusctl" "$@" 2>"$work/ctl.err" </dev/null) || code=$?
	err=$(cat "$work/ctl.err")
}

metric() {	# NAME [LABEL-PATTERN]: the sum of its samples
	curl -sS "$url/metrics" | awk -v name="$1" -v want="${2:-}" '
		{ at = $1; sub(/\{.*/, "", at) } at == name && $0 ~ want { sum += $NF } END { printf "%d\n", sum }'
}

metric_is() { [ "$(metric "${@:2}")" = "$1" ]; }	# NUMBER NAME [LABEL-PATTERN]

# settled: what was answered is counted and logged, too, which comes a moment later
settled() { until_true 30 metric_is 0 janus_http_requests_in_flight gateway || bad "all chats are settled"; }

competitor() { control GET "/api/v1/competitors/$1"; printf '%s' "$body"; }
competitor_is() { [ "$(competitor "$1" | jq -r .state)" = "$2" ]; }
instance_of() { control GET "/api/v1/instances?competitor=$1"; jq -c '.data[0]' <<<"$body"; }
submission_state() { control GET "/api/v1/submissions/$1"; jq -r .state <<<"$body"; }

submit() {	# IMAGE NAME [OPTIONS]: prints the id
	"$bin/janusctl" submit image "$1" --name "$2" -q "${@:3}"
}

accept() {	# IMAGE NAME: submitted and ready, or the scenario is over
	ctl submit image "$1" --name "$2" --wait --timeout 90s
	[ "$code" = 0 ] || giveup "$2 ($1) is accepted" "exit $code" "$out" "$err"
	until_true 30 routed "$2" || true	# or another version serves, or none: the scenario sees
}

# routed COMPETITOR: it is among the models that gateways know, which comes a moment after it is ready
routed() {
	ask --unix-socket "$runtime/janusd.sock" "http://janus/v1/models/janus%2F$1"
	[ "$status" = 200 ] && jq -e '.janus.state == "ready" or .janus.state == "asleep"' <<<"$body"
}

# --- containers -------------------------------------------------------------------

node_id() { grep -aohE 'node_idnode_[0-9a-z]{26}' "$state"/*.db "$state"/*.db-wal 2>/dev/null | tail -n 1 | sed 's/^node_id//' || true; }

containers() {	# [JQ]: of this Janus, but for its canary; a sorted list
	local node
	node=$(node_id)
	[ -n "$node" ] || return 0
	api GET "/containers/json?all=1&filters=$(urlencode "{\"label\":[\"rodeo.janus.node=$node\"]}")" |
		jq -r ".[] | select(.Labels[\"rodeo.janus.competitor\"] != \"janus-canary\") | ${1:-.Id}" | sort
}

container_count() { containers | wc -l; }
containers_are() { [ "$(container_count)" = "$1" ]; }

images() {	# WHAT...: ours, always of the plain build: the engine's Debian has no sanitizers
	BIN=$root/build/bin "$root/images/build.sh" --engine "$engine" "$@" >"$work/images.log" 2>&1 ||
		giveup "images of $*" "$(tail "$work/images.log")"
}

sdk=$root/tests/e2e/sdk
ui=$root/tests/e2e/ui
packages() {	# [DIR]: of $sdk, from npm; one at a time
	(
		cd "${1:-$sdk}"
		flock 9
		[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-fund --no-audit >"$work/npm.log" 2>&1
	) 9>>"${1:-$sdk}/package-lock.json" || giveup "npm ci" "$(tail "$work/npm.log")"
}

# node_tests DIR FILE [NAME=VALUE...]: one of our checks for each of its tests; none may be skipped
node_tests() {
	local dir=$1 file=$2 log=$work/$2.log result=0 before=$oks verdict name
	shift 2
	(cd "$dir" && env BASE_URL="$url" "$@" node --test --test-reporter=tap "$file") >"$log" 2>&1 || result=$?
	while read -r verdict name; do
		if [ "$verdict" = ok ]; then ok "$name"; else bad "$name" "$(grep -A20 -F "$name" "$log" | sed -n 2,22p)"; fi
	done < <(sed -nE 's/^ *(not )?ok [0-9]+ - (.*)$/\1|\2/p' "$log" | grep -vF "$file" |
		sed -E 's/^not \|/bad /; s/^\|/ok /')
	same "all of $file ran" "$(sed -n 's/^# tests //p' "$log")" "$((oks - before))"
	same "none of it was skipped" 0 "$(grep -c "# SKIP" "$log" || true)"
	same "node's test runner exits 0" 0 "$result"
}

# browser_tests FILE [NAME=VALUE...]: the same in a real browser, at $url; screenshots stay with the test's logs
browser_tests() {
	local each
	packages "$ui"
	for each in "$root"/ui/node_modules/node-linux-*/bin; do	# the driver asks for more than Debian's
		if "$each/node" --version >/dev/null 2>&1; then local PATH=$each:$PATH; fi
	done
	node_tests "$ui" "$1" SHOTS="$root/build/test/shots" "${@:2}"
}

hostile() {	# MODE...: make their images
	"$root/tests/e2e/hostile/build.sh" --engine "$engine" "$@" >"$work/hostile.log" 2>&1 ||
		giveup "images of $*" "$(tail "$work/hostile.log")"
}

# --- a registry -------------------------------------------------------------------

start_registry() {	# NAME [AUTH-LINES]: sets registry to host:port
	local port
	port=$(free_port)
	registry=127.0.0.1:$port
	mkdir -p "$work/$1"
	cat >"$work/$1.yml" <<-END
		version: 0.1
		log: {level: warn}
		storage: {filesystem: {rootdirectory: $work/$1}, delete: {enabled: true}}
		http: {addr: $registry}
		${2:-}
	END
	run "$1" docker-registry serve "$work/$1.yml"
	until_true 60 listens "$port" || giveup "a registry starts" "$(tail "$work/$1.log")"
}

# push IMAGE REF: from the engine to a registry; prints the digest
push() {
	local repository=${2%:*} tag=${2##*:}
	api POST "/images/$1/tag?repo=$(urlencode "$repository")&tag=$tag" >/dev/null
	[ "$(status)" = 201 ] || giveup "tagging $1 as $2" "$(cat "$status_file")"
	api POST "/images/$repository/push?tag=$tag" -H 'X-Registry-Auth: e30=' >"$work/push.log"
	grep -oE 'sha256:[0-9a-f]{64}' "$work/push.log" | tail -n 1
	api DELETE "/images/$2?noprune=1" >/dev/null
}

on_podman() { api GET /version | jq -e '[.Components[]?.Name] | any(startswith("Podman"))' >/dev/null; }

# --- an engine of the scenario's own, that may be killed ------------------------------

start_engine() {	# its images survive it
	engine=$world/e.sock
	run dockerd dockerd --host "unix://$engine" --data-root "$world/docker" --exec-root "$world/x" \
		--pidfile "$world/dockerd.pid" --bridge none --iptables=false --ip6tables=false \
		--insecure-registry 127.0.0.0/8
	until_true 40 engine_up || giveup "an engine of its own starts" "$(tail "$work/dockerd.log")"
}

engine_up() { [ -S "$engine" ] && curl -sf --max-time 2 --unix-socket "$engine" -o /dev/null http://engine/_ping; }

kill_engine() {	# dockerd and its containerd, at once; the containers live on until it is back
	kill -KILL "${pids[dockerd]}" 2>/dev/null || true
	if [ -r "$world/x/containerd/containerd.pid" ]; then
		kill -KILL "$(cat "$world/x/containerd/containerd.pid")" 2>/dev/null || true
	fi
	until_true 10 gone dockerd
	rm -f "$world/dockerd.pid" "$world/x/containerd/containerd.pid"
}

copy_images() {	# FROM-SOCKET IMAGE...: into the current engine
	local from=$1 query='' image
	shift
	for image in "$@"; do
		query+="${query:+&}names=$(urlencode "$image")"
	done
	curl -sSf --unix-socket "$from" "http://engine/images/get?$query" |
		curl -sSf --unix-socket "$engine" -X POST -H 'Content-Type: application/x-tar' -T - \
			http://engine/images/load >"$work/load.log" || giveup "copying $*" "$(cat "$work/load.log")"
}

# --- the end ----------------------------------------------------------------------

reports_of_sanitizers() {	# what was found, and the frames of each stack in it
	sed -nE '/ERROR: (Address|Leak|Undefined)Sanitizer|runtime error:/,/^SUMMARY/ {
		/Sanitizer|runtime error:|^ *#[0-9]|^(READ|WRITE|freed|previously)|is located/p
	}' "$work"/janus*.log 2>/dev/null || true
}

the_end() {
	local code=$? name id reports
	trap - EXIT
	set +e
	end janusd
	end janus-platform
	end janus-sandboxd
	for id in $(containers 2>/dev/null) $(sandbox_containers 2>/dev/null); do
		api DELETE "/containers/$id?force=1&v=1" >/dev/null 2>&1
	done
	for name in "${!pids[@]}"; do
		[ "$name" = dockerd ] || end "$name"
	done
	if [ -n "${pids[dockerd]:-}" ]; then
		end dockerd
		if [ -r "$world/x/containerd/containerd.pid" ]; then
			kill -KILL "$(cat "$world/x/containerd/containerd.pid")" 2>/dev/null
		fi
	fi
	for id in /proc/[0-9]*; do	# shims that a killed engine left, and what they run
		if tr '\0' ' ' 2>/dev/null <"$id/cmdline" | grep -q "^[^ ]*containerd-shim.*$world/"; then
			# shellcheck disable=SC2046
			kill -KILL $(cat "$id/task/"*/children 2>/dev/null) "${id##*/}" 2>/dev/null
		fi
	done
	reports=$(reports_of_sanitizers)
	[ -z "$reports" ] || bad "sanitizers have nothing to say" "$reports"
	[ "$code" = 0 ] || [ "$fails" -gt 0 ] || bad "runs to its end" "a command failed with $code"
	if [ "$fails" -gt 0 ]; then
		for name in janusd janus-platform janus-sandboxd dockerd; do
			[ ! -s "$work/$name.log" ] || { printf '     -- the end of %s.log\n' "$name"
				tail -n 25 "$work/$name.log" | cut -c1-400 | sed 's/^/     | /'; }
		done
	fi
	if [ -n "${KEEP:-}" ]; then
		printf '     kept: %s\n' "$world"
	else
		while read -r _ mounted _; do
			umount -l "$mounted" 2>/dev/null
		done < <(grep -F " $world/" /proc/self/mounts)
		rm -rf "$world"
	fi
	printf '%s: %d ok, %d failed\n' "$scenario" "$oks" "$fails"
	if [ "$fails" = 0 ] && [ "$oks" -gt 0 ]; then
		exit 0
	fi
	exit 1
}
trap the_end EXIT
trap 'exit 130' INT TERM
