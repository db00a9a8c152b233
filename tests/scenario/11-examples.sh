#!/usr/bin/env bash
#
# 11-examples.sh - what README.md and docs/miner.md tell people to type really runs.
. "$(dirname "$0")/lib.sh"

images base link baseline sandbox
start_sandboxd JANUS_SANDBOX_WARM=1
start_janus
baseline
export DOCKER_HOST=unix://$engine DOCKER_BUILDKIT=0
ln -s "$bin" "$work/programs"

# commands FILE NAME: the sh block after "<!-- runs: NAME -->", run line by line as typed in a clone
commands() {
	awk -v mark="<!-- runs: $2 -->" '$0 == mark { armed = 1; next }
		armed && /^```sh/ { inside = 1; next } inside && /^```/ { exit } inside' "$root/$1"
}
typed() {	# FILE NAME
	local text log=$work/typed.log
	text=$(commands "$1" "$2")
	[ -n "$text" ] || { bad "$1: block $2 is there"; return; }
	text=${text//build\/bin\//$work/programs/}
	text=${text//127.0.0.1:8000/127.0.0.1:$JANUS_PORT}
	if (cd "$root" && bash -euo pipefail -c "$text") >"$log" 2>&1; then
		ok "$1: what it says under $2 runs"
	else
		bad "$1: what it says under $2 runs" "$text" "$(tail -n 20 "$log")"
	fi
}

typed README.md first-submission
chat janus/my-owl "hello owl"
has "README: my-owl answers" 'lwo olleh' "$(jq -r '.choices[0].message.content' <<<"$body")"
typed README.md files
has "README: its steps, and two files" '"event":"artifact".*"display_name":"squares.csv"' "$(grep -v '^: ' "$work/typed.log")"
has "README: the bundle is whole" '^broken +-$' "$(tail -n 12 "$work/typed.log")"
packages
ln -s "$sdk/node_modules" "$work/node_modules"
cp "$root/docs/examples/squares/"* "$work"
(cd "$work" && OPENAI_BASE_URL=$url/v1 node squares.mjs) >"$work/squares.log" 2>&1 || bad "squares.mjs runs" "$(tail "$work/squares.log")"
same "squares.mjs: steps and files" "[sandbox_start] [tool_start] [tool_end] kept chart.svg kept squares.csv [sandbox_end]" \
	"$(grep -oE '^(\[[a-z_]+\]|kept .*)' "$work/squares.log" | grep -vE '^\[(progress|artifact)\]' | tr '\n' ' ' | sed 's/ $//')"
same "squares.mjs: the CSV is there" 11 "$(wc -l <"$work/squares.csv")"
typed docs/getting-started.md look
typed docs/getting-started.md curl
typed docs/miner.md python
typed docs/miner.md shell
typed docs/miner.md local

for name in my-owl my-parrot; do
	ask -N "$url/v1/chat/completions" -H 'content-type: application/json' \
		-d "{\"model\":\"janus/$name\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[{\"role\":\"user\",\"content\":\"abc \\\"quoted\\\" ü\"}]}"
	same "$name streams" 200 "$status"
	same "$name: one [DONE]" 1 "$(grep -c '^data: \[DONE\]' <<<"$body")"
	has "$name: usage" '"usage": ?\{' "$body"
	lacks "$name: no error" '^data: \{"error"' "$body"
	same "$name: every event is JSON" "" "$(grep '^data: {' <<<"$body" | cut -c7- | jq -c . 2>&1 >/dev/null)"
done
has "my-parrot repeats" 'abc \\"quoted\\" ü' "$(grep -oE '"content": ?"([^"\\]|\\.)*"' <<<"$body" | sed -E 's/"content": ?"(.*)"$/\1/' | tr -d '\n')"
