#!/usr/bin/env bash
#
# 47-ui-media.sh - what answers hold, in a real browser: hostile texts, files, attachments, blind battles. [L08] [L09]
. "$(dirname "$0")/lib.sh"

evil='<img src=x onerror=alert(1)>'
jq -nc --arg evil "$evil" '{description: ($evil + "[x](javascript:alert(1))"), source: "https://example.org/\"onclick=alert(1)", license: $evil}' \
	>"$work/evil.json"
start_told() {	# NAME
	local port
	port=$(free_port)
	run "$1" python3 "$root/tests/fake/told.py" "$port" "$ui/corpus"
	until_true 60 listens "$port" || giveup "$1 starts" "$(cat "$work/$1.log")"
	ctl submit url "http://127.0.0.1:$port" --name "$1" --manifest "$work/evil.json" --wait --timeout 60s
	same "$1 is accepted" 0 "$code"
	becomes "$1 answers" 60 serves "$1"
	told+=${told:+ }http://127.0.0.1:$port
}

told=''
start_platform
start_janusd JANUS_ROUTER_BREAKER_FAILURES=0 JANUS_ROUTER_BREAKER_RATIO=0 JANUS_ARENA_VOTES_PER_CALLER=100 \
	JANUS_ARENA_VOTES_PER_ADDRESS=100
start_told told
browser_tests arena.test.js PHASE=alone
browser_tests media.test.js TOLD="$told"
browser_tests hostile.test.js
start_told calm-fox
browser_tests arena.test.js PHASE=two TOLD="$told"
