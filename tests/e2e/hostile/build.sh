#!/usr/bin/env bash
#
# build.sh - make images of badly behaving competitors.
#
#   tests/e2e/hostile/build.sh [--engine SOCKET] [--now] MODE...
#
# Each becomes hostile-MODE:latest; slow-start=40 becomes hostile-slow-start-40.
# --now: hogs begin a second after start, not at a chat that names them; the
# image is then hostile-MODE-now.
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
engine=/var/run/docker.sock
work=$(mktemp -d)
# shellcheck disable=SC2034	# used by engine.sh
status_file=$work/status
trap 'rm -rf "$work"' EXIT

# shellcheck source=images/engine.sh
. "$root/images/engine.sh"

compile() {
	"${MUSL_CC:-musl-gcc}" -std=c17 -D_GNU_SOURCE -static -Os -s -Wall -Wextra -Werror -Wshadow \
		-Wmissing-prototypes -Wvla -I"$root" -o "$1" "$root"/tests/e2e/hostile/*.c \
		"$root"/controlplane/link/attempts*.c "$root"/controlplane/link/try_*.c
}

odd_environment() {	# MODE: a line of its Containerfile
	case $1 in
	dated) echo 'ENV TZ=Pacific/Kiritimati LANG=tr_TR.ISO-8859-9 LC_ALL=ar_EG SOURCE_DATE_EPOCH=-1 FAKETIME=-30y' ;;
	esac
}

build_mode() {
	local mode=$1 dir=$work/$1 name content words="\"$1\""
	name=hostile-${mode//=/-}${now:+-now}
	[ -z "$now" ] || words+=',"now"'
	mkdir -p "$dir"
	cp "$work/hostile" "$dir"
	cat >"$dir/Containerfile" <<-END
		FROM scratch
		COPY hostile /hostile
		LABEL rodeo.janus.manifest="{\"name\":\"$name\",\"port\":8080}"
		USER 10001:10001
		$(odd_environment "$mode")
		CMD ["/hostile",$words]
	END
	content=$(content_of "$name" "$dir"/*)
	if image_is_current "$name:latest" "$content"; then
		say "$name is up to date"
		return
	fi
	image_build "$name:latest" "$content" "$dir"
}

now=
while [ $# -gt 0 ]; do
	case $1 in
	--engine) engine=${2:?--engine needs a socket}; shift 2 ;;
	--now) now=1; shift ;;
	-*) sed -n '3,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	*) break ;;
	esac
done
engine=${engine#unix://}
engine_check
compile "$work/hostile"
for mode in "$@"; do
	build_mode "$mode"
done
