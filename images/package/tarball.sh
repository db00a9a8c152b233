#!/usr/bin/env bash
#
# tarball.sh - a release: the sources, and the web UI that was made of them; `make tarball`.
#
#   images/package/tarball.sh VERSION OUT-DIR
#
# What is built from it needs no Node: ui/prebuilt has what ui/build.sh made.  SOURCE_DATE_EPOCH is the time of all files,
# REVISION what they are.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 022
export LC_ALL=C TZ=UTC

version=$1 out=$2
: "${SOURCE_DATE_EPOCH:?the time of the sources, in seconds}"
made=build/gen
if [ -e ui/prebuilt/ui.pack ]; then
	made=ui/prebuilt
elif [ -n "$(cat "$made/ui.mode")" ]; then
	echo "tarball.sh: this was built without the UI: make it without NO_UI" >&2
	exit 1
fi

sources() {
	if [ -e .git ]; then
		git ls-files -z --cached --others --exclude-standard -- ':!ui/prebuilt'
	else
		find . \( -path ./build -o -path ./ui/prebuilt -o -path ./ui/src/lib/openapi.d.ts -o -name node_modules -o -name __pycache__ \) -prune -o -type f -printf '%P\0'
	fi | sort -z
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/janus-$version
mkdir -p "$tree" "$out"
sources | tar --null --no-recursion -T - -cf - | tar -C "$tree" -xf -
install -D -m 644 "$made/ui.pack" "$tree/ui/prebuilt/ui.pack"
install -D -m 644 "$made/ui_table.inc" "$tree/ui/prebuilt/ui_table.inc"
printf '%s\n' "${REVISION-}" >"$tree/ui/prebuilt/revision"

tarball=$out/janus-$version.tar.gz
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w --format=ustar \
	-cf - "janus-$version" | gzip -9n >"$tarball"
(cd "$out" && sha256sum "janus-$version.tar.gz" >"janus-$version.tar.gz.sha256")
printf '  tar  %s, %s\n' "$tarball" "$(cut -d' ' -f1 "$tarball.sha256")"
