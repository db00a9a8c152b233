#!/bin/bash
# A parrot: a competitor in shell, one process for each connection (socat), which repeats what it hears.
read -r method path _
while IFS=$': \r' read -r name value && [ -n "$name" ]; do
	[ "${name,,}" = content-length ] && length=$value
done

answer() { printf 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: %s\r\n\r\n' "$1"; }
event() { printf 'data: %s\n\n' "$(jq -nc "$@" "$chunk")"; }

if [ "$method $path" != "POST /v1/chat/completions" ]; then
	answer application/json
	echo '{"status":"ok"}'
	exit
fi
chat=$(head -c "${length:-0}")
text=$(jq -r '.messages[-1].content | if type == "string" then . else map(.text // "") | join(" ") end' <<<"$chat")
usage='{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}'
chunk='{id: "chatcmpl-parrot", object: "chat.completion.chunk", created: (now | floor), model: "parrot",
	choices: (if $usage then [] else [{index: 0, delta: $delta, finish_reason: $finish}] end)} + if $usage then {usage: $usage} else {} end'

if [ "$(jq .stream <<<"$chat")" = true ]; then
	answer text/event-stream
	event --argjson delta '{"role":"assistant"}' --argjson finish null --argjson usage null
	set -f	# words, not file names
	for word in $text; do
		event --argjson delta "$(jq -nc --arg w "$word " '{content: $w}')" --argjson finish null --argjson usage null
	done
	event --argjson delta '{}' --argjson finish '"stop"' --argjson usage null
	event --argjson delta '{}' --argjson finish null --argjson usage "$usage"
	printf 'data: [DONE]\n\n'
else
	answer application/json
	# Through a pipe: a long text is too long for an argument.
	jq -Rsc --argjson usage "$usage" '{id: "chatcmpl-parrot", object: "chat.completion",
		created: (now | floor), model: "parrot", usage: $usage,
		choices: [{index: 0, message: {role: "assistant", content: rtrimstr("\n")}, finish_reason: "stop"}]}' <<<"$text"
fi
