#!/usr/bin/env bash
#
# 34-agent.sh - the baseline's agent: work in a sandbox, seen step by step, its files, and how it ends when things go wrong.
. "$(dirname "$0")/lib.sh"

images link baseline sandbox
start_sandboxd JANUS_SANDBOX_MAX=4 JANUS_SANDBOX_WARM=1 JANUS_SANDBOX_MEMORY=512MiB JANUS_SANDBOX_DISK=64MiB JANUS_SANDBOX_PIDS=128
start_janus
accept janus/baseline-agent:latest baseline-agent

# task TEXT [MORE-JSON]: streamed; sets status, body, events (the data of all), said and thought
task() {
	ask -N "$url/v1/chat/completions" -H 'content-type: application/json' -H "x-request-id: ${request_id:-task-$((++tasks))-of-34}" -d "$(jq -nc --arg t "$1" \
		"{model:\"janus/$competitor\",stream:true,stream_options:{include_usage:true},messages:[{role:\"user\",content:\$t}]} + {${2:-}}")"
	events=$(sed -n 's/^data: //p' <<<"$body" | grep -v '^\[DONE\]' | jq -sc . 2>/dev/null || printf '[]')
	said=$(jq -r '[.[].choices[0]?.delta.content // empty] | add // ""' <<<"$events")
	thought=$(jq -r '[.[].choices[0]?.delta.reasoning_content // empty] | add // ""' <<<"$events")
}
tasks=0 competitor=baseline-agent
janus() { jq -c "[.[].choices[0]?.delta.janus // empty | select(.event == \"$1\") | .payload]" <<<"$events"; }
usage() { jq -c '[.[].usage // empty] | last' <<<"$events"; }
pods_are() { [ "$(sandbox_containers | wc -l)" = $(($1 * 2)) ]; }
no_sandbox_is_left() { becomes "  no sandbox is left but the warm one" 60 pods_are 1; }

# --- without a model: what the prompt holds is run ----------------------------------------
agent_ready() { task hello '"metadata":{"path":"agent"}'; [ "$status" = 200 ] && ! grep -q '"error"' <<<"$body"; }
until_true 60 agent_ready || giveup "the agent is there" "$body" "$(tail -n 3 "$work/janus-sandboxd.log")"
task 'Good morning'
has "a plain word takes the fast path, and says why" 'Fast path: nothing in it needs a sandbox' "$thought"
same "  without a sandbox" '[]' "$(janus sandbox_start)"
truth "  whose use is said" '.sandbox_seconds == 0 and .cost_usd == 0' "$(usage)"

task 'Make a CSV and a chart of it:
```python
import csv, os, struct, zlib
os.makedirs("artifacts", exist_ok=True)
rows = [(x, x * x) for x in range(10)]
with open("artifacts/squares.csv", "w", newline="") as f:
    csv.writer(f).writerows([("x", "square"), *rows])
pixels = b"".join(b"\0" + bytes(0 if 81 - y < square else 255 for _, square in rows for _ in range(8)) for y in range(82))
chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
with open("artifacts/chart.png", "wb") as f:
    f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 80, 82, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))
print(sum(square for _, square in rows))
```'
same "a CSV and a chart" 200 "$status"
has "  by the agent, which says why" 'Agent path: there is code in it' "$thought"
has "  with what the code wrote" '^285$' "$said"
truth "  step by step" '([.[].choices[0]?.delta.janus.event // empty] | map(select(. != "progress"))) == ["sandbox_start","tool_start","tool_end","artifact","artifact","sandbox_end"]' "$events"
truth "  a finish, usage, seconds of the sandbox" 'map(.choices[0]?.finish_reason // empty) == ["stop"] and (map(.usage // empty) | last | .sandbox_seconds > 0)' "$events"
truth "  two files, described" 'length == 2 and (map(.display_name) | sort) == ["chart.png", "squares.csv"] and all(.size_bytes > 0 and (.sha256 | test("^[0-9a-f]{64}$")))
	and (map(select(.display_name == "chart.png"))[0] | .type == "image" and .mime_type == "image/png")' "$(janus artifact)"
no_sandbox_is_left

# --- the files, from the baseline itself ------------------------------------------------
bare() {	# NAME TIMEOUT: sets bare_url
	local port
	port=$(free_port)
	run "$1" env SANDY_BASE_URL="$sandboxes" SANDY_API_KEY="$sandbox_key" BASELINE_AGENT_CLI_PORT="$port" \
		BASELINE_AGENT_CLI_TIMEOUT="$2" "$lib/janus-baseline"
	bare_url=http://127.0.0.1:$port
	becomes "$1: bare, with a sandbox service of its own" 60 up
}
up() { curl -sf --max-time 2 "$bare_url/health" | jq -e .sandbox_available; }
bare baseline 40s
patient_url=$bare_url
alone() {	# TEXT [MORE-JSON]: as task, of the bare one
	local there=$url
	url=$bare_url
	task "$@"
	url=$there
}
alone 'Run this:
```sh
mkdir -p artifacts; head -c 100000 /dev/urandom >artifacts/bytes.bin; sha256sum artifacts/bytes.bin
```'
wanted=$(grep -oE '^[0-9a-f]{64}' <<<"$said" || true)
artifact=$(janus artifact | jq -c '.[0]')
same "bytes keep their digest" "$wanted" "$(jq -r .sha256 <<<"$artifact")"
curl -sS -D "$work/head" "$bare_url$(jq -r .url <<<"$artifact")" >"$work/bytes"
same "  also fetched" "$wanted" "$(sha256sum <"$work/bytes" | cut -d' ' -f1)"
has "  and are run by no browser" 'content-disposition: attachment' "$(tr -d '\r' <"$work/head")"
ask "$bare_url/artifacts/artf_00000000000000000000000000/x"
refused "one that is not there" 404 resource_not_found

# --- [G14] agents that behave badly: each ends in time, with a typed error or what there is -------------
bad_task() {	# WHAT CODE-OR-FINISH PATTERN TEXT [MS]: of the bare one
	local from seen
	from=$(ms)
	alone "$4"
	seen=$(jq -r '[.[] | .error.code // (.choices[0]?.finish_reason // empty)] | last' <<<"$events")
	same "$1: $2" "$2" "$seen"
	has "  it says what there is" "$3" "$said$body"
	below "  in ms" "${5:-55000}" "$(($(ms) - from))"
}
bare hurried 12s
bad_task "one that never ends" length 'ended at its limit' $'Run:\n```sh\nmkdir -p artifacts; echo half >artifacts/half.txt; echo begun; sleep 600\n```' 30000
truth "  with the file it had" 'map(.display_name) == ["half.txt"]' "$(janus artifact)"
has "  and no silence over 2 s on the way" '^: ping' "$body"
end hurried
bare_url=$patient_url
bad_task "one that floods" stop '[0-9]+ bytes in all' $'Run:\n```sh\nyes flood | head -c 20000000\n```'
bad_task "one that forks" stop 'survived|failed|exit code' $'Run:\n```sh\nf() { f | f & }; f; sleep 1; echo survived\n```'
bad_task "one that deletes its workspace" stop 'gone' $'Run:\n```sh\nrm -rf /workspace/* /workspace/.[a-z]*; echo gone\n```'
bad_task "one that writes bytes" stop 'wrote' $'Run:\n```sh\nhead -c 3000 /dev/urandom\n```'
bad_task "one that kills what it lives in" sandbox_lost 'sandbox' $'Run:\n```sh\npkill -KILL janus-sandbox-a; sleep 60\n```'
no_sandbox_is_left
run leaver curl -sSN "$bare_url/v1/chat/completions" -d "$(jq -nc '{model:"m",stream:true,messages:[{role:"user",content:"Run:\n```sh\nsleep 300\n```"}]}')"
becomes "one runs" 30 grep -q '"tool_start"' "$work/leaver.log"
end leaver KILL
becomes "who leaves ends the run" 30 pods_are 1
end baseline
has "what was done is logged, a line a run" '"msg":"agent.done".*"sandbox_seconds"' "$(cat "$work/baseline.log")"
lacks "  without the key" "$sandbox_key" "$(cat "$work/baseline.log")"

# --- with a model: tools, tokens, pictures -----------------------------------------------
end janus-platform
run model python3 "$root/tests/fake/model.py" "$((model = $(free_port)))"
until_true 30 listens "$model" || giveup "a model starts"
printf '{"version":"test-34","models":{"fake-model":{"input":10,"output":100}}}' >"$work/prices.json"
start_platform JANUS_PROVIDER_BASE_URL="http://127.0.0.1:$model/v1" JANUS_INFERENCE_PRICES="$work/prices.json"
accept janus/baseline-agent:latest with-model	# who conforms with a model too
competitor=with-model
with_model() { task hello; [ "$status" = 200 ] && grep -q fake-model <<<"$body"; }
becomes "a model is connected" 60 with_model
task $'Do some work:\ncall shell {"command":"echo $((6 * 7)) >artifacts/sum.txt; cat artifacts/sum.txt"}\ncall list {"path":"artifacts"}' '"metadata":{"path":"agent"}'
has "the agent works with a model and tools" 'DONE sum.txt' "$said"
truth "  both seen" 'map(.name) == ["shell", "list"]' "$(janus tool_start)"
truth "  tokens, cost and seconds are measured" '.prompt_tokens == 300 and .completion_tokens == 30 and .sandbox_seconds > 0 and .cost_usd == 0.006' "$(usage)"
truth "  the file is there" 'map(.display_name) == ["sum.txt"]' "$(janus artifact)"
task 'fault:garbage' '"metadata":{"path":"agent"}'
truth "a model whose answer is none: a typed error" '.[] | select(.error) | .error.code | test("upstream")' "$events"
task hello
has "the fast path says why with a model too" 'Fast path: nothing in it needs a sandbox' "$thought"
truth "  and what it cost" '.prompt_tokens == 100 and .cost_usd == 0.002 and .sandbox_seconds == 0' "$(usage)"
chat janus/with-model hello
truth "  also whole" '.usage.cost_usd == 0.002 and (.choices[0].message | .content == "DONE" and (.reasoning_content | startswith("Fast path: ")))' "$body"
task '' '"metadata":{"path":"agent"},"messages":[{"role":"user","content":"What is my name?"},{"role":"assistant","content":"Zoe."},{"role":"user","content":[{"type":"text","text":"call shell {\"command\":\"cat attachments/*\"}"},{"type":"file","file":{"filename":"../my file.txt","file_data":"data:text/plain;base64,aGVsbG8K"}}]}]'
has "a conversation is given whole, with its files" 'DONE hello' "$said"
task '' '"messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}]'
has "a picture reaches a model that sees" 'DONE pictures=1' "$said"
has "  which is another" 'fake-vision' "$body"
no_sandbox_is_left

# --- without a sandbox service ---------------------------------------------------------------
end janus-sandboxd
task 'Create a CSV file'
has "work without a sandbox is answered directly, and says so" 'Agent path: .*answered directly' "$thought"
has "  by the model" 'DONE' "$said"
task 'Create a CSV file' '"metadata":{"path":"agent"}'
has "  unless an agent was asked for" '"error"' "$body"
