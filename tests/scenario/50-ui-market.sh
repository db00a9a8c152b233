#!/usr/bin/env bash
#
# 50-ui-market.sh - the marketplace in a browser: what is there, counted calls, submissions and their review, hostile ones too.
. "$(dirname "$0")/lib.sh"

images link baseline sandbox
echo '{"version":"test-50","default":{"domains":["example.org"]}}' >"$work/policy.json"
start_sandboxd JANUS_SANDBOX_MAX=4 JANUS_SANDBOX_WARM=1 JANUS_SANDBOX_MEMORY=512MiB JANUS_SANDBOX_DISK=64MiB JANUS_SANDBOX_PIDS=128
start_platform "JANUS_PLATFORM_POLICY=$work/policy.json" "JANUS_SEARCH_DIR=$root/docs"
start_janusd
accept janus/baseline-agent:latest baseline-agent
key() { ctl create key "$@" -q; printf '%s' "$out"; }
miner=$(key acme --kind mn) other=$(key beta --kind mn) boss=$(key boss --kind ad)

# --- the records, over the API --------------------------------------------------------------
set_up() { control GET /api/v1/components; jq -e '[.data[] | select(.origin == "platform") | .available] | length >= 7 and all' <<<"$body" >/dev/null; }
becomes "the platform's services are there, and set up" 60 set_up
truth "  each with its contract" 'all(.data[]; .contract.type == "openapi" and .contract.operations > 0)' "$body"
truth "  what is not counted has no number" '[.data[] | select(.usage == null) | .id] == ["cmp.janus.budget"]' "$body"

code_task() {	# PYTHON: the baseline's agent runs it in a sandbox; sets said
	ask -N "$url/v1/chat/completions" -H 'content-type: application/json' -H "x-request-id: market-$((++tasks))-of-50" \
		-d "$(jq -nc --arg t "Run this:"$'\n```python\n'"$1"$'\n```' '{model: "janus/baseline-agent", stream: true, messages: [{role: "user", content: $t}]}')"
	said=$(sed -n 's/^data: //p' <<<"$body" | grep -v '^\[DONE\]' | jq -r '.choices[0]?.delta.content // empty' 2>/dev/null | tr -d '\r')
}
tasks=1000
agent_ready() { code_task 'print(6 * 7)'; grep -q 42 <<<"$said"; }
becomes "the baseline's agent works in sandboxes" 120 agent_ready
integration() {	# SERVICE: its Integration Guide, as it stands, in a pod
	local guide
	control GET "/api/v1/components/cmp.janus.$1"
	guide=$(jq -r .integration <<<"$body" | base64 -w0)
	code_task "import base64, os, subprocess
env = {'JANUS_PLATFORM_URL': 'http://127.0.0.1:8600', 'OPENAI_BASE_URL': 'http://127.0.0.1:8600/v1', **os.environ}
done = subprocess.run(['sh', '-ec', base64.b64decode('$guide').decode()], env=env, capture_output=True, text=True)
print(done.stdout, done.stderr)"
}
integration search
has "the guide of search works in a pod" '"source":"local"' "$said"
integration vectors
has "  of vectors" '"chunks":\[\{"id":"1"' "$said"
integration inference
has "  of inference" '"choices"' "$said"
integration embeddings
has "  of embeddings" '"embedding"' "$said"
integration budget
has "  of the budget" '"object":"usage"' "$said"
counted() { control GET /api/v1/components; jq -e '[.data[] | select(.usage.calls > 0) | .id] | index("cmp.janus.search") and index("cmp.janus.sandbox") and index("cmp.janus.vectors")' <<<"$body" >/dev/null; }
becomes "these calls are counted" 60 counted
truth "  as one competitor's" '[.data[] | select(.id == "cmp.janus.search")][0].usage == {calls: 1, competitors: 1, last_30_days: {calls: 1, competitors: 1}}' "$body"
truth "  and the most called stand first" '[.data[].usage.calls // -1] | . == (sort | reverse)' "$body"

# --- whose is what --------------------------------------------------------------------------
manifest='{"id":"cmp.acme.notes","version":"1.0.0","name":"Notes","description":"Remembers what was said.","category":"memory","entrypoint":"https://notes.example/","contract":{"type":"mcp","tools":[{"name":"add","inputSchema":{"type":"object"}}]}}'
as() { ask -X "$2" "$url$3" -H "authorization: Bearer $1" -H 'content-type: application/json' "${@:5}" ${4:+-d "$4"}; }
as "$miner" POST /api/v1/components "$manifest"
same "a component is submitted" 201 "$status"
truth "  by who has that key" '.author == "acme" and .state == "submitted" and .mine' "$body"
etag=$(jq -r .etag <<<"$body")
as "$other" GET /api/v1/components/cmp.acme.notes
refused "[L03] others do not see it" 404 resource_not_found
as "$other" POST /api/v1/components "${manifest/notes/else}"
refused "[L03] nor may they use its namespace" 409 conflict
as "$miner" POST /api/v1/components "$manifest"
refused "a version is submitted once" 409 conflict
as "$miner" POST /api/v1/components/cmp.acme.notes/approve
refused "[L03] its owner does not approve it" 403 missing_scope
as "$boss" POST /api/v1/components/cmp.acme.notes/reject '{}'
refused "a rejection has a reason" 400 missing_required_parameter
as "$boss" POST /api/v1/components/cmp.acme.notes/approve
same "an administrator approves it" 200 "$status"
as "$other" DELETE /api/v1/components/cmp.acme.notes '' -H 'if-match: *'
refused "[L03] others do not take it back" 403 missing_scope
as "$miner" DELETE /api/v1/components/cmp.acme.notes '' -H "if-match: \"$etag\""
refused "nor its owner, as it was" 412 etag_mismatch
as "$boss" DELETE /api/v1/components/cmp.janus.search '' -H 'if-match: *'
refused "the platform's own are not to be changed" 409 invalid_state
ctl submit component - --dry-run
same "janusctl: no manifest" 2 "$code"
printf '%s' "${manifest/1.0.0/1.1.0}" >"$work/notes.json"
ctl submit component "$work/notes.json"
same "janusctl submit component" 0 "$code"
ctl reject component cmp.acme.notes --reason "the host does not answer"
same "janusctl reject" 0 "$code"
ctl show component cmp.acme.notes@1.1.0 --output json
truth "janusctl show" '.state == "rejected" and .state_reason == "the host does not answer"' "$out"
ctl list components --filter category=memory -q
same "janusctl list" $'cmp.janus.vectors\ncmp.acme.notes' "$out"
kill_janusd
start_janusd
becomes "after kill -9" 60 set_up
truth "  all of it is there" '[.data[] | select(.id == "cmp.acme.notes")][0] | .state == "published" and .version == "1.0.0"' "$body"

# --- in the browser -------------------------------------------------------------------------
becomes "the competitor is back" 60 serves baseline-agent
browser_tests market.test.js "MINER=$miner" "BOSS=$boss"
