#!/usr/bin/env bash
#
# 06-hogs.sh - a competitor that takes all it can get harms itself alone, and its end is explained.
# alone
. "$(dirname "$0")/lib.sh"

hostile ok fork-bomb memory-hog memory-hog-main disk-fill log-flood fd-hog cpu-hog
start_janus
accept hostile-ok:latest neighbour
small='{"resources":{"memory":"512MiB","cpus":0.5}}'
printf '%s' "$small" >"$work/small.json"

free_memory() { awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo; }
free_disk() { df -Pm / | awk 'NR == 2 { print $4 }'; }
disk_before=$(free_disk)
memory_before=$(free_memory)

slowest=0
quiet=0	# the slowest chat while nobody does any harm
for _ in {1..20}; do
	from=$(ms)
	answers janus/neighbour || giveup "the neighbour answers" "$status" "$body"
	took=$(($(ms) - from))
	[ "$took" -le "$quiet" ] || quiet=$took
done
# the_neighbour_answers HOG: twenty chats while it does its worst
the_neighbour_answers() {
	local i from took worst=0 lost=0
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		from=$(ms)
		answers janus/neighbour || lost=$((lost + 1))
		took=$(($(ms) - from))
		[ "$took" -le "$worst" ] || worst=$took
		moment 0.05
	done
	[ "$worst" -le "$slowest" ] || slowest=$worst
	same "while $1: the neighbour answered all of 20 chats (slowest $worst ms)" 0 "$lost"
	below "while $1: ms of the slowest, quiet $quiet" $((5000 + 20 * quiet)) "$worst"
}

# [G06] [G07] all it can get: bounded by its own limits, nothing of it left
for hog in fork-bomb memory-hog disk-fill log-flood fd-hog cpu-hog; do
	ctl submit image "hostile-$hog:latest" --name "$hog" --manifest "$work/small.json" --wait --timeout 90s
	[ "$code" = 0 ] || giveup "$hog is accepted" "$out" "$err"
	chat "janus/$hog" "now do it: $hog" || true
	the_neighbour_answers "$hog"
	ask "$url/livez"
	same "while $hog: janusd lives" 200 "$status"
	if [ "$hog" = log-flood ]; then
		log=$(timeout 20 "$bin/janusctl" logs log-flood -n 200 | tr -d '\n\t')
		lacks "its log is shown without control characters" $'[\x01-\x08\x0b-\x1f\x7f]' "$log"
	fi
	ctl remove competitor "$hog" --yes
	becomes "$hog is removed, whole" 45 containers_are 2
done

# [G08] every pod at its full quota: the gateway and the control loop keep their latency
median() { sort -n | awk '{ v[NR] = $1 } END { print int(v[int((NR + 1) / 2)] * 1000000) }'; }
gateway_us() { for _ in {1..200}; do printf 'url = "%s/v1/models"\noutput = /dev/null\n' "$url"; done | curl -s -K - -w '%{time_total}\n' | median; }
control_us() {
	for _ in {1..200}; do printf 'url = "http://janus/api/v1/competitors"\noutput = /dev/null\n'; done |
		curl -s --unix-socket "$runtime/janusd.sock" -K - -w '%{time_total}\n' | median
}
hogs="cpu-1 cpu-2 cpu-3"
for hog in $hogs; do accept hostile-cpu-hog:latest "$hog"; done
gateway_us >/dev/null
quiet_gateway=$(gateway_us) quiet_control=$(control_us)
for hog in $hogs; do chat "janus/$hog" "now do it: cpu-hog"; done
busy() { [ "$(api GET "/containers/$(containers 'select(.Labels["rodeo.janus.competitor"] == "cpu-3" and .Labels["rodeo.janus.role"] != "link") | .Id')/top" | jq '.Processes | length')" -ge 16 ]; }
becomes "every pod takes all the processor it may" 20 busy
# Somebody else on this machine may have slowed one measurement, not each of them.
gateway_is_quick() { busy_gateway=$(gateway_us) && [ "$busy_gateway" -lt $((quiet_gateway * 2)) ]; }
control_is_quick() { busy_control=$(control_us) && [ "$busy_control" -lt $((quiet_control * 2)) ]; }
until_true 30 gateway_is_quick || true
below "us of a request to the gateway, quiet $quiet_gateway" $((quiet_gateway * 2)) "$busy_gateway"
until_true 30 control_is_quick || true
below "us of one to the control loop, quiet $quiet_control" $((quiet_control * 2)) "$busy_control"
for hog in $hogs; do ctl remove competitor "$hog" --yes; done
becomes "the hogs are removed" 45 containers_are 2

# [F05] out of memory: said so, with the limit
ctl submit image hostile-memory-hog-main:latest --name greedy --manifest "$work/small.json" --wait --timeout 90s
chat janus/greedy "memory-hog-main" || true
killed() { greedy=$(instance_of greedy) && jq -e '[.state_detail, .evidence.explained] | any(. // "" | test("memory limit 512 MiB"))' <<<"$greedy"; }
becomes "its end is explained: killed: memory limit 512 MiB" 40 killed
truth "and has a reason" '.state_reason == "out_of_memory" or (.evidence.explained | test("memory limit 512 MiB"))' "$greedy"	# as it was then: it is started anew
check "the neighbour answers" answers janus/neighbour

ctl remove competitor greedy --yes
becomes "all of them are gone" 45 containers_are 2
disk_is_back() { [ $((disk_before - $(free_disk))) -lt 300 ]; }
becomes "the disk is given back, but for 300 MiB" 60 disk_is_back
memory_is_back() { [ $((memory_before - $(free_memory))) -lt 600 ]; }
becomes "memory is given back, but for 600 MiB" 60 memory_is_back
printf '     slowest chat of the neighbour: %d ms\n' "$slowest"
