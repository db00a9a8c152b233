#!/usr/bin/env bash
#
# 51-ui-pages.sh - the landing page, the docs and the shell in a browser: what they say is what the API says.
. "$(dirname "$0")/lib.sh"

packages	# the Node snippet runs as it stands, with the official SDK
mkdir -p "$work/suites/public/dev"
printf '{"name":"public/dev","version":"1","title":"Two questions","scoring":"2026-11","counts":{"chat":2}}' >"$work/suites/public/dev/suite.json"
port=$(free_port)
run upstream "$fake" --port "$port"
until_true 60 listens "$port" || giveup "the upstream starts" "$(cat "$work/upstream.log")"
start_platform
daemon() { start_janusd "JANUS_BENCH_SUITES_DIR=$work/suites" JANUS_BENCH_PROGRAM=/nonexistent; }
daemon

# --- nothing is there yet ---------------------------------------------------------------
browser_tests pages-empty.test.js

# --- one competitor, measured by this scenario -------------------------------------------
ctl submit url "http://127.0.0.1:$port" --name swift-owl --wait --timeout 60s
[ "$code" = 0 ] || giveup "swift-owl is accepted" "$out" "$err"
control POST /api/v1/runs '{"competitor":"swift-owl","suite":"public/dev"}'
made=$(jq -r .id <<<"$body")
leased() { control POST "/api/v1/runs/$made/lease" '{"worker":"scenario:1"}'; [ "$status" = 200 ]; }
until_true 60 leased || giveup "its run is leased" "$status $body"
lease=$(jq .lease <<<"$body")
for item in one two; do
	control POST "/api/v1/runs/$made/items" "{\"lease\":$lease,\"result\":{\"object\":\"item\",\"id\":\"itm_$item\",\"item\":\"$item\",\"epoch\":0,\"attempt\":1,\"state\":\"passed\"}}"
done
control POST "/api/v1/runs/$made/finish" "$(jq -nc --argjson lease "$lease" '{lease: $lease, state: "finished",
	report: {object: "evidence", state: "finished", is_whole: true, cost_from: "tokens",
		items: {expected: 2, counted: 2, passed: 2, failed: 0, excluded: 0},
		scores: ({composite: 71.5, quality: 74, speed: 66, cost: 80, streaming: 70} | map_values({value: ., low: (. - 2), high: (. + 2)}))}}')"
same "its run ends" 200 "$status"
crowned() { control GET /api/v1/champion; jq -e '.competitor == "swift-owl"' <<<"$body"; }
becomes "it is the champion" 60 crowned
becomes "and is chatted with" 60 answers janus
# The last chat is stored, and with it all before it: status has as many, and the run.
counted() {
	control GET "/api/v1/requests?limit=500"
	local chats
	chats=$(jq --arg id "$last" 'if any(.data[]; .id == $id) then .data | length else -1 end' <<<"$body")
	control GET /api/v1/status
	jq -e ".chats_today == $chats and .runs == 1" <<<"$body"
}
last=$(sed -n 's/^x-request-id: //p' <<<"$head")
becomes "status counts chats and runs" 60 counted
before=$(jq .chats_today <<<"$body")
kill_janusd
daemon
control GET /api/v1/status
same "after kill -9 too" "$before 1" "$(jq -r '"\(.chats_today) \(.runs)"' <<<"$body")"
until_true 60 answers janus || giveup "it answers again" "$status $body"
last=$(sed -n 's/^x-request-id: //p' <<<"$head")
becomes "and that is counted" 60 counted

browser_tests pages.test.js CONTROL="$runtime/janusd.sock" WORK="$work" SDK="$sdk"
