#!/usr/bin/env bash
#
# 48-ui-board.sh - the competition's numbers in a real browser: the board of measured competitors, a run as it is made, one item's frames.
. "$(dirname "$0")/lib.sh"

# A part of public/dev whose answers need no sandbox.
suites=$work/suites
mkdir -p "$suites/public/dev/files"
cp "$root/bench/suites/public/dev/files/"* "$suites/public/dev/files"
for kind in chat tools streaming cost research multimodal; do
	head -n 4 "$root/bench/suites/public/dev/$kind.jsonl" >"$suites/public/dev/$kind.jsonl"
done
jq -c '.counts = {chat: 4, research: 4, tools: 4, multimodal: 4, streaming: 4, cost: 4}' \
	"$root/bench/suites/public/dev/suite.json" >"$suites/public/dev/suite.json"

run reference "$lib/janus-opponent" reference --suite "$root/bench/suites/public/dev"
served() { grep -m 1 '^http://' "$work/$1.log"; }
until_true 60 served reference || giveup "the reference starts" "$(cat "$work/reference.log")"
start_platform
start_janusd JANUS_BENCH_SUITES_DIR="$suites" JANUS_BENCH_AUTOMATIC=false JANUS_BENCH_RUNNERS=4 JANUS_LEAD_CANARY_PERCENT=0

mixed() {	# NAME [OPTIONS...]: a competitor of tests/fake/mixed.py, submitted
	run "$1" python3 "$root/tests/fake/mixed.py" --of "$(served reference)" "${@:2}"
	until_true 60 served "$1" || giveup "$1 starts" "$(cat "$work/$1.log")"
	ctl submit url "$(served "$1")" --name "$1"
	[ "$code" = 0 ] || giveup "$1 is submitted" "$out" "$err"
}
begin() {	# NAME: a run over all items; sets id
	control POST /api/v1/runs "{\"competitor\":\"$1\",\"suite\":\"public/dev\",\"concurrency\":8}"
	[ "$status" = 202 ] || giveup "a run of $1 is made" "$status" "$body"
	id=$(jq -r .id <<<"$body")
}
ended() { control GET "/api/v1/runs/$1"; [ "$(jq -r '"\(.state) \(.is_whole)"' <<<"$body")" = "finished true" ]; }
ends() { until_true 240 ended "$1" || giveup "run $1 ends whole" "$body" "$(tail -n 5 "$state/runs/$1.log")"; }

mixed steady-heron --right 62 --first-ms 60 --piece-ms 4
mixed swift-owl --right 90 --first-ms 150 --piece-ms 6 --usage 5
mixed frugal-wren --right 45 --first-ms 30 --piece-ms 2
mixed patient-bear --right 78 --first-ms 700 --piece-ms 5 --stall-ms 2300 --usage 8

for name in steady-heron swift-owl frugal-wren patient-bear; do
	until_true 120 serves "$name" || giveup "$name is ready" "$(competitor "$name")" "$(cat "$work/$name.log")"
done

# The first leads until a better one was measured.
begin steady-heron; ends "$id"
champion_is() { control GET /api/v1/champion; [ "$(jq -r .competitor <<<"$body")" = "$1" ]; }
becomes "who is measured first leads" 60 champion_is steady-heron
ids=()
for name in swift-owl frugal-wren patient-bear steady-heron; do begin "$name"; ids+=("$id"); done
for id in "${ids[@]}"; do ends "$id"; done
becomes "until a better one is measured" 60 champion_is swift-owl
begin swift-owl; ends "$id"
on_the_board() {
	control GET /api/v1/leaderboard
	jq -e '.data | length == 4 and .[0].competitor == "swift-owl" and (.[0].runs | length) == 2' <<<"$body"
}
becomes "all are on the board" 60 on_the_board

# --- frames of an item, as the page asks for them ---
bear=${ids[2]}
control GET "/api/v1/runs/$bear/items?limit=500"
stalled=$(jq -r '[.data[] | select(.measured.max_gap_ms > 2000)][0].id' <<<"$body")
named=$(jq -r '[.data[] | select(.measured.max_gap_ms > 2000)][0].item' <<<"$body")
control GET "/api/v1/runs/$bear/items/$stalled/frames"
truth "the frames of an item are there, with their times" ".object == \"run_frames\" and .id == \"$stalled\" and (.is_cut | not) and .frames == (.data | length)
	and .data[0].kind == \"request\" and .data[-1].kind == \"end\" and ([.data[].t_ms] | . == sort)
	and ([.data[].t_ms] | [.[1:], .[:-1]] | transpose | map(.[0] - .[1]) | max) > 500 and .data[-1].t_ms > 2300" "$body"
frames=$(jq -c .data <<<"$body")
control GET "/api/v1/runs/$bear/items/$named/frames"
same "by the item's name, too" "$frames" "$(jq -c .data <<<"$body")"
control GET "/api/v1/runs/$bear/items/nothing/frames"
refused "of an item that is none" 404 resource_not_found
mv "$state/runs/$bear/frames.jsonl.gz" "$work/frames.gz"
head -c 2000 "$work/frames.gz" >"$state/runs/$bear/frames.jsonl.gz"
control GET "/api/v1/runs/$bear/items/$stalled/frames"
refused "frames that were cut" 409 invalid_state
mv "$state/runs/$bear/frames.jsonl.gz" "$state/runs/$bear/frames.sealed"
control GET "/api/v1/runs/$bear/items/$stalled/frames"
refused "frames that are sealed" 409 invalid_state
rm "$state/runs/$bear/frames.sealed"
control GET "/api/v1/runs/$bear/items/$stalled/frames"
refused "frames that are gone" 404 resource_not_found
mv "$work/frames.gz" "$state/runs/$bear/frames.jsonl.gz"

# --- votes, for the arena's table: until they make an order (who meets whom is drawn) ---
vote() {	# WINNER: in a battle of its own
	control POST /v1/arena '{"messages":[{"role":"user","content":"Which river flows through Prague?"}]}'
	control POST "/v1/arena/$(jq -r .id <<<"$body")/vote" "{\"winner\":\"$1\"}"
	[ "$status" = 200 ] || bad "a vote is taken" "$status $body"
}
ordered() {
	control GET /api/v1/arena/leaderboard
	jq -e '.agreement.kendall_tau_b != null' <<<"$body" || { vote a; false; }
}
for winner in a b a tie; do vote "$winner"; done
becomes "votes make an order, to be compared with the benchmark's" 120 ordered

ctl create key board --scopes read,chat,bench -o json
key=$(jq -r .secret <<<"$out")
ctl create key boss --kind ad -o json
boss=$(jq -r .secret <<<"$out")

browser_tests board.test.js KEY="$key" ADMIN="$boss" RUN="$bear" ITEM="$stalled" BEAR="${pids[patient-bear]}"
