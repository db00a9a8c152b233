#!/usr/bin/env bash
#
# 22-broker.sh - a competitor that probes the platform: what it may call, what it costs, who is told.
. "$(dirname "$0")/lib.sh"

images link
hostile caller ok

# shellcheck source=tests/scenario/calling.sh
. "$root/tests/scenario/calling.sh"

call() {	# COMPETITOR ID METHOD PATH [BODY [HEADER...]]
	send "$1" "$2" < <(say "${@:3}")
}

refused_there() {	# WHAT STATUS CODE
	same "$1: $2" "$2" "$said_status"
	truth "$1: $3, in the envelope" ".error.code == \"$3\" and (.error.message | length > 0)" "$said"
}

egress() { control GET "/api/v1/egress?$1"; }
egress_has() { egress "$1"; jq -e "$2" <<<"$body" >/dev/null; }

# --- a provider with a price, a policy with budgets ------------------------------------

port=$(free_port)
run fake "$fake" --port "$port"
until_true 30 listens "$port" || giveup "a provider starts" "$(cat "$work/fake.log")"
printf 'sk-secret-of-the-provider\n' >"$work/key"
chmod 600 "$work/key"
cat >"$work/prices.json" <<'END'
{"version":"test-1","models":{"priced":{"input":1000000,"output":1000000}}}
END
cat >"$work/policy.json" <<'END'
{"version":"test-1","default":{"models":["priced","unpriced"],"budget":{"requests":50},"request_budget":{"requests":3}},
 "competitors":{"second":{"models":["priced"],"budget":{"requests":2}}}}
END
provider=("JANUS_PROVIDER_BASE_URL=http://127.0.0.1:$port/v1" "JANUS_PROVIDER_API_KEY_FILE=$work/key"
	"JANUS_INFERENCE_PRICES=$work/prices.json" "JANUS_PLATFORM_POLICY=$work/policy.json")
start_platform "${provider[@]}"
# shellcheck source=tests/scenario/collector.sh
. "$root/tests/scenario/collector.sh"
traced() { start_janusd "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:$collector_port"; }
traced
accept hostile-caller:latest first
accept hostile-caller:latest second
accept hostile-ok:latest third

chat_body() { jq -nc --arg m "$1" --arg t "${2:-fault:usage}" '{model:$m,max_tokens:10,messages:[{role:"user",content:$t}]}'; }

# --- what is allowed is measured, and charged to the chat -------------------------------

call first chat-one-0001 POST /v1/chat/completions "$(chat_body priced)" "x-request-id: chat-one-0001"
same "a chat with the provider: 200" 200 "$said_status"
attributed() { control GET /api/v1/requests/chat-one-0001; jq -e '.measured.calls == 1 and .platform_calls[0].service == "inference"' <<<"$body" >/dev/null; }
becomes "its call is among those of the chat that made it" 40 attributed
truth "with what it cost by the table, and the tokens" \
	'.measured | .cost_usd > 0 and .cost_usd == (.prompt_tokens + .completion_tokens) and .calls_of_unknown_price == 0' "$body"
egress_span() { spans | jq -c 'select(.name == "egress inference" and any(.attributes[]; .value.stringValue == "chat-one-0001"))'; }
traced_call() { [ -n "$(egress_span)" ]; }
becomes "  a span of it reaches the collector" 40 traced_call
parent=$(spans | jq -c "select(.spanId == $(egress_span | jq .parentSpanId))")
truth "    below that of the chat's attempt" '.name == "chat janus/first" and .kind == 3' "$parent"
same "    in the chat's trace" "$(jq .traceId <<<"$parent")" "$(egress_span | jq .traceId)"
truth "allowed, by name" '.platform_calls[0] | .decision == "allowed" and .target == "priced" and .competitor == "first"' "$body"

call first chat-two-0002 POST /v1/chat/completions "$(chat_body unpriced)" "x-request-id: chat-two-0002"
same "a model without a price is asked all the same" 200 "$said_status"
unpriced() { control GET /api/v1/requests/chat-two-0002; jq -e '.measured.calls_of_unknown_price == 1' <<<"$body" >/dev/null; }
becomes "and said to have none" 40 unpriced
truth "  in its row" '.platform_calls[0].cost_usd == null' "$body"

# [G05] a forged x-request-id: another chat's, or none that runs here now
call first chat-three-03 POST /v1/chat/completions "$(chat_body priced)" "x-request-id: chat-one-0001"
same "a call in the name of a chat that is over: 200" 200 "$said_status"
call first chat-four-004 POST /v1/chat/completions "$(chat_body priced)" "x-request-id: never-there-01"
nobodys() { egress_has "competitor=first&service=inference" '[.data[] | select(.request_id == null)] | length == 2'; }
becomes "forged ids are charged to the competitor alone" 40 nobodys
control GET /api/v1/requests/chat-one-0001
truth "and not to the chat that they name" '.measured.calls == 1' "$body"

call first chat-five-005 GET /usage "" "x-request-id: chat-five-005"
truth "/usage says what was spent and what is left" \
	'.day.spent.requests >= 4 and .day.left.requests == (50 - .day.spent.requests) and .token.spent.cost_usd > 0' "$said"
truth "  and which calls were no chat's" '.token.calls_of_no_chat >= 2 and .token.calls_of_unknown_price == 1' "$said"

# --- what is not allowed -----------------------------------------------------------------

call first chat-six-0006 POST /v1/chat/completions "$(chat_body gpt-forbidden)"
refused_there "a model that is not on the list" 403 egress_denied
call first chat-sev-0007 GET /v1/models
truth "the list of models has only those" '[.data[].id] - ["priced","unpriced"] == []' "$said"
call first chat-egt-0008 GET /admin/keys
refused_there "a path that there is not" 403 egress_denied
call first chat-nin-0009 GET http://169.254.169.254/latest/meta-data/
refused_there "[G05] the proxy to a metadata service" 403 egress_denied
send first chat-ten-0010 < <(printf 'GET /usage HTTP/1.1\r\nhost: x\r\nauthorization: Bearer jns_rt_other\r\nconnection: close\r\n\r\n')
refused_there "[G05] a token that is another's" 401 invalid_api_key

# [G05] the run token of one pod is of no use in another
chat janus/first "call:token"
token=$(jq -r '.choices[0].message.content' <<<"$body" | xxd -r -p)
has "the first has a token" '^jns_rt_' "$token"
call second chat-elv-0011 GET /usage "" "authorization: Bearer $token"
refused_there "in the second's pod it is refused" 401 invalid_api_key
call first chat-tlv-0012 GET /usage "" "authorization: Bearer $token"
same "in its own it is taken" 200 "$said_status"

# --- budgets -------------------------------------------------------------------------------

for i in 1 2; do call second "budget-000$i" POST /v1/chat/completions "$(chat_body priced)"; done
same "two calls are within the second's day" 200 "$said_status"
call second budget-0003 POST /v1/chat/completions "$(chat_body priced)"
refused_there "[H09] the third is not" 429 budget_exceeded
has "and it is told when to come again" '^retry-after: [0-9]+' "$(tr -d '\r' <<<"$raw" | tr '[:upper:]' '[:lower:]')"
call first chat-thr-0013 POST /v1/chat/completions "$(chat_body priced)"
same "the first's day is another" 200 "$said_status"
burst() {	# three calls of one chat, and one too many
	local one
	one=call:$(say POST /v1/chat/completions "$(chat_body priced)" "x-request-id: burst-chat-01" | in_hex)
	have_called first burst-chat-01 "$one $one $one $one"
	raw=$(jq -r '.choices[0].message.content' <<<"$body" | xxd -r -p | tr -d '\0')
}
burst
same "[H09] one chat has its own budget: three of four calls" 3 "$(grep -o 'HTTP/1.1 200' <<<"$raw" | wc -l)"
same "  and the fourth is refused" 1 "$(grep -o 'HTTP/1.1 429' <<<"$raw" | wc -l)"
denied() { egress_has "decision=denied" '[.data[] | select(.competitor == "first")] | length >= 4'; }
until_true 40 denied || true	# it has told of them: what it has not dies with it
end janus-platform KILL
start_platform "${provider[@]}"
back() { call second budget-0004 GET /usage; [ "$said_status" = 200 ]; }
becomes "the platform is killed and back" 40 back
call second budget-0005 POST /v1/chat/completions "$(chat_body priced)"
refused_there "[H09] what was spent is spent still" 429 budget_exceeded

# [H08] the provider's failures are the provider's
call first chat-for-0014 POST /v1/chat/completions "$(chat_body priced fault:status=500)"
same "[H08] a provider that fails: 502" 502 "$said_status"
truth "  is upstream's fault, by name" '.error.janus.fault == "upstream" and (.error.message | test("provider")) and (.error.message | test("competitor") | not)' "$said"
call first chat-fif-0015 POST /v1/chat/completions "$(chat_body priced fault:status=401)"
same "[H08] a provider that refuses our key: 502" 502 "$said_status"
lacks "  and the key is not in it" 'sk-secret' "$raw"

# --- who is told -----------------------------------------------------------------------------

becomes "what was denied is in the list" 40 denied
truth "with what it was" '[.data[] | select(.target | test("169.254"))] | length == 1' "$body"
limited() { ctl list egress --filter competitor=second --filter decision=limited; grep -q budget_exceeded <<<"$out"; }
becomes "janusctl lists what was limited" 40 limited
failed() { egress_has "decision=failed" '[.data[] | select(.code == "upstream_bad_response") | .calls] | add == 2'; }
becomes "and what failed is listed" 40 failed
counted() { [ "$(metric "$1" "$2")" -gt 0 ]; }
becomes "calls are counted" 30 counted janus_egress_requests_total 'competitor="first",decision="denied"'
becomes "and bytes" 30 counted janus_egress_bytes_total 'competitor="first",decision="allowed",direction="in"'
becomes "each denial is a line in the platform's log" 30 grep -q '"egress.call".*"denied"' "$work/janus-platform.log"
lacks "and no log knows the key" 'sk-secret' "$(cat "$work"/janus*.log)"

# --- a chat costs its key what was measured, whatever its competitor says ---------------------------

control GET /api/v1/requests/chat-one-0001
cost=$(jq .measured.cost_usd <<<"$body")
ctl create key payer --usd-per-day "$(jq -n "$cost * 1.5")" -q
payer=$out
paid() {	# ID: a chat of that key; its competitor tells of no cost
	have_called first "$1" "call:$(say POST /v1/chat/completions "$(chat_body priced)" "x-request-id: $1" | in_hex)" \
		-H "authorization: Bearer $payer"
}
spent() { ctl list usage -o json; jq -e ".data[] | select(.name == \"payer\") | .cost_usd == $cost * $1" <<<"$out" >/dev/null; }
paid paid-0001
same "a key's chat: 200" 200 "$status"
lacks "  whose answer names no cost" cost_usd "$body"
becomes "[G12] is charged with what it cost at the platform" 40 spent 1
control GET /api/v1/requests/paid-0001
truth "  as the request says" ".cost_usd == $cost and .measured.cost_usd == $cost" "$body"
kill_janusd
traced
routed() { paid paid-0002; [ "$status" != 503 ]; }
becomes "after kill -9 it is back" 60 routed
same "[L14] [H09] half of a chat is left of the budget: one more" 200 "$status"
becomes "  which is charged" 40 spent 2
paid paid-0003
refused "[H09] and then none" 429 budget_exceeded

# --- without a provider, on a machine alone ------------------------------------------------------

end janus-platform
mkdir "$work/docs"
printf '# The red fox\n\nIt jumps over lazy dogs.\n' >"$work/docs/fox.md"
start_platform "JANUS_SEARCH_DIR=$work/docs"
alone() { call first chat-six-0016 GET /v1/models; jq -e '.data[0].id == "janus-offline-responder"' <<<"$said" >/dev/null; }
becomes "without a provider there is the offline responder, by its name" 40 alone
call first chat-svn-0017 POST /v1/embeddings '{"model":"janus-offline-embedding","input":["red fox","red fox","blue whale"]}'
truth "and embeddings: the same for the same, another for another" \
	'.data | .[0].embedding == .[1].embedding and .[0].embedding != .[2].embedding and (.[0].embedding | length) == 256' "$said"

finds_fox() {	# once its documents have been read
	call first chat-eit-0018 POST /search '{"query":"lazy AND \"dogs"}' "x-request-id: chat-eit-0018"
	jq -e '.results | length > 0' <<<"$said"
}
until_true 40 finds_fox || true
truth "[H10] and search in the operator's documents, whatever is typed" \
	'.source == "local" and .results[0].url == "local:/fox.md" and .results[0].title == "The red fox"' "$said"
printf '# The blue whale\n' >"$work/docs/whale.md"
whale() { call first chat-nnt-0019 POST /search '{"query":"blue whale"}'; jq -e '.results | length == 1' <<<"$said" >/dev/null; }
becomes "a new document is found soon" 40 whale
searched() { control GET /api/v1/requests/chat-eit-0018; jq -e '.platform_calls[0].service == "search"' <<<"$body" >/dev/null; }
becomes "and a search is a call like any other" 40 searched

call first chat-twn-0020 POST /vector/upsert '{"items":[{"id":"fox","content":"the red fox"},{"id":"tax","content":"income tax law"}]}'
truth "vectors are kept" '.upserted == 2' "$said"
call first chat-two-0021 POST /vector/query '{"query":"a red fox","top_k":1}'
truth "and found" '.chunks[0].id == "fox"' "$said"
call second chat-two-0022 POST /vector/query '{"query":"a red fox","top_k":1}'
truth "[H10] but not by another" '.chunks == []' "$said"
packages
has "and by sqlite-vec just the same" '100%: ' "$(VECTOR_EXTENSION=$sdk/node_modules/sqlite-vec-linux-x64/vec0 \
	"$tests/controlplane/platform/test_vectors" 2>&1)"
