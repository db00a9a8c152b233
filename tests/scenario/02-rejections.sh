#!/usr/bin/env bash
#
# 02-rejections.sh - each way an image can be wrong ends rejected, in one sentence, with evidence.
. "$(dirname "$0")/lib.sh"

modes=(exit0 exit1 segv never-listens wrong-port never-healthy health-hang health-garbage no-completion
	chat-500 crash-loop slow-start=2)
hostile ok "${modes[@]}"
start_registry registry
push hostile-ok:latest "$registry/team/owl:3" >/dev/null
open=$registry
# The password does not matter: nobody gives one.
printf 'owl:$2y$05$abcdefghijklmnopqrstuuWmSdFZ5Bn1sTTkD3UfF1fQ6NuxrZkXW\n' >"$work/htpasswd"
start_registry locked "auth: {htpasswd: {realm: test, path: $work/htpasswd}}"
locked=$registry

# An image that says it is for another machine, which the engine loads all the same.
other_architecture() {
	local dir=$work/foreign config
	mkdir -p "$dir"
	api GET /images/hostile-ok:latest/get | tar -C "$dir" -x
	config=$(jq -r '.[0].Config' "$dir/manifest.json")
	jq -c '.architecture = "riscv64"' "$dir/$config" >"$dir/config.json"
	jq -c '.[0].Config = "config.json" | .[0].RepoTags = ["hostile-foreign:latest"]' "$dir/manifest.json" >"$work/manifest"
	mv "$work/manifest" "$dir/manifest.json"
	rm -f "$dir/$config" "$dir/repositories" "$dir/index.json" "$dir/oci-layout"
	tar -C "$dir" -cf - . | api POST /images/load -H 'Content-Type: application/x-tar' -T - >"$work/load.log"
	image_exists hostile-foreign:latest || giveup "an image of another architecture" "$(cat "$work/load.log")"
}
other_architecture
start_janus

declare -A id=()
# Those that will never be healthy need not be waited for as long as others; but they must have begun.
quick='{"start_timeout":"10s"}'
printf '%s' "$quick" >"$work/quick.json"
try() { id[$1]=$(submit "$2" "t-$1" "${@:3}") || id[$1]=''; }	# NAME IMAGE [OPTIONS]

# All at once: each is judged by itself.
try healthy30 hostile-never-healthy:latest	# the 30 s of the contract
for mode in "${modes[@]}"; do
	case $mode in never-* | wrong-port | health-*) limit=(--manifest "$work/quick.json") ;; *) limit=() ;; esac
	try "${mode//=/-}" "hostile-${mode//=/-}:latest" "${limit[@]}"
done
try absent "$open/team/owl:nope"
try nowhere "127.0.0.1:$(free_port)/team/owl:3"
try locked "$locked/team/owl:3"
try foreign hostile-foreign:latest

# rejected NAME REASON CONDITION...: on the submission as JSON
rejected() {
	local name=$1 reason=$2 seen
	shift 2
	ctl wait submission "${id[$name]:-none}" --timeout 120s
	same "$name: wait exits 1" 1 "$code"
	ctl show submission "${id[$name]:-none}" --output json
	seen=$out
	truth "$name: rejected as $reason" ".state == \"rejected\" and .state_reason == \"$reason\"" "$seen"
	truth "$name: one sentence says why" '.state_detail | length > 10 and (contains("\n") | not)' "$seen"
	while [ $# -gt 0 ]; do
		truth "$name: $1" "$2" "$seen"
		shift 2
	done
}

# [E02] no such image, no right to it; [E09] of another machine; [F01] [F02] [F03] how it starts
rejected absent image_not_found "it is the image's fault" '.fault == "miner" or .fault == "client"'
rejected nowhere registry_unreachable
rejected locked image_auth
rejected foreign wrong_architecture "both architectures are named" '.state_detail | test("riscv64")'
rejected exit1 exited "the exit code" '.evidence.exit_code == 1' \
	"its last words" '.evidence.logs | map(tostring) | any(contains("leaving at once"))'
rejected exit0 exited "the exit code" '.evidence.exit_code == 0'
rejected segv exited "the exit code or its signal in words" \
	'.evidence.exit_code == 139 or (.evidence.explained | test("Segmentation"))'
rejected never-listens not_listening "its log" '.evidence.logs | map(tostring) | any(contains("not listening"))'
rejected wrong-port not_listening "where it does listen" '.evidence.listening | tostring | contains("9090")'
rejected never-healthy not_healthy "what the probe saw" \
	'.evidence.health.status == 500 and (.evidence.health.body | contains("could not be loaded"))'
rejected health-hang not_healthy "what the probe saw" '.evidence.health.error | length > 0'
rejected health-garbage not_healthy "what the probe saw" '.evidence.health.status == 200 and (.evidence.health.body | length > 0)'
rejected no-completion no_valid_completion "what it answered" \
	'.evidence.conformance | map(select(.check == "completion"))[0].wire.body | contains("Welcome")'
rejected chat-500 no_valid_completion "what it answered" \
	'.evidence.conformance | map(select(.check == "completion"))[0].wire.status == 500'
rejected crash-loop crash_loop "the exit code" '.evidence.exit_code == 3'
rejected healthy30 not_healthy "after the 30 s of the contract" \
	'(.updated_at[0:19] + "Z" | fromdate) - (.created_at[0:19] + "Z" | fromdate) | . >= 29 and . <= 90'

ctl wait submission "${id[slow-start-2]}" --timeout 60s
same "one that needs 2 s to start is ready" 0 "$code"

ctl show submission "${id[exit1]}"
has "the evidence is shown to people too" 'leaving at once' "$out"
becomes "no trial leaves a container behind" 30 containers_are 2
ctl submit image hostile-exit1:latest --name waited --wait --timeout 60s
same "submit --wait exits 1 for a rejected one" 1 "$code"
has "and says why" 'exit' "$out$err"
api DELETE /images/hostile-foreign:latest >/dev/null
