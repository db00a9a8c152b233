#!/usr/bin/env bash
#
# churn.sh - many streams for a long time, while competitors are killed, paused, restarted and replaced.
#
# churn.sh [SECONDS [STREAMS [REPORT]]]
#
# Six competitors: five endpoints, each of two processes that take turns as its versions, and a pod where
# there is an engine.  Every stream must end with [DONE] or a typed error, or its client has left; memory
# must be flat after the first minute, no descriptor may be lost, and /metrics must add up to the clients'
# own books.  With REPORT, a file, what was seen is written there.
seconds=${1:-600} streams=${2:-10000} report=${3:-}
. "$(dirname "$0")/../scenario/lib.sh"
own=$tests/bench
gap=1000 # between a stream's events, in milliseconds
[ "$seconds" -ge 60 ] || gap=250

# janusd needs two descriptors a stream, and some for itself; a pod's share of them is half.
files=$(ulimit -Hn)
ulimit -n "$files"
most=$(((files - 1000) / 2))
if [ "$streams" -gt "$most" ]; then
	printf '     %d streams: %d descriptors are allowed\n' "$most" "$files"
	streams=$most
fi

declare -A ports=()
names=(ant bee cat dog eel)
upstream_of() { run "$1" "$own/upstream" "${ports[$1]}"; }
for name in "${names[@]}"; do
	for version in 1 2; do
		ports[$name$version]=$(free_port)
		upstream_of "$name$version"
		until_true 10 listens "${ports[$name$version]}" || giveup "an upstream starts" "$(cat "$work/$name$version.log")"
	done
done
start_platform
start_janusd JANUS_ROUTER_CONCURRENCY=$((streams / 3 + 1)) JANUS_ROUTER_GAP_TIMEOUT=5s JANUS_ROUTER_FIRST_BYTE_TIMEOUT=5s \
	JANUS_STREAM_RESUME_TTL=45s JANUS_LOG_LEVEL=warn
pid=${pids[janusd]}
for name in "${names[@]}"; do
	ctl submit url "http://127.0.0.1:${ports[${name}1]}" --name "$name" --wait --timeout 60s
	[ "$code" = 0 ] || giveup "$name is accepted" "$out" "$err"
done
images link
"$root/tests/bench/pod.sh" --engine "$engine" >"$work/images.log" 2>&1 || giveup "an image of the upstream" "$(tail "$work/images.log")"
accept bench-upstream:latest fox
models=(janus janus/fox)
for name in "${names[@]}"; do models+=("janus/$name"); done

descriptors() { find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l; }
metrics() {	# of chats, without their names: "chat OUTCOME N", "status CODE N", "resumed N"
	curl -sS "$url/metrics" | awk '
		function label(name) { return match($0, name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 3) : "" }
		/^janus_chat_requests_total/ && label("stream") == "true" { n["chat " label("outcome")] += $NF }
		/^janus_http_requests_total/ && label("route") == "/v1/chat/completions" && label("method") == "POST" { n["status " label("code")] += $NF }
		/^janus_streams_resumed_total/ { n["resumed"] += $NF }
		/^janus_streams_active/ { n["active"] += $NF }
		END { for (k in n) print k, n[k] }'
}
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"; }

metrics >"$work/metrics-before"
fds_before=$(descriptors)
room() { awk '/^FDSize/ { print $2 }' "/proc/$pid/status"; }	# in the kernel's table: all loops stop while it grows
room_before=$(room)
run churn "$own/churn" "$JANUS_PORT" "$streams" "$seconds" "$gap" "${models[@]}"

# --- what happens underneath ---------------------------------------------------------

declare -A back_at=() version_of=() did=([killed]=0 [paused]=0 [replaced]=0 [rolled_back]=0 [pod_killed]=0)
replaced() {	# NAME: by its other process; conformance goes on in the background
	local name=$1
	version_of[$name]=$((3 - ${version_of[$name]:-1}))
	if "$bin/janusctl" submit url "http://127.0.0.1:${ports[$name${version_of[$name]}]}" --name "$name" -q >>"$work/replace.log" 2>&1 </dev/null; then
		did[replaced]=$((did[replaced] + 1))
	fi
}
disturb() {
	local name=${names[RANDOM % ${#names[@]}]} version
	version=$name$((RANDOM % 2 + 1))
	case $((RANDOM % 8)) in
	0 | 1)	# killed, and started again a little later
		[ -z "${back_at[$version]:-}" ] || return 0
		kill -KILL "${pids[$version]}"
		back_at[$version]=$((SECONDS + 1 + RANDOM % 3)) did[killed]=$((did[killed] + 1))
		;;
	2 | 3 | 4)	# paused: for less, or more, than the longest silence it may have
		[ -z "${back_at[$version]:-}" ] || return 0
		kill -STOP "${pids[$version]}"
		back_at[$version]=$((SECONDS + 1 + RANDOM % 8)) did[paused]=$((did[paused] + 1))
		;;
	5) replaced "$name" ;;
	6)
		if "$bin/janusctl" rollback competitor "$name" >>"$work/rollback.log" 2>&1 </dev/null; then
			did[rolled_back]=$((did[rolled_back] + 1))
		fi
		;;
	7)	# five deaths in ten minutes, and it would wait for an operator
		[ "${did[pod_killed]}" -lt 4 ] || return 0
		did[pod_killed]=$((did[pod_killed] + 1))
		for id in $(containers 'select(.Image == "bench-upstream:latest" or (.Names[0] | test("competitor|main"))) | .Id'); do
			api POST "/containers/$id/kill" >/dev/null
		done
		;;
	esac
}
mend() {	# NOW: who was killed is started, who was paused goes on
	local version
	for version in "${!back_at[@]}"; do
		[ "$1" -ge "${back_at[$version]}" ] || continue
		unset "back_at[$version]"
		kill -CONT "${pids[$version]}" 2>/dev/null || true
		alive "$version" || upstream_of "$version"
	done
}

from=$SECONDS
: >"$work/rss"
while alive churn; do
	moment 1
	printf '%d %d %d\n' $((SECONDS - from)) "$(rss)" "$(descriptors)" >>"$work/rss"
	mend "$SECONDS"
	passed=$((SECONDS - from)) # a short show has to be a lively one
	if [ "$passed" -lt "$seconds" ] && { [ "$seconds" -lt 60 ] || [ $((passed % 3)) = 0 ]; }; then disturb; fi
done
mend 1000000000
printf '     %s\n' "$(for name in "${!did[@]}"; do printf '%s %s, ' "$name" "${did[$name]}"; done)"

# --- what is left of it ------------------------------------------------------------------

book=$(grep -E '^[a-z_]+ ([a-z0-9_]+ )?[0-9]+$' "$work/churn.log" || true)
number() { awk -v name="$1" '$1 == name { print $2; found = 1 } END { if (!found) print 0 }' <<<"$book"; }
check "the clients' program ends by itself, with its book" grep -q '^begun' <<<"$book"
same "each stream ended with [DONE] or a typed error, was whole and never silent" '' "$(grep '^churn:' "$work/churn.log" | head -n 20)"
check "streams held on average: $(number held), of $streams clients" test "$(number held)" -gt $((streams * 7 / 10))
has "there were good ends" '^chat ok [1-9]' "$book"
has "and errors" '^chat (upstream|no_ready)_[a-z_]+ [1-9]' "$book"
lacks "who came back found its stream" '^lost ' "$book"

nothing_active() { metrics | grep -qx 'active 0'; }
becomes "nothing is running afterwards" 60 nothing_active
difference() {	# what /metrics has counted since
	metrics | awk 'NR == FNR { k = $0; sub(/ [^ ]*$/, "", k); before[k] = $NF; next }
		{ k = $0; sub(/ [^ ]*$/, "", k); if ($NF - before[k] != 0) print k, $NF - before[k] }' "$work/metrics-before" - >"$work/metrics"
}
total() { awk -v kind="$1" '$1 == kind { n += $NF } END { printf "%d", n }' "$2"; }
# adds_up KIND LESS MORE: each count is the clients' own, or so many less or more: of those who left, their
# clients do not know the outcome, and do know a status that /metrics has as 499.
adds_up() {
	awk -v kind="$1" -v less="$2" -v more="$3" 'FNR == NR { if ($1 == kind) theirs[$2] = $3; next }
		$1 == kind { ours[$2] = $3 }
		END {
			for (k in ours) if (ours[k] < theirs[k] - less || ours[k] > theirs[k] + (k == 499 ? less : more)) { print k, "counted", ours[k], "seen", theirs[k] + 0; bad = 1 }
			for (k in theirs) if (!(k in ours) && theirs[k] > less) { print k, "not counted, seen", theirs[k]; bad = 1 }
			exit bad
		}' <(printf '%s\n' "$book") "$work/metrics"
}
# all KIND: as many as were begun; whose client left at once may never have been read
all() { [ "$(total "$1" "$work/metrics")" -le "$(number begun)" ] && [ "$(total "$1" "$work/metrics")" -ge $(($(number begun) - $(number left_early))) ]; }
everything_adds_up() {	# an answer is counted a moment after its last byte
	difference
	all chat && adds_up chat 0 "$(number left)" && all status && adds_up status "$(number left)" "$(number left_early)" &&
		[ "$(number resumed)" = "$(total resumed "$work/metrics")" ]
}
until_true 30 everything_adds_up || true
check "metrics: as many chats as were asked for" all chat
check "metrics: their outcomes add up" adds_up chat 0 "$(number left)"
check "metrics: as many answers as requests" all status
check "metrics: their statuses add up" adds_up status "$(number left)" "$(number left_early)"
same "metrics: as many came back" "$(number resumed)" "$(total resumed "$work/metrics")"

same "there was room for all descriptors from the beginning" "$room_before" "$(room)"
few_descriptors() { [ "$(descriptors)" -le $((fds_before + 24)) ]; }
becomes "no descriptor is lost: $fds_before before" 120 few_descriptors
# The line through what was sampled after the first minute (a short show: in its second half), while all ran.
read -r slope mean < <(awk -v first=$((seconds >= 120 ? 60 : seconds / 2)) -v last="$seconds" '
	$1 >= first && $1 <= last { n++; x += $1; y += $2; xx += $1 * $1; xy += $1 * $2 }
	END { d = n * xx - x * x; printf("%d %d\n", (d > 0) ? 60 * (n * xy - x * y) / d : 0, n ? y / n / 1024 : 0) }' "$work/rss")
limit=$((mean * 1024 / 100)) # KiB a minute: a hundredth of it
[ "$seconds" -ge 120 ] || limit=65536 # a short show only sees whether it runs away
[ "$limit" -ge 1024 ] || limit=1024
[[ $bin != */san/* ]] || limit=1048576 # the sanitizer keeps what was freed for a while
below "memory is flat: KiB a minute, of $mean MiB" "$limit" "$slope"

if [ -n "$report" ]; then
	{
		printf '# The long run\n\nWritten by `make churn`; do not edit. What it does is said at the head of its script, tests/bench/churn.sh.\n\n'
		printf '%d streams held (%d on average), %d s; %d chats begun, %d clients left by themselves, %d came back to a stream; ' \
			"$streams" "$(number held)" "$seconds" "$(number begun)" "$(number left)" "$(number resumed)"
		printf 'competitors: %d times killed, %d paused, %d replaced, %d rolled back, a pod killed %d times.\n\n' \
			"${did[killed]}" "${did[paused]}" "${did[replaced]}" "${did[rolled_back]}" "${did[pod_killed]}"
		printf '| end of a stream | clients saw | /metrics counted |\n|---|---|---|\n'
		awk 'FNR == NR { if ($1 == "chat") theirs[$2] = $3; next } $1 == "chat" { printf "| `%s` | %d | %d |\n", $2, theirs[$2], $3 }' \
			<(printf '%s\n' "$book") "$work/metrics" | sort -t '|' -k 4 -rn
		printf '\nViolations: %d. Memory: %d MiB, %+d KiB a minute after the first. Descriptors: %d before, %d after. %s.\n' \
			"$(number violations)" "$mean" "$slope" "$fds_before" "$(descriptors)" \
			"$([ "$fails" = 0 ] && echo 'All checks passed' || echo "$fails checks failed")"
	} >"$report"
fi
