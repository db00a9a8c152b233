#!/usr/bin/env bash
#
# shell.sh - shellcheck over every shell script of the tree.
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -d '' -t files < <(
	find . -path ./build -prune -o -path ./.git -prune -o -name node_modules -prune -o -type f -print0 |
		xargs -0 grep -lZE -m1 '^#!/(usr/)?bin/(env )?(ba)?sh|^# shellcheck shell=' | sort -z
)
shellcheck "${files[@]}"
echo "shell: ${#files[@]} scripts"
