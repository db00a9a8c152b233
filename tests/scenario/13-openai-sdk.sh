#!/usr/bin/env bash
#
# 13-openai-sdk.sh - the official OpenAI SDK for Node, unmodified, gets what it expects.
. "$(dirname "$0")/lib.sh"

images link baseline
packages
port=$(free_port)
run fake "$fake" --port "$port"
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

result=0
(cd "$sdk" && BASE_URL=$url FAKE_MODEL=janus/fake FAKE_LOG=$work/fake.log CLOSED_URL=http://127.0.0.1:$closed \
	node --test --test-reporter=tap sdk.test.js) >"$work/sdk.log" 2>&1 || result=$?
while read -r verdict name; do
	if [ "$verdict" = ok ]; then ok "$name"; else bad "$name" "$(grep -A12 -F "$name" "$work/sdk.log" | sed -n 2,14p)"; fi
done < <(sed -nE 's/^ *(not )?ok [0-9]+ - (.*)$/\1|\2/p' "$work/sdk.log" | grep -v 'sdk.test.js' |
	sed -E 's/^not \|/bad /; s/^\|/ok /')
same "all of its tests ran" "$(sed -n 's/^# tests //p' "$work/sdk.log")" "$oks"
same "none was skipped" 0 "$(grep -c "# SKIP" "$work/sdk.log" || true)"
same "node's test runner exits 0" 0 "$result"
