#!/bin/sh
# bootstrap.sh - prepare the sandbox for an agent.  $1: the pack's directory.
set -eu
pack=$1
workspace=$(dirname "$pack")
mkdir -p "$workspace/artifacts" "$workspace/attachments"
chmod +x "$pack/bin/"*
# Bytes come as base64: files are written as text.
for coded in "$workspace/attachments/"*.b64; do
	[ -e "$coded" ] || continue
	base64 -d <"$coded" >"${coded%.b64}"
	rm -f "$coded"
done
printf 'pack %s\n' "$(cat "$pack/VERSION")"
