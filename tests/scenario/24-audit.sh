#!/usr/bin/env bash
#
# 24-audit.sh - what was decided: who, what, why, before and after; as it happens; and a record that shows tampering.
. "$(dirname "$0")/lib.sh"

port=$(free_port)
run fake "$fake" --port "$port"
until_true 30 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
start_janus
run follow "$bin/janusctl" list events -f -o jsonl

ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 180s
same "a submission" 0 "$code"
ctl stop competitor dev
same "and a stop" 0 "$code"
ctl list events --limit 0 -o json
truth "the stop says who, what, before and after" '.data[] | select(.action == "competitor.stop") |
	.actor == "admin" and (.before | startswith("running ver_")) and (.after | startswith("stopped ver_"))
	and (.request_id | length > 8)' "$out"
truth "a state says why" '[.data[] | select(.action == "submission.state" and .after == "ready")][0] | .before == "conforming"' "$out"
followed() { grep -q '"competitor.stop"' "$work/follow.log"; }
becomes "a follower has seen it" 40 followed
kill_janusd
start_janusd
ctl start competitor dev
# Events go on while dev starts: the list is compared with what was verified right after it.
sealed() {
	ctl list events --limit 0 -o jsonl
	printf '%s\n' "$out" >"$work/events.jsonl"
	ctl verify events -o json
	[ "$code" = 0 ] && jq -e ".ok and .events == $(wc -l <"$work/events.jsonl") and .unsealed == 0 and (.head | startswith(\"sha256:\"))" <<<"$out" >/dev/null
}
becomes "the record is whole, over a crash too, and all of it is sealed" 40 sealed
ctl verify events "$work/events.jsonl"
same "so is what was exported" 0 "$code"
jq -c 'if .action == "competitor.stop" then .actor = "nobody" else . end' \
	"$work/events.jsonl" >"$work/changed.jsonl"
ctl verify events "$work/changed.jsonl" -o json
same "a changed one is found" 9 "$code"
truth "and named" '.broken | test("evt_[0-9a-z]+ was changed")' "$out"
grep -v '"competitor.stop"' "$work/events.jsonl" >"$work/removed.jsonl"
ctl verify events "$work/removed.jsonl"
same "a removed one is found" 9 "$code"
has "by its neighbour" 'was removed, added or moved' "$out"
printf 'nonsense\n' >"$work/bad.jsonl"
ctl verify events "$work/bad.jsonl"
same "what is no export is said so" 2 "$code"
has "with file and line" 'bad.jsonl:1' "$err"
end follow
