#!/usr/bin/env bash
#
# 05-hostile-escape.sh - from inside a pod, nothing of the machine can be reached.
. "$(dirname "$0")/lib.sh"

hostile escape ok
start_janus
accept hostile-ok:latest neighbour
accept hostile-escape:latest mole

# [G01] [G02] [G09] out, to the host, and up: every attempt that we know is contained
ask "$url/v1/chat/completions" --max-time 300 -H 'content-type: application/json' \
	-d '{"model":"janus/mole","messages":[{"role":"user","content":"escape"}]}'
same "it reports" 200 "$status"
report=$(jq -r '.choices[0].message.content' <<<"$body" | jq -c .)
truth "it tried what we know" '.attempts | length >= 40' "$report"
while read -r line; do
	truth "contained: $(jq -r '.check + ": " + .saw' <<<"$line")" '.contained' "$line"
done < <(jq -c '.attempts[]' <<<"$report")
truth "nothing got through" '.escaped == 0' "$report"

ask "$url/readyz"
same "Janus is ready" 200 "$status"
check "the neighbour answers" answers janus/neighbour

# What the engine really applied.
while read -r id; do
	seen=$(api GET "/containers/$id/json")
	name=$(jq -r .Name <<<"$seen")
	truth "$name has no capability" '.HostConfig.CapDrop == ["ALL"] and (.HostConfig.CapAdd // []) == []' "$seen"
	truth "$name has no network but loopback" '.HostConfig.NetworkMode | . == "none" or startswith("container:")' "$seen"
	truth "$name has a read-only root" '.HostConfig.ReadonlyRootfs' "$seen"
	truth "$name gains no privileges" '.HostConfig.SecurityOpt | any(startswith("no-new-privileges"))' "$seen"
	truth "$name has our seccomp profile" '.HostConfig.SecurityOpt | any(startswith("seccomp={"))' "$seen"
	truth "$name is limited" '.HostConfig | .Memory > 0 and .Memory == .MemorySwap and .PidsLimit > 0' "$seen"
	truth "$name publishes no port" '(.HostConfig.PortBindings // {}) == {}' "$seen"
	truth "$name mounts no engine socket" '[.Mounts[]?.Source | select(test("docker.sock|podman.sock"))] == []' "$seen"
done < <(containers)
uids=$(containers .Id | while read -r id; do
	api GET "/containers/$id/json" | jq -r 'select(.HostConfig.NetworkMode | startswith("container:")) | .Config.User'
done)
same "each competitor has a uid of its own" "$(wc -l <<<"$uids")" "$(sort -u <<<"$uids" | wc -l)"
lacks "and none is root" '^(0|root)?(:|$)' "$uids"

ctl doctor --output json
same "doctor is content" 0 "$code"
truth "and ran its probe pod" '.ok and (.checks | any(.name | test("isol|canary|pod")))' "$out"
becomes "and leaves none behind" 20 containers_are 4
