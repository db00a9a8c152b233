#!/usr/bin/env bash
#
# down.sh - stop everything up.sh started; data and logs stay.
#
#   make down
#
# Containers of other installations on the same engine are left alone.
set -euo pipefail

# shellcheck source=controlplane/local.sh
. "$(dirname "$0")/local.sh"

on_exit() {
	[ "$1" = 0 ] || printf 'make down failed; logs are in %s\n' "$logs" >&2
}
trap 'on_exit $?' EXIT

# This installation's node id, which every container of it carries, is in the
# database, running or not.
node_id() {
	grep -aohE 'node_idnode_[0-9a-z]{26}' "$state"/*.db "$state"/*.db-wal 2>/dev/null |
		tail -n 1 | sed 's/^node_id//' || true
}

# The sandboxes carry another: janus-sandboxd's.
sandbox_node_id() { cat "$state/sandbox.node" 2>/dev/null || true; }

our_containers() {	# names the competitors' before the links'
	engine_get GET "/containers/json?all=1&filters=%7B%22label%22%3A%5B%22rodeo.janus.node%3D$1%22%5D%7D" |
		grep -oE '"Id": ?"[0-9a-f]{64}"' | cut -d'"' -f4
}

remove_containers() {
	local node id n=0 nodes=()
	mapfile -t nodes < <({ node_id; sandbox_node_id; echo; } | grep . || true)
	if [ "${#nodes[@]}" = 0 ]; then
		note "no database in $state, so no containers of it"
		return
	fi
	if ! find_engine; then
		note "no container engine answers: containers of ${nodes[*]}, if any, are gone with it"
		return
	fi
	for node in "${nodes[@]}"; do
		for id in $(our_containers "$node" || true); do
			engine_get DELETE "/containers/$id?force=1&v=1" >/dev/null 2>&1 || true
			n=$((n + 1))
		done
		[ -z "$(our_containers "$node" || true)" ] || { note "some containers of $node could not be removed"; return 1; }
	done
	note "$n containers removed"
}

stop_engine() {
	[ -e "$runtime/dockerd.pid" ] || return 0
	note "stopping dockerd, which make up had started"
	stop_daemon dockerd 30
}

say "[1/4] daemons"
if pid=$(daemon_pid janusd); then
	keep_leaving "$pid"
fi
stop_daemon janusd 35
stop_leaving
stop_daemon janus-sandboxd 30
stop_daemon janus-platform 10
say "[2/4] containers"
remove_containers
say "[3/4] container engine"
if [ -e "$runtime/dockerd.pid" ]; then
	stop_engine
else
	note "not started by make up: left alone"
fi
say "[4/4] sockets"
rm -rf "$runtime/pods" "$runtime/sandbox"
rm -f "$runtime"/*.sock "$runtime"/*.pid
rmdir "$runtime" 2>/dev/null || true
note "gone; the data stay in $state"
