#!/usr/bin/env bash
#
# 28-sandy.sh - one conformance suite of the Sandy API: against janus-sandboxd, and against the fake that is as odd as they come.
. "$(dirname "$0")/lib.sh"

suite=$tests/runtime/engine/sandy/test_client
images link sandbox
start_sandboxd JANUS_SANDBOX_WARM=1

cd "$root"
check "janus-sandboxd passes what every Sandy must do" env "SANDY_BASE_URL=$sandboxes" "SANDY_API_KEY=$sandbox_key" \
	CK_RUN_CASE=every "$suite"
check "the fake passes it too, and the client survives its oddities" "$suite"
end janus-sandboxd

# --- a competitor that runs in a sandbox ----------------------------------------------
answering=$(free_port)
sandy_port=$(free_port)
run fake "$fake" --port "$answering"
run sandy env "FAKE_SANDY_URL=http://127.0.0.1:$answering" python3 tests/fake/sandy.py "$sandy_port"
until_true 30 listens "$answering" || giveup "the fake competitor starts"
until_true 30 listens "$sandy_port" || giveup "the fake Sandy starts" "$(cat "$work/sandy.log")"
printf 'fake-key\n' >"$work/sandy.key"
sandy_fake() { curl -sS "http://127.0.0.1:$sandy_port/fake" ${1:+-d "$1"}; }
live_is() { [ "$(sandy_fake | jq '.live | length')" = "$1" ]; }
settings=("JANUS_SANDY_URL=http://127.0.0.1:$sandy_port" "JANUS_SANDY_KEY_FILE=$work/sandy.key")
printf '{"engine":"sandy"}' >"$work/janus.json"

hostile ok
start_platform
start_janusd "${settings[@]}"
ctl submit image hostile-ok:latest --name elsewhere --manifest "$work/janus.json" --wait --timeout 180s
same "nobody runs there unless the operator says so" 1 "$((code != 0))"
has "and is told why" 'isolates less than this operator allows' "$out$err"
end janusd

settings+=(JANUS_SANDY_COMPETITORS=asked)
start_janusd "${settings[@]}"
asked() { control GET /api/v1/status; jq -e '.sandy.ok and (.sandy.not_enforced | test("network isolation"))' <<<"$body"; }
becomes "status says what is not enforced there" 40 asked
advised() { control GET /api/v1/doctor; jq -e '[.checks[] | select(.name == "sandy" and .ok and (.saw | test("not enforced there: network isolation")))] | length == 1' <<<"$body"; }
becomes "so does doctor" 40 advised
sandy_fake '{"run":"writable"}' >/dev/null
weak=$(submit hostile-ok:latest weak --manifest "$work/janus.json")
refusal() { control GET "/api/v1/instances?competitor=weak"; grep -q 'did not apply HostConfig.ReadonlyRootfs' <<<"$body"; }
becomes "[H11] a wall that is not there is seen" 40 refusal
ctl cancel submission "$weak"
same "its submission is cancelled" 0 "$code"
sandy_fake '{}' >/dev/null
becomes "and nothing is left of it" 40 live_is 0

ctl submit image hostile-ok:latest --name elsewhere --manifest "$work/janus.json" --wait --timeout 180s
[ "$code" = 0 ] || giveup "a competitor that asks for it is accepted" "$out" "$err"
same "it has a sandbox" 1 "$(sandy_fake | jq '.live | length')"
same "and no container here" 0 "$(container_count)"
becomes "gateways know it" 40 routed elsewhere
chat janus/elsewhere hello
same "it answers" 200 "$status"
has "from there" 'word0' "$body"
logged() { ctl logs elsewhere; grep -q listening <<<"$out"; }
becomes "its log is there" 40 logged

kill_janusd
start_janusd "${settings[@]}"
becomes "a janusd that was killed finds it again" 30 answers janus/elsewhere
same "in the same sandbox" 1 "$(sandy_fake | jq '[.calls[] | select(. == "POST /api/sandboxes")] | length')"
id=$(sandy_fake | jq -r '.live[0]')
curl -sS -X POST -H 'authorization: Bearer fake-key' "http://127.0.0.1:$sandy_port/api/sandboxes/$id/terminate"
another() { live_is 1 && [ "$(sandy_fake | jq -r '.live[0]')" != "$id" ] && competitor_is elsewhere ready; }
becomes "[H11] a sandbox that vanishes is replaced" 40 another
control GET "/api/v1/instances?competitor=elsewhere"
truth "and costs the competitor nothing" '[.data[].failures] | add == 0' "$body"

end sandy
accept hostile-ok:latest here
same "without the service the others are started and serve" 200 "$(chat janus/here hello; printf '%s' "$status")"
sandy_is_away() { control GET /api/v1/status; jq -e '.sandy.ok == false and (.sandy.detail | length > 0)' <<<"$body"; }
becomes "status says that it is away" 30 sandy_is_away
run sandy env "FAKE_SANDY_URL=http://127.0.0.1:$answering" python3 tests/fake/sandy.py "$sandy_port"
sandy_is_back() { control GET /api/v1/status; jq -e .sandy.ok <<<"$body"; }
becomes "and that it is back" 30 sandy_is_back
ctl remove competitor elsewhere --yes
becomes "what is removed leaves no sandbox" 40 live_is 0
becomes "and no note of it" 40 sh -c "[ -z \"\$(ls '$state/sandy')\" ]"
