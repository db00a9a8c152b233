#!/usr/bin/env bash
#
# reproducible.sh - build everything twice, in two places and ways, and compare; `make reproducible`.
#
# The places have paths of different lengths, the builds different locales, time zones, umasks and numbers of jobs, and no compiler's
# cache.  The web UI is made twice, too, packages and all.  build/package/reproducible.txt has the digests.  Exits 1 if one differs.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
report=build/package/reproducible.txt
mkdir -p build/package
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
one=$work/one
two=$work/the-second/which-is-further/down

copy() {	# TO: of what git knows, or would
	mkdir -p "$1"
	git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
		tar --null --no-recursion -T - -cf - | tar -C "$1" -xf -
}

build() {	# DIR [VARIABLE=VALUE...]
	local dir=$1
	shift
	(cd "$dir" && env -u MAKEFLAGS -u MAKELEVEL "$@" CCACHE_DISABLE=1 SOURCE_DATE_EPOCH="$epoch" \
		bash -c 'umask "$MASK"; make CC=gcc -j "$JOBS" programs && make CC=gcc deb tarball sbom') >"$work/log" 2>&1 ||
		{ tail -n 30 "$work/log" >&2; exit 1; }
}

digests() (
	cd "$1"
	find build/bin build/package -type f | LC_ALL=C sort | xargs sha256sum
)

copy "$one"
copy "$two"
printf 'Building in %s\n' "$one"
build "$one" MASK=022 JOBS=2 LC_ALL=C TZ=UTC
printf 'Building in %s\n' "$two"
build "$two" MASK=027 JOBS=1 LC_ALL=C.UTF-8 TZ=Pacific/Kiritimati
digests "$one" >"$work/one.txt"
digests "$two" >"$work/two.txt"
{
	printf 'Sources of %s; %s; two builds:\n' "$(date -u -d "@$epoch" +%FT%TZ)" "$(gcc --version | head -n 1)"
	cat "$work/one.txt"
	if cmp -s "$work/one.txt" "$work/two.txt"; then
		printf 'All %d files are the same.\n' "$(wc -l <"$work/one.txt")"
	else
		printf 'These differ:\n'
		diff "$work/one.txt" "$work/two.txt" || true
	fi
} | tee "$root/$report"
cmp -s "$work/one.txt" "$work/two.txt"
