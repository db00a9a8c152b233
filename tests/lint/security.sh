#!/usr/bin/env bash
#
# security.sh - is each test that docs/security.md names there, and does each claim name one?
#
# A test is named as `tests/FILE`, or `tests/FILE:WORDS`, where FILE holds the words.
set -euo pipefail
cd "$(dirname "$0")/../.."

page=docs/security.md
failed=0
claims=0
while IFS= read -r row; do
	claims=$((claims + 1))
	names=$(grep -oE '`tests/[^`]+`' <<<"$row" | tr -d '`' | sort -u || true)
	[ -n "$names" ] || { echo "$page: no test shows: $row"; failed=1; }
done < <(awk '/^## What is defended/ { on = 1 } /^## What is not/ { on = 0 } on && /^\| / && !/^\| claim / && !/^\|-/' "$page")
tests=0
while IFS= read -r name; do
	tests=$((tests + 1))
	file=${name%%:*}
	words=${name#"$file"}
	if [ ! -f "$file" ]; then
		echo "$page: there is no $file"
		failed=1
	elif [ -n "$words" ] && ! grep -qF -- "${words#:}" "$file"; then
		echo "$page: $file has no '${words#:}'"
		failed=1
	fi
done < <(grep -oE '`tests/[^`]+`' "$page" | tr -d '`' | grep -v '^tests/lint/' | sort -u)
[ "$claims" -gt 20 ] || { echo "$page: only $claims claims were found"; failed=1; }
[ "$failed" = 0 ] && echo "security: $claims claims, $tests tests, each is there"
exit "$failed"
