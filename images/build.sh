#!/usr/bin/env bash
#
# build.sh - make the images Janus runs on.
#
#   images/build.sh [--engine SOCKET] base|link|baseline|langchain|sandbox|sandbox-opencode|janus|all
#
# all: every one but sandbox-opencode, whose agent npm has to download (about 180 MB), and janus, the
# daemons as an image for compose.yaml.
#
# An image whose inputs have not changed is left alone.  Programs come from
# build/bin (BIN names another place), the engine's socket from DOCKER_HOST.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BIN:-$root/build/bin}
engine=${DOCKER_HOST:-/var/run/docker.sock}
work=$(mktemp -d)
# shellcheck disable=SC2034	# used by engine.sh
status_file=$work/status
trap 'rm -rf "$work"' EXIT

# shellcheck source=images/engine.sh
. "$root/images/engine.sh"

readonly release=bookworm
readonly pull_stall_seconds=10

usage() {
	sed -n '3,11s/^# \{0,1\}//p' "$0"
	exit "$1"
}

program() {
	[ -x "$bin/$1" ] || die "$bin/$1 is missing: run make first"
	printf '%s' "$bin/$1"
}

# --- the very base ----------------------------------------------------------

pull_debian() {
	local log=$work/pull.log
	say "pulling debian:$release-slim"
	api POST "/images/create?fromImage=debian&tag=$release-slim" --max-time 600 \
		--speed-limit 1 --speed-time "$pull_stall_seconds" >"$log" || return 1
	[ "$(status)" = 200 ] && image_exists "debian:$release-slim"
}

# The host's own sources, so that a mirror or an offline cache serves here too.
host_sources() {
	local file
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list; do
		if [ -r "$file" ] && grep -qE "^(Suites:|deb ).*[[:space:]]$release([[:space:]]|$)" "$file" &&
			grep -qE '^(Components:|deb ).*[[:space:]]main([[:space:]]|$)' "$file"; then
			printf '%s\n' "$file"
		fi
	done
}

# Options that a mirror may need; never a proxy, which may hold a password.
host_apt_options() {
	apt-config dump 2>/dev/null |
		grep -E '^Acquire::(Check-Valid-Until|Check-Date|Retries|Languages|ForceIPv[46]) ' || true
}

bootstrap_debian() {
	local sources=()
	command -v mmdebstrap >/dev/null ||
		die "no debian image, no registry in reach, and mmdebstrap is not installed (apt-get install mmdebstrap)"
	say "no registry in reach: making janus/debian:$release with mmdebstrap"
	mapfile -t sources < <(host_sources)
	host_apt_options >"$work/apt.conf"
	mmdebstrap --quiet --variant=minbase --include=ca-certificates \
		--aptopt="$work/apt.conf" \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$release" "$work/debian.tar" "${sources[@]}" >"$work/mmdebstrap.log" 2>&1 || {
		tail -n 20 "$work/mmdebstrap.log" | sed 's/^/    /' >&2
		die "mmdebstrap failed"
	}
	image_import janus/debian "$release" "$work/debian.tar"
	say "imported janus/debian:$release"
}

# Sets from to the image that janus/base stands on.
find_debian() {
	from=debian:$release-slim
	image_exists "$from" && return
	from=janus/debian:$release
	image_exists "$from" && return
	if pull_debian; then
		from=debian:$release-slim
		return
	fi
	bootstrap_debian
}

# --- ours -------------------------------------------------------------------

# make_image NAME BELOW FILE...: FILEs stand beside the Containerfile.
make_image() {
	local name=$1 below=$2 dir=$work/$1 content
	local image=janus/$name:latest
	shift 2
	mkdir -p "$dir"
	cp "$root/images/$source/Containerfile" "$@" "$dir"
	content=$(content_of "$name $below" "$dir"/*)
	if image_is_current "$image" "$content"; then
		say "janus/$name is up to date"
		return
	fi
	if [ "$name" = base ]; then
		find_debian
	fi
	image_build "$image" "$content" "$dir" "{\"BASE\":\"${from:-}\"$(proxy_args | sed 's/^./,&/')}"
}

build_base() {
	local source=base from=
	make_image base ''
}

build_link() {
	local source=link link canary
	link=$(program janus-link)
	canary=$(program janus-canary)
	make_image link '' "$link" "$canary"
}

build_baseline() {
	local source=baseline agent below
	agent=$(program janus-baseline)
	build_base
	below=$(image_content janus/base:latest)
	make_image baseline-agent "$below" "$agent"
}

# What a running Node reads of a package: not its types, maps and texts, and of what is there both
# for import and for require the half for import; nor tables of tokens, which nobody here counts.
readonly unneeded_files='.*\.[cm]?ts|.*\.map|.*/(README|CHANGELOG|HISTORY)[^/]*\.md' unneeded_paths='js-tiktoken/dist/ranks* js-tiktoken/dist/index.js'

prune_packages() {	# node_modules
	local file path
	find "$1" -type f -regextype posix-extended -iregex "$unneeded_files" -delete
	for path in $unneeded_paths; do
		# shellcheck disable=SC2086	# a pattern
		rm -rf "${1:?}"/$path
	done
	while IFS= read -r file; do
		if [ -e "${file%.cjs}.js" ] || [ -e "${file%.cjs}.mjs" ]; then rm "$file"; fi
	done < <(find "$1" -type f -name '*.cjs')
	while IFS= read -r file; do
		rm -f "${file%.mjs}.js"
	done < <(find "$1" -type f -name '*.mjs')
	find "$1" -type d -empty -delete
}

# Its packages come from outside of the build, where npm has whatever settings the host needs.
build_langchain() {
	local source=$root/baseline/langchain dir=$work/baseline-langchain image=janus/baseline-langchain:latest content manifest
	build_base
	content=$(content_of "baseline-langchain $(image_content janus/base:latest) $unneeded_files $unneeded_paths" \
		"$root/images/langchain/Containerfile" "$source"/{janus,package,package-lock}.json "$source"/src/*)
	if image_is_current "$image" "$content"; then
		say "janus/baseline-langchain is up to date"
		return
	fi
	command -v npm >/dev/null || die "npm is missing: it fetches the packages of baseline/langchain (apt-get install nodejs npm)"
	mkdir -p "$dir"
	cp -r "$root/images/langchain/Containerfile" "$source"/package*.json "$source/.npmrc" "$source/src" "$dir"
	say "fetching the packages of baseline/langchain"
	# Where there is no network it fails soon instead of trying for minutes.
	(cd "$dir" && timeout 300 npm ci --omit=dev --ignore-scripts --no-fund --no-audit --fetch-retries=1 \
		--fetch-retry-mintimeout=2000 --fetch-timeout=60000 >"$work/npm.log" 2>&1) || {
		tail -n 20 "$work/npm.log" | sed 's/^/    /' >&2
		die "npm ci failed"
	}
	prune_packages "$dir/node_modules"
	manifest=$(tr -d '\n' <"$source/janus.json")
	image_build "$image" "$content" "$dir" "{\"MANIFEST\":\"${manifest//\"/\\\"}\"$(proxy_args | sed 's/^./,&/')}"
}

build_sandbox() {
	local source=sandbox inside agent below
	inside=$(program janus-sandbox-agent)
	agent=$(program janus-agent)
	build_base
	below=$(image_content janus/base:latest)
	make_image sandbox "$below" "$inside" "$agent"
}

# npm has a package for each kind of machine; the plain one runs on all x64 processors.
readonly opencode_version=1.18.33
opencode_program() {	# prints its path
	local dir=$root/build/opencode found
	if [ "$(cat "$dir/version" 2>/dev/null)" != "$opencode_version" ]; then
		rm -rf "$dir"
		mkdir -p "$dir"
		npm install --prefix "$dir" --ignore-scripts --no-audit --no-fund --no-save \
			"opencode-ai@$opencode_version" >"$work/npm.log" 2>&1 || {
			tail -n 20 "$work/npm.log" | sed 's/^/    /' >&2
			die "npm could not install opencode-ai"
		}
		printf '%s' "$opencode_version" >"$dir/version"
	fi
	for found in "$dir"/node_modules/opencode-linux-*-baseline/bin/opencode "$dir"/node_modules/opencode-linux-*/bin/opencode; do
		if [ -x "$found" ]; then
			printf '%s' "$found"
			return
		fi
	done
	die "opencode-ai has no program for this machine"
}

build_sandbox-opencode() {
	local source=sandbox-opencode agent below
	agent=$(opencode_program)
	build_sandbox
	below=$(image_content janus/sandbox:latest)
	make_image sandbox-opencode "$below" "$agent"
}

# The same files as an installation on the host has.
build_janus() {
	local dir=$work/janus content image=janus/janus:latest files version
	build_base
	DESTDIR=$dir/root PREFIX=/usr BIN=$bin "$root/images/package/install.sh"
	cp "$root/images/janus"/{Containerfile,in-container} "$dir"
	mapfile -t files < <(find "$dir" -type f | LC_ALL=C sort)
	content=$(content_of "janus $(image_content janus/base:latest) $(cd "$dir" && find . -type f | LC_ALL=C sort | sha256sum)" "${files[@]}")
	if image_is_current "$image" "$content"; then
		say "janus/janus is up to date"
		return
	fi
	version=$("$bin/janusd" -V)
	image_build "$image" "$content" "$dir" "{\"VERSION\":\"${version##* }\"$(proxy_args | sed 's/^./,&/')}"
}

while [ $# -gt 0 ]; do
	case $1 in
	--engine) engine=${2:?--engine needs a socket}; shift 2 ;;
	--engine=*) engine=${1#*=}; shift ;;
	-h | --help) usage 0 ;;
	-*) usage 2 >&2 ;;
	*) break ;;
	esac
done
engine=${engine#unix://}
[ $# -gt 0 ] || usage 2 >&2

for what in "$@"; do
	case $what in
	base | link | baseline | langchain | sandbox | sandbox-opencode | janus | all) ;;
	*) usage 2 >&2 ;;
	esac
done

engine_check
for what in "$@"; do
	case $what in
	all) build_link; build_baseline; build_langchain; build_sandbox ;;
	*) "build_$what" ;;
	esac
done
