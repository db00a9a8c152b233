#!/usr/bin/env bash
#
# 35-langchain.sh - the second baseline, as it is submitted: it conforms, uses the platform's tools, and is measured.
. "$(dirname "$0")/lib.sh"

images link langchain sandbox
packages

# A model that follows a script: what a prompt holds, and what is said to it.
cat >"$work/docs.md" <<'END'
# The red fox

It jumps over lazy dogs.
END
mkdir "$work/library" && mv "$work/docs.md" "$work/library/fox.md"
jq -n --arg numbers "$(seq 2000)" '{
	"get_weather": [{calls: [["get_weather", {city: "Oslo"}]]}],
	"weather in Oslo": [{}, {content: "It rains: {{result}}"}],
	"1 to 2000": [{content: $numbers}],
	"hello.txt": [{calls: [["make_file", {name: "hello.txt", content: "hello"}]]}, {content: "There you are."}],
	"in a sandbox": [{reasoning: "It has to be run. ", calls: [["run_code", {language: "python",
		code: "import csv\nwith open(\"artifacts/squares.csv\", \"w\") as f:\n    csv.writer(f).writerows([i, i * i] for i in range(4))\nprint(\"sum\", sum(i * i for i in range(4)))\n"}]]},
		{content: "The program said: {{result}}"}],
	"a page": [{calls: [["fetch", {url: "http://169.254.169.254/latest"}], ["search", {query: "red fox"}]]}, {content: "Seen: {{result}}"}],
	"for a long time": [{calls: [["run_code", {language: "bash", code: "echo begun; sleep 60"}]]}, {content: "never"}],
	"break off": [{content: "one two three four", frame: {message: "overheated", code: "hot"}}],
	"a broken model": [{status: 400, body: {error: {message: "I do not like it.", code: "odd"}}}]
}' >"$work/script.json"
run model node "$root/baseline/langchain/test/fake-model.js" --script "$work/script.json"
until_true 60 grep -q listens "$work/model.log" || giveup "a model starts" "$(cat "$work/model.log")"
port=$(jq -r 'select(.event == "listens").port' "$work/model.log")
printf '{"version":"test-35","models":{"scripted":{"input":1000,"output":1000}}}' >"$work/prices.json"

start_sandboxd JANUS_SANDBOX_MAX=2 JANUS_SANDBOX_MEMORY=512MiB JANUS_SANDBOX_DISK=64MiB
start_platform "JANUS_PROVIDER_BASE_URL=http://127.0.0.1:$port/v1" "JANUS_INFERENCE_PRICES=$work/prices.json" \
	"JANUS_SEARCH_DIR=$work/library"
start_janusd

# --- the checks that every submission has to pass ------------------------------------------------

# Whose verdict is no pass.  How long a machine that has too much to do was silent is nobody's fault here; the
# competitor's own tests see its pings.
unpassed() { jq -r '[.evidence.conformance[] | select(.check != "heartbeat" and .verdict != "pass" and .verdict != "skip") | "\(.check) \(.verdict): \(.seen)"] | join("\n")' <<<"$out"; }
ctl conform janus/baseline-langchain:latest --output json --timeout 120s
same "it conforms" 0 "$code"
same "  in every check" "" "$(unpassed)"
same "  all seventeen were made" 17 "$(jq '.evidence.conformance | length' <<<"$out")"
truth "  a file was made, and is what was announced" '.evidence.conformance | map(select(.check == "artifacts"))[0] | .verdict == "pass"' "$out"
truth "  it noticed that its client left" '.evidence.conformance | map(select(.check == "cancel"))[0].seen == "it hung up too"' "$out"

# --- chats, by the official SDK ------------------------------------------------------------------

accept janus/baseline-langchain:latest baseline-langchain
node_tests "$sdk" langchain.test.js MODEL_LOG="$work/model.log"
ctl chat --model janus/baseline-langchain "Make hello.txt"
same "janusctl chats with it" 0 "$code"

# --- what the platform saw -----------------------------------------------------------------------

chat_id=chat-of-a-sandbox-01
ask "$url/v1/chat/completions" -H 'content-type: application/json' -H "x-request-id: $chat_id" \
	-d '{"model":"janus/baseline-langchain","messages":[{"role":"user","content":"Square them in a sandbox."}]}'
same "a whole answer from a sandbox" 200 "$status"
truth "  has what the program printed" '.choices[0].message.content | test("sum 14")' "$body"
truth "  and what it took: tokens, money, seconds" '.usage | .total_tokens == 30 and .cost_usd > 0 and .sandbox_seconds > 0' "$body"
truth "  and the file" '.choices[0].message.artifacts[0] | .display_name == "squares.csv" and .type == "dataset" and .size_bytes == 20' "$body"
calls_known() {	# their sums come after the calls
	control GET "/api/v1/requests/$chat_id"
	jq -e '([.platform_calls[].service] | index("sandbox") and index("inference")) and (.measured | .cost_usd > 0 and .calls >= 6)' <<<"$body"
}
becomes "every call was made in the chat's name, and measured" 30 calls_known
made() { grep -c '"method":"POST","route":"/api/sandboxes","path":"/api/sandboxes","status":200' "$work/janus-sandboxd.log"; }
ended() { grep -c '"to":"ended","reason":"terminated"' "$work/janus-sandboxd.log"; }
all_ended() { [ "$(made)" -ge 3 ] && [ "$(made)" = "$(ended)" ]; }
becomes "each sandbox was ended with its chat, also with one whose client left" 60 all_ended
logged() { ctl logs baseline-langchain -n 500; grep -q "\"msg\":\"request.done\".*\"request_id\":\"$chat_id\"" <<<"$out"; }
becomes "its log has a line a chat" 30 logged
lacks "  and no prompt or key" 'Square them|jns_rt_' "$out"

# --- without a model ---------------------------------------------------------------------------------

end janus-platform
start_platform "JANUS_SEARCH_DIR=$work/library"
ctl conform janus/baseline-langchain:latest --output json --timeout 120s
same "with the offline responder for a model it conforms, too" 0 "$code"
same "  in every check" "" "$(unpassed)"
