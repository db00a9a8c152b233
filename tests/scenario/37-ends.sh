#!/usr/bin/env bash
#
# 37-ends.sh - competitors that will not end, that end under a hundred streams, and that live in another time.
. "$(dirname "$0")/lib.sh"

hostile undead trickle=6 dated
start_janus
accept hostile-undead:latest undead
accept hostile-undead:latest sleeper
accept hostile-trickle-6:latest stream
accept hostile-dated:latest dated
said() { jq -r '.choices[0].message.content' <<<"$body"; }

# [F08] another clock zone, language and date in the image and in its answers: no effect
from=$(date -u +%s)
chat janus/dated "what is the date?"
same "one that lives in another time answers" 200 "$status"
has "in our zone, whatever its image says" '^TZ=UTC LANG=tr_TR.ISO-8859-9 hours ([0-9]+) \1$' "$(said)"
listed() { control GET "/api/v1/requests?competitor=dated&limit=1"; [ "$(jq '.data | length' <<<"$body")" = 1 ]; }
becomes "the chat is kept" 30 listed
truth "the time of the chat is ours" ".data[0] | (.created_at | sub(\"\\\\..*\"; \"Z\") | fromdate) as \$at |
	\$at >= $from - 1 and \$at <= $from + 60 and .duration_ms >= 0 and .duration_ms < 60000" "$body"
dated_log() { ctl logs dated -n 1 -o jsonl; jq -e "$1" <<<"$out"; }
becomes "and so is that of its log" 30 dated_log "(.ts | sub(\"\\\\..*\"; \"Z\") | fromdate) >= $from - 60"

# [F06] TERM ignored, daemons, zombies, paused when asked to stop: killed after the grace, and gone
pod_of() { containers "select(.Labels[\"rodeo.janus.competitor\"] == \"$1\" and .Labels[\"rodeo.janus.role\"] != \"link\") | .Id"; }
processes() { api GET "/containers/$(pod_of "$1")/top?ps_args=-eo+pid,stat" | jq -r '.Processes[] | join(" ")'; }
ctl update competitor sleeper --set activation=frozen --set idle=10m
ctl freeze competitor sleeper
becomes "one of them sleeps" 30 competitor_is sleeper frozen
paused() { [ "$(api GET "/containers/$(pod_of sleeper)/json" | jq -r .State.Status)" = paused ]; }
becomes "and is paused" 60 paused
all_of_them() {	# daemons are born while it answers already
	them=$(processes undead)$'\n'$(processes sleeper)
	them+=$'\n'$(ps -o pid=,stat= --ppid "$(awk '{ print $1 }' <<<"$them" | paste -sd,)")
	them=$(awk '{ print $1, $2 }' <<<"$them" | sort -u -k 1,1)
	[ "$(grep -vc Z <<<"$them") $(grep -c Z <<<"$them")" = "10 24" ]
}
until_true 30 all_of_them || true
same "they have daemons, and zombies" "10 24" "$(grep -vc Z <<<"$them") $(grep -c Z <<<"$them")"
declare -A instance=()
for name in undead sleeper; do
	instance[$name]=$(instance_of "$name" | jq -r .id)
	ctl stop competitor "$name"
	same "$name is told to stop" 0 "$code"
done

# [F07] a hundred streams while it dies, is replaced, drains, and dies while it drains
active() { curl -s "$url/metrics" | awk '/^janus_streams_active/ { n += $2 } END { print n + 0 }'; }
for ((i = 0; i < 100; i++)); do
	printf 'url = "%s/v1/chat/completions"\noutput = "%s/stream.%d"\n' "$url" "$work" "$i"
done >"$work/hundred"
hundred() {	# begin them, and wait until all of them run
	rm -f "$work"/stream.*
	run hundred curl -sN -Z --parallel-immediate --parallel-max 100 --max-time 60 -K "$work/hundred" \
		-H 'content-type: application/json' -d '{"model":"janus/stream","stream":true,"messages":[{"role":"user","content":"trickle"}]}'
	all_run() { [ "$(active)" = 100 ] && [ "$(find "$work" -name 'stream.*' -size +0 | wc -l)" = 100 ]; }
	becomes "a hundred streams run" 30 all_run
}
well=0 died=0
ended() {	# WHAT WELL DIED: so many came to their end, so many were told that it died; all of them end once
	local n_well n_died once
	until_true 60 gone hundred
	unset 'pids[hundred]'
	n_well=$(awk 'FNR == 1 { n += well; well = 0 } /"finish_reason":"stop"/ { well = 1 } /"error":/ { well = 0; nextfile } END { print n + well }' "$work"/stream.*)
	n_died=$(cat "$work"/stream.* | grep -c '"code":"upstream_died"' || true)
	once=$(for each in "$work"/stream.*; do printf '%s %s\n' "$(grep -c '^data: \[DONE\]' "$each")" "$(tail -n 2 "$each" | head -n 1)"; done | sort | uniq -c | tr -s ' ')
	same "$1: $2 end well" "$2" "$n_well"
	same "$1: $3 are told that it died" "$3" "$n_died"
	same "$1: each ends once" " 100 1 data: [DONE]" "$once"
	well=$((well + n_well)) died=$((died + n_died))
}
kill_it() { api POST "/containers/$(pod_of stream)/kill" >/dev/null; }

hundred
kill_it
ended "it dies" 0 100
becomes "a new one takes over" 60 answers janus/stream
kept() { control GET "/api/v1/requests?competitor=stream&code=$1&limit=1"; [ "$(jq -r '.data[0].code' <<<"$body")" = "$1" ]; }
becomes "and the chats are kept for what they were" 30 kept upstream_died

hundred
ctl restart competitor stream
check "while it is replaced another chat is answered" answers janus/stream
ended "it is replaced" 100 0
becomes "the new one is ready" 30 competitor_is stream ready

hundred
ctl stop competitor stream
unknown() { chat janus/stream hello; [ "$status" = 404 ]; }
until_true 10 unknown || true	# its route goes a moment after the answer
refused "while it drains nobody new is sent to it" 404 model_not_found
ended "it drains" 100 0
becomes "then it is stopped" 30 competitor_is stream stopped
ctl start competitor stream
becomes "and started" 30 serves stream

hundred
ctl stop competitor stream
kill_it
ended "it dies while it drains" 0 100
becomes "and stays stopped" 30 competitor_is stream stopped

same "400 streams" 400 "$((well + died))"
outcome() { awk -v o="outcome=\"$1\",stream=\"true\"" '/^janus_chat_requests_total/ && /competitor="stream"/ && index($0, o) { n += $2 } END { print n + 0 }' "$work/metrics"; }
counted() { curl -s "$url/metrics" >"$work/metrics"; [ "$(outcome ok) $(outcome upstream_died) $(active)" = "$well $died 0" ]; }
until_true 30 counted || true
same "counted: those that ended well" "$well" "$(outcome ok)"
same "counted: those whose competitor died" "$died" "$(outcome upstream_died)"
same "none runs any more" 0 "$(active)"

# [F06] killed after the grace of 10 s; 2 s later nothing of it is left, on the engine or as a process
lasted() {	# INSTANCE: ms from draining to absent, by the log
	jq -rs --arg id "$1" 'def at: (.[0:19] + "Z" | fromdate) * 1000 + (.[20:23] | tonumber);
		[.[] | select(.msg == "instance.state" and .instance_id == $id)] |
		(map(select(.to == "absent"))[0].ts | at) - (map(select(.to == "draining"))[0].ts | at)' <(grep '^{' "$work/janusd.log")
}
slack=10000	# 2 s on a quiet machine
for name in undead sleeper; do
	becomes "$name is stopped" 30 competitor_is "$name" stopped
	no_pod() { [ -z "$(pod_of "$name")" ]; }
	becomes "$name: no container of it is left" 30 no_pod
	took=$(lasted "${instance[$name]}")
	if [ "$took" -ge 9500 ]; then ok "$name had its grace: $took ms"; else bad "$name had its grace" "$took ms"; fi
	below "$name: ms until it was gone" $((10000 + slack)) "$took"
	becomes "$name: nor its directory" 30 test ! -e "$runtime/pods/${instance[$name]}"
done
left() { while read -r pid _; do [ ! -e "/proc/$pid" ] || echo "$pid"; done <<<"$them"; }
none_left() { [ -z "$(left)" ]; }
becomes "nor a process of theirs" 30 none_left
