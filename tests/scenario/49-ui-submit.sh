#!/usr/bin/env bash
#
# 49-ui-submit.sh - a competitor is submitted in a browser and followed to its end; the rules and what they say.
. "$(dirname "$0")/lib.sh"

hostile ok no-stream exit1 chat-hang slow-start=2 slow-start=50
start_registry registry
push hostile-slow-start-2:latest "$registry/team/owl:3" >/dev/null
push hostile-no-stream:latest "$registry/team/mute:1" >/dev/null
api GET /images/hostile-ok:latest/get >"$work/owl.tar"
suites=$work/suites
mkdir -p "$suites/public/dev"
jq -nc '{name: "public/dev", version: "2026.11", title: "Eight of them", scoring: "2026-11", counts: {chat: 8}}' \
	>"$suites/public/dev/suite.json"
printf '{"id":"item-00"}\n' >"$suites/public/dev/chat.jsonl"
start_platform
start_janusd JANUS_BENCH_PROGRAM="$root/tests/fake/bench.py" JANUS_BENCH_SUITES_DIR="$suites"

key() {	# NAME KIND: prints its secret
	"$bin/janusctl" create key "$1" --kind "$2" -q || giveup "key $1 is made"
}
miner=$(key miner mn)
reader=$(key reader sk)
boss=$(key boss ad)
gone=$(key gone mn)
ctl remove key gone --yes
same "a key is revoked" 0 "$code"

# --- what the page shows of a submission that is under way comes from here ---
id=$(submit hostile-chat-hang:latest slow)
has_findings() { control GET "/api/v1/submissions/$id"; jq -e '.state == "conforming" and (.evidence.conformance | length >= 1)' <<<"$body"; }
becomes "the checks that are over are in the evidence while others are made" 60 has_findings
truth "each with its verdict and what was seen" '.evidence.conformance[0] | .check == "health" and .verdict == "pass" and (.seen | length > 0)' "$body"
ctl cancel submission "$id"
truth "and they stay when it is cancelled" '.state == "cancelled" and (.evidence.conformance | length >= 1)' \
	"$(control GET "/api/v1/submissions/$id"; printf %s "$body")"

browser_tests submit.test.js MINER="$miner" READER="$reader" BOSS="$boss" GONE="$gone" REGISTRY="$registry" \
	ARCHIVE="$work/owl.tar" SCORING="$root/bench/scoring/2026-11.json"

control GET "/api/v1/events?limit=500"
truth "what was done twice was done once: one submission of each name and click" \
	'[.data[] | select(.action == "submission.create") | .object_id] | length == (unique | length)' "$body"
