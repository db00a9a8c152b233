#!/usr/bin/env bash
#
# 46-ui-chat.sh - the chat in a real browser: an agent at work, streams that outlive reloads and janusd itself, what is kept.
. "$(dirname "$0")/lib.sh"

images link baseline sandbox
port=$(free_port)
run fake "$fake" --port "$port"
until_true 60 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
start_sandboxd JANUS_SANDBOX_MAX=4 JANUS_SANDBOX_WARM=1 JANUS_SANDBOX_MEMORY=512MiB JANUS_SANDBOX_DISK=64MiB JANUS_SANDBOX_PIDS=128
start_platform
# One competitor is made to fail all the time; who waits for a seat waits until it is given up.
start_janusd JANUS_ROUTER_BREAKER_FAILURES=0 JANUS_ROUTER_BREAKER_RATIO=0 JANUS_ROUTER_QUEUE_WAIT=10m
accept janus/baseline-agent:latest baseline-agent
ctl submit url "http://127.0.0.1:$port" --name swift-owl --wait --timeout 60s
same "an endpoint is accepted" 0 "$code"
printf '{"concurrency":1}' >"$work/one.json"
ctl submit url "http://127.0.0.1:$port" --name one-seat --manifest "$work/one.json" --wait --timeout 60s
same "so is one that takes one chat at a time" 0 "$code"
with_a_sandbox() {
	chat janus/baseline-agent $'Run:\n```sh\necho there\n```'
	[ "$status" = 200 ] && grep -q 'there' <<<"$body"
}
until_true 120 with_a_sandbox || giveup "the agent has a sandbox" "$body"
for name in swift-owl one-seat; do becomes "$name answers" 60 serves "$name"; done

# the last of them kills janusd, and starts one of its own
browser_tests chat.test.js FAKE_LOG="$work/fake.log" JANUSD_PID="${pids[janusd]}" JANUSD="$bin/janusd" ENGINE="unix://$engine" \
	LOG="$work/janusd.log"
unset "pids[janusd]"
start_janusd
