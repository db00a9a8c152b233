#!/usr/bin/env bash
#
# run.sh - the baseline with OpenCode as its agent: a real CLI agent in a real sandbox; only its model is played.
#
#   make test-opencode
#
# Not one of the scenarios: the first time it downloads OpenCode (about 180 MB).
. "$(dirname "$0")/../../scenario/lib.sh"
scenario=opencode

images link baseline sandbox-opencode
run model python3 "$root/tests/fake/model.py" "$((model = $(free_port)))"
until_true 10 listens "$model" || giveup "a model starts"
start_sandboxd JANUS_SANDBOX_IMAGE=janus/sandbox-opencode:latest JANUS_SANDBOX_MAX=2 JANUS_SANDBOX_WARM=1 \
	JANUS_SANDBOX_MEMORY=1536MiB JANUS_SANDBOX_DISK=256MiB
start_platform JANUS_PROVIDER_BASE_URL="http://127.0.0.1:$model/v1"
start_janusd
printf '%s' '{"port":8080,"env":{"JANUS_BASELINE_AGENT":"opencode"}}' >"$work/manifest.json"
ctl submit image janus/baseline-agent:latest --name coder --wait --timeout 90s --manifest "$work/manifest.json"
same "the baseline is accepted with another agent" 0 "$code"
with_model() { chat janus/coder hello; grep -q fake-model <<<"$body"; }
becomes "a model is connected" 40 with_model

ask -N --max-time 200 "$url/v1/chat/completions" -H 'content-type: application/json' -d "$(jq -nc '{model:"janus/coder",stream:true,
	stream_options:{include_usage:true},metadata:{path:"agent"},messages:[{role:"user",
	content:"Do it:\ncall bash {\"command\":\"echo from-opencode | tee artifacts/made.txt\",\"description\":\"write a file\"}"}]}')"
events=$(sed -n 's/^data: //p' <<<"$body" | grep -v '^\[DONE\]' | jq -sc .)
truth "OpenCode uses a tool" '[.[].choices[0]?.delta.janus // empty | select(.event == "tool_start") | .payload.name] | index("bash") != null' "$events"
has "  and answers with what it gave" 'DONE from-opencode' "$(jq -r '[.[].choices[0]?.delta.content // empty] | add' <<<"$events")"
truth "  the file is there" '[.[].choices[0]?.delta.janus // empty | select(.event == "artifact") | .payload | [.display_name, .size_bytes]] == [["made.txt", 14]]' "$events"
truth "  with its tokens" '[.[].usage // empty] | last | .prompt_tokens >= 200 and .completion_tokens >= 20 and .sandbox_seconds > 0' "$events"
