#!/usr/bin/env bash
#
# 05-hostile-escape.sh - from inside a pod, nothing of the machine can be reached.
. "$(dirname "$0")/lib.sh"

hostile escape spy
start_janus
accept hostile-spy:latest neighbour
accept hostile-spy:latest spy
accept hostile-escape:latest mole
said() { jq -r '.choices[0].message.content' <<<"$body"; }

# [G01] [G02] [G09] out, to the host, and up: every attempt that we know is contained
ask "$url/v1/chat/completions" --max-time 300 -H 'content-type: application/json' \
	-d '{"model":"janus/mole","messages":[{"role":"user","content":"escape"}]}'
same "it reports" 200 "$status"
all_contained() {	# WHAT: the attempts that the last chat reported
	local line
	while read -r line; do
		truth "$1: $(jq -r '.check + ": " + .saw' <<<"$line")" '.contained' "$line"
	done < <(jq -c '.attempts[]' <<<"$report")
	truth "$1: nothing got through" '.escaped == 0' "$report"
}
report=$(said | jq -c .)
truth "it tried what we know" '.attempts | length >= 40' "$report"
all_contained contained

# [G03] what one pod leaves about, another does not find by any address, name or number
chat janus/neighbour "leave marks"
same "the neighbour leaves marks" left "$(said)"
chat janus/neighbour "look for marks"
report=$(said | jq -c .)
found=$(jq -r '.attempts[] | select(.contained | not) | .check' <<<"$report" | sort)
for mark in "abstract socket" "file in /dev/shm" "file in /tmp" "port in the kernel's list" "port on 0.0.0.0" \
	"port on loopback" process semaphores "shared memory" "socket in /tmp"; do
	has "itself it finds its $mark" "^its $mark\$" "$found"
done
chat janus/spy "look for marks"
report=$(said | jq -c .)
truth "another looks for all of them" '.attempts | length >= 20' "$report"
all_contained "another pod does not find"

# [G04] its own link: nothing to take, to see or to trace, and a flood of it is only its own harm
chat janus/spy "attack the link"
report=$(said | jq -c .)
truth "it tries the link" '.attempts | length >= 12' "$report"
all_contained "the link"
call=call:$(printf 'GET /usage HTTP/1.1\r\nhost: platform\r\nconnection: close\r\n\r\n' | od -An -v -tx1 | tr -d ' \n')
calls() { chat "janus/$1" "$call"; [[ $(said) = "$(printf 'HTTP/1.1 200' | od -An -tx1 | tr -d ' \n')"* ]]; }
check "its neighbour reaches the platform" calls neighbour
curl -s --max-time 60 -o "$work/flood" "$url/v1/chat/completions" -H 'content-type: application/json' \
	-d '{"model":"janus/spy","messages":[{"role":"user","content":"flood"}]}' &
flood=$!
while kill -0 "$flood" 2>/dev/null; do calls neighbour && echo yes || echo no; done >"$work/calls"
has "while it floods its link its neighbour reaches the platform" '^yes$' "$(cat "$work/calls")"
lacks "every time" '^no$' "$(cat "$work/calls")"
has "and it was a flood" 'held [0-9]{4} connections' "$(cat "$work/flood")"
becomes "then it reaches the platform itself again" 20 calls spy
link_of() { containers "select(.Labels[\"rodeo.janus.competitor\"] == \"$1\" and .Labels[\"rodeo.janus.role\"] == \"$2\") | .Id"; }
whole=$(link_of spy link)$(link_of spy competitor)
api POST "/containers/$(link_of spy link)/kill" >/dev/null
replaced() { local now; now=$(link_of spy link)$(link_of spy competitor); [ ${#now} = 128 ] && [ "${now:0:64}" != "${whole:0:64}" ] && [ "${now:64}" != "${whole:64}" ]; }
becomes "without its link its pod is replaced, whole" 40 replaced
becomes "and answers" 40 answers janus/spy
truth "no fault of its" '.failures == 0' "$(instance_of spy)"
has "but of the link" '"from":"ready","to":"backoff","reason":"link_lost"' "$(cat "$work/janusd.log")"

ask "$url/readyz"
same "Janus is ready" 200 "$status"
check "the neighbour answers" answers janus/neighbour

# What the engine really applied.
while read -r id; do
	seen=$(api GET "/containers/$id/json")
	name=$(jq -r .Name <<<"$seen")
	truth "$name asks for no capability" '(.HostConfig.CapAdd // []) == []' "$seen"
	kernel=$(cat "/proc/$(jq .State.Pid <<<"$seen")/status")
	same "$name has no capability" 0 "$(awk '/^Cap/ && $2 !~ /^0+$/' <<<"$kernel" | wc -l)"
	truth "$name has no network but loopback" '.HostConfig.NetworkMode | . == "none" or startswith("container:")' "$seen"
	truth "$name has a read-only root" '.HostConfig.ReadonlyRootfs' "$seen"
	truth "$name gains no privileges" '.HostConfig.SecurityOpt | any(startswith("no-new-privileges"))' "$seen"
	has "$name has a seccomp filter" '^Seccomp:[[:space:]]*2$' "$kernel"
	if on_podman; then	# it takes a file, and does not tell of it
		check "$name has our seccomp profile" cmp "$runtime/seccomp.json" "$root/images/link/seccomp.json"
	else
		truth "$name has our seccomp profile" '.HostConfig.SecurityOpt | any(startswith("seccomp={"))' "$seen"
	fi
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
becomes "and leaves none behind" 20 containers_are 6
