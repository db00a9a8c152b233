#!/usr/bin/env bash
#
# 20-control-api.sh - the control API keeps its word: once per key, no lost update, as described.
. "$(dirname "$0")/lib.sh"

port=$(free_port)
run fake "$fake" --port "$port"
until_true 30 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
canary=canary$(tr -dc a-z0-9 </dev/urandom | head -c 24 || true)
closed() {
	start_janusd JANUS_AUTH_ANONYMOUS=false JANUS_CAPTURE_ENABLED=true JANUS_ROUTER_LOOPS=2 \
		JANUS_BENCH_PROGRAM=/nonexistent "JANUS_BENCH_SUITES_DIR=$work/suites" "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:$port" \
		"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20$canary" "$@"
}
start_platform "OPENAI_API_KEY=$canary" "OPENAI_BASE_URL=http://127.0.0.1:$port/v1"
closed
ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 180s
[ "$code" = 0 ] || giveup "the fake upstream is ready" "$out" "$err"

socket=(--unix-socket "$runtime/janusd.sock")
json=(-H 'content-type: application/json')
once() {	# KEY PATH BODY
	ask "${socket[@]}" "${json[@]}" -H "idempotency-key: $1" --data-binary "$3" "http://janus$2"
}
headers() { has "$1" "^$2" "$head"; }
replayed() { headers "$1" 'idempotent-replayed: true'; }
named() {	# HEADER: its value in the last answer
	sed -n "s/^$1: //p" <<<"$head"
}
count_of() { control GET "/api/v1/keys?limit=0"; jq "[.data[] | select(.name == \"$1\")] | length" <<<"$body"; }
k() { printf 'order-%s-0123456789abcdef' "$1"; }

# --- [A21] a key, made once ---
once "$(k 1)" /api/v1/keys '{"name":"one"}'
same "[A21] a key is made" 201 "$status"
first=$body
lacks "[A21] the first answer is no replay" '^idempotent-replayed' "$head"
headers "it says where it is" "location: /api/v1/keys/$(jq -r .id <<<"$body")"
once "$(k 1)" /api/v1/keys '{"name":"one"}'
same "[A21] asked again: the same status" 201 "$status"
same "[A21] and the same body, its secret too" "$first" "$body"
replayed "[A21] and it says so"
once "$(k 1)" /api/v1/keys '{"name":"other"}'
refused "[A21] the same key for another body" 409 idempotency_conflict
once "$(k 1)" /api/v1/submissions '{"name":"one"}'
refused "[A21] or for another call" 409 idempotency_conflict
same "[A21] the effect happened once" 1 "$(count_of one)"
ask "$url/api/v1/keys" "${json[@]}" -H "authorization: Bearer $(jq -r .secret <<<"$first")" -H "idempotency-key: $(k 1)" -d '{"name":"one"}'
refused "[A21] no key answers for another caller" 403 missing_scope
ctl create key boss --kind ad -q
ask "$url/api/v1/keys" "${json[@]}" -H "authorization: Bearer $out" -H "idempotency-key: $(k 1)" -d '{"name":"one"}'
refused "[A21] that has the scope: it is his first time" 409 conflict
ask "$url/api/v1/keys" "${json[@]}" -H "authorization: Bearer $out" -H "idempotency-key: $(k 1)" -d '{"name":"one"}'
replayed "[A21] a refusal is an answer too"
for wrong in '' 'has blank' "$(printf 'x%.0s' {1..129})" $'\xc3\xa4'; do
	ask "${socket[@]}" "${json[@]}" -H "idempotency-key${wrong:+: }${wrong:-;}" -d '{"name":"bad"}' http://janus/api/v1/keys
	refused "[A21] not a key: '${wrong:0:12}'" 400 invalid_value
done
once short /api/v1/keys '{"name":"bad"}'
refused "[A21] a key that can be guessed guards no secret" 400 invalid_value
same "[A21] nothing was made by those" 0 "$(count_of bad)"

# Twenty at once.
for i in {1..20}; do
	curl -s --max-time 60 "${socket[@]}" "${json[@]}" -H "idempotency-key: $(k 2)" -d '{"name":"two"}' -w '\n%{http_code}' \
		-o "$work/two.$i" http://janus/api/v1/keys >"$work/two.$i.status" &
	burst[i]=$!
done
wait "${burst[@]}"
same "[A21] twenty at once: made once" 1 "$(count_of two)"
lacks "[A21] each is answered, or told to wait" '^(2..|4..|5..)$' "$(cat "$work"/two.*.status | grep -vE '^(201|409|)$' || true)"
same "[A21] and all answers are the same" 1 "$(grep -l secret "$work"/two.[0-9]* | xargs sha256sum | cut -d' ' -f1 | sort -u | wc -l)"
other=$(grep -L secret "$work"/two.[0-9]* | grep -v status | head -n 1 || true)
[ -z "$other" ] || has "[A21] the others are in progress" idempotency_in_progress "$(cat "$other")"

# --- [A21] kill -9 in between ---
for i in {1..8}; do
	curl -s --max-time 60 "${socket[@]}" "${json[@]}" -H "idempotency-key: $(k "kill-$i")" -d "{\"name\":\"kill-$i\"}" \
		-o "$work/kill.$i" http://janus/api/v1/keys &
	asked=$!
	moment "0.00$((RANDOM % 10))"
	kill_janusd
	wait "$asked" || true
	closed
	once "$(k "kill-$i")" /api/v1/keys "{\"name\":\"kill-$i\"}"
	if [ "$status" != 201 ] || [ "$(count_of "kill-$i")" != 1 ]; then bad "[A21] killed in between: made once" "$status $body"; fi
	[ ! -s "$work/kill.$i" ] || [ "$(cat "$work/kill.$i")" = "$(once "$(k "kill-$i")" /api/v1/keys "{\"name\":\"kill-$i\"}"; printf '%s' "$body")" ] ||
		bad "[A21] who had an answer gets it again" "$(cat "$work/kill.$i")"
done
ok "[A21] eight keys, killed in between: each made once"
once "$(k 1)" /api/v1/keys '{"name":"one"}'
same "[A21] after kill -9 it is still known" "$first" "$body"
# Done and stored, and killed before its answer was: told from what there is.
once "$(k stop)" /api/v1/competitors/dev/stop ''
same "a competitor is stopped" 202 "$status"
end janusd KILL
/usr/bin/python3 -c "import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute('UPDATE idempotency SET status = 0, sealed = ? WHERE object_id LIKE ?', ('', 'cpt_%'))
db.commit()" "$state/janus.db"
closed
once "$(k stop)" /api/v1/competitors/dev/stop ''
same "[A21] an effect without its answer is found" 202 "$status"
replayed "[A21] and not done again"
control GET "/api/v1/events?limit=0"
same "[A21] it was decided once" 1 "$(jq '[.data[] | select(.action == "competitor.stop")] | length' <<<"$body")"
ctl start competitor dev
same "janusctl starts it" 0 "$code"

# janusctl asks again with the same key when its connection breaks.
for i in {1..4}; do
	"$bin/janusctl" create key "ctl-$i" -q >"$work/ctl.$i" 2>"$work/ctl.$i.err" </dev/null &
	asked=$!
	moment "0.01$((RANDOM % 10))"
	kill_janusd
	closed
	if wait "$asked"; then
		same "[A21] janusctl create key over kill -9" 1 "$(count_of "ctl-$i")"
	else	# it had not connected, or had not begun
		has "[A21] janusctl create key: not connected" 'cannot reach' "$(cat "$work/ctl.$i.err")"
	fi
done

# --- no lost update ---
control GET /api/v1/keys/one
etag=$(named etag)
same "an object's etag is in it" "$etag" "\"$(jq -r .etag <<<"$body")\""
ask "${socket[@]}" -H "if-none-match: $etag" http://janus/api/v1/keys/one
same "who has it is told so" 304 "$status"
same "without a body" '' "$body"
ask "${socket[@]}" -H 'if-none-match: "0000", W/"1111"' http://janus/api/v1/keys/one
same "who has another gets it" 200 "$status"
patch() {	# KEY BODY [CURL-OPTIONS]
	ask "${socket[@]}" "${json[@]}" -X PATCH -d "$2" "${@:3}" "http://janus/api/v1/keys/$1"
}
patch one '{"limits":{"concurrency":2}}'
refused "a change needs If-Match" 428 precondition_required
patch one '{"limits":{"concurrency":2,"requests_per_minute":1}}' -H "if-match: $etag"
same "with it, it is made" 200 "$status"
truth "what was named" '.limits.concurrency == 2 and .limits.requests_per_minute == 1 and .name == "one"' "$body"
patch one '{"limits":{"concurrency":5}}' -H "if-match: $etag"
refused "not twice by the same tag" 412 etag_mismatch
etag=$(control GET /api/v1/keys/one; named etag)
patch one '{"limits":{"concurrency":null},"scopes":["chat"],"name":"eins","expires_in":"30d"}' -H "if-match: $etag"
truth "null takes away, the rest stays" '.limits.concurrency == null and .limits.requests_per_minute == 1 and .scopes == ["chat"] and .name == "eins" and .expires_at' "$body"
talk() { ask "$url/v1/models" -H "authorization: Bearer $(jq -r .secret <<<"$first")"; }
talk
same "running gateways go by it" 200 "$status"
ask "$url/api/v1/status" -H "authorization: Bearer $(jq -r .secret <<<"$first")"
refused "a scope that was taken is gone" 403 missing_scope
for bad in '{"kind":"ad"}' '{"secret":"x"}' '{"id":"key_x"}'; do
	patch eins "$bad" -H 'if-match: *'
	refused "not to be changed: $bad" 400 unknown_parameter
done
for bad in '{"name":null}' '{"name":"No"}' '{"scopes":["admin"]}' '{"scopes":[]}' '{"limits":{"concurrency":0}}' \
	'{"expires_at":"yesterday"}' '{"expires_at":"2001-01-01T00:00:00Z"}' '{"expires_in":"1h","expires_at":null}'; do
	patch eins "$bad" -H 'if-match: *'
	refused "no value: $bad" 400 invalid_value
done
patch eins '{"name":"two"}' -H 'if-match: *'
refused "a name that is taken" 409 conflict
patch eins '' -H 'if-match: *'
refused "nothing to change" 400 missing_required_parameter
patch nobody '{}' -H 'if-match: *'
refused "nobody's key" 404 resource_not_found
control DELETE /api/v1/keys/eins
refused "nor may it be removed so" 428 precondition_required
end janusd
closed
control GET /api/v1/keys/eins
truth "the changes are stored" '.scopes == ["chat"] and .limits.requests_per_minute == 1' "$body"
ctl update key eins --concurrency 7 --requests-per-minute 0
same "janusctl update key" 0 "$code"
control GET /api/v1/keys/eins
truth "does what it says" '.limits == {"concurrency": 7, "requests_per_minute": null, "tokens_per_minute": null, "usd_per_day": null, "usd_per_month": null}' "$body"
ctl update key eins
same "and needs to be told what" 2 "$code"
ctl update key eins --rename uno --dry-run
same "a dry run" 0 "$code"
has "says so" 'nothing was changed' "$err"
ctl show key uno
same "and changes nothing" 3 "$code"
for each in 'POST /api/v1/keys {"name":"never"}' 'POST /api/v1/keys/eins/rotate {}' 'DELETE /api/v1/competitors/dev' \
	'POST /api/v1/competitors/dev/stop' "POST /api/v1/submissions {\"name\":\"never\",\"url\":\"http://127.0.0.1:$port\"}"; do
	read -r method path data <<<"$each"
	control "$method" "$path?dry_run=true" ${data:+"$data"}
	truth "dry run of $method $path" '.dry_run == true and (has("secret") | not)' "$body"
done
control POST /api/v1/submissions?dry_run=true '{"name":"never","image":"UPPER"}'
refused "a dry run that would be refused" 400 invalid_value
same "nothing was made" 0 "$(count_of never)"
ctl list submissions --filter name=never -q
same "nor submitted" '' "$out"

# --- contexts, and lists of a time ---
export XDG_CONFIG_HOME=$work/config
ctl create context far --url http://127.0.0.1:1
same "a context is made" 0 "$code"
ctl create context near --url "$url"
ctl create context near --url "$url"
same "not twice" 2 "$code"
ctl list contexts -q
same "they are listed" $'far\nnear' "$out"
ctl -C far status
same "it is where janusctl goes" 6 "$code"
ctl -C nowhere status
same "there is no other" 2 "$code"
ctl -C near list keys
same "near needs a key" 4 "$code"
bin_key() { "$bin/janusctl" create key "$1" --kind ad -q; }
code=0; bin_key logged | "$bin/janusctl" login -C near --api-key-file - >/dev/null 2>&1 || code=$?
same "login keeps one" 0 "$code"
same "for nobody else" 600 "$(stat -c %a "$XDG_CONFIG_HOME/janus/keys/near")"
ctl -C near list keys --filter name=logged -q
has "and uses it" '^key_' "$out"
JANUS_CONTEXT=far JANUS_URL=$url ctl list competitors
same "the environment counts more than a context it names" 4 "$code"
code=0; printf 'jns_sk_wrong\n' | "$bin/janusctl" login -C near --api-key-file - >/dev/null 2>&1 || code=$?
same "a wrong key is not kept" 4 "$code"
ctl -C near list keys -q
same "the one before is" 0 "$code"
ctl remove context near
check "a context goes with its key" test ! -e "$XDG_CONFIG_HOME/janus/keys/near"
ctl show context near
same "it is gone" 3 "$code"
unset XDG_CONFIG_HOME
ctl list events --since 1h -q
all=$(wc -l <<<"$out")
ctl list events --until 1h -q
same "nothing happened an hour ago" '' "$out"
events_of() { ctl list events --limit 0 -q "$@"; wc -l <<<"$out"; }
all_since() { [ "$(events_of)" = "$(events_of --since 1h)" ]; }	# one may come in between
becomes "and all since" 40 all_since
below "the usual limit holds" 51 "$all"
ctl list keys --since yesterday
same "a time that is none" 2 "$code"
control GET "/api/v1/events?limit=2"
control GET "/api/v1/events?limit=1&after=$(jq -r '.data[0].id' <<<"$body")&limit=1"
truth "events go on after one" '.data | length == 1' "$body"

# --- as described ---
ask "$url/openapi.json"
same "the description is served without a key" 200 "$status"
check "and is the one of the tree" cmp -s <(printf '%s' "$body") "$root/docs/openapi.json"
ask "$url/openapi.json" -H "if-none-match: $(named etag)"
same "304 for who has it" 304 "$status"
becomes "dev is ready again" 40 routed dev
baseline
ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 180s
same "dev has a second version" 0 "$code"
replies=$work/replies
tell() {	# METHOD PATH [BODY [CURL-OPTIONS]]: ask by the socket, and keep the answer
	ask "${socket[@]}" -X "$1" ${3:+"${json[@]}" --data-binary "$3"} "${@:4}" "http://janus$2"
	printf '%s' "$body" | jq -Rsc --arg method "$1" --arg path "$2" --arg status "$status" --arg type "$(named content-type)" \
		'{$method, $path, status: ($status | tonumber), $type, body: .}' >>"$replies"
}
chat='{"model":"janus/dev","messages":[{"role":"user","content":"hi"}]}'
tell POST /v1/chat/completions "$chat" -H 'x-request-id: req_described' -H 'x-janus-capture: 1'
tell POST /v1/chat/completions '{}'
tell POST /v1/chat/completions "${chat%?},\"stream\":true}"
tell POST /v1/chat/completions "${chat%?},\"stream\":true}" -H 'x-janus-resume: 1'
tell GET /v1/streams
stream_id=$(jq -r '.data[0].id' <<<"$body")
tell GET "/v1/streams/$stream_id"
tell DELETE "/v1/streams/$stream_id"
tell POST /v1/arena '{"messages":[{"role":"user","content":"hi"}]}'
battle=$(jq -r .id <<<"$body")
tell GET "/api/v1/battles/$battle"
tell POST "/v1/arena/$battle/vote" '{"winner":"tie"}'
tell POST "/v1/arena/$battle/vote" '{"winner":"a"}'
tell GET "/api/v1/battles/$battle"
tell GET /api/v1/battles?state=voted
tell GET /api/v1/arena/leaderboard
for each in /livez /readyz /health /metrics /openapi.json /v1/models /v1/models/janus%2Fdev /v1/models/none; do tell GET "$each"; done
for each in submissions competitors versions instances keys events usage status top doctor config logs logs?level=warn logs?level=all; do tell GET "/api/v1/$each"; done
for by in competitor day; do tell GET "/api/v1/usage?by=$by&since=1d"; done
for noun in submissions competitors versions instances keys; do
	control GET "/api/v1/$noun?limit=1"
	tell GET "/api/v1/$noun/$(jq -r '.data[0].id' <<<"$body")"
	tell GET "/api/v1/$noun/nobody"
	tell GET "/api/v1/$noun?color=blue"
done
for each in leaderboard champion leaderboard?suite=public/train; do tell GET "/api/v1/$each"; done
tell POST /api/v1/champion/rollback
tell POST /api/v1/champion/promote '{}'
tell POST /api/v1/champion/promote?dry_run=true '{"competitor":"dev"}'
tell POST /api/v1/champion/promote '{"competitor":"dev","reason":"it is asked for"}'
tell GET /api/v1/champion
tell POST /api/v1/champion/rollback '{"reason":"and not any more"}'
tell GET /v1/models/janus-fast
recorded() { tell GET /api/v1/requests/req_described; [ "$status" = 200 ]; }
becomes "the chat is among the requests" 40 recorded
tell GET /api/v1/requests?limit=2
tell GET /api/v1/egress?limit=2
captured() { tell GET /api/v1/captures/req_described; [ "$status" = 200 ]; }
becomes "and among the captures" 40 captured
tell GET /api/v1/captures?limit=2
tell DELETE /api/v1/captures/req_described
tell POST /api/v1/backups
made=$(jq -r .id <<<"$body")
tell GET /api/v1/backups?limit=2
tell GET "/api/v1/backups/$made"
tell GET /api/v1/backups/bkp_nobody
tell POST "/api/v1/backups/$made/check"
tell POST "/api/v1/backups/$made/restore"
tell POST "/api/v1/backups/$made/cancel"
tell DELETE "/api/v1/backups/$made"
tell POST /api/v1/db/check
tell GET /api/v1/policy
tell GET /api/v1/competitors/dev/history
tell GET /api/v1/competitors/nobody/history
tell GET /api/v1/competitors/dev/policy
tell PATCH /api/v1/competitors/dev/policy '{"policy":{"pids":99,"activation":"frozen"}}' -H "if-match: $(named etag)"
tell POST /api/v1/competitors/dev/freeze
tell POST /api/v1/competitors/dev/thaw
tell PATCH /api/v1/competitors/dev/policy '{"policy":{"activation":null}}' -H "if-match: $(control GET /api/v1/competitors/dev/policy; jq '.etag' <<<"$body")"
tell POST /api/v1/competitors/dev/promote "{\"version\":\"$(competitor dev | jq -r .version_id)\"}"
tell GET /api/v1/instances/nobody/logs
tell GET /api/v1/competitors/nobody/logs
tell GET "/api/v1/competitors/baseline-agent/logs"
tell GET "/api/v1/instances/$(instance_of baseline-agent | jq -r .id)/logs?tail=5"
cancelled() {	# before it is found out that nobody is there
	tell POST /api/v1/submissions "{\"name\":\"later\",\"url\":\"http://127.0.0.1:1\"}"
	later=$(jq -r .id <<<"$body")
	tell POST "/api/v1/submissions/$later/cancel"
	[ "${status:0:1}" = 2 ]
}
becomes "a submission is cancelled" 40 cancelled
tell GET "/api/v1/submissions/$later/events"
tell POST "/api/v1/submissions/$later/cancel"
tell POST /api/v1/submissions?dry_run=true "{\"name\":\"later\",\"image\":\"owl:3\"}"
tell POST /api/v1/keys '{"name":"told","limits":{"usd_per_day":5},"expires_in":"1d"}'
tell POST /api/v1/keys?dry_run=true '{"name":"untold"}'
tell POST /api/v1/keys/told/rotate '{"grace":"1m"}'
tell POST /api/v1/keys/told/rotate?dry_run=true
tell PATCH /api/v1/keys/told '{"scopes":null}' -H 'if-match: *'
tell PATCH /api/v1/keys/told '{"scopes":null}'
tell DELETE /api/v1/keys/told '' -H 'if-match: *'
offer='{"id":"cmp.told.split","version":"1.0.0","name":"Split","description":"A page a file.","category":"tools","entrypoint":"https://pdf.example/","contract":{"type":"mcp","tools":[{"name":"split","inputSchema":{"type":"object"}}]},"resources":{"cpu":1}}'
tell POST '/api/v1/components?dry_run=true' "$offer"
for _ in 1 2; do tell POST /api/v1/components "$offer"; done
tell POST /api/v1/components '{"id":"cmp.told.split"}'
tell GET '/api/v1/components?state=submitted&mine=true'
tell POST /api/v1/components/cmp.told.split/reject
tell POST '/api/v1/components/cmp.told.split/reject?dry_run=true' '{"reason":"no such host"}'
tell POST /api/v1/components/cmp.told.split/reject '{"reason":"no such host"}'
tell POST /api/v1/components "${offer/1.0.0/1.1.0}"
tell POST /api/v1/components/cmp.told.split@1.1.0/approve
tell GET '/api/v1/components?category=tools&q=page&sort=name&limit=1'
tell GET /api/v1/components
tell GET /api/v1/components/cmp.janus.vectors
tell GET /api/v1/components/cmp.janus.vectors/contract
tell GET /api/v1/components/cmp.told.split@1.0.0/contract
tell GET /api/v1/components/cmp.told.split/versions
tell POST /api/v1/components/cmp.janus.vectors/deprecate
tell POST /api/v1/components/cmp.told.split/deprecate '{"reason":"there is a better one"}'
tell DELETE /api/v1/components/cmp.told.split
tell DELETE '/api/v1/components/cmp.told.split?dry_run=true' '' -H 'if-match: *'
tell DELETE /api/v1/components/cmp.told.split '' -H 'if-match: *'
mkdir -p "$work/suites/public/dev"
echo '{"name":"public/dev","version":"1","scoring":"2026-11","counts":{"chat":1}}' >"$work/suites/public/dev/suite.json"
tell GET /api/v1/suites
tell POST '/api/v1/runs?dry_run=true' '{"competitor":"dev"}'
tell POST /api/v1/runs '{"competitor":"dev","suite":"public/dev","seed":7}'
measured=/api/v1/runs/$(jq -r .id <<<"$body")
tell GET '/api/v1/runs?limit=1&state=queued'
tell GET "$measured"
tell GET "$measured/report"
tell POST "$measured/lease" '{"worker":"here:1"}'
tell POST "$measured/heartbeat" '{"lease":1,"done":0,"total":1,"item":"a","eta_seconds":3,"score":50}'
tell POST "$measured/heartbeat" '{"lease":2}'
for _ in 1 2; do tell POST "$measured/items" '{"lease":1,"result":{"object":"item","id":"itm_1","item":"a","epoch":0,"state":"passed"}}'; done
tell GET "$measured/evidence.tar.gz"
tell POST "$measured/finish" '{"lease":1,"state":"finished","report":{"is_whole":true,"scores":{"composite":{"value":50}}}}'
tell GET "$measured/items"
tell GET "$measured/items/itm_1/frames"
tell GET "$measured/items/none/frames"
tell GET "$measured/report"
tell GET "$measured/events"
tell GET "$measured/logs?tail=5"
tell POST "$measured/cancel"
tell POST /api/v1/runs '{"competitor":"dev"}'
tell POST "/api/v1/runs/$(jq -r .id <<<"$body")/cancel"
tell POST '/api/v1/schedules?dry_run=true' '{"competitor":"all","cron":"@daily"}'
tell POST /api/v1/schedules '{"competitor":"dev","cron":"0 3 29 2 *","tz":"Europe/Prague","missed":"skip","jitter":"5m"}'
timed=/api/v1/schedules/$(jq -r .id <<<"$body")
tell GET /api/v1/schedules
tell GET "$timed"
tell DELETE "$timed"
tell DELETE "$timed?dry_run=true" '' -H 'if-match: *'
tell DELETE "$timed" '' -H 'if-match: *'
newer=$(competitor dev | jq -r .version_id)
tell POST "/api/v1/versions/$newer/retire"
tell POST /api/v1/competitors/dev/rollback
tell POST "/api/v1/versions/$newer/retire?dry_run=true"
tell POST "/api/v1/versions/$newer/retire"
tell POST /api/v1/competitors/dev/promote "{\"version\":\"$newer\"}"
for verb in stop start restart; do
	tell POST "/api/v1/competitors/dev/$verb?dry_run=true"
	tell POST "/api/v1/competitors/dev/$verb"
done
tell DELETE /api/v1/competitors/dev?dry_run=true
tell DELETE /api/v1/competitors/dev
check "$(wc -l <"$replies") replies are as docs/openapi.json says, of every operation" "$root/tests/lint/openapi.sh" --replies "$replies"

# --- reading settings again ---
conf=$work/janus.conf
logged() { grep -c "\"msg\":\"config.$1\"" "$work/janusd.log" || true; }
end janusd
write() { printf 'host = 127.0.0.1\nport = %s\nstate_dir = "%s"\nruntime_dir = "%s"\nauth { anonymous = true }\n%s\n' "$JANUS_PORT" "$state" "$runtime" "$1" >"$conf"; }
write 'router { ping = 1500ms }'
# What the environment says would win over the file.
run janusd env -u JANUS_STATE_DIR -u JANUS_RUNTIME_DIR -u JANUS_PORT -u JANUS_HOST "DOCKER_HOST=unix://$engine" "$bin/janusd" -c "$conf"
until_true 30 control_answers || giveup "janusd starts from a file" "$(tail "$work/janusd.log")"
ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 180s
becomes "it is routed" 40 routed dev
pings() {	# in a silence of 2.5 s, the first 1.5 of which hold the head
	curl -sN --max-time 20 "$url/v1/chat/completions" "${json[@]}" -d '{"model":"janus/dev","stream":true,"messages":[{"role":"user","content":"fault:delay=2500"}]}' |
		grep -c '^: ping' || true
}
silent=$(pings)
write 'router { ping = 100ms }'
kill -HUP "${pids[janusd]}"
reloaded() { [ "$(logged reloaded)" -ge "$1" ]; }
becomes "SIGHUP reads the settings again" 40 reloaded 1
more_pings() { [ "$(pings)" -gt $((silent + 5)) ]; }	# fewer, where the machine itself was silent
becomes "and chats go by them: more than the $silent before" 40 more_pings
write $'router {\n\tping = 100ms\n\tgap_timeout = soon\n}'
kill -HUP "${pids[janusd]}"
refused_once() { [ "$(logged refused)" -ge 1 ]; }
becomes "[M04] wrong settings are refused" 40 refused_once
has "[M04] by file and line" "$conf:8: router.gap_timeout" "$(grep '"config.refused"' "$work/janusd.log")"
answers_models() { ask "$url/v1/models"; [ "$status" = 200 ]; }
check "[M04] and it goes on" answers_models
ctl status
same "[M04] as it was" 0 "$code"
code=0; err=$("$bin/janusd" -c "$conf" 2>&1 >/dev/null) || code=$?
same "[M07] janusd does not start with them" 2 "$code"
has "[M07] and says where it is wrong" "$conf:8: router.gap_timeout" "$err"
ctl check config "$conf"
same "[M07] janusctl says so too" "2 janusctl: $conf:8: router.gap_timeout" "$code ${err:0:$((${#conf} + 32))}"
ctl config check
same "and that those it has from elsewhere would be taken" 0 "$code"
write 'policy { memory = 1GiB }'
kill -HUP "${pids[janusd]}"
becomes "what waits for a restart" 40 reloaded 2
becomes "is named" 40 grep -q '"config.needs_restart".*policy.memory' "$work/janusd.log"
end janusd
closed

# --- [L06] what callers say is one line of the log ---
poison=$'a\n{"level":"error","msg":"forged"}\e[31m\a'
tell POST /v1/chat/completions "$(jq -nc --arg p "$poison" '{model: $p, messages: [{role: "user", content: "hi"}]}')" -H 'user-agent: x"}{' -H 'x-request-id: evil-"}'
ask "$url/v1/models" -H $'user-agent: \e[31m'
refused "[L06] a header with a control character" 400 bad_request
tell POST /v1/chat/completions "$(jq -nc --arg p "janus/$poison" '{model: $p, messages: [{role: "user", content: "hi"}]}')"
refused "[L06] a model that is none" 404 model_not_found
tell POST /v1/chat/completions "$(jq -nc --arg p "$poison" '{model: "janus/baseline-agent", messages: [{role: "user", content: $p}], user: $p}')"
tell POST /api/v1/submissions "$(jq -nc --arg p "$poison" '{name: "x", image: $p}')"
refused "[L06] an image that is none" 400 invalid_value
tell POST /api/v1/keys "$(jq -nc --arg p "$poison" '{name: $p}')"
refused "[L06] a name that is none" 400 invalid_value
head -c 900000 /dev/zero | tr '\0' l | jq -Rc '{name: "long", image: .}' >"$work/long"
ask "${socket[@]}" "${json[@]}" --data-binary "@$work/long" http://janus/api/v1/submissions
refused "[L06] one of 900 kB" 400 invalid_value
ask "$url/v1/%0a%7b%22msg%22%3a%22forged%22%7d"
ask "$url/$(head -c 7000 /dev/zero | tr '\0' p)"
check "[L06] every line of the log is one JSON object" jq -es 'all(type == "object" and (.msg | test("^[a-z_.]+$")))' "$work/janusd.log"
lacks "[L06] none of them was made by a caller" '^forged$' "$(jq -r .msg "$work/janusd.log")"
lacks "[L06] no control character in it" "$(printf '[\001-\010\013-\037\177]')" "$(cat "$work/janusd.log")"
below "[L06] its longest line has so many bytes" 16385 "$(awk '{ if (length($0) > n) n = length($0) } END { print n + 0 }' "$work/janusd.log")"

# --- [L04] [L05] secrets stay where they are ---
for name in janusd janus-platform; do
	has "[L04] $name leaves no core" '^Max core file size +0 +0 ' "$(cat "/proc/${pids[$name]}/limits")"
	lacks "[L04] no secret among the arguments of $name" "$canary|jns_" "$(tr '\0' ' ' <"/proc/${pids[$name]}/cmdline")"
done
if command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then	# of the same user, who is not root
	chmod 755 "$world" "$work"
	run quiet setpriv --reuid 65534 --regid 65534 --clear-groups env -i JANUS_RUNTIME_DIR=/tmp/js.none.$$ "OPENAI_API_KEY=$canary" "$bin/janus-platform"
	until_true 40 grep -q '"platform.start"' "$work/quiet.log" || true	# before, it is root's
	unreadable() { alive quiet && ! setpriv --reuid 65534 --regid 65534 --clear-groups cat "/proc/${pids[quiet]}/environ"; }
	becomes "[L04] another process of its user cannot read its environment" 40 unreadable
	end quiet
	rm -rf "/tmp/js.none.$$"
fi
ask "$url/metrics"
printf '%s\n' "$body" >"$work/metrics"
JANUS_AUTH_ANONYMOUS=false "$bin/janusd" -T >"$work/config.daemon"
talk
secret=$(jq -r .secret <<<"$first")
end janusd
end janus-platform
rm -f "$replies" "$work"/two.* "$work"/kill.* "$work"/ctl.*	# what was answered to who may know
found=$(grep -rlaF -- "$canary" "$state" "$runtime" "$work" || true)
same "[L05] the planted secret is nowhere in logs, database, metrics and settings" '' "$found"
found=$(grep -rlaF -- "${secret:11:20}" "$state" "$runtime" "$work" || true)
same "[L05] nor is that of a key, whose answer is kept for who asks again" '' "$found"
has "[L04] the database has its hash" "$(printf '%s' "$secret" | sha256sum | cut -d' ' -f1)" "$(grep -aohE '[0-9a-f]{64}' "$state"/janus.db* | sort -u)"
lacks "[A21] the database has no Idempotency-Key" "$(k 1)" "$(grep -aoE 'order-[a-z0-9-]+' "$state"/janus.db* | sort -u)"
