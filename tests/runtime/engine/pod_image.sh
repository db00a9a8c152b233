#!/usr/bin/env bash
# Make the image of test_docker.c, and the link's: pod_image.sh [SOCKET]
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
engine=${1:-/var/run/docker.sock}
work=$(mktemp -d)
# shellcheck disable=SC2034	# used by engine.sh
status_file=$work/status
trap 'rm -rf "$work"' EXIT
# shellcheck source=images/engine.sh
. "$root/images/engine.sh"

bin=${BIN:-$root/build/bin}
BIN=$(cd "$bin" && pwd) "$root/images/build.sh" --engine "$engine" link
mkdir "$work/context"
musl-gcc -static -Os -D_GNU_SOURCE -o "$work/context/program" "$(dirname "$0")/pod_program.c"
cat >"$work/context/Containerfile" <<'END'
FROM scratch
COPY program /program
VOLUME /data /tmp
WORKDIR /data
LABEL rodeo.janus.manifest='{"name":"test","port":8080}'
ENTRYPOINT ["/program"]
END
content=$(content_of pod "$work/context/program" "$work/context/Containerfile")
image_is_current janus-test/pod:latest "$content" ||
	image_build janus-test/pod:latest "$content" "$work/context"
