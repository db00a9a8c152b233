#!/usr/bin/env bash
#
# podman.sh - the driver's tests and scenarios on Podman's socket instead of Docker's.
#
#   tests/podman.sh [engine] [NN...]        engine 01 if nothing is named
#
# "engine" is tests/runtime/engine/test_docker.c, NN are scenarios; BIN names
# the programs (build/bin).  As root; needs the packages podman, catatonit (its
# init) and runc.  Service, store and state are of this run's own and end with
# it; no other Podman of the machine is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${BIN:-build/bin}
[[ $bin = /* ]] || bin=$PWD/$bin
tests=${bin%/bin}/tests lib=$bin
if [ ! -d "$tests" ]; then tests=$PWD/build/tests lib=${bin%/bin}/lib/janus; fi	# of installed programs
world=$(mktemp -d /tmp/jp.XXXXXX)
service=
at_exit() {
	local code=$?
	if [ -n "$service" ]; then
		kill "$service" 2>/dev/null || true
		wait "$service" 2>/dev/null || true
		podman "${store[@]}" rm --all --force --time 0 >/dev/null 2>&1 || true
	fi
	[ "$code" = 0 ] || [ ! -s "$world/service.log" ] || { echo "the end of what podman said:"; tail -n 20 "$world/service.log"; } >&2
	rm -rf "$world"
}
trap at_exit EXIT
trap 'exit 143' TERM INT
cat >"$world/registries.conf" <<'END'
[[registry]]
location = "127.0.0.1"
insecure = true
END
store=(--root "$world/root" --runroot "$world/run" --tmpdir "$world/tmp" --storage-driver vfs --runtime runc --cgroup-manager cgroupfs)
export CONTAINERS_REGISTRIES_CONF=$world/registries.conf
for each in podman catatonit runc; do
	command -v "$each" >/dev/null || { echo "podman.sh: $each is missing (apt-get install podman catatonit runc)" >&2; exit 1; }
done
# Its monitor leaves a file in the directory that it was started in.
(cd "$world" && exec podman "${store[@]}" system service --time 0 "unix://$world/podman.sock") >"$world/service.log" 2>&1 &
service=$!
for _ in {1..400}; do
	if curl -sf --max-time 5 -o /dev/null --unix-socket "$world/podman.sock" http://podman/_ping; then break; fi
	kill -0 "$service"
	read -r -t 0.05 <> <(:) || true
done
[ "$#" -gt 0 ] || set -- engine 01
scenarios=()
for each in "$@"; do
	if [ "$each" = engine ]; then
		BIN=$lib JANUS_TEST_ENGINE=$world/podman.sock CK_VERBOSITY=verbose "$tests/runtime/engine/test_docker"
	else
		scenarios+=("$each")
	fi
done
[ "${#scenarios[@]}" = 0 ] || BIN=$bin DOCKER_HOST=unix://$world/podman.sock tests/scenario/run.sh "${scenarios[@]}"
