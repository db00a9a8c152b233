#!/usr/bin/env bash
#
# format.sh - is every C file as clang-format would write it?  --fix writes it so.
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -d '' -t files < <(find runtime controlplane baseline bench tests \
	-name node_modules -prune -o -name '*.[ch]' -print0 | sort -z)
if [ "${1:-}" = --fix ]; then
	clang-format -i "${files[@]}"
else
	clang-format --dry-run -Werror --ferror-limit=1 "${files[@]}"
	echo "format: ${#files[@]} files"
fi
