#!/usr/bin/env bash
#
# pod.sh - make the image bench-upstream: the benchmark's upstream as a competitor, nothing else in it.
#
#   tests/bench/pod.sh [--engine SOCKET]
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
engine=/var/run/docker.sock
work=$(mktemp -d)
# shellcheck disable=SC2034	# used by engine.sh
status_file=$work/status
trap 'rm -rf "$work"' EXIT

# shellcheck source=images/engine.sh
. "$root/images/engine.sh"

if [ "${1:-}" = --engine ]; then engine=${2#unix://}; fi
engine_check
mkdir "$work/context"
gcc -std=c17 -D_GNU_SOURCE -static -pthread -O2 -s -I"$root" -o "$work/context/upstream" "$root/tests/bench/upstream.c"
cat >"$work/context/Containerfile" <<-END
	FROM scratch
	COPY upstream /upstream
	LABEL rodeo.janus.manifest="{\"name\":\"bench-upstream\",\"port\":8080,\"concurrency\":100000}"
	USER 10001:10001
	CMD ["/upstream","8080"]
END
content=$(content_of bench-upstream "$work"/context/*)
if image_is_current bench-upstream:latest "$content"; then
	say "bench-upstream is up to date"
else
	image_build bench-upstream:latest "$content" "$work/context"
fi
