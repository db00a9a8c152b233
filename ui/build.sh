#!/usr/bin/env bash
#
# build.sh - the bundle into build/ui, and janusd's table of it.
#
#   ui/build.sh TABLE PACK SOURCE...
#
# Called by the Makefile when a source is newer than the table.  The plain and the sanitized build
# share both: of two makes at once the second waits, and finds it done.
set -euo pipefail
cd "$(dirname "$0")/.."

table=$1 pack=$2
shift 2
mkdir -p build/gen
exec 9>>build/gen/ui.lock
flock 9

is_stale() {
	local source
	[ -s "$table" ] && [ -s "$pack" ] || return 0
	for source in "$@"; do
		[ ! "$source" -nt "$table" ] || return 0
	done
	return 1
}
is_stale "$@" || exit 0

log=build/gen/ui.log
quiet() {	# WORD COMMAND...: what it says is worth showing when it fails
	printf '  %-4s ui\n' "$1"
	shift
	"$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
}

if [ ! ui/node_modules/.package-lock.json -nt ui/package-lock.json ]; then
	NODE_OPTIONS="--require \"$PWD/ui/as-its-node.cjs\"" quiet npm npm --prefix ui ci --no-fund --no-audit --loglevel=error
fi
quiet api ui/run.sh types
quiet tsc ui/run.sh lint
quiet vite ui/run.sh build
quiet pack ui/run.sh embed ../build/ui "../$table" "../$pack"
