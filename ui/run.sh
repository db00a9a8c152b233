#!/usr/bin/env bash
#
# run.sh - a script of package.json, with the Node that is among the packages: Debian's is older than
# they need, and not every npm puts theirs on PATH.
#
#   ui/run.sh types|lint|build|embed|test [ARGUMENT...]
set -euo pipefail
cd "$(dirname "$0")"

for each in node_modules/node-linux-*/bin; do
	if "$each/node" --version >/dev/null 2>&1; then
		PATH=$PWD/$each:$PATH
	fi
done
script=$1
shift
exec npm run --silent "$script" -- "$@"
