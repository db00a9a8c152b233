#!/usr/bin/env bash
#
# 52-ui-ops.sh - the pages of operations in a real browser: what they show is so, what they do is done.
. "$(dirname "$0")/lib.sh"

images baseline
suites=$work/suites
mkdir -p "$suites/public/dev"
jq -nc '{name: "public/dev", version: "2026.11", title: "Eight of them", scoring: "2026-11", counts: {chat: 8}}' \
	>"$suites/public/dev/suite.json"
printf '{"id":"item-00"}\n' >"$suites/public/dev/chat.jsonl"
start_platform
# Without a key nobody may do anything here, as on a listener that others can reach.
start_janusd JANUS_AUTH_ANONYMOUS=false JANUS_CAPTURE_ENABLED=true JANUS_CAPTURE_SHARE=1 JANUS_ROUTER_LOOPS=1 \
	JANUS_BENCH_PROGRAM="$root/tests/fake/bench.py" JANUS_BENCH_SUITES_DIR="$suites" JANUS_BENCH_AUTOMATIC=false
accept janus/baseline-agent:latest owl
for name in one two; do	# two versions of one competitor, and one that will be removed
	port=$(free_port)
	run "$name" "$fake" --port "$port"
	until_true 60 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/$name.log")"
	ctl submit url "http://127.0.0.1:$port" --name fake --wait --timeout 60s
	[ "$code" = 0 ] || giveup "version $name of fake is ready" "$out" "$err"
done
ctl submit url "http://127.0.0.1:$port" --name spare --wait --timeout 60s
[ "$code" = 0 ] || giveup "spare is ready" "$out" "$err"
ctl create key ops --kind ad -q
admin=$out
ctl create key app -q
app=$out

browser_tests ops.test.js ADMIN="$admin" APP="$app" CTL="$bin/janusctl"

lacks "no key's secret is in what janusd wrote" "$admin|$app" "$(cat "$work/janusd.log")"
