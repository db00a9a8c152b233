#!/usr/bin/env bash
#
# 13-openai-sdk.sh - the official OpenAI SDK for Node, unmodified, gets what it expects.
. "$(dirname "$0")/lib.sh"

images link baseline
packages
port=$(free_port)
run fake "$fake" --port "$port"
until_true 10 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
start_platform
start_janusd JANUS_ROUTER_BREAKER_FAILURES=0 # the SDK is to see many failures in a row
accept janus/baseline-agent:latest baseline-agent
ctl submit url "http://127.0.0.1:$port" --name fake --wait --timeout 60s
[ "$code" = 0 ] || giveup "the fake upstream is ready" "$out" "$err"

# A second Janus, which takes nobody without a key.
closed=$(free_port)
mkdir -p "$world/cs" "$world/cr"
run closed env JANUS_STATE_DIR="$world/cs" JANUS_RUNTIME_DIR="$world/cr" JANUS_PORT="$closed" \
	JANUS_AUTH_ANONYMOUS=false DOCKER_HOST="unix://$engine" "$bin/janusd"
until_true 20 listens "$closed" || giveup "a Janus that needs keys starts" "$(tail "$work/closed.log")"

node_tests "$sdk" sdk.test.js FAKE_MODEL=janus/fake FAKE_LOG="$work/fake.log" CLOSED_URL="http://127.0.0.1:$closed"
