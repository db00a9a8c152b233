#!/usr/bin/env bash
#
# 40-bench.sh - janus-bench asks a competitor behind Janus: scored, recorded, gated; killed, interrupted and gone on with; nobody there.
. "$(dirname "$0")/lib.sh"

images link baseline
start_platform
# shellcheck source=tests/scenario/collector.sh
. "$root/tests/scenario/collector.sh"
daemon() {
	start_janusd JANUS_BENCH_SUITES_DIR="$root/bench/suites" JANUS_BENCH_AUTOMATIC=false JANUS_BENCH_LEASE=2s \
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:$collector_port"
}
daemon
accept janus/baseline-agent:latest baseline-agent
export JANUS_BENCH_SUITES=$root/bench/suites XDG_STATE_HOME=$work/home

# bench NAME [OPTIONS...]: a run; sets code, and $work/NAME.{json,out,err}, with the evidence in $work/NAME
bench() {
	code=0
	"$bin/janus-bench" run --target "$url" --model janus/baseline-agent --no-progress --evidence "$work/$1" \
		--output "$work/$1.json" "${@:2}" >"$work/$1.out" 2>"$work/$1.err" || code=$?
}
report() { cat "$work/$1.json"; }
lines() { wc -l 2>/dev/null <"$work/$1/items.jsonl" || echo 0; }
lines_are() { [ "$(lines "$1")" -ge "$2" ]; }
once() {	# is each item of NAME's evidence there once?
	[ "$(jq -r '"\(.item) \(.epoch)"' "$work/$1/items.jsonl" | sort | uniq -d | wc -l)" = 0 ]
}

# --- a run ------------------------------------------------------------------------------
bench a --subset 20 --concurrency 4
same "a sample of public/dev is asked and scored" 0 "$code"
truth "  all of it, but for code that nothing could run" '.items.expected == .items.counted + .items.excluded and .items.counted > 15
	and all(.excluded[]; .code == "no_sandbox" and .fault == "platform") and (.is_whole | not)' "$(report a)"
truth "  with intervals, and weights that sum to 100" '(.scores.composite | .low <= .value and .value <= .high) and (([.weights[]] | add) - 100 | fabs) < 1e-9' "$(report a)"
truth "  by the platform's count of what it cost" '.cost_from == "metered"' "$(report a)"
has "  and a table" 'composite' "$(cat "$work/a.out")"
check "its evidence is what was signed" "$bin/janus-bench" verify "$work/a"
check "  and gives the same scores again" "$bin/janus-bench" replay "$work/a"
bench again --subset 20 --concurrency 4
same "the same seed asks the same" "$(jq -r .item "$work/a/items.jsonl" | sort)" "$(jq -r .item "$work/again/items.jsonl" | sort)"
same "  and gives the same quality" "$(report a | jq .scores.quality.value)" "$(report again | jq .scores.quality.value)"
bench lines --subset 5 --output-format jsonl
truth "lines of JSON where they are asked for" 'all(.object == "item" or .object == "report") and (last | .object == "report")' "$(jq -sc . "$work/lines.out")"
bench gated --subset 5 --gate 'score>=0' --gate 'quality>=100'
same "a gate that does not hold has a code of its own" 9 "$code"
has "  and says so" 'Gate: quality is' "$(cat "$work/gated.err")"

# --- killed, and gone on with ----------------------------------------------------------------
for i in 1 2 3; do
	run killed "$bin/janus-bench" run --target "$url" --model janus/baseline-agent --no-progress --epochs 3 --evidence "$work/k"
	until_true 60 lines_are k $((i * 10)) || bad "a run gets on" "$(cat "$work/killed.log")"
	end killed KILL
done
before=$(lines k)
bench k --epochs 3
same "a run that was killed three times ends" 0 "$code"
truth "  with all of its items" '.items.expected == .items.counted + .items.excluded' "$(report k)"
check "  each of them once" once k
same "  and asked nothing again that was there" "$(report k | jq .items.expected)" "$(lines k)"
below "  which had been so many" "$(lines k)" "$before"
check "  its evidence is whole" "$bin/janus-bench" verify "$work/k"
bench k --epochs 3 --seed 7
same "another run has no place there" 5 "$code"

# --- interrupted --------------------------------------------------------------------------------
run interrupted "$bin/janus-bench" run --target "$url" --model janus/baseline-agent --no-progress --epochs 3 --evidence "$work/i"
until_true 60 lines_are i 3 || bad "a run gets on" "$(cat "$work/interrupted.log")"
end interrupted INT
same "who interrupts it finds what it did" cancelled "$(jq -r .state "$work/i/manifest.json")"
check "  signed like any" "$bin/janus-bench" verify "$work/i"

# --- nobody there, and nobody allowed ---------------------------------------------------------------
code=0
"$bin/janus-bench" run --target "http://127.0.0.1:$(free_port)" --evidence "$work/down" >"$work/down.out" 2>"$work/down.err" || code=$?
same "nobody there: a code of its own" 6 "$code"
has "  and the reason" target_down "$(cat "$work/down.err")"
check "  and no evidence of anything" [ ! -e "$work/down" ]
bench gone --subset 5 --model janus/nobody
same "no such competitor: not found" 3 "$code"
truth "  said in its manifest" '.state == "failed" and .code == "model_not_found"' "$(cat "$work/gone/manifest.json")"

# --- for the daemon: leased, killed with it, and gone on with ------------------------------------------
shown() { ctl show run "$id" --output json; [ "$code" = 0 ] && jq -r "$1" <<<"$out"; }
done_are() { [ "$(shown .progress.done)" -ge "$1" ]; }
worker() { pgrep -f "janus-bench work .*--run $id" || true; }
ctl run bench --competitor baseline-agent --suite public/dev --epochs 3 -q
same "a run is made" 0 "$code"
id=$out
for i in 1 2 3; do
	until_true 60 done_are $((i * 10)) || bad "the run gets on" "$(shown .)" "$(tail -n 5 "$state/runs/$id.log")"
	case $i in
	1) kill -KILL "$(worker)" || true ;;
	2) kill_janusd; daemon ;;
	3) kill_janusd; kill -KILL "$(worker)" || true; daemon ;;
	esac
done
ctl wait run "$id" --timeout 180s
same "a run whose worker and daemon were killed ends" 0 "$code"
same "  finished, and whole" 'finished true' "$(shown '"\(.state) \(.is_whole)"')"
# Both of its last item.
of_run() { spans | jq -sc "[.[] | select(.name == \"$1\" and any(.attributes[]; .value.stringValue == \"$id\"))] | last"; }
measured() { [ "$(of_run score | jq .parentSpanId)" = "$(of_run bench.item | jq .spanId)" ] && [ "$(of_run score)" != null ]; }
becomes "  its items are spans, of which the scoring is a part" 30 measured
truth "    with what came of it" '.events[0] | .name == "gen_ai.evaluation.result" and ([.attributes[].key] -
	["gen_ai.evaluation.name", "gen_ai.evaluation.score.value", "gen_ai.evaluation.score.label", "gen_ai.evaluation.explanation"] == [])' "$(of_run bench.item)"
has "  by the platform's count, as far as that lived" '^(metered|mixed)$' "$(shown .cost_from)"
check "  by several workers" [ "$(shown .lease)" -ge 2 ]
items=$(shown .progress.total)
control GET "/api/v1/runs/$id/items?limit=500"
same "  each item is there once" "$items $items" "$(jq -r '[(.data | length), ([.data[] | [.item, .epoch]] | unique | length)] | join(" ")' <<<"$body")"
dir=$state/runs/$id
check "  its evidence is what was signed" "$bin/janus-bench" verify "$dir"
check "  and gives the same scores again" "$bin/janus-bench" replay "$dir"
curl -sS --unix-socket "$runtime/janusd.sock" "http://janus/api/v1/runs/$id/evidence.tar.gz" -o "$work/evidence.tar.gz"
check "  as the daemon gives it, too" "$bin/janus-bench" verify "$work/evidence.tar.gz"
same "  nothing in what was asked tells of a benchmark" 0 "$(zcat "$dir/frames.jsonl.gz" | jq -r 'select(.kind == "request") | .bytes' | grep -ciE 'bench|itm_|run_01' || true)"
