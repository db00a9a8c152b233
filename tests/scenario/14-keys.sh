#!/usr/bin/env bash
#
# 14-keys.sh - keys, scopes, limits and budgets on a real daemon, and no secret anywhere it wrote.
. "$(dirname "$0")/lib.sh"

port=$(free_port)
run fake "$fake" --port "$port"
until_true 10 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
closed() { start_janusd JANUS_AUTH_ANONYMOUS=false JANUS_ROUTER_LOOPS=2 "$@"; }
start_platform
closed
ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 60s
[ "$code" = 0 ] || giveup "the fake upstream is ready" "$out" "$err"

secrets=()	# every secret that ever was: none may be found in what was written
make() {	# NAME [OPTIONS]: sets secret
	ctl create key "$@" -q
	[ "$code" = 0 ] || giveup "key $1 is made" "exit $code" "$err"
	secret=$out
	secrets+=("$secret")
}
bearer() { printf 'authorization: Bearer %s' "$1"; }
talk() {	# SECRET [WORDS [CURL-OPTIONS]]: one chat; sets status, body and head
	ask "$url/v1/chat/completions" -H "$(bearer "$1")" -H 'content-type: application/json' "${@:3}" \
		-d "$(jq -nc --arg t "${2:-hi}" '{model: "janus/dev", messages: [{role: "user", content: $t}]}')"
}
stream() {	# NAME SECRET WORDS: in the background, its answer in $work/NAME.log
	run "$1" curl -sSN --max-time 60 -H "$(bearer "$2")" -H 'content-type: application/json' "$url/v1/chat/completions" \
		-d "$(jq -nc --arg t "$3" '{model: "janus/dev", stream: true, messages: [{role: "user", content: $t}]}')"
}
streaming() { grep -q word "$work/$1.log"; }
headers() { has "$1" "^$2" "$head"; }

# --- a key, and what it looks like ---
make app
app=$secret
has "a secret has its form" '^jns_sk_[0-9A-Za-z]{49}$' "$app"
ctl show key app --output json
truth "show tells its ends" ".prefix == \"${app:0:11}\" and .last_four == \"${app: -4}\" and .state == \"active\"" "$out"
truth "and not the secret" '(has("secret") | not) and (.scopes == ["chat", "read"])' "$out"
talk "$app"
same "a chat with it" 200 "$status"
ctl create key app
same "its name is taken" 5 "$code"
ctl create key other --scopes chat,everything
same "an unknown scope" 5 "$code"
control POST /api/v1/keys '{"name":"x","kind":"sk","scopes":["admin"]}'
refused "admin is for keys of kind ad" 400 invalid_value
control POST /api/v1/keys '{"name":"x","limits":{"per_week":1}}'
refused "an unknown limit" 400 unknown_parameter
for bad in '{"concurrency":0}' '{"concurrency":1.5}' '{"usd_per_day":-1}' '{"usd_per_day":"5"}' '[]'; do
	control POST /api/v1/keys "{\"name\":\"x\",\"limits\":$bad}"
	refused "limits $bad" 400 invalid_value
done

# --- [L01] every wrong key is 401, the same for all ---
wrong() {	# WHAT CURL-OPTIONS...
	ask "$url/v1/models" "${@:2}"
	refused "[L01] $1" 401 invalid_api_key
	headers "[L01] $1: www-authenticate" 'www-authenticate: Bearer'
}
wrong "no key"
wrong "a malformed one" -H 'authorization: Bearer anything'
wrong "a bad check character" -H "$(bearer "${app%?}$([ "${app: -1}" = a ] && echo b || echo a)")"
forged=jns_sk_$(printf 'A%.0s' {1..49})
wrong "an unknown one" -H "$(bearer "$forged")"
wrong "another scheme" -H "authorization: Basic $app"
wrong "two headers" -H "$(bearer "$app")" -H "$(bearer "$app")"
wrong "a key and more" -H "$(bearer "$app$app")"
ask "$url/v1/models?api_key=$app&key=$app"
refused "[L01] a key in the query" 401 invalid_api_key
ask "$url/api/v1/competitors"
refused "[L01] the control API without a key" 401 invalid_api_key
headers "[L01] www-authenticate there too" 'www-authenticate: Bearer'
head -c 1000000 /dev/zero | tr '\0' a | sed 's/^/authorization: Bearer /' >"$work/long"
ask "$url/v1/models" -H "@$work/long"
same "[L01] 1 MiB of key is refused" 4 "${status:0:1}"
make short --expires 1s
expired() { talk "$secret"; grep -q expired_api_key <<<"$body"; }
becomes "[L01] a key expires" 30 expired
refused "[L01] an expired one" 401 expired_api_key

# Revoked in the middle of a stream: it ends.
make gone
stream cut "$secret" 'fault:chunks=600 fault:slow=100'
becomes "a stream runs" 20 streaming cut
ctl remove key gone
same "removing a key asks" 2 "$code"
ctl remove key gone --yes
same "and revokes it" 0 "$code"
becomes "[L01] its stream ends at once" 10 gone cut
has "[L01] with a typed error" '"code":"invalid_api_key"' "$(cat "$work/cut.log")"
same "[L01] and one [DONE]" 1 "$(grep -c '^data: \[DONE\]' "$work/cut.log" || true)"
talk "$secret"
refused "[L01] a revoked one" 401 invalid_api_key

# Rotated: both for a while, then the new one.
make turn
first=$secret
ctl update key turn --rotate --grace 10m -q
second=$out
secrets+=("$second")
talk "$second"
same "a rotated key's new secret is good" 200 "$status"
talk "$first"
same "and the old one for a while" 200 "$status"
make brief
first=$secret
ctl update key brief --rotate --grace 1s -q
secrets+=("$out")
old_is_out() { talk "$first"; [ "$status" = 401 ]; }
becomes "then no more" 30 old_is_out
ctl update key turn --rotate --grace 0s -q
secrets+=("$out")
talk "$second"
refused "without grace it ends at once" 401 invalid_api_key

# --- [L03] scopes, on every route of the table ---
make reader --scopes read
reader=$secret
make chatter --scopes chat
chatter=$secret
make miner --kind mn
miner=$secret
make boss --kind ad
boss=$secret
make bencher --scopes bench
bencher=$secret
rows=0
while read -r method path _ who; do
	rows=$((rows + 1))
	path=${path//:ref/nobody}
	for pair in "reader:$reader" "chatter:$chatter" "miner:$miner" "boss:$boss" "bencher:$bencher"; do
		case $who,${pair%%:*} in
		*,boss | BENCH,bencher | CHAT,bencher | READ,reader | READ,miner | SUBMIT,miner | CHAT,chatter) allowed=yes ;;
		*) allowed=no ;;
		esac
		[ "$allowed" = no ] || [[ $path != *doctor ]] || continue	# it takes its time
		most=5	# seconds: what is followed has no end
		[ "$allowed" = yes ] || most=60
		ask -X "$method" "$url$path" -H "$(bearer "${pair#*:}")" -H 'content-type: application/json' --max-time "$most"
		if [ "$allowed" = no ]; then
			[ "$status" = 403 ] || bad "[L03] $method $path by ${pair%%:*} is refused" "$status $body"
		else
			case $status in 401 | 403) bad "[L03] $method $path by ${pair%%:*} is allowed" "$status $body" ;; esac
		fi
	done
done < <(sed -nE 's/^\t\{ "([A-Z]+)", "([^"]+)", ([a-z_]+), ([A-Z]+),.*/\1 \2 \3 \4/p' "$root/controlplane/api/routes.c")
if [ "$rows" -ge 25 ]; then ok "[L03] $rows routes, five keys each"; else bad "[L03] the routes were found" "$rows"; fi
talk "$reader"
refused "[L03] a chat with a key that may only read" 403 missing_scope
has "[L03] it names the scope" "'chat'" "$body"
talk "$chatter"
same "[L03] a chat with one that may" 200 "$status"
ask --unix-socket "$runtime/janusd.sock" -X POST -H "$(bearer "$reader")" -H 'content-type: application/json' -d '{"name":"x"}' http://janus/api/v1/keys
refused "[L03] over the control socket a key may what it may elsewhere" 403 missing_scope
JANUS_RUNTIME_DIR='' JANUS_API_KEY_FILE=<(printf '%s\n' "$boss") ctl list keys --url "$url" -o csv --columns name --no-headers
has "an administrator's key does over TCP what the socket does" '^boss$' "$out"

# --- limits ---
make limited --requests-per-minute 3
limited=$secret
for i in 1 2 3; do talk "$limited"; done
same "[L14] three chats of three" 200 "$status"
headers "the limit is told" 'x-ratelimit-limit-requests: 3'
headers "and what remains" 'x-ratelimit-remaining-requests: 0'
headers "and when it is back" 'x-ratelimit-reset-requests: [0-9ms.]+'
headers "in the draft's form too" 'ratelimit-policy: "requests";q=3;w=60'
headers "its state" 'ratelimit: "requests";r=0;t='
talk "$limited" hi -H 'x-forwarded-for: 192.0.2.1' -H 'forwarded: for=192.0.2.2'
refused "[L14] the fourth, whatever it says of its origin" 429 rate_limit_exceeded
headers "with retry-after" 'retry-after: [0-9]+'
headers "in milliseconds" 'retry-after-ms: [0-9]+'
make burst --requests-per-minute 20
burst=$secret
statuses() { sort "$1" | uniq -c | awk '{print $2 ":" $1}' | tr '\n' ' '; }
seq 60 | xargs -P 30 -I{} curl -s -o /dev/null -w '%{http_code}\n' --max-time 30 "$url/v1/chat/completions" \
	-H "$(bearer "$burst")" -H 'content-type: application/json' \
	-d '{"model":"janus/dev","messages":[{"role":"user","content":"{}"}]}' >"$work/burst"
same "[L14] a burst of 60 from 30 at once: 20 pass" "200:20 429:40 " "$(statuses "$work/burst")"
make narrow --concurrency 2
narrow=$secret
stream one "$narrow" 'fault:chunks=300 fault:slow=200'
stream two "$narrow" 'fault:chunks=300 fault:slow=200'
both() { streaming one && streaming two; }
becomes "two streams run" 20 both
talk "$narrow"
refused "a third at once" 429 concurrency_exceeded
end one
end two
room() { talk "$narrow"; [ "$status" = 200 ]; }
becomes "clients that left make room" 20 room
make tokens --tokens-per-minute 15
talk "$secret"
talk "$secret"
headers "tokens are told" 'x-ratelimit-limit-tokens: 15'
settled
talk "$secret"
refused "the tokens of a minute" 429 rate_limit_exceeded

# --- budgets, over kill -9 ---
make spender --usd-per-day 0.05
spender=$secret
talk "$spender" 'fault:cost=20000'
same "a chat that costs" 200 "$status"
settled
talk "$spender" 'fault:cost=20000'
headers "what remains is told" 'x-janus-budget-remaining-usd: 0.0'
stored() { [ "$(ctl list usage --by key -o json; jq -r --arg name "$1" '.data[] | select(.name == $name) | .requests' <<<"$out")" = "$2" ]; }
becomes "what was used is stored" 30 stored spender 2
ctl list usage -o json
truth "by key, with its cost" '.data[] | select(.name == "spender") | .cost_usd == 0.04 and .prompt_tokens == 14' "$out"
ctl list usage --by day --since 1d -o csv --no-headers --columns requests
has "by day" '^[0-9]+$' "$out"
ctl list usage --by competitor -o json
truth "by competitor" '.data[0].name == "dev"' "$out"
make minute --requests-per-minute 3
minute=$secret
for i in 1 2 3; do talk "$minute"; done
becomes "so are three chats of a minute" 30 stored minute 3
kill_janusd
closed
ready() { talk "$spender" 'fault:cost=20000'; [ "$status" != 503 ]; }	# that is not yet routed
becomes "after kill -9 it is back" 60 ready
same "[H09] there was 0.01 left: one more" 200 "$status"
talk "$minute"
refused "[L14] the minute goes on after a restart" 429 rate_limit_exceeded
settled
talk "$spender"
refused "[H09] and then none" 429 budget_exceeded
truth "as OpenAI calls it" '.error.type == "insufficient_quota"' "$body"
talk "$app"
same "keys are still good" 200 "$status"
talk "$first"
refused "and rotated ones still are not" 401 invalid_api_key

# --- [L02] guessing ---
guesses() {	# many, faster than they are forgiven: on one connection
	ask "$url/v1/models?[1-200]" -H "$(bearer "$forged")"
	body=$(jq -cs 'map(objects) | last' <<<"$body")
	[ "$status" = 429 ]
}
becomes "[L02] an address that guesses is slowed" 60 guesses
refused "[L02] with" 429 rate_limit_exceeded
ask --interface 127.0.0.2 "$url/v1/models" -H "$(bearer "$app")"
same "[L02] others are not locked out" 200 "$status"
ask "$url/metrics"
has "[L02] it is counted by reason" '^janus_key_rejections_total\{reason="guessing"\} [1-9]' "$body"
has "[L02] and those that were looked at" '^janus_key_rejections_total\{reason="(unknown|malformed)"\} [1-9]' "$body"

# --- [L04] [L05] nothing of a secret anywhere ---
ctl list events --limit 100 -o json
events=$out
has "what was done with keys is an event" '"key.rotate"' "$events"
ctl list keys -o json
lists=$out
end janusd
for name in "${!pids[@]}"; do [ "$name" = fake ] || end "$name"; done
found=''
for secret in "${secrets[@]}"; do
	# The first half of the random part is enough: nobody writes that by chance.
	found+=$(grep -rlaF -- "${secret:11:20}" "$state" "$runtime" "$work" --exclude=long 2>/dev/null || true)
	! grep -qF -- "${secret:11:20}" <<<"$events$lists$(ps -eo args)" || found+=" events, lists or ps"
done
same "[L05] ${#secrets[@]} secrets, found nowhere in the database, logs and answers" '' "$found"
has "[L05] the log does name keys by their id" '"key_id":"key_' "$(cat "$work/janusd.log")"
has "[L04] the database has hashes" "$(printf '%s' "$app" | sha256sum | cut -d' ' -f1)" "$(grep -aohE '[0-9a-f]{64}' "$state"/janus.db* | sort -u)"

# --- [L01] on loopback, where callers need no key ---
start_janusd JANUS_AUTH_ANONYMOUS=true
answers_there() { ask "$url/v1/models"; [ "$status" = 200 ]; }
becomes "without a key it answers there" 60 answers_there
ask "$url/v1/models" -H 'authorization: Bearer unused'
same "what SDKs send for a key is none" 200 "$status"
ask "$url/v1/models" -H "$(bearer "$forged")"
refused "[L01] a wrong key is wrong there too" 401 invalid_api_key
ask -X POST "$url/api/v1/keys" -H 'content-type: application/json' -d '{"name":"mine"}'
refused "and nobody makes keys" 403 missing_scope
