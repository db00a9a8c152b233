#!/usr/bin/env bash
#
# up.sh - from nothing to a running Janus; run again it changes nothing.
#
#   make up
#   make NO_UI=1 up     without Node, and so without the web UI; without the second baseline, too, where there is no npm
#
# Takes a bare Debian 12, as root or with sudo, with systemd or without.
# Honours DOCKER_HOST, JANUS_HOST, JANUS_PORT, JANUS_SANDBOX_PORT, JANUS_STATE_DIR, JANUS_RUNTIME_DIR
# and BIN; a model for the platform from OPENAI_BASE_URL, OPENAI_API_KEY,
# CHUTES_API_KEY and OPENAI_MODEL, or a local Ollama or llama.cpp server
# (PROVIDER=none forgets it).  Logs are in the state directory's log/.
set -euo pipefail

# shellcheck source=controlplane/local.sh
. "$(dirname "$0")/local.sh"
# shellcheck source=controlplane/daemons.sh
. "$(dirname "$0")/daemons.sh"

readonly command=up steps=9
readonly packages=(gcc libc6-dev make musl-tools pkg-config curl ca-certificates mmdebstrap
	libmicrohttpd-dev libcurl4-openssl-dev libcjson-dev libsqlite3-dev libssl-dev
	libconfuse-dev libsmartcols-dev libarchive-dev zlib1g-dev)
readonly baseline=baseline-agent second=baseline-langchain
npm_pid='' npm_began=no

trap on_exit EXIT

# --- 1: packages ----------------------------------------------------------------

install_packages() {
	local missing
	command -v dpkg-query >/dev/null ||
		die "this is not Debian: install what docs/dependencies.md names, then run make programs and the daemons"
	mapfile -t missing < <(missing_packages "${packages[@]}")
	if [ "${#missing[@]}" = 0 ]; then
		begin packages "all ${#packages[@]} there"
		return
	fi
	begin packages "installing ${missing[*]}"
	watched apt_install "${missing[@]}"
}

# --- 2: programs ----------------------------------------------------------------

# What builds the UI, and the packages of the second baseline, is large on Debian: it is installed
# while the compiler works; not for a release, which has the UI already, and not for who wants no UI.
begin_npm() {
	if [ -n "${NO_UI:-}" ] || [ "$npm_began" = yes ] || [ -d "$root/ui/prebuilt" ] || { command -v node && command -v npm; } >/dev/null; then
		return
	fi
	npm_began=yes
	note "installing npm in the background, log in $logs/npm.log"
	apt_install nodejs npm >"$logs/npm.log" 2>&1 </dev/null &
	npm_pid=$!
}

npm_is_there() {
	[ -n "$npm_pid" ] || return 0
	wait "$npm_pid" || return 1
	npm_pid=''
}

build_programs() {
	local build=(make -C "$root" -j "$(nproc)" --no-print-directory)
	if [ "$bin" != "$root/build/bin" ]; then
		begin programs "using those in $bin"
		return
	fi
	begin programs "building into build/bin with $(nproc) jobs${NO_UI:+, without the UI}"
	if [ -z "${NO_UI:-}" ]; then
		begin_npm
		watched "${build[@]}" without-ui
		npm_is_there || die "npm could not be installed, see $logs/npm.log; make NO_UI=1 up does without it"
	fi
	watched "${build[@]}" programs
	note "$("$bin/janusd" --version 2>/dev/null | head -n 1 || echo built)"
}

# --- 4: images ------------------------------------------------------------------

build_images() {
	begin images "base, link, baseline and sandbox"
	log=$logs/images.log
	with_engine env BIN="$root/build/bin" "$root/images/build.sh" --engine "$engine" link baseline sandbox 2>&1 | tee "$log" | sed 's/^/      /'
}

# --- 5: where the platform's models come from --------------------------------------

local_model() {	# base URL: prints its first model
	curl --silent --max-time 2 --noproxy '*' "$1/models" 2>/dev/null |
		grep -oE '"id": ?"[^"]+"' | head -n 1 | cut -d'"' -f4
}

# Sets provider_url, provider_key, provider_model and provider_from.
look_for_provider() {
	provider_url='' provider_key='' provider_model=${OPENAI_MODEL:-} provider_from=''
	if [ -n "${OPENAI_BASE_URL:-}" ]; then
		provider_url=$OPENAI_BASE_URL provider_key=${OPENAI_API_KEY:-} provider_from=OPENAI_BASE_URL
	elif [ -n "${CHUTES_API_KEY:-}" ]; then
		provider_url=https://llm.chutes.ai/v1 provider_key=$CHUTES_API_KEY provider_from=CHUTES_API_KEY
	elif [ -n "${OPENAI_API_KEY:-}" ]; then
		provider_url=https://api.openai.com/v1 provider_key=$OPENAI_API_KEY provider_from=OPENAI_API_KEY
	else
		local found
		for found in "http://127.0.0.1:11434/v1 Ollama" "http://127.0.0.1:8080/v1 llama.cpp"; do
			local first
			first=$(local_model "${found% *}") || true
			if [ -n "$first" ]; then
				provider_url=${found% *} provider_from="a local ${found##* }"
				provider_model=${provider_model:-$first}
				return
			fi
		done
	fi
}

# The settings stay in the state directory, the key in a file of its own, so that
# the next make up needs neither again.
choose_provider() {
	if [ "${PROVIDER:-}" = none ]; then
		rm -f "$state"/provider.*
	else
		look_for_provider
		if [ -n "$provider_url" ]; then
			{
				printf 'JANUS_PROVIDER_BASE_URL=%s\n' "$provider_url"
				if [ -n "$provider_key" ]; then
					printf 'JANUS_PROVIDER_API_KEY_FILE=%s\n' "$state/provider.key"
				fi
			} >"$state/provider.env.new"
			mv "$state/provider.env.new" "$state/provider.env"
			if [ -n "$provider_key" ]; then
				(umask 077; printf '%s' "$provider_key" >"$state/provider.key")
			else
				rm -f "$state/provider.key"
			fi
			printf '%s' "$provider_model" >"$state/provider.model"
			begin models "from $provider_url ($provider_from${provider_model:+, $provider_model})"
			return
		fi
	fi
	if [ -s "$state/provider.env" ]; then
		begin models "from $(sed -n 's/^JANUS_PROVIDER_BASE_URL=//p' "$state/provider.env") (as before)"
	else
		begin models "none given, the baseline answers as an offline responder"
		note "export OPENAI_BASE_URL and OPENAI_API_KEY and run make up again to change that"
	fi
}

# --- 6: daemons -----------------------------------------------------------------

control_or_death() {
	control_answers || ! daemon_pid janusd >/dev/null
}

sandboxes_or_death() {
	curl --silent --max-time 2 --noproxy '*' -o /dev/null "http://127.0.0.1:${JANUS_SANDBOX_PORT:-8601}/livez" ||
		! daemon_pid janus-sandboxd >/dev/null
}

start_daemons() {
	local provider=()
	begin daemons "janus-platform, janus-sandboxd and janusd"
	if [ -s "$state/provider.env" ]; then
		mapfile -t provider <"$state/provider.env"
	fi
	run_daemon janus-platform "JANUS_SEARCH_DIR=${JANUS_SEARCH_DIR:-$root/docs}" "${provider[@]}"
	run_daemon janus-sandboxd SANDY_API_KEY= SANDY_API_KEY_FILE=	# those of our environment are another service's
	run_daemon janusd "JANUS_BENCH_SUITES_DIR=${JANUS_BENCH_SUITES_DIR:-$root/bench/suites}"
	until_true 60 control_or_death || die "janusd runs, but does not answer at $runtime/janusd.sock"
	daemon_pid janusd >/dev/null || die "janusd ended"
	daemon_pid janus-platform >/dev/null || { log=$logs/janus-platform.log; die "janus-platform ended"; }
	until_true 30 sandboxes_or_death || { log=$logs/janus-sandboxd.log; die "janus-sandboxd runs, but does not answer"; }
	daemon_pid janus-sandboxd >/dev/null || { log=$logs/janus-sandboxd.log; die "janus-sandboxd ended"; }
	log=''
}

# --- 7: the baseline --------------------------------------------------------------

# submit_baseline NAME KEY VARIABLE MANIFEST: like any other competitor, unless that image was
# submitted before.  KEY.submitted says so; VARIABLE names the model to it, in its manifest.
submit_baseline() {
	local name=$1 kept=$state/$2 image wanted model options=()
	image=$(engine_get GET "/images/janus/$name:latest/json" |
		grep -oE '"Id": ?"[^"]*"' | head -n 1 | cut -d'"' -f4)
	model=$(cat "$state/provider.model" 2>/dev/null || true)
	wanted="$image $model"
	if [ "$("$bin/janusctl" list competitors --filter "name=$name" --output id 2>/dev/null | wc -l)" = 1 ] &&
		[ "$(cat "$kept.submitted" 2>/dev/null)" = "$wanted" ]; then
		note "$name was submitted before, unchanged"
		return
	fi
	if [ -n "$model" ]; then	# else it takes the first that the provider lists
		printf '{"env":{"%s":"%s"},%s' "$3" "${model//[\"\\]/}" "${4#\{}" >"$kept.json"
		options=(--manifest "$kept.json")
	fi
	"$bin/janusctl" submit image "janus/$name:latest" --name "$name" "${options[@]}" \
		--wait --timeout 3m 2>&1 | sed 's/^/      /' || return 1
	printf '%s' "$wanted" >"$kept.submitted"
}

first_baseline() {
	begin baseline "submitting janus/$baseline like any other competitor"
	log=$logs/janusd.log
	submit_baseline "$baseline" baseline BASELINE_AGENT_CLI_MODEL '{"port":8080}'
	log=''
}

# --- 8: an answer -----------------------------------------------------------------

baseline_answers() {
	answer=$("$bin/janusctl" chat --model "janus/$baseline" --timeout 20s "Say hello." 2>"$logs/chat.log") &&
		[ -n "$answer" ]
}

first_answer() {
	local answer=''
	begin answer "waiting for $baseline"
	log=$logs/janusd.log
	until_true 60 baseline_answers || { cat "$logs/chat.log" >&2; die "$baseline does not answer"; }
	answer=$(tr -s '[:space:]' ' ' <<<"$answer")
	note "it says: ${answer:0:100}"
	log=''
}

# --- 9: the second baseline ---------------------------------------------------------

# Its packages come from outside: where they cannot be had Janus is complete without it.
second_baseline() {
	local work=$logs/langchain.log
	begin "second baseline" "submitting janus/$second, too"
	if ! npm_is_there; then
		note "npm could not be installed; see $logs/npm.log"
	fi
	if ! with_engine env BIN="$root/build/bin" "$root/images/build.sh" --engine "$engine" langchain 2>&1 |
		tee "$work" | sed 's/^/      /' ||
		! submit_baseline "$second" langchain BASELINE_LANGCHAIN_MODEL "$(<"$root/baseline/langchain/janus.json")"; then
		note "$second is left out; make up tries it again"
	fi
}

# --------------------------------------------------------------------------------

mkdir -p "$logs" "$runtime"
chmod 700 "$state" "$runtime" "$logs"
[ "${#runtime}" -le 40 ] || {
	title=places
	die "the runtime directory's path is too long for unix sockets (40 bytes at most): $runtime"
}

install_packages
build_programs
run_engine
begin_npm
build_images
choose_provider
start_daemons
first_baseline
first_answer
second_baseline

url=http${JANUS_TLS_CERTIFICATE:+s}://${JANUS_HOST:-127.0.0.1}:${JANUS_PORT:-8000}
ctl=$bin/janusctl
ctl=${ctl#"$PWD/"}
printf '\nJanus is up after %d s: %s\n' "$SECONDS" "$url"
if [ -z "${NO_UI:-}" ]; then
	printf 'Open that in a browser: chat is at %s/chat\n' "$url"
fi
printf '\nTry\n'
case :$PATH: in
*":$bin:"*) ;;
*) printf '  export PATH=%q:$PATH   # then it is janusctl, as in the docs\n' "$bin" ;;
esac
cat <<END
  $ctl chat "What is 12 * 34?"
  $ctl list competitors
  curl -N $url/v1/chat/completions -H 'content-type: application/json' -d '{"model":"janus","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
END
