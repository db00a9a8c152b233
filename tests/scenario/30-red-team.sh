#!/usr/bin/env bash
#
# 30-red-team.sh - hostile competitors and sandbox users against the platform: nothing got, all of it counted, neighbours undisturbed.
# alone: it measures a neighbour
. "$(dirname "$0")/lib.sh"

images link sandbox
hostile caller ok platform-flood

# shellcheck source=tests/scenario/calling.sh
. "$root/tests/scenario/calling.sh"
sh_in() { call "$1" POST "/api/sandboxes/$2/exec" "$(jq -nc --arg c "$3" '{command:$c, timeoutMs:20000}')"; }

printf 'sk-secret-of-the-provider\n' >"$work/key"
port=$(free_port)
run fake "$fake" --port "$port"
until_true 30 listens "$port" || giveup "a provider starts"
cat >"$work/policy.json" <<END
{"version":"test-30","default":{"budget":{"requests":2000,"tokens":20000,"sandbox_seconds":1200}},
 "competitors":{"mole":{"domains":["127.0.0.1:$port"]}}}
END
start_sandboxd JANUS_SANDBOX_MAX=3 JANUS_SANDBOX_MEMORY=512MiB JANUS_SANDBOX_DISK=64MiB JANUS_SANDBOX_PIDS=128
start_platform "JANUS_PLATFORM_POLICY=$work/policy.json" "JANUS_PROVIDER_BASE_URL=http://127.0.0.1:$port/v1" \
	"JANUS_PROVIDER_API_KEY_FILE=$work/key"
start_janusd
accept hostile-caller:latest mole
accept hostile-caller:latest victim

# --- to get out ------------------------------------------------------------------------------
# The policy allows an address of the machine by mistake: it is not public, so it is not reached.
send mole < <(printf 'CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n' "$port")
refused_there "[H01] a loopback address that the policy names" 403 egress_denied
for at in 22 25 2375 8000 8601 "$port"; do
	send mole < <(printf 'CONNECT localhost:%d HTTP/1.1\r\n\r\n' "$at")
	refused_there "[H07] a scan of port $at" 403 egress_denied
done
call mole GET "/fetch?url=$(urlencode "http://127.0.0.1:$port/v1/models")"
refused_there "[H01] the provider itself, past the platform" 403 egress_denied

# --- to be somebody else ------------------------------------------------------------------------
call victim POST /vector/upsert '{"items":[{"id":"secret","content":"the victim has a plan"}]}'
call mole POST /vector/query '{"query":"the victim has a plan"}'
truth "[H10] another's vectors" '.chunks == []' "$said"
call victim POST /api/sandboxes '{}'
theirs=$(jq -r .sandboxId <<<"$said")
for path in "" /files/list "/files/read?path=a"; do
	call mole GET "/api/sandboxes/$theirs$path"
	refused_there "[G14] another's sandbox${path%%\?*}" 404 resource_not_found
done
for action in exec terminate refresh agent/run; do
	call mole POST "/api/sandboxes/$theirs/$action" '{"command":"id"}'
	refused_there "[G14] another's sandbox, $action" 404 resource_not_found
done
call victim GET "/api/sandboxes/$theirs"
same "  which lives on" 200 "$said_status"
# A forged id is charged to nobody else's chat.
call mole POST /v1/chat/completions '{"model":"m","max_tokens":10,"messages":[{"role":"user","content":"fault:usage"}]}' "x-request-id: chat-victim-1001"
same "a call with a forged x-request-id" 200 "$said_status"
mine() { control GET "/api/v1/egress?competitor=mole&service=inference"; jq -e '.data | length == 1 and (.[0].request_id // "") == ""' <<<"$body" >/dev/null; }
becomes "  is the forger's own" 40 mine

# --- to spend more than there is ------------------------------------------------------------------
call mole POST /v1/chat/completions '{"model":"m","max_tokens":100000,"messages":[{"role":"user","content":"hello"}]}'
refused_there "[H09] more than the budget" 429 budget_exceeded
call mole POST /api/sandboxes '{"timeoutMinutes":120}'
refused_there "[H09] a sandbox for two hours" 429 budget_exceeded

# --- from inside a sandbox -------------------------------------------------------------------------
call mole POST /api/sandboxes '{}'
id=$(jq -r .sandboxId <<<"$said")
p='curl -sS --noproxy "*" -m 15 http://127.0.0.1:8600'
sh_in mole "$id" "$p/api/sandboxes/$theirs/exec -d '{\"command\":\"id\"}'; $p/api/sandboxes -d '{}'"
has "[G14] another's sandbox" 'resource_not_found' "$said"
has "[G14] a sandbox in a sandbox" 'egress_denied' "$said"
sh_in mole "$id" "curl -sS -m 15 -x http://127.0.0.1:8600 -o /dev/null -w '%{http_code}' http://169.254.169.254/ http://10.0.0.1/ http://127.0.0.1:8601/ --noproxy ''"
lacks "[G14] the proxy leads nowhere" '200' "$(jq -r .stdout <<<"$said")"
sh_in mole "$id" "$p/usage -H 'authorization: Bearer jns_rt_somebody'"
has "[G14] another's token" 'invalid_api_key' "$said"
sh_in mole "$id" "env | sort; ls -la / /run /workspace; cat /proc/1/environ"
lacks "[G10] the keys" "$sandbox_key|sk-secret" "$raw"
sh_in mole "$id" 'f() { f | f & }; f; sleep 2; echo over'
has "[G14] a fork bomb is answered" '^(200|404|502|504)$' "$said_status"
call victim POST "/api/sandboxes/$theirs/exec" '{"command":"echo fine"}'
truth "  and the neighbour's sandbox works" '.stdout == "fine\n"' "$said"

# --- to be in the way of others: a neighbour's calls, in quiet and in the flood ---------------------
printf '{"resources":{"memory":"256MiB","cpus":0.25}}' >"$work/small.json"
ctl submit image hostile-platform-flood:latest --name flood --manifest "$work/small.json" --wait --timeout 180s
[ "$code" = 0 ] || giveup "the flood is accepted" "$out" "$err"
neighbour() {	# prints the median of 31 calls, in ms
	local i from
	for ((i = 0; i < 31; i++)); do
		from=$(ms)
		call victim GET /usage
		[ "$said_status" = 200 ] || echo 100000
		echo $(($(ms) - from))
	done | sort -n | sed -n 16p
}
quiet=$(neighbour)
chat janus/flood "now do it: platform-flood" || true
flooded() { [ "$(curl -sS "$url/metrics" | sed -n 's/^janus_egress_requests_total{competitor="flood",decision="denied"} //p' | cut -d. -f1)" -gt 1000 ]; }
becomes "a flood of what is refused is counted" 30 flooded
loud=$(neighbour)
percent() { printf '%d' $((loud * 100 / (quiet > 0 ? quiet : 1))); }
if [ "$(percent)" -ge 200 ]; then	# is it the flood, or was the machine faster before?
	printf '     a neighbour calls the platform in %s ms in quiet, %s ms in the flood, at first\n' "$quiet" "$loud"
	loud=$(neighbour)
	ctl stop competitor flood
	no_flood() { [ -z "$(containers 'select(.Labels["rodeo.janus.competitor"] == "flood") | .Id')" ]; }
	until_true 60 no_flood || true
	after=$(neighbour)
	[ "$after" -le "$quiet" ] || quiet=$after
fi
printf '     a neighbour calls the platform in %s ms in quiet, %s ms in the flood\n' "$quiet" "$loud"
below "  in the flood a neighbour's call takes, in percent of quiet" 200 "$(percent)"
listed() { ctl list egress --filter competitor=mole --filter decision=denied; grep -q egress_denied <<<"$out"; }
becomes "janusctl lists what was denied" 40 listed
has "and it is in the metrics" 'janus_egress_requests_total\{competitor="flood",decision="denied"\} [1-9]' "$(curl -sS "$url/metrics")"
check "the platform lives" kill -0 "${pids[janus-platform]}"
lacks "no key is in any log" "$sandbox_key|sk-secret" "$(cat "$work"/janus*.log)"
