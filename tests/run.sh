#!/usr/bin/env bash
#
# run.sh - test everything, from nothing.
#
#   make test
#
# Installs what is missing, builds plain and sanitized, and runs lint, the unit
# tests (plain and sanitized), the fuzz targets for a few seconds each, and the
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
readonly packages=(gcc libc6-dev make musl-tools pkg-config curl ca-certificates mmdebstrap procps
	libmicrohttpd-dev libcurl4-openssl-dev libcjson-dev libsqlite3-dev libssl-dev
	libconfuse-dev libsmartcols-dev libarchive-dev zlib1g-dev check libsubunit-dev clang clang-format clang-tidy libclang-rt-14-dev
	cppcheck shellcheck mandoc jq python3-jsonschema xxd docker-registry podman catatonit runc)
passed=0
failed=0
failures=()

count() {	# passed failed what
	passed=$((passed + $1))
	failed=$((failed + $2))
	[ "$2" = 0 ] || failures+=("$3")
	note "$3: $1 passed, $2 failed"
}

at_exit() {
	local code=$?
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

install_packages() {
	local missing
	mapfile -t missing < <(missing_packages "${packages[@]}")
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		missing+=(nodejs npm)
	fi
	if [ "${#missing[@]}" = 0 ]; then
		begin packages "all there"
	else
		begin packages "installing ${missing[*]}"
		watched apt_install "${missing[@]}"
	fi
	if [ -d /run/systemd/system ]; then	# the package starts one that nobody asked for
		as_root systemctl disable --now docker-registry >/dev/null 2>&1 || true
	fi
}

build() {
	begin build "plain and sanitized programs and tests"
	watched make -j "$(nproc)" --no-print-directory programs tests
	watched make -j "$(nproc)" --no-print-directory SAN=address,undefined programs tests
}

lint() {
	local each bad=0 good=0
	local -A checks=([suites]="bench/suites/make.py --check" [faults]="tests/lint/faults.sh --check")
	begin lint "layers, format, shell, man pages, errors, faults, metrics, the API's description, suites, clang-tidy, cppcheck"
	for each in layers format shell man errors faults metrics openapi suites tidy; do
		# shellcheck disable=SC2086	# a program and its option
		if ${checks[$each]:-tests/lint/$each.sh} >"$logs/lint-$each.log" 2>&1; then
			good=$((good + 1))
		else
			bad=$((bad + 1))
			note "$each:"
			head -n 30 "$logs/lint-$each.log" | cut -c1-300 | sed 's/^/        /'
		fi
	done
	count "$good" "$bad" lint
}

# check prints "100%: Checks: 12, Failures: 0, Errors: 0" for each suite.
unit() {	# what [SAN=...]
	local code=0 sums what=$1
	shift
	log=$logs/unit-${what// /-}.log
	make --no-print-directory -k check CHECK_JOBS="$(nproc)" "$@" >"$log" 2>&1 || code=$?
	sums=$(awk 'match($0, /Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/) {
		split(substr($0, RSTART, RLENGTH), n, /[^0-9]+/); good += n[2] - n[3] - n[4]; bad += n[3] + n[4] }
		END { print good + 0, bad + 0 }' "$log")
	if [ "$code" != 0 ] && [ "${sums#* }" = 0 ]; then
		sums="${sums% *} 1"
	fi
	if [ "${sums#* }" != 0 ]; then
		grep -vE '^ *(cc|link|musl) |^make|^100%' "$log" | tail -n 40 | cut -c1-300 | sed 's/^/        /'
	fi
	count "${sums% *}" "${sums#* }" "unit tests, $what"
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
		grep -A 20 -E '^ *not ok|error TS|npm ERR' "$log" | head -n 60 | cut -c1-300 | sed 's/^/        /'
	fi
	count "${good:-0}" "${bad:-0}" "unit tests, baseline/langchain"
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
			tail -n 20 "$logs/$name.log" | cut -c1-300 | sed 's/^/        /'
		fi
	done < <(find build/fuzz -maxdepth 1 -name 'fuzz_*' -perm -u=x | sort | logs=$logs xargs -P "$(nproc)" -n 1 bash -c '
		name=${0##*/}
		if tests/fuzz/run.sh "$0" 3 >"$logs/$name.log" 2>&1; then echo "ok $name"; else echo "failed $name"; fi')
	count "$good" "$bad" "fuzz targets"
}

scenarios() {
	local sums
	begin scenarios "real daemons, sanitized, on $engine"
	sums=$(DOCKER_HOST=unix://$engine BIN=build/san/bin with_engine tests/scenario/run.sh 2>&1 | tee "$logs/scenarios.log" /dev/stderr |
		tail -n 1 || true)
	[[ $sums =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || die "the scenarios did not come to their end"
	count "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" scenarios
}

install_packages
build
lint
run_engine
begin images "base, link, both baselines and sandbox"
log=$logs/images.log
BIN=$root/build/bin with_engine images/build.sh --engine "$engine" all 2>&1 | tee "$log" | sed 's/^/      /'
log=''
begin "unit tests" "plain, then with address and undefined behaviour sanitizers"
unit plain
unit sanitized SAN=address,undefined
langchain
log=''
fuzz
scenarios

printf '\n%d s.' "$SECONDS"
[ "$failed" = 0 ] || printf ' Failed: %s.' "${failures[@]}"
printf ' Logs are in %s\n' "$logs"
trap - EXIT
stop_dockerd
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
