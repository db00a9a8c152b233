#!/usr/bin/env bash
#
# 42-schedule.sh - runs and schedules on a real daemon, with a worker that asks nobody anything: made,
# leased, killed, cancelled, refused, and made by the clock.
. "$(dirname "$0")/lib.sh"

port=$(free_port)
suites=$work/suites
mkdir -p "$suites/public/dev"
jq -nc '{name: "public/dev", version: "2026.11", title: "Eight of them", scoring: "2026-11", counts: {chat: 8}}' \
	>"$suites/public/dev/suite.json"
printf '{"id":"item-00"}\n' >"$suites/public/dev/chat.jsonl"
digest="sha256:$(cd "$suites/public/dev" && for f in chat.jsonl suite.json; do
	printf '%s  %s\n' "$(sha256sum <"$f" | cut -d' ' -f1)" "$f"
done | sha256sum | cut -d' ' -f1)"

daemon() {	# [VARIABLE=VALUE...]
	start_janusd JANUS_BENCH_PROGRAM="$root/tests/fake/bench.py" JANUS_BENCH_SUITES_DIR="$suites" \
		JANUS_ROUTER_LOOPS=1 "$@"
}
told() { printf '%s\n' "$@" >"$suites/fake"; }	# what workers do from now on
hold() { printf '%s\n' "$1" >"$suites/hold.new" && mv "$suites/hold.new" "$suites/hold"; }	# they go no further than so many items
go_on() { rm "$suites/hold"; }
run fake "$fake" --port "$port"
until_true 30 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
start_platform
daemon

shown() { ctl show run "$1" --output json; }
field() { shown "$1" && jq -r "$2" <<<"$out"; }
state_is() { [ "$(field "$1" .state)" = "$2" ]; }
done_is() { [ "$(field "$1" .progress.done)" -ge "$2" ]; }
items_of() { control GET "/api/v1/runs/$1/items?limit=500"; }
each_once() {	# WHAT RUN N: every item is there, and once
	items_of "$2"
	same "$1" "$3 $3" "$(jq -r '[(.data | length), ([.data[].item] | unique | length)] | join(" ")' <<<"$body")"
}
begin() {	# [OPTIONS]: sets id
	ctl run bench --competitor dev "$@" -q
	[ "$code" = 0 ] || giveup "a run is made" "exit $code" "$err"
	id=$out
}

# --- what was accepted is measured by itself ---
ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 60s
[ "$code" = 0 ] || giveup "the fake upstream is ready" "$out" "$err"
made() { ctl list runs -q; [ "$(wc -w <<<"$out")" = 1 ]; }
becomes "a submission that was accepted makes a run" 30 made
id=$out
ctl wait run "$id" --timeout 60s
same "and is measured" 0 "$code"
has "its end is told" 'has finished' "$err"
has "with its score" '87\.[67] of 100' "$err"
shown "$id"
truth "the run knows its cause, suite and scores" ".reason == \"submission\" and .submission_id != null
	and .suite == \"public/dev\" and .suite_digest == \"$digest\" and .scoring == \"2026-11\" and .is_whole
	and .scores.composite.value == 87.65 and .state == \"finished\" and .lease == 1 and .requeues == 0" "$out"
each_once "each item is there once" "$id" 8
named() { ctl show submission dev --output json; jq -e ".run_id == \"$id\" and .score == 87.65 and .state == \"ready\"" <<<"$out"; }
becomes "its submission names it" 30 named
control GET "/api/v1/runs/$id/report"
truth "its report is the manifest" '.object == "evidence" and .is_whole' "$body"
curl -sf --unix-socket "$runtime/janusd.sock" "http://janus/api/v1/runs/$id/evidence.tar.gz" | tar tz >"$work/names"
has "its evidence comes as an archive" 'manifest.json' "$(cat "$work/names")"
ctl logs "$id"
has "its worker's messages are shown" "worker [0-9]+ of $id" "$out"
revoked() {
	ctl list keys --output json
	jq -e '[.data[] | select(.name | startswith("bench-")) | .state == "revoked" and .scopes == ["read", "bench"]] == [true]' <<<"$out"
}
becomes "its key is revoked, and was for benchmarks and reading" 30 revoked
no_key_file() { [ "$(find "$state/runs" -name '*.key' | wc -l)" = 0 ]; }
becomes "the key's file is gone" 30 no_key_file
ctl list suites --output json
truth "the suite is listed" ".data | length == 1 and .[0].name == \"public/dev\" and .[0].digest == \"$digest\" and .[0].items == 8" "$out"

# --- what cannot be is said when it is asked for ---
ctl run bench --competitor dev --suite public/none
same "an unknown suite" 3 "$code"
has "it names those there are" 'public/dev' "$err"
ctl run bench --competitor nobody
same "an unknown competitor" 3 "$code"
control POST /api/v1/runs '{"competitor":"dev","seed":9007199254740993}'
refused "[J07] a seed that is too large" 400 invalid_value
control POST /api/v1/runs '{"competitor":"dev","subset_percent":0}'
refused "no items" 400 invalid_value
control POST /api/v1/runs '{"competitor":"dev","epochs":1.5}'
refused "half an epoch" 400 invalid_value
ctl run bench --competitor dev --dry-run -o json
truth "a trial makes none" '.dry_run and .suite == "public/dev"' "$out"
for bad in '"0 0 31 2 *"' '"61 * * * *"' '"@reboot"' '7'; do
	control POST /api/v1/schedules "{\"competitor\":\"all\",\"cron\":$bad}"
	refused "[J02] a cron of $bad" 400 invalid_value
done
for bad in Europe/Atlantis ../../etc/passwd; do
	control POST /api/v1/schedules "{\"competitor\":\"all\",\"cron\":\"@daily\",\"tz\":\"$bad\"}"
	refused "[J02] the zone $bad" 400 invalid_value
	same "[J02] it is about the zone" tz "$(jq -r .error.param <<<"$body")"
done

# --- workers and daemons that are killed: it completes, and nothing is there twice ---
told items=12
hold 2
begin
worker() { cat "$state/runs/$id/pid"; }
becomes "[J04] two items are done" 30 done_is "$id" 2
hold 5
kill -KILL "$(worker)"
becomes "[J04] a worker is killed: another goes on" 60 done_is "$id" 5
lease=$(field "$id" .lease)
kill_janusd
hold 7
daemon
becomes "[J04] the daemon is killed: its worker goes on" 60 done_is "$id" 7
same "[J04] by the lease it has" "$lease" "$(field "$id" .lease)"
old=$(worker)
kill -STOP "$old"
kill_janusd
go_on
daemon JANUS_BENCH_LEASE=2s
ctl wait run "$id" --timeout 120s
same "[J04] the daemon is killed while the worker sleeps: it completes" 0 "$code"
ended() { ! kill -0 "$old" 2>/dev/null || grep -q '^State:[[:space:]]*Z' "/proc/$old/status"; }
becomes "[J04] and who slept is ended" 30 ended
each_once "[J04] nothing is doubled and nothing missing" "$id" 12
same "[J04] nor in the evidence" 12 "$(jq -r .item "$state/runs/$id/items.jsonl" | sort -u | wc -l)"
has "[J04] under a new lease" '^[3-9]$' "$(field "$id" .lease)"
told items=3 fault=hang=1
begin --wait
same "[J05] a worker that hangs loses its lease, and another ends the run" 0 "$code"
each_once "[J05] with every item once" "$id" 3
has "[J05] its lease was counted" '^janus_lease_expirations_total [1-9]' "$(curl -sf "$url/metrics")"
end janusd
daemon

# --- cancel, twice, and what it says after the end ---
told items=12
hold 1
begin
becomes "a run is under way" 30 done_is "$id" 1
control POST "/api/v1/runs/$id/lease" '{"worker":"other:1"}'
refused "[J06] a run that has a worker takes no second" 409 invalid_state
control POST "/api/v1/runs/$id/items" '{"lease":99,"result":{"item":"x","state":"passed"}}'
refused "[J04] a number that is not the lease's writes nothing" 409 lease_lost
first=$id
begin
truth "[J03] the next of the same competitor waits for it, with a reason" \
	'.state == "queued" and .state_reason == "queued_behind_run"' "$(shown "$id" && echo "$out")"
ctl cancel run "$id"
becomes "one that waits is cancelled at once" 30 state_is "$id" cancelled
ctl cancel run "$first"
same "one that runs is cancelled" 0 "$code"
ctl cancel run "$first"
same "[J06] and again" 0 "$code"
becomes "its worker ends it" 30 state_is "$first" cancelled
items_of "$first"
truth "what it measured is kept" '.data | length >= 1 and length < 12' "$body"
ctl cancel run "$first"
same "[J06] after its end, too" 0 "$code"

# --- workers that say nothing, send all twice, or say that it failed ---
go_on
told items=3 fault=silent
begin --wait
truth "[J04] one whose heartbeats no daemon lived to hear has its total from its report" \
	'.progress.done == 3 and .progress.total == 3' "$(shown "$id" && echo "$out")"
told items=3 fault=twice
begin --wait
same "[J06] items that come twice" 0 "$code"
each_once "[J06] are there once" "$id" 3
told items=3 fault=fail
begin
ctl wait run "$id"
same "a run that failed" 1 "$code"
truth "says why, and keeps what there is" '.code == "told_to" and .fault == "miner" and .state == "failed"
	and (.is_whole | not)' "$(shown "$id" && echo "$out")"
each_once "its item is kept" "$id" 1

# --- [J01] ticks that were missed ---
ctl schedule bench --cron '0 3 * * *' --tz Europe/Prague --competitor all --jitter 0s -o json
same "a schedule is made" 0 "$code"
schedule=$(jq -r '.data[0].id // .id' <<<"$out")
ctl schedule bench --cron '0 3 29 2 *' --competitor all --dry-run -o json
truth "a trial tells the next five times" '.next_at == .next_times[0] and (.next_times | length == 5
	and all(test("-02-29T03:00:00.000Z$")) and . == (sort | unique))' "$out"
ctl schedule bench --cron '@yearly' --competitor dev --missed skip -q
skipped=$out
ctl list schedules -o json
truth "both are listed with their next time" '.data | length == 2 and all(.next_at != null and .state == "active")' "$out"
end janusd
python3 - "$state/janus.db" "$schedule" "$skipped" <<'P'
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE schedules SET looked_at_ms = ? WHERE id IN (?, ?)",
           ((int(time.time()) - 800 * 86400) * 1000, sys.argv[2], sys.argv[3]))
db.commit()
P
told items=2
daemon
ticked() {
	ctl list runs -o json
	[ "$(jq "[.data[] | select(.schedule_id == \"$schedule\")] | length" <<<"$out")" = 1 ]
}
becomes "[J01] after years, one run for all that was missed" 60 ticked
id=$(jq -r ".data[] | select(.schedule_id == \"$schedule\") | .id" <<<"$out")
ctl wait run "$id" --timeout 60s
same "[J01] and it is measured" 0 "$code"
end janusd
daemon
ctl list runs -o json
same "[J01] once, and not again after a restart" 1 "$(jq "[.data[] | select(.schedule_id == \"$schedule\")] | length" <<<"$out")"
same "[J01] the other skips what it missed" 0 "$(jq "[.data[] | select(.schedule_id == \"$skipped\")] | length" <<<"$out")"
ctl remove schedule "$schedule" --yes
same "a schedule is removed" 0 "$code"
ctl list schedules -q
same "and is gone" "$skipped" "$out"

# --- its competitor goes while it runs ---
told items=50
hold 1
begin
becomes "a run is under way once more" 30 done_is "$id" 1
ctl remove competitor dev --yes
becomes "[J05] its competitor is removed: it fails" 30 state_is "$id" failed
truth "[J05] with a code and whose fault, and keeps its items" \
	'.code == "competitor_removed" and .fault == "client" and .progress.done >= 1' "$(shown "$id" && echo "$out")"
metrics=$(curl -sf "$url/metrics")
has "runs are counted by state" '^janus_bench_runs\{suite="public/dev",state="finished"\} [1-9]' "$metrics"
has "and items" '^janus_bench_items_total\{suite="public/dev",result="passed"\} [1-9]' "$metrics"
ctl verify events
same "the record of what was decided is whole" 0 "$code"
