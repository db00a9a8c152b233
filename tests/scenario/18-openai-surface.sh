#!/usr/bin/env bash
#
# 18-openai-surface.sh - embeddings, completions and responses by the official SDK; pages of other origins. [A24]
. "$(dirname "$0")/lib.sh"

images link
packages
start_platform
start_janusd JANUS_CORS_ORIGINS=https://app.example

# Two competitors of the same program: what a manifest says decides what they are asked.
for name in chatty everything; do
	port=$(free_port)
	run "$name" node "$sdk/all-endpoints.mjs" "$port"
	until_true 10 listens "$port" || giveup "$name starts" "$(tail "$work/$name.log")"
	printf '{"capabilities":%s}' "$([ "$name" = chatty ] && echo '["flying"]' ||
		echo '["embeddings","responses","completions"]')" >"$work/$name.json"
	ctl submit url "http://127.0.0.1:$port" --name "$name" --manifest "$work/$name.json" --wait --timeout 60s
	[ "$code" = 0 ] || giveup "$name is ready" "$out" "$err"
done
control GET /api/v1/versions
truth "a word that means nothing is kept with the version" \
	'[.data[].manifest | .. | strings] | any(contains("flying"))' "$body"

node_tests "$sdk" surface.test.js APP_ORIGIN=https://app.example LOG="$work/everything.log"

same "one that only chats was asked nothing else" /v1/chat/completions \
	"$(jq -r 'select(.path).path' "$work/chatty.log" | sort -u)"

end janusd
code=0
JANUS_CORS_ORIGINS="*" JANUS_CORS_CREDENTIALS=true "$bin/janusd" >"$work/refused.log" 2>&1 || code=$?
same "any origin with credentials is refused at start" 1 "$code"
has "and said why" "cannot go with credentials" "$(cat "$work/refused.log")"
