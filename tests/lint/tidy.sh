#!/usr/bin/env bash
#
# tidy.sh - clang, clang-tidy (.clang-tidy) and cppcheck over the C of the tree.
#
#   tests/lint/tidy.sh [--quick]
#
# What passed is not looked at again until it, a header or the checks change.
# --quick leaves out clang's static analyzer, which takes twenty times as long as all the other checks.
set -euo pipefail
cd "$(dirname "$0")/../.."

quick=''
[ "${1:-}" != --quick ] || quick='--checks=-clang-analyzer-*'
stamps=build/lint${quick:+/quick}
mkdir -p "$stamps"
flags=(-std=c17 -D_GNU_SOURCE -I. -Ibuild/gen -DJANUS_VERSION='"0"'
	-Wall -Wextra -Wshadow -Wmissing-prototypes -Wvla)
everywhere=$({ cat .clang-tidy tests/lint/tidy.sh
	find runtime controlplane baseline bench tests build/gen -name '*.h' ! -name revision.h -print0 | sort -z | xargs -0 cat; } |
	sha256sum | cut -c1-16)
export stamps everywhere quick

one() {
	local file=$1 sum stamp
	shift
	sum=$(sha256sum <"$file" | cut -c1-16)
	stamp=$stamps/${file//\//_}
	if [ "$(cat "$stamp" 2>/dev/null)" = "$everywhere$sum" ]; then
		return 0
	fi
	# shellcheck disable=SC2086	# an option, or nothing
	if ! clang-tidy --quiet $quick --warnings-as-errors='*' "$file" -- "$@" 2>"$stamp.err"; then
		grep -vE 'warnings? (generated|treated)|Suppressed|Use -header-filter' "$stamp.err" >&2 || true
		return 1
	fi
	rm -f "$stamp.err"
	printf '%s' "$everywhere$sum" >"$stamp"
}
export -f one

find runtime controlplane baseline bench tests/runtime tests/controlplane tests/baseline tests/fake tests/fuzz \
	tests/e2e/hostile -name '*.c' -print0 2>/dev/null | sort -z |
	xargs -0 -P "$(nproc)" -I{} bash -c 'one "$@"' one {} "${flags[@]}"
echo "tidy: clang-tidy is content"

# The cleanup attribute is unknown to cppcheck: what it calls a leak is none; ASan finds the real ones.
mkdir -p "$stamps/cppcheck"
mapfile -t rooms < <(ls -d runtime controlplane baseline bench 2>/dev/null)
cppcheck --quiet --std=c11 --language=c --error-exitcode=1 --inline-suppr -j "$(nproc)" \
	--cppcheck-build-dir="$stamps/cppcheck" --enable=warning,portability \
	--suppress=missingIncludeSystem --suppress=unknownMacro \
	--suppress=resourceLeak --suppress=memleak --suppress=ctunullpointer --suppress=unknownEvaluationOrder --suppress=readdirCalled --suppress=funcArgOrderDifferent --suppress=nullPointer --suppress=leakReturnValNotUsed --suppress=identicalInnerCondition --library=posix --library=gnu \
	-D_GNU_SOURCE -DJANUS_VERSION='"0"' -I. -Ibuild/gen "${rooms[@]}"
echo "tidy: cppcheck is content"
