#!/usr/bin/env bash
#
# 38-hosted.sh - a competitor's whole life on the second engine: in a sandbox of janus-sandboxd, with the walls of every pod.
. "$(dirname "$0")/lib.sh"

hostile ok
images link
printf 'jns_sb_hosting_0123456789abcdef\n' >"$work/hosting.key"
hosting=("JANUS_SANDBOX_HOSTING_KEY_FILE=$work/hosting.key" JANUS_SANDBOX_WARM=0)
start_sandboxd "${hosting[@]}"
create() { ask -X POST "$sandboxes/api/sandboxes" -H "authorization: Bearer $1" -d '{"enableDockerSocket":true}'; }
create "$sandbox_key"
refused "whose key is for sandboxes runs no competitor" 403 missing_scope

printf '{"engine":"sandy"}' >"$work/janus.json"
settings=("JANUS_SANDY_URL=$sandboxes" "JANUS_SANDY_KEY_FILE=$work/hosting.key" JANUS_SANDY_COMPETITORS=asked)
start_platform
start_janusd "${settings[@]}"
asked() { control GET /api/v1/status; jq -e '.sandy.ok and .sandy.name == "janus-sandboxd"' <<<"$body"; }
becomes "status names the service" 60 asked
truth "and what is not enforced there, which the network is not" \
	'.sandy.not_enforced | (test("models of the platform") and (test("network") | not))' "$body"
ctl submit image hostile-ok:latest --name guest --manifest "$work/janus.json" --wait --timeout 90s
[ "$code" = 0 ] || giveup "a competitor that asks for it is accepted" "exit $code" "$out" "$err"
ok "a competitor that asks for it is accepted"
same "it has no pod of janusd's" 0 "$(container_count)"
hosted() { sandbox_containers; }
hosted_are() { [ "$(hosted | wc -l)" = "$1" ]; }
becomes "but one of janus-sandboxd's" 30 hosted_are 2
all=$(for id in $(hosted); do api GET "/containers/$id/json"; done | jq -s .)
truth "no network in it" 'all(.HostConfig.NetworkMode | . == "none" or startswith("container:"))' "$all"
truth "no engine socket, and nothing else of the host but the link's directory" \
	'[.[].Mounts[] | select(.Type == "bind") | .Destination] == ["/run/janus"]' "$all"
truth "no published port, no capability, a read-only root, a seccomp profile of ours" \
	'all(.HostConfig | (.PortBindings // {} | length) == 0 and .CapDrop == ["ALL"] and .ReadonlyRootfs and any(.SecurityOpt[]; startswith("seccomp=")))' "$all"

becomes "it answers" 30 answers janus/guest
stream=$(curl -sSN --max-time 60 "$url/v1/chat/completions" -H 'content-type: application/json' \
	-d '{"model":"janus/guest","stream":true,"messages":[{"role":"user","content":"hello"}]}')
same "and streams, to the end" 'data: [DONE]' "$(grep -v '^$' <<<"$stream" | tail -n 1)"
heard() { ctl logs guest; grep -q listening <<<"$out"; }
becomes "its log is there" 30 heard
lacks "the secret of its url is in no log" '/at/[A-Za-z0-9]{43}' "$(cat "$work/janus-sandboxd.log")"

ctl update competitor guest --set activation=frozen --set idle=10m
ctl freeze competitor guest
is_paused() { for id in $(hosted); do api GET "/containers/$id/json"; done | jq -se '[.[].State.Status] | sort == ["paused", "running"]'; }
becomes "frozen, it is paused" 60 is_paused
check "and wakes for a chat" answers janus/guest

# --- it goes on over what ends ------------------------------------------------------------
before=$(hosted)
kill_janusd
start_janusd "${settings[@]}"
becomes "a janusd that was killed finds it again" 60 answers janus/guest
same "the same" "$before" "$(hosted)"
main=$(api GET "/containers/json?filters=$(urlencode "{\"label\":[\"rodeo.janus.node=$(cat "$state/sandbox.node")\",\"rodeo.janus.role=competitor\"]}")" | jq -r '.[0].Id')
renewed() { hosted_are 2 && [ "$(hosted)" != "$before" ] && competitor_is guest ready; }
api POST "/containers/$main/kill" >/dev/null
becomes "one that was killed is begun again" 90 renewed
becomes "and answers" 30 answers janus/guest
control GET "/api/v1/instances?competitor=guest"
truth "it is the one to whom that happened" '[.data[].failures] | add == 1' "$body"
before=$(hosted)
end janus-sandboxd KILL
start_sandboxd "${hosting[@]}"
becomes "[H11] when the service was killed, it is begun again too" 90 renewed
control GET "/api/v1/instances?competitor=guest"
truth "[H11] and that was not its fault" '[.data[].failures] | add == 1' "$body"

# --- and ends -----------------------------------------------------------------------------
ctl stop competitor guest
becomes "stopped, nothing of it is left" 90 hosted_are 0
ctl start competitor guest
becomes "started, it is ready" 90 competitor_is guest ready
ctl remove competitor guest --yes
becomes "removed, nothing of it is left" 90 hosted_are 0
becomes "and no note of it" 60 sh -c "[ -z \"\$(ls '$state/sandy')\" ]"
