#!/usr/bin/env bash
#
# podman.sh - scenarios on Podman's socket instead of Docker's, with a store that ends with it.
#
#   tests/podman.sh [NN...]        01 04 if none is named
#
# As root; needs the packages podman, catatonit (its init) and runc.  What Podman 4.3 tells otherwise: no out-of-memory
# mark on a container ("killed (signal 9)"), and no oom event.
set -euo pipefail
cd "$(dirname "$0")/.."

world=$(mktemp -d /tmp/jp.XXXXXX)
at_exit() {
	kill "$service" 2>/dev/null || true
	wait "$service" 2>/dev/null || true
	podman "${store[@]}" rm --all --force >/dev/null 2>&1 || true
	podman "${store[@]}" rmi --all --force >/dev/null 2>&1 || true
	rm -rf "$world"
}
cat >"$world/registries.conf" <<'END'
[[registry]]
location = "127.0.0.1"
insecure = true
END
store=(--root "$world/root" --runroot "$world/run" --storage-driver vfs --runtime runc --cgroup-manager cgroupfs)
export CONTAINERS_REGISTRIES_CONF=$world/registries.conf
podman "${store[@]}" system service --time 0 "unix://$world/podman.sock" >"$world/service.log" 2>&1 &
service=$!
trap at_exit EXIT
for _ in {1..200}; do
	[ ! -S "$world/podman.sock" ] || break
	read -r -t 0.05 <> <(:) || true
done
[ "$#" -gt 0 ] || set -- 01 04
BIN=$PWD/build/bin images/build.sh --engine "$world/podman.sock" link
DOCKER_HOST=unix://$world/podman.sock tests/scenario/run.sh "$@"
