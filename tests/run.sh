#!/usr/bin/env bash
#
# run.sh - test everything, from nothing.
#
#   make test
#
# Installs what is missing, builds plain and sanitized, and runs lint, the unit
# tests (sanitized), the fuzz targets for a few seconds each, and the
# scenarios, the official SDK's among them, with the sanitized programs on a
# real engine.  The last line is "N passed, N failed".
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
unset BIN SAN
export JANUS_STATE_DIR=$root/build/test JANUS_RUNTIME_DIR=$root/build/test/run
# shellcheck source=controlplane/local.sh
. controlplane/local.sh

readonly command=test steps=8
readonly packages=(gcc libc6-dev make musl-tools pkg-config curl ca-certificates procps
	libmicrohttpd-dev libcurl4-openssl-dev libcjson-dev libsqlite3-dev libssl-dev
	libconfuse-dev libsmartcols-dev libarchive-dev zlib1g-dev check libsubunit-dev)
# What nothing needs before the compiler is done is installed while it works; npm is the first of it.
readonly later=(mmdebstrap clang clang-format clang-tidy libclang-rt-14-dev cppcheck shellcheck mandoc jq
	python3 openssl nginx-light haproxy caddy python3-jsonschema xxd docker-registry podman catatonit runc chromium-headless-shell prometheus
	dpkg-dev systemd)
passed=0
failed=0
failures=()
lint_pid='' later_pid=''
services=()	# of what we installed, as they are called

# What failed is shown where it did, and again at the end, where who has only that looks for it.
show() { cut -c1-300 | sed -n "1,$1s/^/        /p" | tee -a "$logs/failed.log"; }

count() {	# passed failed what
	passed=$((passed + $1))
	failed=$((failed + $2))
	[ "$2" = 0 ] || failures+=("$3")
	note "$3: $1 passed, $2 failed, $SECONDS s after the beginning"
}

at_exit() {
	local code=$?
	[ -z "$lint_pid" ] || pkill -P "$lint_pid" 2>/dev/null || true
	stop_dockerd
	(exit "$code") || on_exit
}
stop_dockerd() {
	if [ -e "$runtime/dockerd.pid" ]; then
		stop_daemon dockerd 30
	fi
}
trap at_exit EXIT
mkdir -p "$logs" "$runtime"
: >"$logs/failed.log"

install_packages() {
	local missing
	mapfile -t missing < <(missing_packages "${packages[@]}")
	if [ "${#missing[@]}" = 0 ]; then
		begin packages "all that compile are there"
	else
		begin packages "installing ${missing[*]}"
		watched apt_install "${missing[@]}"
	fi
	mapfile -t missing < <(missing_packages "${later[@]}")
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		missing+=(nodejs npm)
	fi
	if [ "${#missing[@]}" -gt 0 ]; then
		note "installing ${missing[*]} in the background"
		apt_install "${missing[@]}" >"$logs/packages-later.log" 2>&1 </dev/null &
		later_pid=$!
		mapfile -t services < <(printf '%s\n' "${missing[@]}" | sed -nE 's/^(nginx|haproxy|caddy|prometheus)(-light)?$/\1/p')
	fi
}

end_packages() {
	if [ -n "$later_pid" ]; then
		log=$logs/packages-later.log
		wait "$later_pid"
	fi
	if [ -d /run/systemd/system ]; then	# packages start what nobody asked for
		as_root systemctl disable --now docker-registry "${services[@]}" >/dev/null 2>&1 || true
	fi
}

build() {
	local build=(make -j "$(nproc)" --no-print-directory)
	begin build "programs plain and sanitized, and tests"
	if [ -n "$later_pid" ]; then
		watched "${build[@]}" without-ui
		watched "${build[@]}" SAN=address,undefined without-ui
	fi
	end_packages
	watched "${build[@]}" programs
	watched "${build[@]}" SAN=address,undefined programs tests
}

# Meanwhile the scenarios wait most of their time: lint takes what they leave of the processors.
begin_lint() {
	local each
	local -A checks=([suites]="bench/suites/make.py --check" [faults]="tests/lint/faults.sh --check"
		[tidy]="tests/lint/tidy.sh --quick" [ui]="ui/run.sh lint")
	for each in layers format shell man docs errors faults metrics alerts runbook security openapi suites ui tidy; do
		# shellcheck disable=SC2086	# a program and its option
		if nice -n 19 ${checks[$each]:-tests/lint/$each.sh} >"$logs/lint-$each.log" 2>&1; then
			echo "ok $each"
		else
			echo "failed $each"
		fi
	done >"$logs/lint.log" &
	lint_pid=$!
}

end_lint() {
	local bad=0 good=0 name outcome
	begin lint "layers, format, shell, man pages, docs, errors, faults, metrics, alerts, the runbook, security, the API's description, suites, the UI's types, clang-tidy, cppcheck"
	wait "$lint_pid"
	while read -r outcome name; do
		if [ "$outcome" = ok ]; then
			good=$((good + 1))
		else
			bad=$((bad + 1))
			note "$name:"
			show 30 <"$logs/lint-$name.log"
		fi
	done <"$logs/lint.log"
	count "$good" "$bad" lint
}

# check prints "100%: Checks: 12, Failures: 0, Errors: 0" for each suite; half its time a suite waits.
unit() {
	local code=0 sums
	log=$logs/unit.log
	make --no-print-directory -k check SAN=address,undefined CHECK_JOBS="$(($(nproc) * 2))" >"$log" 2>&1 || code=$?
	sums=$(awk 'match($0, /Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/) {
		split(substr($0, RSTART, RLENGTH), n, /[^0-9]+/); good += n[2] - n[3] - n[4]; bad += n[3] + n[4] }
		END { print good + 0, bad + 0 }' "$log")
	if [ "$code" != 0 ] && [ "${sums#* }" = 0 ]; then
		sums="${sums% *} 1"
	fi
	if [ "${sums#* }" != 0 ]; then
		grep -E ':[FE]:|^make|Sanitizer|runtime error|^ *#[0-9]' "$log" | show 40
	fi
	count "${sums% *}" "${sums#* }" "unit tests"
}

# node's runner ends with lines like "# pass 12" and "# fail 0"; one that is skipped is a failure.
langchain() {
	local code=0 good bad
	log=$logs/unit-langchain.log
	make --no-print-directory langchain >"$log" 2>&1 || code=$?
	good=$(sed -nE 's/^[^ ]+ pass ([0-9]+)$/\1/p' "$log" | tail -n 1)
	bad=$(sed -nE 's/^[^ ]+ (fail|cancelled|skipped|todo) ([0-9]+)$/\2/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
	if [ "$code" != 0 ] && [ "${bad:-0}" = 0 ]; then
		bad=1
	fi
	if [ "${bad:-0}" != 0 ]; then
		grep -A 20 -E '^ *not ok|error TS|npm ERR' "$log" | show 60
	fi
	count "${good:-0}" "${bad:-0}" "unit tests, baseline/langchain"
}

# vitest ends with a line like "Tests  1 failed | 12 passed | 1 skipped (14)"; one that is skipped is a failure.
ui() {
	local code=0 good bad sums
	log=$logs/unit-ui.log
	NO_COLOR=1 make --no-print-directory ui-test >"$log" 2>&1 || code=$?
	sums=$(grep -E '^ *Tests  ' "$log" | tail -n 1 || true)
	good=$(grep -oE '[0-9]+ passed' <<<"$sums" | grep -oE '[0-9]+' || echo 0)
	bad=$({ grep -oE '[0-9]+ (failed|skipped|todo)' <<<"$sums" || true; } | awk '{ n += $1 } END { print n + 0 }')
	if [ "$bad" = 0 ] && { [ "$code" != 0 ] || [ "$good" = 0 ]; }; then
		bad=1
	fi
	if [ "$bad" != 0 ]; then
		grep -vE '^ *✓' "$log" | tail -n 60 | show 60
	fi
	count "$good" "$bad" "unit tests, ui"
}

fuzz() {
	local bad=0 good=0 name outcome
	begin fuzz "a few seconds of each target"
	watched make -j "$(nproc)" --no-print-directory fuzzers
	while read -r outcome name; do
		if [ "$outcome" = ok ]; then
			good=$((good + 1))
		else
			bad=$((bad + 1))
			note "$name:"
			tail -n 20 "$logs/$name.log" | show 20
		fi
	done < <(find build/fuzz -maxdepth 1 -name 'fuzz_*' -perm -u=x | sort | logs=$logs xargs -P "$(nproc)" -n 1 bash -c '
		name=${0##*/}
		if tests/fuzz/run.sh "$0" 3 >"$logs/$name.log" 2>&1; then echo "ok $name"; else echo "failed $name"; fi')
	count "$good" "$bad" "fuzz targets"
}

scenarios() {
	local sums
	begin scenarios "real daemons, sanitized, on $engine"
	DOCKER_HOST=unix://$engine BIN=build/san/bin with_engine tests/scenario/run.sh 2>&1 | tee "$logs/scenarios.log" >&2 || true
	{ grep -A 4 '^FAIL' "$logs/scenarios.log" || true; } | show 60 >/dev/null
	sums=$(tail -n 1 "$logs/scenarios.log")
	[[ $sums =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || die "the scenarios did not come to their end"
	count "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" scenarios
}

install_packages
build
run_engine
begin images "base, link, both baselines and sandbox"
log=$logs/images.log
BIN=$root/build/bin with_engine images/build.sh --engine "$engine" all 2>&1 | tee "$log" | sed 's/^/      /'
log=''
begin "unit tests" "with address and undefined behaviour sanitizers; then of the baseline and the UI"
unit
langchain
ui
log=''
fuzz
begin_lint
scenarios
end_lint

printf '\n'
cat "$logs/failed.log"
printf '%d s.' "$SECONDS"
[ "$failed" = 0 ] || printf ' Failed: %s.' "${failures[@]}"
printf ' Logs are in %s\n' "$logs"
trap - EXIT
stop_dockerd
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
