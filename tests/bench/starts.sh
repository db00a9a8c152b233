#!/usr/bin/env bash
#
# starts.sh - how long it takes until something answers: competitors cold and frozen, sandboxes warm and cold.
#
# starts.sh [TIMES [REPORT]]
#
# The competitor is one small static program, so that what is measured is Janus and the engine, not an image; its
# image is in the engine already.  One thing at a time, nothing else runs.  With REPORT, a file, the
# medians are written there.
times=${1:-10} report=${2:-}
. "$(dirname "$0")/../scenario/lib.sh"

load=$(cut -d' ' -f1 /proc/loadavg)
images link sandbox
"$root/tests/bench/pod.sh" --engine "$engine" >"$work/images.log" 2>&1 || giveup "an image of the upstream" "$(tail "$work/images.log")"
printf 'jns_sb_hosting_0123456789abcdef\n' >"$work/hosting.key"
printf '{"engine":"sandy"}' >"$work/janus.json"
start_sandboxd JANUS_SANDBOX_WARM=0 "JANUS_SANDBOX_HOSTING_KEY_FILE=$work/hosting.key"
start_platform
start_janusd "JANUS_SANDY_URL=$sandboxes" "JANUS_SANDY_KEY_FILE=$work/hosting.key" JANUS_SANDY_COMPETITORS=asked

took() { printf '%s %s\n' "$1" "$2" >>"$work/took"; }	# WHAT MILLISECONDS
line_of() { grep -F -- "$1" "$work/janusd.log" | tail -n 1; }
ms_of() { date -d "$(sed -E 's/.*"ts":"([^"]*)".*/\1/')" +%s%3N; }
became() { line_of "\"instance_id\":\"$1\",\"from\":\"$2\",\"to\":\"$3\"" | ms_of; }	# INSTANCE FROM TO: when
id_of() { instance_of "$1" | jq -r .id; }
first_byte_ms() {	# MODEL: of a stream
	curl -sN --max-time 60 -o "$work/stream" -w '%{time_starttransfer}' "$url/v1/chat/completions" -H 'content-type: application/json' \
		-d "{\"model\":\"$1\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"chunks=2 gap=1\"}]}" |
		awk '{ printf "%.1f", $1 * 1000 }'
	grep -q '^data: \[DONE\]' "$work/stream" || bad "a stream ends well" "$(head -c 300 "$work/stream")"
}
is_paused() { [ "$(containers 'select(.State == "paused") | .Id' | grep -c .)" = 1 ]; }

# --- competitors --------------------------------------------------------------------------

for i in $(seq "$times"); do
	from=$(ms)
	accept bench-upstream:latest "fox$i"
	took submit_accepted $(($(ms) - from))
	took submit_ready $(($(became "$(id_of "fox$i")" starting ready) - from))
	[ "$i" = "$times" ] || { ctl remove competitor "fox$i" --yes; becomes "fox$i is gone" 40 containers_are 0 >>"$work/becomes"; }
done
fox=fox$times
ctl submit image bench-upstream:latest --name guest --manifest "$work/janus.json" --wait --timeout 90s
[ "$code" = 0 ] || giveup "a competitor for the second engine" "$out" "$err"
ctl stop competitor guest
for name in "$fox" guest; do
	[ "$name" = guest ] && what=start_second || what=start
	for i in $(seq "$times"); do
		ctl stop competitor "$name"
		until_true 40 competitor_is "$name" stopped || giveup "$name stops"
		ctl start competitor "$name"
		until_true 40 competitor_is "$name" ready || giveup "$name starts"
		id=$(id_of "$name")
		took "$what" $(($(became "$id" starting ready) - $(became "$id" absent starting)))
	done
done
ctl remove competitor guest --yes
for i in $(seq "$times"); do
	took first_byte "$(first_byte_ms "janus/$fox")"
done
ctl update competitor "$fox" --set activation=frozen --set idle=1h
for i in $(seq "$times"); do
	ctl freeze competitor "$fox"
	until_true 40 is_paused || giveup "$fox is paused"
	took thaw "$(first_byte_ms "janus/$fox")"
done
end janusd
end janus-sandboxd

# --- sandboxes ----------------------------------------------------------------------------

create_ms() {	# and end it
	curl -sS --max-time 90 -o "$work/sandbox" -w '%{time_total}' -X POST "$sandboxes/api/sandboxes" \
		-H "authorization: Bearer $sandbox_key" -d '{}' | awk '{ printf "%.1f", $1 * 1000 }'
	curl -sS -o "$work/ended" -X POST "$sandboxes/api/sandboxes/$(jq -r .sandboxId "$work/sandbox")/terminate" \
		-H "authorization: Bearer $sandbox_key"
}
settled() {	# HOW-MANY containers: nothing is begun or removed any more
	[ "$(sandbox_containers | wc -l)" = "$1" ] && [ "$(curl -sS "$sandboxes/health" | jq .warm_pool.size)" = $(($1 / 2)) ]
}
for warm in 0 1; do
	start_sandboxd "JANUS_SANDBOX_WARM=$warm"
	for i in $(seq "$times"); do
		until_true 60 settled $((2 * warm)) || giveup "the pool has $warm"
		took "sandbox$warm" "$(create_ms)"
	done
	end janus-sandboxd
done

# --- what it came to ------------------------------------------------------------------------

table() {
	sort -k1,1 -k2,2n "$work/took" | awk '
		BEGIN {
			n = split("submit_ready submit_accepted start start_second thaw first_byte sandbox0 sandbox1", order, " ")
			says["submit_ready"] = "a submitted image: its first instance is healthy"
			says["submit_accepted"] = "the same: it is accepted, and `janusctl submit --wait` ends"
			says["start"] = "a stopped competitor: started to ready"
			says["start_second"] = "the same in a sandbox of `janus-sandboxd` (`\"engine\": \"sandy\"`)"
			says["thaw"] = "a frozen competitor: chat to first byte"
			says["first_byte"] = "one that is ready: chat to first byte"
			says["sandbox0"] = "a sandbox made anew: asked for to answering"
			says["sandbox1"] = "a sandbox from the warm pool"
		}
		{ of[$1, ++count[$1]] = $2 }
		END {
			print "| from, to | median ms | least | most |\n|---|---|---|---|"
			for (i = 1; i <= n; i++) {
				w = order[i]; c = count[w]
				if (c > 0)
					printf "| %s | %g | %g | %g |\n", says[w], c % 2 ? of[w, (c + 1) / 2] : (of[w, c / 2] + of[w, c / 2 + 1]) / 2, of[w, 1], of[w, c]
			}
		}'
}
same "each was measured $times times" "8" "$(awk -v times="$times" '{ n[$1]++ } END { for (w in n) if (n[w] == times) all++; print all + 0 }' "$work/took")"
table | sed 's/^/     /'
if [ -n "$report" ] && [ "$fails" = 0 ]; then
	{
		printf '# Starts\n\nWritten by `make starts`; do not edit. What is measured is said at the head of its script, tests/bench/starts.sh: %d times each, one after the other.\n\n' "$times"
		printf 'Machine: %s cores; Linux %s; load before it began %s.\n\n' "$(nproc)" "$(uname -r | cut -d- -f1)" "$load"
		table
	} >"$report"
fi
