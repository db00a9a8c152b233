#!/usr/bin/env bash
#
# 03-kill-during-submission.sh - janusd killed at any moment of a submission: it goes on, once.
. "$(dirname "$0")/lib.sh"

hostile ok slow-start=1 slow-start=25 exit1 chat-500
start_registry registry
push hostile-slow-start-1:latest "$registry/team/slow:1" >/dev/null
push hostile-exit1:latest "$registry/team/dead:1" >/dev/null
start_janus

# [D05] killed at any moment: the same end as without
n=0
for wait in 0 0.02 0.05 0.1 0.2 0.4 0.7 1.1 1.6; do
	n=$((n + 1))
	id=$(submit "$registry/team/slow:1" "slow-$n")
	moment "$wait"
	at=$(submission_state "$id")
	kill_janusd
	start_janusd
	ctl wait submission "$id" --timeout 60s --output json
	same "killed after $wait s ($at), it becomes ready" 0 "$code"
	becomes "  and serves" 30 competitor_is "slow-$n" ready
	becomes "  and answers" 30 answers "janus/slow-$n"
done
becomes "each has one pod, of two containers" 30 containers_are $((2 * n))
control GET "/api/v1/submissions?limit=0"
truth "and one submission" ".data | length == $n" "$body"
control GET "/api/v1/versions?limit=0"
truth "and one version" "[.data[].competitor_id] | length == $n and (unique | length == $n)" "$body"

for wait in 0 0.1 0.3; do
	id=$(submit "$registry/team/dead:1" "dead-${wait/./}")
	moment "$wait"
	kill_janusd
	start_janusd
	ctl wait submission "$id" --timeout 60s --output json
	same "a bad one killed after $wait s is rejected" 1 "$code"
	control GET "/api/v1/submissions/$id"
	truth "  with its evidence" '.state_reason == "exited" and .evidence.exit_code == 1' "$body"
done
becomes "trials leave nothing" 30 containers_are $((2 * n))

# One that is healthy but answers no chat is ready for a moment: its pod goes with the trial.
id=$(submit hostile-chat-500:latest mute)
ctl wait submission "$id" --timeout 60s --output json
same "one that answers no chat is rejected" 1 "$code"
kill_janusd
start_janusd
becomes "and leaves nothing, killed or not" 30 containers_are $((2 * n))

# A cancel is kept, too.
id=$(submit hostile-slow-start-25:latest cancelled)
ctl cancel submission "$id"
kill_janusd
start_janusd
cancelled() { [ "$(submission_state "$id")" = cancelled ]; }
becomes "a cancelled one stays cancelled" 30 cancelled
becomes "and leaves nothing" 30 containers_are $((2 * n))
