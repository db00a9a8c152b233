#!/usr/bin/env bash
#
# 44-arena.sh - the same prompt to two competitors, blind: both streams in one, a vote, an order.
. "$(dirname "$0")/lib.sh"

declare -A ports
names=(swift-owl calm-fox)
start_fake() { run "$1" "$fake" --port "${ports[$1]}"; until_true 30 listens "${ports[$1]}" || giveup "$1 starts" "$(cat "$work/$1.log")"; }
for name in "${names[@]}"; do ports[$name]=$(free_port); done
start_fake swift-owl
start_fake calm-fox
start_platform
start() { start_janusd JANUS_AUTH_ANONYMOUS=true JANUS_ROUTER_LOOPS=2 JANUS_ARENA_VOTES_PER_CALLER=4 "$@"; }
start

# battle WORDS [MORE-JSON [CURL-OPTIONS]]: to its end; sets body, status and id
battle() {
	ask -N "$url/v1/arena" -H 'content-type: application/json' "${@:3}" \
		-d "$(jq -nc --arg t "$1" "{messages: [{role: \"user\", content: \$t}], stream: true} + {${2:-}}")"
	id=$(first_event | jq -r '.id // ""' 2>/dev/null || true)
}
vote() { ask "$url/v1/arena/$1/vote" -H 'content-type: application/json' -d "{\"winner\":\"$2\"}" "${@:3}"; }
events() { sed -n 's/^data: {/{/p' <<<"$body"; }	# of the last answer, without [DONE]
text_of() { events | jq -rj "select(.object == \"arena.chunk\" and .side == \"$1\") | .delta.content // \"\""; }
end_of() { events | jq -c "select(.object == \"arena.end\" and .side == \"$1\")"; }
first_event() { local all; all=$(events); printf '%s' "${all%%$'\n'*}"; }
board() { ask "$url/api/v1/arena/leaderboard"; }
row() { jq -c ".data[] | select(.competitor == \"$1\") | $2" <<<"$body"; }	# of the board

# --- too few ---
battle hi
refused "nobody to fight" 503 no_ready_competitor
ctl submit url "http://127.0.0.1:${ports[swift-owl]}" --name swift-owl --wait --timeout 60s
same "an endpoint is accepted" 0 "$code"
battle hi
refused "one is not enough" 503 no_ready_competitor
ctl submit url "http://127.0.0.1:${ports[calm-fox]}" --name calm-fox --wait --timeout 60s
same "another is" 0 "$code"

# --- both streams, blind ---
battle 'fault:chunks=8 fault:slow=60' '' -H 'x-request-id: request-of-mine'
same "a battle" 200 "$status"
has "its id comes first" '^btl_[0-9a-z]{26}$' "$id"
truth "with the time to vote" '.object == "arena.battle" and (.expires_at | test("Z$"))' "$(first_event)"
want=$(for i in 0 1 2 3 4 5 6 7; do printf 'word%s abcdefgh' "$i"; done)
same "side a answers whole" "$want" "$(text_of a)"
same "and so does side b" "$want" "$(text_of b)"
for side in a b; do
	truth "side $side ends" '.finish_reason == "stop" and .error == null and .ttft_ms >= 0 and .duration_ms > 0' "$(end_of $side)"
done
same "one [DONE]" 1 "$(grep -c '^data: \[DONE\]' <<<"$body")"
lacks "nothing names them" 'swift-owl|calm-fox|cpt_|ver_|ins_|req_|chatcmpl|sha256|"model"|fingerprint|fake' "$body$head"
lacks "nor do the headers" '^x-janus-(competitor|version-digest|attempts)' "$head"
mine=$id
control GET "/api/v1/battles/$mine"
truth "not even an administrator is told" '.state == "ended" and .revealed == false and (.a | has("competitor") | not)' "$body"

# --- a vote, once ---
vote "$mine" nobody
refused "a vote is one of four" 400 invalid_value
vote "$mine" a -H 'idempotency-key: my-own-key'
same "a vote is taken" 200 "$status"
truth "and reveals who was who" ".object == \"arena.vote\" and .battle == \"$mine\" and .winner == \"a\"
	and ([.a.competitor, .b.competitor] | sort) == [\"calm-fox\", \"swift-owl\"] and .a.request_id != .b.request_id" "$body"
winner=$(jq -r .a.competitor <<<"$body")
chat_id=$(jq -r .a.request_id <<<"$body")
vote "$mine" a -H 'idempotency-key: my-own-key'
same "the same vote again is answered again" 200 "$status"
has "and says so" '^idempotent-replayed: true' "$head"
vote "$mine" b
refused "another is refused" 409 invalid_state
control POST "/v1/arena/$mine/vote" '{"winner":"b"}'
refused "somebody else does not even know it" 404 resource_not_found
found() { control GET "/api/v1/requests/$chat_id" && [ "$status" = 200 ]; }
becomes "its chats are requests like others" 30 found
truth "of who answered" ".competitor == \"$winner\" and .status == 200 and .stream == true" "$body"
line_of_mine() { grep '"request.done"' "$work/janusd.log" | grep '"request-of-mine"'; }
until_true 30 line_of_mine || true
truth "the battle has a log line" ".battle == \"$mine\" and .route == \"/v1/arena\" and .state == \"ended\"" "$(line_of_mine || true)"
control GET "/api/v1/battles/$mine"
truth "now it is told" ".state == \"voted\" and .revealed and .a.competitor == \"$winner\"" "$body"

# --- the order ---
board
first=$(row "$winner" .rating)
truth "who won is above who lost" '.data[0].rating > 1500 and .data[1].rating < 1500 and .data[0].low < .data[0].rating
	and .data[0].rank == {low: 1, high: 2, range: "1-2"} and .data[0].group == 1 and .agreement.n == 0' "$body"
same "and the row says why" "1 1 0 0" "$(row "$winner" '"\(.battles) \(.wins) \(.losses) \(.ties)"' | tr -d '"')"
battle hi
control GET "/api/v1/battles/$id"
same "a second battle can be voted on" ended "$(jq -r .state <<<"$body")"
vote "$id" tie
same "a tie" 200 "$status"
board
truth "moves ratings together" ".rating < $first and .rating > 1500" "$(row "$winner" .)"
ctl list arena
has "janusctl lists them" "^$winner +" "$out"
ctl list arena --output json
truth "as the API does" '.data | length == 2' "$out"

# --- whole, not streamed ---
battle 'fault:chunks=2' '"stream": false'
same "without a stream" 200 "$status"
truth "both answers in one object" '.object == "arena.battle" and (.id | startswith("btl_")) and .a.message.content == "word0 abcdefghword1 abcdefgh"
	and .b.message == .a.message and .b.finish_reason == "stop" and .a.error == null' "$body"
battle hi '"model": "janus/swift-owl"'
refused "who fights is drawn by lot" 400 invalid_value
battle hi '"n": 2'
refused "one answer each" 400 unsupported_parameter
battle hi '"messages": 5'
refused "what no chat would take" 400 invalid_value

# --- limits: a battle is two chats ---
ctl create key arena-only --scopes arena --concurrency 2 -q
secret=$out
battle hi '' -H "authorization: Bearer $secret"
same "a key for the arena alone" 200 "$status"
keyed=$id
ask "$url/v1/chat/completions" -H "authorization: Bearer $secret" -H 'content-type: application/json' -d '{"model":"janus","messages":[]}'
refused "may not chat" 403 missing_scope
vote "$keyed" b
refused "what it began is its own" 404 resource_not_found
vote "$keyed" bad -H "authorization: Bearer $secret"
same "it votes" 200 "$status"
ctl create key narrow --scopes arena --concurrency 1 -q
battle hi '' -H "authorization: Bearer $out"
refused "a key for one at a time has none to spare" 429 concurrency_exceeded
ctl create key two --scopes arena --requests-per-minute 2 -q
secret=$out
battle hi '' -H "authorization: Bearer $secret"
has "a battle takes two requests of a minute" '^x-ratelimit-remaining-requests: 0' "$head"
battle hi '' -H "authorization: Bearer $secret"
refused "another has none" 429 rate_limit_exceeded

# --- the client leaves: both are cancelled ---
ends() { cat "$work/swift-owl.log" "$work/calm-fox.log" | grep -c '"cancelled":true' || true; }
before=$(ends)
run leaver curl -sN "$url/v1/arena" -H 'content-type: application/json' \
	-d '{"messages":[{"role":"user","content":"fault:chunks=500 fault:slow=50"}],"stream":true}'
heard_both() { grep -q '"side":"a"' "$work/leaver.log" && grep -q '"side":"b"' "$work/leaver.log"; }
until_true 20 heard_both || giveup "both sides come at once, not one after the other" "$(cat "$work/leaver.log")"	# one takes 25 s
ok "both sides come at once, not one after the other"
body=$(cat "$work/leaver.log")
id=$(first_event | jq -r .id)
vote "$id" a
refused "it cannot be voted on yet" 409 invalid_state
end leaver KILL
cancelled() { [ "$(ends)" = $((before + 2)) ]; }
becomes "[A16] both upstreams are cancelled" 10 cancelled
state_is() { control GET "/api/v1/battles/$id"; [ "$(jq -r .state <<<"$body")" = "$1" ]; }
becomes "the battle was abandoned" 30 state_is abandoned
vote "$id" a
refused "and cannot be voted on" 409 invalid_state

# --- one side dies, the other goes on ---
run widow curl -sN "$url/v1/arena" -H 'content-type: application/json' \
	-d '{"messages":[{"role":"user","content":"fault:chunks=80 fault:slow=50"}],"stream":true}'
until_true 30 grep -q '"side"' "$work/widow.log" || giveup "a battle runs" "$(cat "$work/widow.log")"
end calm-fox KILL
becomes "it ends" 30 gone widow
body=$(cat "$work/widow.log")
id=$(first_event | jq -r .id)
dead=$(events | jq -r 'select(.object == "arena.end" and .error != null) | .side')
has "one side failed" '^[ab]$' "$dead"
truth "with a typed error that names nobody" '.error.code == "upstream_died" and .error.janus.fault == "miner" and .finish_reason == null
	and (.error.message | test("fox|owl") | not)' "$(end_of "$dead")"
other=$(tr ab ba <<<"$dead")
truth "the other answered to its end" '.finish_reason == "stop" and .error == null' "$(end_of "$other")"
same "80 chunks of it" 80 "$(text_of "$other" | grep -o 'word[0-9]*' | wc -l)"
vote "$id" "$other"
same "a side that dies may lose" 200 "$status"
truth "and it was who died" ".$dead.competitor == \"calm-fox\"" "$body"
start_fake calm-fox
becomes "who died is back" 60 serves calm-fox
battle hi
vote "$id" tie
battle hi
vote "$id" tie
refused "votes of an hour are counted" 429 rate_limit_exceeded

# --- killed in the middle ---
run cut curl -sN "$url/v1/arena" -H 'content-type: application/json' \
	-d '{"messages":[{"role":"user","content":"fault:chunks=500 fault:slow=50"}],"stream":true}'
until_true 30 grep -q '"side":"a"' "$work/cut.log" || giveup "a battle runs" "$(cat "$work/cut.log")"
body=$(cat "$work/cut.log")
id=$(first_event | jq -r .id)
state_is running || bad "it is stored while it runs" "$body"
board
before=$(row "$winner" .)
kill_janusd
start JANUS_ARENA_VOTES_PER_CALLER=0
board
same "[I01] ratings survive kill -9" "$before" "$(row "$winner" .)"
lost() { control GET '/api/v1/battles?state=lost'; [ "$(jq '.data | length' <<<"$body")" = 1 ]; }
becomes "[I01] one battle is lost" 30 lost
truth "it is among the lost" ".data | length == 1 and .[0].id == \"$id\"" "$body"
vote "$id" a
refused "[I01] the battle that was cut cannot be voted on" 409 invalid_state
has "and says why" 'stopped in the middle' "$body"
vote "$mine" a
refused "[I01] a vote is still one" 409 invalid_state
