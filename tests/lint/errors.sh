#!/usr/bin/env bash
#
# errors.sh - does docs/errors.md explain each wire code, and none that does not exist?
set -euo pipefail
cd "$(dirname "$0")/../.."

codes() {
	tr -d '\n\134' <runtime/openai/codes.h | grep -oE 'X\([A-Z_]+,[[:space:]]*"[a-z_]+",[[:space:]]*[0-9]+' |
		sed -E 's/.*"([a-z_]+)",[[:space:]]*([0-9]+)/\1 \2/' | sort
}
told() {	# "### `code` (status)" is an anchor named after the code
	sed -nE 's/^### ([a-z_]+)$/\1/p' docs/errors.md | while read -r code; do
		printf '%s %s\n' "$code" "$(grep -A2 "^### $code\$" docs/errors.md | grep -oE '^HTTP [0-9]+' | cut -d' ' -f2)"
	done | sort
}
if ! diff <(codes) <(told); then
	echo "errors: '<' is missing in docs/errors.md (or has another status), '>' is not a code"
	exit 1
fi
echo "errors: $(codes | wc -l) codes, each explained"
