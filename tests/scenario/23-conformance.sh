#!/usr/bin/env bash
#
# 23-conformance.sh - the checks: of an image, an endpoint, a competitor; before a submission, and in it.
. "$(dirname "$0")/lib.sh"

hostile crash-loop no-stream chat-hang
images baseline
port=$(free_port)
run fake "$fake" --port "$port"
until_true 30 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
start_janus

verdicts() { jq -c '[.evidence.conformance[] | {(.check): .verdict}] | add' <<<"$1"; }

ctl conform janus/baseline-agent:latest --output json --timeout 180s
same "the built-in competitor conforms" 0 "$code"
truth "each check has a name, a verdict, what was expected and seen, and where it is explained" \
	'.state == "retired" and (.evidence.conformance | length >= 15) and (.evidence.conformance | all(
	(.verdict | test("^(pass|warn|fail|skip)$")) and (.expected | length > 10) and (.seen | length > 0)
	and .docs == "/docs/conformance#" + .check))' "$out"
truth "none of them failed or warned" '.evidence.conformance | all(.verdict == "pass" or .verdict == "skip")' "$out"
truth "it noticed that its client left" \
	'.evidence.conformance | map(select(.check == "cancel"))[0] | .verdict == "pass" and .seen == "it hung up too"' "$out"
becomes "and nothing of the check stays behind" 30 containers_are 0
nobody() { control GET /api/v1/competitors; [ "$(jq '.data | length' <<<"$body")" = 0 ]; }
becomes "nor its name" 40 nobody
while read -r name; do
	grep -q "^## $name\$" "$root/docs/conformance.md" || missing+=" $name"
done < <(jq -r '.evidence.conformance[].check' <<<"$out")
same "docs/conformance.md explains every check" "" "${missing:-}"

ctl conform janus/baseline-agent:latest --timeout 180s
has "people get a table" '^stream +pass' "$out"

ctl conform hostile-no-stream:latest --timeout 180s
same "one that cannot stream does not" 9 "$code"
has "and the check is named" '^stream +fail' "$out"
ctl submit image hostile-no-stream:latest --name mute --wait --timeout 180s --output json
same "a submission of it is rejected" 1 "$code"
truth "for the same reason" '.state_reason == "not_conforming" and (.state_detail | contains("stream")) and .fault == "miner"' "$out"
truth "with what was on the wire" \
	'.evidence.conformance | map(select(.check == "stream"))[0].wire.content_type == "application/json"' "$out"

ctl conform hostile-crash-loop:latest --timeout 180s --output json
same "one that dies under the question does not" 9 "$code"
truth "its end is the reason" '.state == "rejected" and (.state_reason | test("crash_loop|exited"))' "$out"

ctl conform "http://127.0.0.1:$port" --timeout 180s --output json
same "an endpoint can be checked" 0 "$code"
truth "what cannot be seen of it is not judged" \
	'.evidence.conformance | map(select(.check == "readiness"))[0].verdict == "skip"' "$out"

accept janus/baseline-agent:latest owl
ctl show submission owl
has "an accepted submission keeps its findings" '^heartbeat +pass' "$out"
ctl conform owl --timeout 180s --output json
same "a competitor can be checked as it is" 0 "$code"
truth "by its very digest" ".digest == $(competitor owl | jq .digest) and .name == \"owl\"" "$out"
check "it serves on" competitor_is owl ready
becomes "and answers" 30 answers janus/owl

ctl conform nobody/such:image --timeout 180s
same "what is not there cannot conform" 9 "$code"
control POST /api/v1/submissions '{"check_only":true}'
refused "nothing to check" 400 missing_required_parameter
control POST /api/v1/submissions '{"check_only":"yes","image":"x"}'
refused "a wrong type" 400 invalid_value
control POST /api/v1/submissions '{"name":"x","competitor":"owl"}'
refused "a competitor is no source" 400 missing_required_parameter

# Killed in the middle of the checks, it begins them anew.
submission_is() { [ "$(submission_state "$id")" = "$1" ]; }
id=$("$bin/janusctl" submit image hostile-chat-hang:latest --name again -q)
becomes "one that never answers is being checked" 60 submission_is conforming
kill_janusd
start_janusd
control GET "/api/v1/submissions/$id"
truth "after a crash it is not forgotten" '.state == "conforming" or .state == "starting"' "$body"
becomes "and is checked again" 60 submission_is conforming
ctl cancel submission "$id"
becomes "until somebody cancels it" 30 submission_is cancelled
