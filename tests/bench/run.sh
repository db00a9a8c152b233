#!/usr/bin/env bash
#
# run.sh - janusd beside nginx and a bare byte pump, in one run; writes docs/benchmarks.md.
#
# run.sh [--quick] [--rounds N] [--gateways] [--only WORK] [--no-report]
#	--quick		one round instead of five
#	--gateways	also the gateways people use today, where they can be had
#	--only WORK	json, unpaced, paced, ttft, many or idle
# Where there is an engine, the same upstream is also measured in a pod, and as a URL with the limits of that pod.
# BIN names the programs (build/bin); the benchmark's own are in its sibling tests/bench.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
bin=${BIN:-build/bin}
[[ $bin = /* ]] || bin=$root/$bin
own=${bin%/bin}/tests/bench
python=/usr/bin/python3 # the one that Debian packages are for
rounds=5 gateways=${GATEWAYS:-} only='' report=yes
while [ $# -gt 0 ]; do
	case $1 in
	--quick) rounds=1 ;;
	--rounds) rounds=$2; shift ;;
	--gateways) gateways=1 ;;
	--only) only=$2; shift ;;
	--no-report) report='' ;;
	*) sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
	shift
done

world=$(mktemp -d /tmp/jb.XXXXXX)
engine=${DOCKER_HOST:-/var/run/docker.sock}
engine=${engine#unix://}
# shellcheck disable=SC2034	# used by engine.sh
work=$world status_file=$world/status
# shellcheck source=images/engine.sh
. "$root/images/engine.sh"
results=$world/results
limited_id=''	# of the container
: >"$results"
declare -A pids=() ports=()
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
while read -r name; do
	unset "$name"
done < <(env | grep -oE '^(JANUS_|OPENAI_|SANDY_)[A-Z0-9_]*' || true)
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"

# Two descriptors a stream: where they are limited, so are the streams.
many=$((($(ulimit -n) - 600) / 2))
[ "$many" -le 10000 ] || many=10000

the_end() {
	local code=$? name
	trap - EXIT
	for name in "${!pids[@]}"; do stop "$name"; done
	for name in $(pods 2>/dev/null || true) $limited_id; do api DELETE "/containers/$name?force=1&v=1" >/dev/null || true; done
	[ "$code" = 0 ] || tail -n 5 "$world"/*.log >&2 || true
	rm -rf "$world"
	exit "$code"
}
trap the_end EXIT

free_port() {
	local port
	while port=$((20000 + RANDOM % 12000)); do
		if ! { : <>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then
			printf '%s' "$port"
			return
		fi
	done
}

# The proxy has a processor of its own, and its client and its upstream have the others: who shares one with whom is
# else up to the kernel, and different each time, and what that makes of it is more than what is measured.
mapfile -t cpus < <(taskset -cp $$ | sed 's/.*: //' | tr , '\n' | while IFS=- read -r first last; do seq "$first" "${last:-$first}"; done)
all_cpus=$(IFS=,; echo "${cpus[*]}")
the_proxys=${cpus[0]} the_others=$all_cpus
[ "${#cpus[@]}" = 1 ] || the_others=$(IFS=,; echo "${cpus[*]:1}")

begin() {	# NAME COMMAND...: in the background
	local name=$1 on=$the_proxys
	shift
	case $name in upstream | platform) on=$the_others ;; esac
	taskset -c "$on" "$@" >"$world/$name.log" 2>&1 </dev/null & # anew: it costs more to write to what is long
	pids[$name]=$!
}

stop() {	# NAME: and wait until it is gone
	[ -n "${pids[$1]:-}" ] || return 0
	kill "${pids[$1]}" 2>/dev/null || true
	for _ in {1..50}; do
		kill -0 "${pids[$1]}" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "${pids[$1]}" 2>/dev/null || true
	wait "${pids[$1]}" 2>/dev/null || true
	unset "pids[$1]"
}

chat='{"model":"MODEL","messages":[{"role":"user","content":"hello"}]}'
answers() {	# NAME
	local line more=()
	while read -r line; do
		[ -z "$line" ] || more+=(-H "${line%$'\r'}")
	done <<<"$(headers "$1")"
	curl -sf --max-time 2 -o /dev/null -H 'content-type: application/json' "${more[@]}" -d "${chat/MODEL/$(model "$1")}" "http://127.0.0.1:${ports[$1]}/v1/chat/completions"
}
wait_for() {	# NAME
	for _ in {1..200}; do
		answers "$1" && return
		sleep 0.1
	done
	echo "bench: $1 does not answer" >&2
	exit 1
}
headers() {	# NAME: more header lines
	[ "$1" != portkey ] ||
		printf 'authorization: Bearer sk-bench\r\nx-portkey-provider: openai\r\nx-portkey-custom-host: http://127.0.0.1:%s/v1\r\n' \
			"${ports[upstream]}"
}
model() { case $1 in janus | pod) echo janus/bench ;; limited) echo janus/limited ;; *) echo bench ;; esac; }

# --- the proxies: each fresh for each measurement ----------------------------------

start_pump() { begin pump "$own/pump" "${ports[pump]}" "${ports[upstream]}"; }

start_nginx() {
	cat >"$world/nginx.conf" <<-END
		daemon off;
		master_process off;
		worker_processes 1;
		worker_rlimit_nofile 65536;
		pid $world/nginx.pid;
		error_log $world/nginx.log;
		events { worker_connections 32768; }
		http {
			access_log off;
			keepalive_requests 1000000;
			client_body_temp_path $world/n1;
			proxy_temp_path $world/n2;
			fastcgi_temp_path $world/n3;
			uwsgi_temp_path $world/n4;
			scgi_temp_path $world/n5;
			upstream competitor {
				server 127.0.0.1:${ports[upstream]};
				keepalive 256;
				keepalive_requests 1000000;
			}
			server {
				listen 127.0.0.1:${ports[nginx]} backlog=4096;
				location / {
					proxy_pass http://competitor;
					proxy_http_version 1.1;
					proxy_set_header Connection "";
					proxy_buffering off;
					proxy_read_timeout 300s;
				}
			}
		}
	END
	begin nginx "$(command -v nginx || echo /usr/sbin/nginx)" -c "$world/nginx.conf" -p "$world" -e "$world/nginx.log"
}

serve() {	# NAME
	begin "$1" env JANUS_STATE_DIR="$world/state" JANUS_RUNTIME_DIR="$world/run" JANUS_PORT="${ports[$1]}" \
		JANUS_ROUTER_LOOPS=1 JANUS_ROUTER_CONCURRENCY=0 JANUS_ENGINE_SOCKET="$world/no-engine" "$bin/janusd"
}
start_janus() { serve janus; }
submit_url() {	# NAME [PORT]
	JANUS_STATE_DIR=$world/state JANUS_RUNTIME_DIR=$world/run "$bin/janusctl" \
		submit url "http://127.0.0.1:${2:-${ports[upstream]}}" --name "$1" --wait --timeout 60s --quiet >>"$world/submit.log" 2>&1
}
first_janus() {	# [PORT]: registers the upstreams, once; later starts find them in the database
	mkdir -p "$world/state" "$world/run"
	start_janus
	for _ in {1..100}; do
		curl -sf --max-time 1 -o /dev/null --unix-socket "$world/run/janusd.sock" http://janus/livez && break
		sleep 0.1
	done
	submit_url bench
	[ -z "$pod" ] || submit_url limited "$1"
	stop janus
}

# A Janus of its own, whose competitor is the upstream in a pod.
start_pod() {
	mkdir -p "$world/podstate" "$world/podrun"
	begin pod env JANUS_STATE_DIR="$world/podstate" JANUS_RUNTIME_DIR="$world/podrun" JANUS_PORT="${ports[pod]}" \
		JANUS_ROUTER_LOOPS=1 JANUS_ROUTER_CONCURRENCY=0 DOCKER_HOST="unix://$engine" "$bin/janusd"
}
first_pod() {
	begin platform env JANUS_STATE_DIR="$world/podstate" JANUS_RUNTIME_DIR="$world/podrun" "$bin/janus-platform"
	start_pod
	for _ in {1..100}; do
		curl -sf --max-time 1 -o /dev/null --unix-socket "$world/podrun/janusd.sock" http://janus/livez && break
		sleep 0.1
	done
	JANUS_STATE_DIR=$world/podstate JANUS_RUNTIME_DIR=$world/podrun "$bin/janusctl" \
		submit image bench-upstream:latest --name bench --wait --timeout 120s --quiet >>"$world/submit.log" 2>&1
	stop pod
}
pods() {	# [LABEL]: the containers of both, or of those with that
	local node
	node=$(grep -aohE 'node_idnode_[0-9a-z]{26}' "$world"/podstate/*.db* | tail -n 1 | sed 's/^node_id//')
	api GET "/containers/json?all=1&filters=$(urlencode "{\"label\":[\"rodeo.janus.node=$node\"${1:+,\"$1\"}]}")" | jq -r '.[].Id'
}

place_pods() {
	local each
	for each in $(pods); do
		api POST "/containers/$each/update" -H 'content-type: application/json' -d "{\"CpusetCpus\":\"$the_others\"}" >/dev/null
	done
}

# A URL whose upstream is held to what a pod's is: its memory, its processes, its share of a processor, which is less than
# ours. All that differs is the way to it.
start_limited() { serve limited; }
limited_upstream() {	# PORT
	limited_id=$(api GET "/containers/$(pods rodeo.janus.role=competitor | head -n 1)/json" |
		jq --arg port "$1" --arg on "$the_others" '{ Image, User: .Config.User, Cmd: ["/upstream", $port], HostConfig: (.HostConfig | { NetworkMode: "host", Init,
			NanoCpus, CpuShares, CpusetCpus: $on, Memory, MemorySwap, PidsLimit, Ulimits, CapDrop, SecurityOpt, ReadonlyRootfs }) }' |
		api POST /containers/create -H 'content-type: application/json' --data-binary @- | jq -r .Id)
	api POST "/containers/$limited_id/start" >/dev/null
}

start_fastapi() {
	cat >"$world/passthrough.py" <<-END
		import httpx
		from fastapi import FastAPI, Request
		from fastapi.responses import Response, StreamingResponse
		app = FastAPI()
		client = httpx.AsyncClient(base_url="http://127.0.0.1:${ports[upstream]}", timeout=300,
		    limits=httpx.Limits(max_connections=None, max_keepalive_connections=256))
		@app.post("/v1/chat/completions")
		async def chat(request: Request):
		    body = await request.json()
		    if not body.get("stream"):
		        r = await client.post("/v1/chat/completions", json=body)
		        return Response(r.content, r.status_code, media_type="application/json")
		    upstream = await client.send(client.build_request("POST", "/v1/chat/completions", json=body), stream=True)
		    async def pass_on():
		        async for chunk in upstream.aiter_raw():
		            yield chunk
		        await upstream.aclose()
		    return StreamingResponse(pass_on(), upstream.status_code, media_type="text/event-stream")
	END
	begin fastapi env PYTHONPATH="$world" "$python" -m uvicorn passthrough:app --host 127.0.0.1 \
		--port "${ports[fastapi]}" --no-access-log --log-level warning
}
start_portkey() {
	begin portkey env PORT="${ports[portkey]}" NODE_ENV=production \
		node "$root/build/bench/node_modules/@portkey-ai/gateway/build/start-server.js" --port="${ports[portkey]}" --headless
}

# --- measuring ---------------------------------------------------------------------

measure() {	# NAME WORK LOAD-WORK N SECONDS [CHUNKS GAP]: a line of results
	local name=$1 work=$2 line
	shift 2
	"start_$name"
	wait_for "$name"
	[ "$name" != pod ] || place_pods
	sleep 0.3
	line=$(BENCH_HEADERS=$(headers "$name" && echo x) && export BENCH_HEADERS="${BENCH_HEADERS%x*}" && taskset -c "$the_others" "$own/load" "$1" "${ports[$name]}" "${pids[$name]}" "$(model "$name")" "${@:2}" 2>>"$world/load.log") || true
	[ -n "$line" ] || { tail -n 3 "$world/load.log" "$world/$name.log" >&2; line='failures=1'; }
	stop "$name"
	printf '%s %s %s\n' "$work" "$name" "$line" | tee -a "$results"
}

# wanted WORK
wanted() { [ -z "$only" ] || [ "$only" = "$1" ]; }

round() {
	local name
	for name in pump nginx janus $pod; do
		if wanted json; then measure "$name" json json 64 3; fi
	done
	for name in pump nginx janus $pod; do
		if wanted unpaced; then measure "$name" unpaced stream 64 3 200 0; fi
	done
	for name in pump nginx janus $pod; do
		if wanted paced; then measure "$name" paced paced 2000 5 0 300; fi
	done
	for name in pump nginx janus; do
		if wanted ttft; then measure "$name" ttft ttft 1 2 3 0; fi
	done
	for name in fastapi portkey; do
		if wanted json && [ -n "${ports[$name]:-}" ]; then measure "$name" json json 64 3; fi
	done
}

ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }
idle() {	# ten competitors, nobody asks
	local i before others=9
	[ -z "$pod" ] || others=8
	start_janus
	wait_for janus
	for ((i = 0; i < others; i++)); do submit_url "idle$i"; done
	sleep 5
	before=$(ticks "${pids[janus]}")
	sleep 20
	printf 'idle janus cpu_percent=%s rss_mib=%s failures=0\n' \
		"$(awk -v t=$(($(ticks "${pids[janus]}") - before)) -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f", 100 * t / hz / 20 }')" \
		"$(awk '/VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/${pids[janus]}/status")" | tee -a "$results"
	stop janus
}

for name in upstream pump nginx janus; do ports[$name]=$(free_port); done
if [ -n "$gateways" ]; then
	if "$python" -c 'import fastapi, httpx, uvicorn' 2>/dev/null; then
		ports[fastapi]=$(free_port)
	else
		echo "bench: no FastAPI row (packages python3-fastapi python3-httpx uvicorn)" >&2
	fi
	if [ -d build/bench/node_modules/@portkey-ai/gateway ] ||
		npm install --prefix build/bench --no-audit --no-fund --silent @portkey-ai/gateway >&2; then
		ports[portkey]=$(free_port)
	else
		echo "bench: no Portkey row (npm @portkey-ai/gateway)" >&2
	fi
fi
begin upstream "$own/upstream" "${ports[upstream]}"
wait_for upstream
pod=''
if [ -S "$engine" ] && "$root/images/build.sh" --engine "$engine" link >"$world/images.log" 2>&1 &&
	"$root/tests/bench/pod.sh" --engine "$engine" >>"$world/images.log" 2>&1; then
	pod='limited pod' ports[pod]=$(free_port) ports[limited]=$(free_port)
	mkdir -p "$world/podstate" "$world/podrun"
	first_pod
	port=$(free_port)
	limited_upstream "$port"
	first_janus "$port"
else
	echo "bench: no row of a pod: no engine at $engine" >&2
	first_janus
fi
for ((i = 1; i <= rounds; i++)); do
	echo "round $i of $rounds" >&2
	round
done
the_proxys=$all_cpus the_others=$all_cpus
taskset -acp "$all_cpus" "${pids[upstream]}" >/dev/null
if wanted many; then measure janus many paced "$many" 10 0 1000; fi
if wanted idle; then idle; fi

if [ -n "$report" ] && [ -z "$only" ]; then
	{ "$root/tests/bench/report.sh" "$results" "$rounds" "$many"; } >"$world/report.md"
	mv "$world/report.md" docs/benchmarks.md
	echo "wrote docs/benchmarks.md" >&2
fi
