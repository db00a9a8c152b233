#!/usr/bin/env bash
#
# 10-platform.sh - the baseline relays a model's answer through the platform, and never sees its key.
. "$(dirname "$0")/lib.sh"

images link baseline
port=$(free_port)
run fake "$fake" --port "$port"
until_true 10 listens "$port" || giveup "a provider starts" "$(cat "$work/fake.log")"
printf 'sk-secret-of-the-provider\n' >"$work/key"
chmod 600 "$work/key"
start_platform "JANUS_PROVIDER_BASE_URL=http://127.0.0.1:$port/v1" "JANUS_PROVIDER_API_KEY_FILE=$work/key"
start_janusd
accept janus/baseline-agent:latest baseline-agent

relays() { chat janus/baseline-agent "fault:chunks=5"; grep -q 'word0' <<<"$body"; }
becomes "the baseline relays the provider's answer" 40 relays
same "with status 200" 200 "$status"
ask -N "$url/v1/chat/completions" -H 'content-type: application/json' \
	-d '{"model":"janus/baseline-agent","stream":true,"messages":[{"role":"user","content":"fault:chunks=8"}]}'
same "a stream has all its events" 8 "$(grep -c 'word[0-9]' <<<"$body")"
same "and one [DONE]" 1 "$(grep -c '^data: \[DONE\]' <<<"$body")"
ask -N "$url/v1/chat/completions" -H 'content-type: application/json' \
	-d '{"model":"janus/baseline-agent","stream":true,"messages":[{"role":"user","content":"fault:status=500"}]}'
same "the provider's failure is typed" 5 "${status:0:1}"
truth "  in the envelope" '.error.code | startswith("upstream_")' "$body"

while read -r id; do
	lacks "no container knows the provider's key" 'sk-secret' "$(api GET "/containers/$id/json")"
done < <(containers)
lacks "nor does any log" 'sk-secret' "$(cat "$work"/janus*.log)"
pid=${pids[janus-platform]}
lacks "nor its arguments" 'sk-secret' "$(tr '\0' ' ' <"/proc/$pid/cmdline")"

# The platform goes and comes back; pods stay.
before=$(containers)
end janus-platform KILL
start_platform "JANUS_PROVIDER_BASE_URL=http://127.0.0.1:$port/v1" "JANUS_PROVIDER_API_KEY_FILE=$work/key"
becomes "the platform killed and back: the baseline relays again" 40 relays
same "and the pod is the same" "$before" "$(containers)"

# Without a provider it says that it is no model.
end janus-platform
start_platform
offline() { chat janus/baseline-agent hello; grep -q 'offline responder' <<<"$body"; }
becomes "without a provider the baseline says that it is offline" 60 offline
lacks "and does not pretend" '"model": ?"gpt' "$body"
