#!/usr/bin/env bash
#
# 43-champion.sh - who scores best is tried, becomes model janus, and is rolled back when its chats fail.
. "$(dirname "$0")/lib.sh"

mkdir -p "$work/suites/public/dev"
printf '{"name":"public/dev","version":"1","title":"Two questions","scoring":"2026-11","counts":{"chat":2}}' >"$work/suites/public/dev/suite.json"
daemon() {	# this scenario is the worker of all runs
	start_janusd "JANUS_BENCH_SUITES_DIR=$work/suites" JANUS_BENCH_PROGRAM=/nonexistent JANUS_ROUTER_BREAKER_FAILURES=0 \
		JANUS_ROUTER_BREAKER_RATIO=0 JANUS_LEAD_CANARY_PERCENT=50 JANUS_LEAD_CANARY_REQUESTS=4
}
declare -A port=()
for name in owl bee; do
	port[$name]=$(free_port)
	run "$name" "$fake" --port "${port[$name]}"
	until_true 30 listens "${port[$name]}" || giveup "the upstream of $name starts" "$(cat "$work/$name.log")"
done
start_platform
daemon
for name in owl bee; do
	ctl submit url "http://127.0.0.1:${port[$name]}" --name "$name" --wait --timeout 60s
	[ "$code" = 0 ] || giveup "$name is accepted" "$out" "$err"
done

answered_by() { chat janus hello; [ "$status" = 200 ] && grep -q "^x-janus-competitor: $1$" <<<"$head"; }
champion() { control GET /api/v1/champion; jq -e "$1" <<<"$body"; }
measured() {	# NAME POINTS: a run over the whole suite that ends with that score, as a worker does it
	local run lease
	control POST /api/v1/runs "{\"competitor\":\"$1\",\"suite\":\"public/dev\"}"
	run=$(jq -r .id <<<"$body")
	[ "$status" = 202 ] || giveup "a run of $1 is made" "$status $body"
	leased() { control POST "/api/v1/runs/$run/lease" '{"worker":"scenario:1"}'; [ "$status" = 200 ]; }
	until_true 60 leased || giveup "the run of $1 is leased" "$status $body"
	lease=$(jq .lease <<<"$body")
	for item in one two; do
		control POST "/api/v1/runs/$run/items" "{\"lease\":$lease,\"result\":{\"object\":\"item\",\"id\":\"itm_$item\",\"item\":\"$item\",\"epoch\":0,\"attempt\":1,\"state\":\"passed\"}}"
		[ "$status" = 201 ] || giveup "an item of $1 is taken" "$status $body"
	done
	control POST "/api/v1/runs/$run/finish" "$(jq -nc --argjson lease "$lease" --argjson v "$2" \
		'{lease: $lease, state: "finished", report: {object: "evidence", state: "finished", is_whole: true, cost_from: "tokens",
			items: {expected: 2, counted: 2, passed: 2, failed: 0, excluded: 0},
			scores: ({composite: $v, quality: $v, speed: (100 - $v), cost: $v} | map_values({value: ., low: (. - 1), high: (. + 1)}))}}')"
	[ "$status" = 200 ] || giveup "the run of $1 ends" "$status $body"
}

# --- before any score ---
control GET /api/v1/leaderboard
truth "nobody has a score" '.data == [] and .champion == null and .decides' "$body"
check "model janus is the earliest that is ready" answered_by owl
for model in janus-fast janus-cheap; do
	chat $model hello
	has "$model is too" '^x-janus-competitor: owl' "$head"
done
ctl submit url "http://127.0.0.1:${port[owl]}" --name janus-fast
has "nobody else is named like it" 'reserved' "$err"

# --- the first champion ---
measured owl 60
becomes "with a score it is the champion" 60 champion '.competitor == "owl" and .canary == null and .serving == "owl"'
measured bee 60.5
board() { control GET /api/v1/leaderboard; jq -e "$1" <<<"$body"; }
becomes "both are on the board, with a range of ranks" 60 board '[.data[].competitor] == ["bee", "owl"] and all(.data[]; .rank.range == "1-2")'
truth "with evidence and history" '.data[0] | (.evidence | endswith("/evidence.tar.gz")) and (.history | length == 1) and .attempts == 2' "$body"
check "a little better is not enough" champion '.competitor == "owl" and .canary == null'
score_told() { ask "$url/metrics"; grep -qE '^janus_score_points\{competitor="bee",dimension="composite"\} 60.5$' <<<"$body"; }
becomes "scores are a metric" 60 score_told

# --- a better one: on trial first, over kill -9, then champion ---
measured bee 80
becomes "a better one is tried" 60 champion '.competitor == "owl" and .canary.competitor == "bee" and .canary.share == 50'
check "with its proof" champion '.canary.proof | .challenger.competitor == "bee" and .incumbent.competitor == "owl" and .significant
	and .difference.low > 0 and (.challenger.runs | length == 2) and .margin == 1'
kill_janusd
daemon
becomes "the trial survives kill -9" 60 champion '.competitor == "owl" and .canary.competitor == "bee"'
becomes "it gets a share of the chats" 60 answered_by bee
tried() { answered_by bee || true; champion '.competitor == "bee"'; }
becomes "and is promoted when they went well" 60 tried
becomes "its trial is on record" 60 champion '.canary == null and .champion.live.trial.chats >= 4 and .champion.live.trial.failed == 0
	and ([.history[].state] == ["reigning", "ended"])'
becomes "model janus is its" 60 answered_by bee
models() { ask "$url/v1/models"; jq -e "$1" <<<"$body"; }
becomes "models say so, with scores" 60 models '[.data[] | {(.id): .janus}] | add | .janus.competitor == "bee" and ."janus/owl".score == 60
	and .janus.score > 70 and ."janus-fast".competitor == "owl" and ."janus-cheap".competitor == "bee"'
fast_is() { chat janus-fast hello; grep -q "^x-janus-competitor: $1" <<<"$head"; }
becomes "and janus-fast is the fastest of those that are good enough" 60 fast_is owl

# --- it fails while it reigns ---
end bee KILL
failed=0
rolled_back() { answered_by owl || failed=$((failed + 1)); champion '.competitor == "owl"'; }
becomes "a champion whose chats fail is rolled back" 60 rolled_back
same "and no client noticed" 0 "$failed"
becomes "the record says why" 60 champion '.history | .[0].cause == "rollback" and .[1].state == "rolled_back" and .[1].end_reason == "live_errors"'
kill_janusd
daemon
becomes "after kill -9 too, and it is not tried again on the same runs" 60 champion '.competitor == "owl" and .canary == null'
becomes "model janus is the one before" 60 answered_by owl
control POST /api/v1/champion/promote '{"competitor":"owl"}'
refused "who is champion is not promoted" 409 invalid_state

# --- by hand ---
run bee "$fake" --port "${port[bee]}"
until_true 30 listens "${port[bee]}" || giveup "the upstream of bee starts again" "$(cat "$work/bee.log")"
promoted() { ctl promote champion bee; [ "$code" = 0 ]; }
becomes "another is promoted by hand" 60 promoted
becomes "at once" 60 answered_by bee
ctl rollback champion --dry-run
same "a dry run" 0 "$code"
check "changes nothing" champion '.competitor == "bee" and .champion.cause == "manual"'
ctl rollback champion
becomes "back to the one before" 60 champion '.competitor == "owl" and .champion.cause == "rollback"'
listed() { ctl list leaderboard --no-headers; grep -qE '^2 +owl +yes +60\.0' <<<"$out"; }
becomes "janusctl list leaderboard" 60 listed
ctl show champion
has "janusctl show champion" 'bee +rolled_back +manual' "$out"
ctl list events --limit 0 --output jsonl
for action in canary promote rollback; do
	has "the audit has champion.$action" "\"champion.$action\"" "$out"
done
ctl verify events
same "and is whole" 0 "$code"
