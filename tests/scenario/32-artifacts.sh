#!/usr/bin/env bash
#
# 32-artifacts.sh - what a pod announces is fetched, kept and handed out; a kill leaves no halves. [K08] [K09] [K11]
. "$(dirname "$0")/lib.sh"

hostile artifacts
packages
start_janus
accept hostile-artifacts:latest maker

letters() { head -c "$1" < <(yes abcdefghijklmnopqrstuvwxyz 2>/dev/null | tr -d '\n' 2>/dev/null); }
sum() { sha256sum | cut -d' ' -f1; }
announce() {	# NAME LENGTH SHA256 [CURL-OPTIONS]: sets body, link
	ask "$url/v1/chat/completions" -H 'content-type: application/json' -N "${@:4}" \
		-d "{\"model\":\"janus/maker\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"announce $1 $2 $3\"}]}"
	link=$(grep -oE '/v1/artifacts/artf_[0-9a-z]{26}\?sig=[A-Za-z0-9_-]+&exp=[0-9]+' <<<"$body" | head -n 1 || true)
}
blobs() { find "$state/blobs/sha256" -type f | wc -l; }
temps() { find "$state/blobs/tmp" -type f | wc -l; }

big=$(letters 3000000 | sum)
announce plot.bin 3000000 "$big" -H 'x-request-id: req_announces'
has "an event has our link" '"url":"/v1/artifacts/artf_' "$body"
same "and so has the text" "[plot.bin]($link)" "$(grep -oE '\[plot.bin\]\([^)]*\)' <<<"$body")"
lacks "nothing of the pod's address is left" '127\.0\.0\.1:8080' "$body"
same "the bytes are those that were announced" "$big" "$(curl -sS "$url$link" | sum)"
ask "$url$link" -r 2999990-
same "a range of them" "206 $(letters 3000000 | tail -c 10)" "$status $body"
ask "$url$link" -r 0-4,26-27
has "two ranges" '^content-range: bytes 26-27/3000000' "$(tr -d '\r' <<<"$body")"
ask "$url${link%%\?*}"
refused "without its query" 403 invalid_artifact_link
first=$link
announce again.bin 3000000 "$big"
same "the same bytes are stored once" 1 "$(blobs)"

announce lie.bin 26 "$big"
has "a lie is an error in its place" '"code":"artifact_unavailable","reason":"hash_mismatch"' "$body"
has "which the stream says, too" '^: artifact artf_lie.bin unavailable: hash_mismatch' "$body"
has "and goes on" '^data: \[DONE\]' "$body"
chat janus/maker "announce whole.bin 26 $(letters 26 | sum)"
truth "a whole answer has our link" '.choices[0].message.artifacts[0].url | startswith("/v1/artifacts/artf_")' "$body"

# --- what is known of them ---
replies=$work/replies
tell() {	# METHOD PATH: ask by the socket, and keep the answer
	control "$1" "$2"
	printf '%s' "$body" | jq -Rsc --arg method "$1" --arg path "$2" --arg status "$status" \
		'{$method, $path, status: ($status | tonumber), type: "application/json", body: .}' >>"$replies"
}
id=$(grep -oE 'artf_[0-9a-z]{26}' <<<"$first")
known() { tell GET /api/v1/requests/req_announces; jq -e '.artifacts[0].display_name == "plot.bin"' <<<"$body"; }
becomes "a request knows its artifacts" 40 known
tell GET "/api/v1/artifacts?competitor=maker&request=req_announces"
truth "they are listed by request" ".data | length == 1 and .[0].id == \"$id\"" "$body"
tell GET "/api/v1/artifacts/$id"
tell POST "/api/v1/artifacts/$id/link"
three() { ctl list artifacts --filter competitor=maker -o json; jq -e '.data | length == 3' <<<"$out"; }
becomes "janusctl lists them" 30 three
ctl show artifact "$id" -o json
truth "and shows one" ".sha256 == \"$big\" and .size_bytes == 3000000" "$out"
ctl export artifact "$id" "$work/exported"
same "and writes it to a file" "$big" "$(sum <"$work/exported")"
refusal() { ctl list events -o json; jq -e '[.data[] | select(.action == "artifact.refused" and .detail == "hash_mismatch")] | length == 1' <<<"$out"; }
becomes "a refusal is an event" 30 refusal
ingested() { [ "$(metric janus_artifacts_ingested_total "competitor=\"maker\",result=\"$1\"")" = "$2" ]; }
becomes "metrics count them" 30 ingested stored 3
becomes "and what was refused" 30 ingested hash_mismatch 1

# --- killed while one is fetched ---
run slow curl -sN "$url/v1/chat/completions" -H 'content-type: application/json' \
	-d "{\"model\":\"janus/maker\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"announce slow.bin 3000000 $big\"}]}"
halves() { [ "$(temps)" = 1 ]; }
becomes "a fetch is under way" 40 halves
has "heartbeats go on" '^: ping' "$(until_true 40 grep -q '^: ping' "$work/slow.log"; cat "$work/slow.log")"
mkdir -p "$state/blobs/sha256/00"
letters 100 >"$state/blobs/sha256/00/$(printf '%062d' 0)"	# nobody names it
kill_janusd
start_janusd
same "the half of it is gone" 0 "$(temps)"
same "and so is what nobody names" 2 "$(blobs)"
same "what was there is there, by the same link" "$big" "$(curl -sS "$url$first" | sum)"
becomes "the pod serves again" 30 answers janus/maker

# --- the end of some ---
ctl list artifacts --filter display_name~=*.bin -q
for each in $out; do
	[ "$each" = "$id" ] || ctl remove artifact "$each" --yes
done
tell DELETE "/api/v1/artifacts/$id"
none() { [ "$(blobs)" = 0 ]; }
becomes "with the last that names them the bytes go" 40 none
ask "$url$first"
refused "a link to what is gone" 410 artifact_expired

# --- files, by the official SDK ---
node_tests "$sdk" files.test.js MODEL=janus/maker
printf hello >"$work/hello.txt"
ask --unix-socket "$runtime/janusd.sock" -F purpose=user_data -F "file=@$work/hello.txt" http://janus/v1/files
file=$(jq -r .id <<<"$body")
for each in "GET /v1/files" "GET /v1/files/$file" "DELETE /v1/files/$file"; do
	tell "${each%% *}" "${each#* }"
	same "$each" 200 "$status"
done
said=$("$root/tests/lint/openapi.sh" --replies "$replies" 2>&1 | grep '^openapi' | grep -v 'was never answered well$' || true)
same "all of that is as docs/openapi.json says" "" "$(grep -v 'replies as the document says' <<<"$said" || true)"
