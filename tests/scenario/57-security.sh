#!/usr/bin/env bash
#
# 57-security.sh - TLS that ends in janusd, reverse proxies that do not break streams, foreign pages.
. "$(dirname "$0")/lib.sh"

step=$root/tests/scenario/stepwise.py
examples=$root/docs/examples/proxies
tls=$work/tls
mkdir -p "$tls"

certificate() {	# NAME [DAYS]: $tls/NAME.pem and its key, for localhost; a day's more of 0 has expired
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tls/$1.key" -out "$tls/$1.csr" \
		-subj "/CN=$1" -addext "subjectAltName=DNS:localhost,DNS:janus.example,IP:127.0.0.1" 2>>"$work/openssl.log"
	openssl x509 -req -in "$tls/$1.csr" -signkey "$tls/$1.key" -days "${2:-30}" -copy_extensions copy -out "$tls/$1.pem" 2>>"$work/openssl.log"
}
certificate first
cat "$tls/first.pem" "$tls/first.key" >"$tls/combined.pem"

# --- an upstream that waits for each event to arrive, and proxies in front -----------

up=$(free_port)
run upstream python3 "$step" serve "$up" "$work/spans.log"
until_true 30 listens "$up" || giveup "the upstream starts" "$(cat "$work/upstream.log")"

# Secrets that are planted everywhere, and must be found nowhere but where they were given.
plants=()
plant() { plants+=("planted${#plants[@]}x$(openssl rand -hex 12)"); planted=${plants[-1]}; }
plant; provider_key=$planted
plant; search_key=$planted
plant; span_key=$planted
plant; sandbox_secret=sandbox$planted
(umask 022 && printf '%s\n' "$provider_key" >"$world/provider.key" && printf '%s\n' "$sandbox_secret" >"$world/sandbox.key")
chmod 600 "$world/sandbox.key"
start_platform JANUS_PROVIDER_API_KEY_FILE="$world/provider.key" JANUS_SEARCH_API_KEY="$search_key" JANUS_PROVIDER_BASE_URL="http://127.0.0.1:$up/v1"
# In place of janus-bench: tells what it was given.
printf '#!/bin/sh\nenv >>"%s/bench.env"; tr "\\0" " " </proc/$$/cmdline >>"%s/bench.args"; exit 1\n' "$work" "$work" >"$work/bench"
chmod +x "$work/bench"
start_janusd JANUS_PUBLIC_HOSTS="janus.example localhost" JANUS_TRUSTED_PROXIES=127.0.0.1 JANUS_ROUTER_PING=250ms \
	JANUS_CAPTURE_ENABLED=true JANUS_CAPTURE_SHARE=1 OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$up" OTEL_BSP_SCHEDULE_DELAY=200 \
	OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer $span_key" JANUS_BENCH_PROGRAM="$work/bench" JANUS_BENCH_SUITES_DIR="$root/bench/suites"
ctl submit url "http://127.0.0.1:$up" --name step --wait --timeout 60s
[ "$code" = 0 ] || giveup "the upstream is ready" "$out" "$err"
ctl create key app -q
key=$out
printf '%s\n' "$key" >"$work/app.key"

declare -A proxies
proxies[nginx]=$(free_port) proxies[caddy]=$(free_port) proxies[haproxy]=$(free_port)
fit() {	# FILE PORT: an example with the addresses and files of this test
	sed -E -e "s|127\.0\.0\.1:8000|127.0.0.1:$JANUS_PORT|" -e "s|/etc/janus/tls/fullchain.pem|$tls/first.pem|" \
		-e "s|/etc/janus/tls/key.pem|$tls/first.key|" -e "s|/etc/janus/tls/combined.pem|$tls/combined.pem|" \
		-e "s|(listen \|bind :)443|\1127.0.0.1:$2|; s|bind :127|bind 127|; s|^janus\.example|https://janus.example:$2, https://localhost:$2|" "$examples/$1"
}
mkdir "$work/nginx" "$work/caddy"
fit nginx.conf "${proxies[nginx]}" >"$work/nginx/janus.conf"
cat >"$work/nginx/nginx.conf" <<-END
	daemon off; pid $work/nginx/pid; error_log stderr warn; user root; worker_processes 1;
	events { worker_connections 256; }
	http { access_log off; client_body_temp_path $work/nginx/a; proxy_temp_path $work/nginx/b; fastcgi_temp_path $work/nginx/c;
		uwsgi_temp_path $work/nginx/d; scgi_temp_path $work/nginx/e; include $work/nginx/janus.conf; }
END
{
	printf '{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tdefault_bind 127.0.0.1\n}\n'
	fit Caddyfile "${proxies[caddy]}"
} >"$work/caddy/Caddyfile"
fit haproxy.cfg "${proxies[haproxy]}" >"$work/haproxy.cfg"
run nginx nginx -p "$work/nginx" -c "$work/nginx/nginx.conf"
run caddy env "XDG_DATA_HOME=$work/caddy" "XDG_CONFIG_HOME=$work/caddy" caddy run --config "$work/caddy/Caddyfile" --adapter caddyfile
run haproxy haproxy -db -f "$work/haproxy.cfg"

asks() {	# NAME URL [CA]: all that stepwise.py asks, at once with the others; each comes from an address of its own
	asked[$1]=127.0.0.$((70 + ${#asked[@]}))
	run "ask-$1" python3 "$step" ask "$2" "http://127.0.0.1:$up" "${asked[$1]}" "$work/app.key" "${@:3}"
}
declare -A asked=()
asks plain "http://localhost:$JANUS_PORT"
for name in "${!proxies[@]}"; do
	until_true 60 listens "${proxies[$name]}" || giveup "$name starts" "$(tail -n 20 "$work/$name.log")"
	asks "$name" "https://localhost:${proxies[$name]}" "$tls/first.pem"
done

tells() {	# NAME: what was seen by way of it is as it must be; sets seen
	until_true 120 gone "ask-$1" || bad "$1: ends" "not in 120 s"
	seen=$(tail -n 1 "$work/ask-$1.log")
	truth "$1: each event came before the next was sent" ".steps.events == 12" "$(tail -n 20 "$work/ask-$1.log")"
	below "$1: the slowest of them, in ms" 10000 "$(jq '.steps.worst_ms' <<<"$seen" || echo 99999)"
	truth "$1: pings pass in a silence" ".steps.pings >= 2" "$seen"
	below "$1: who leaves ends the competitor's work, in ms" 5000 "$(jq '.left_ms // 99999' <<<"$seen" || echo 99999)"
	truth "$1: a body of 10 MiB arrives as it was, one of a byte more is refused by us" \
		'.large == {status: 200, same: true, over: [413, "payload_too_large"]}' "$seen"
	truth "$1: the request's id goes both ways" ".steps.headers[\"x-request-id\"] == \"step-${asked[$1]//./-}\" and
		.steps.upstream[\"x-request-id\"] == \"step-${asked[$1]//./-}\"" "$seen"
	truth "$1: the stream's headers pass" '.steps.headers | (.["content-type"] | startswith("text/event-stream")) and
		.["x-janus-competitor"] == "step" and (.["cache-control"] | contains("no-transform")) and (has("content-encoding") | not)' "$seen"
	truth "$1: a competitor learns nothing of who asks" '.steps.upstream | has("x-forwarded-for") or has("authorization") | not' "$seen"
}
logged_client() {	# of the request with that id; its line comes after its answer
	until_true 30 line_of "$1" || true
	jq -rR --arg id "$1" 'fromjson? | select(.msg == "request.done" and .request_id == $id) | .client' "$work/janusd.log"
}
line_of() { grep '"msg":"request.done"' "$work/janusd.log" | grep -F "\"request_id\":\"$1\""; }
tells plain
plain=$seen
truth "who says itself what a proxy would say is nobody without a key" '.keyless == 401' "$plain"
same "[L14] and is not believed" "${asked[plain]}" "$(logged_client "step-${asked[plain]//./-}")"
for name in "${!proxies[@]}"; do
	tells "$name"
	same "$name: bytes are as without it" "$(jq -r .steps.sha256 <<<"$plain")" "$(jq -r .steps.sha256 <<<"$seen")"
	same "$name: errors are as without it" "$(jq -c .errors <<<"$plain")" "$(jq -c .errors <<<"$seen")"
	same "$name: the client's address is the one that it saw" "${asked[$name]}" "$(logged_client "step-${asked[$name]//./-}")"
	truth "$name: without a key nobody is let in" '.keyless == 401' "$seen"
	end "$name"
done
ask "$url/v1/models"
same "who asks on this machine needs none" 200 "$status"

# --- pages of others -----------------------------------------------------------------

post() { ask "$url/v1/chat/completions" -H 'content-type: application/json' -d '{"model":"janus/step","messages":[{"role":"user","content":"hi"}]}' "$@"; }
for host in evil.example 127.0.0.1.evil.example "janus.example.evil:80" 192.0.2.1; do
	ask "$url/v1/models" -H "host: $host"
	refused "[A24] a name that was led here ($host)" 421 misdirected_request
done
ask "$url/v1/models" -H "host: janus.example"
same "a name of ours" 200 "$status"
for origin in https://evil.example null http://127.0.0.1:1 "http://127.0.0.1:$JANUS_PORT.evil.example" file://; do
	post -H "origin: $origin"
	refused "[L07] [A24] a page of $origin may not post" 403 missing_scope
	for path in /api/v1/keys /api/v1/submissions; do
		ask -X POST "$url$path" -H "origin: $origin" -H "authorization: Bearer $key" -H 'content-type: application/json' -d '{}'
		refused "nor to $path, with a key neither" 403 missing_scope
	done
done
post -H "origin: $url"
same "our own page may" 200 "$status"
ask "$url/v1/chat/completions" -H 'content-type: text/plain' -d '{"model":"janus/step","messages":[{"role":"user","content":"hi"}]}'
same "[L07] what a form can send is not read" 415 "$status"
post -H "cookie: session=$key; authorization=Bearer $key" -H "authorization: Bearer jns_sk_wrong"
same "[L07] a cookie is no key" 401 "$status"
for path in / /chat /v1/models /health /api/v1/status; do
	ask "$url$path"
	lacks "no cookie is set by $path" '^[Ss]et-[Cc]ookie' "$head"
done

# --- secrets, planted everywhere ------------------------------------------------------

plant; in_header=$planted
plant; in_query=$planted
plant; in_body=$planted
plant; in_error=$planted
chat_of() { jq -nc --arg t "$1" --arg p "$in_body" '{model: "janus/step", stream: true, user: $p, metadata: {password: $p}, chutes_access_token: $p,
	messages: [{role: "system", content: ("key: " + $p)}, {role: "user", content: $t}]}'; }
for name in authorization proxy-authorization x-api-key cookie x-auth-token; do
	ask "$url/v1/chat/completions?api_key=$in_query&sig=$in_query" -H "$name: Bearer $in_header" -H "cookie: session=$in_header" \
		-H 'content-type: application/json' -d "$(chat_of "alone $in_body")"
	ask "$url/v1/models/$in_query?key=$in_query" -H "$name: jns_sk_$in_header"
	ask "$url/api/v1/status?token=$in_query" -H "$name: Basic $in_header"
	ask "http://user:$in_header@127.0.0.1:$JANUS_PORT/nowhere?password=$in_query" -H "referer: http://127.0.0.1/?sig=$in_query"
done
ask "$url/v1/chat/completions" -H 'content-type: application/json' -d "$(chat_of "echo $in_error")"
has "what an upstream says of its error is for who asked" "$in_error|upstream" "$body"
ask -X POST "$url/api/v1/submissions" -H 'content-type: application/json' -d "{\"password\":\"$in_body\"}"
ask -N "$url/v1/chat/completions" -H 'content-type: application/json' -H 'x-request-id: req_announced' -d "$(chat_of announce)"
link=$(grep -oE '/v1/artifacts/artf_[^"]*' <<<"$body" | head -n 1)
has "an artifact has a signed link" 'sig=.' "$link"
ask "$url$link"
same "which leads to it" "200 hello" "$status $body"
control GET "/api/v1/requests?code=upstream_bad_response"
printf '%s' "$body" >"$work/failed.seen"
signature=$(sed -E 's/.*sig=([^&]*).*/\1/' <<<"$link")
plants+=("$signature")
printf '%s' "$in_header" >"$world/ctl.key"
chmod 644 "$world/ctl.key"
ctl --url "$url" --api-key-file "$world/ctl.key" status -v
has "janusctl warns of a key file that all can read" 'chmod 600' "$err"
printf '%s%s' "$out" "$err" >"$work/ctl.seen"
JANUS_API_KEY=$in_header "$bin/janus-bench" run --target "$url" --suite public/none >"$work/bench.seen" 2>&1 || true
start_sandboxd SANDY_API_KEY_FILE="$world/sandbox.key" >"$work/sandboxd.start" 2>&1 || true
ask "$sandboxes/api/sandboxes/stats?key=$in_query" -H "authorization: Bearer $in_header"
same "janus-sandboxd takes no other key" 401 "$status"
ask -X POST "$sandboxes/api/sandboxes" -H "authorization: Bearer $sandbox_secret" -H 'content-type: application/json' -d "{\"no\":\"$in_body\"}"
logged_by() { grep -q "\"msg\":\"$2\"" "$work/$1.log"; }
check "a key file that all can read is told of" logged_by janus-platform secret.open_to_others
code=0
said=$(JANUS_PROVIDER_API_KEY=$provider_key JANUS_PROVIDER_API_KEY_FILE=$world/provider.key "$bin/janus-platform" 2>&1) || code=$?
same "[M07] a secret and a file with it, both: it does not start" 2 "$code"
has "it says why" 'are both set' "$said"
printf '%s' "$said" >"$work/both.seen"
spans_came() { grep -q 'chat' "$work/spans.log"; }
becomes "spans are sent" 30 spans_came
becomes "a worker was started" 30 test -s "$work/bench.env"
ask "$url/metrics"
printf '%s' "$body" >"$work/metrics.seen"
for path in events requests captures keys runs artifacts status; do
	control GET "/api/v1/$path"
	printf '%s' "$body" >"$work/$path.seen"
done
announced() { control GET /api/v1/requests/req_announced; [ "$status" = 200 ]; }
becomes "a chat is kept" 30 announced
printf '%s' "$body" >"$work/request.seen"
ps -eo args >"$work/args.seen"
for each in janusd janus-platform janus-sandboxd; do
	has "[L04] $each: its memory is dumped nowhere" '^Max core file size +0 +0' "$(cat "/proc/${pids[$each]}/limits")"
done
same "[L12] the control socket is its group's at most" 660 "$(stat -c %a "$runtime/janusd.sock")"
chmod 711 "$world"
code=0
setpriv --reuid=65534 --regid=65534 --clear-groups curl -sS --max-time 30 --unix-socket "$runtime/janusd.sock" http://janus/livez >/dev/null 2>&1 || code=$?
same "[L12] another user does not get to the control socket" 7 "$code"
code=0
said=$(env "DOCKER_HOST=unix://$engine" JANUS_STATE_DIR="$world/other" JANUS_PORT="$(free_port)" "$bin/janusd" 2>&1) || code=$?
same "[L12] a socket that is in use is not replaced" 1 "$code"
has "[L12] it says why" 'control socket' "$said"
for each in $(pgrep -P "${pids[janusd]}" || true); do tr '\0' '\n' <"/proc/$each/environ" >>"$work/children.seen" 2>/dev/null || true; done
kill -USR2 "${pids[janusd]}"	# the state, to the log
end janus-sandboxd
end janusd
end janus-platform
rm -f "$work/head" "$work/curl.err"
for each in "${plants[@]}"; do
	same "[L05] ${each:0:9}...: in no log, database, capture, event, metric, span, argument or child's environment" "" \
		"$(grep -rlaF -- "$each" "$state" "$runtime" "$work" | grep -v -e '/artifacts/signing' || true)"
done
check "and there was something to look at" test -s "$work/bench.env" -a -s "$work/spans.log" -a -s "$work/metrics.seen"

# --- TLS of our own ------------------------------------------------------------------

start_platform
cp "$tls/first.pem" "$tls/c.pem"
cp "$tls/first.key" "$tls/k.pem"
refuses() {	# WHAT WORDS NAME=VALUE...: janusd ends with them
	local code=0 said
	said=$(env "DOCKER_HOST=unix://$engine" "${@:3}" "$bin/janusd" 2>&1) || code=$?
	same "$1: it does not start" 1 "$code"
	has "$1: it says why" "$2" "$said"
}
certificate other
refuses "a certificate without a key" 'tls.key_file is not set' "JANUS_TLS_CERTIFICATE=$tls/c.pem"
refuses "no certificate" 'holds no certificate in PEM form' "JANUS_TLS_CERTIFICATE=$tls/k.pem" "JANUS_TLS_KEY_FILE=$tls/k.pem"
refuses "another's key" 'is not the key of the certificate' "JANUS_TLS_CERTIFICATE=$tls/c.pem" "JANUS_TLS_KEY_FILE=$tls/other.key"
refuses "no file" 'No such file' "JANUS_TLS_CERTIFICATE=$tls/nowhere.pem" "JANUS_TLS_KEY_FILE=$tls/k.pem"

start_janusd JANUS_TLS_CERTIFICATE="$tls/c.pem" JANUS_TLS_KEY_FILE="$tls/k.pem" JANUS_ROUTER_PING=250ms JANUS_PUBLIC_HOSTS=janus.example
safe=https://localhost:$JANUS_PORT
step_ready() {	# and has its route, which comes a moment later
	ask --cacert "$tls/first.pem" "$safe/v1/chat/completions" -H 'content-type: application/json' \
		-d '{"model":"janus/step","messages":[{"role":"user","content":"hi"}]}'
	[ "$status" = 200 ] && competitor_is step ready
}
becomes "with TLS the competitor is ready" 60 step_ready
asks tls "$safe" "$tls/first.pem"
tells tls
same "tls: bytes are as without it" "$(jq -r .steps.sha256 <<<"$plain")" "$(jq -r .steps.sha256 <<<"$seen")"
same "tls: errors are as without it" "$(jq -c .errors <<<"$plain")" "$(jq -c .errors <<<"$seen")"
ask -N --cacert "$tls/first.pem" "$safe/v1/chat/completions" -H 'content-type: application/json' \
	-d '{"model":"janus/step","stream":true,"messages":[{"role":"user","content":"alone"}]}'
same "curl: a stream over TLS" 200 "$status"
same "curl: all of its events" 12 "$(grep -c '"content":"<' <<<"$(tr -d ' ' <<<"$body")")"
same "curl: and one end" 1 "$(grep -c '^data: \[DONE\]' <<<"$body")"
for version in 1.0 1.1; do
	code=0
	curl -sS --max-time 30 --cacert "$tls/first.pem" "--tlsv$version" --tls-max "$version" --ciphers DEFAULT@SECLEVEL=0 "$safe/livez" >/dev/null 2>&1 || code=$?
	same "TLS $version is refused" 35 "$code"
done
ask --cacert "$tls/first.pem" "$safe/v1/chat/completions" -H 'origin: http://localhost' -H 'content-type: application/json' -d '{}'
refused "a page that came in the clear may not post" 403 missing_scope
if ask "$url/livez" && [ "$status" = 200 ]; then bad "the port speaks TLS alone" "$body"; else ok "the port speaks TLS alone"; fi
ask --cacert "$tls/first.pem" "$safe/metrics"
has "when the certificate expires is a metric" '^janus_tls_certificate_expiry_timestamp_seconds 1[0-9.e+]+$' "$body"

# A renewed certificate is taken without a restart; a stream that runs stays.
run stays curl -sSN --max-time 120 --cacert "$tls/first.pem" "$safe/v1/chat/completions" -H 'content-type: application/json' -H 'x-request-id: stays-here' \
	-d '{"model":"janus/step","stream":true,"messages":[{"role":"user","content":"step"}]}'
streams() { grep -q '<0>' "$work/stays.log"; }
becomes "a stream runs" 30 streams
name_shown() { openssl s_client -connect "127.0.0.1:$JANUS_PORT" </dev/null 2>/dev/null | openssl x509 -noout -subject; }
logged() { grep -q "\"msg\":\"$1\"" "$work/janusd.log"; }
cp "$tls/first.key" "$tls/old.key"
cp "$tls/other.key" "$tls/k.pem"
kill -HUP "${pids[janusd]}"
becomes "half of a new pair is not taken" 30 logged tls.certificate_refused
has "the old one is shown" 'CN = first' "$(name_shown)"
cp "$tls/other.pem" "$tls/c.pem"
kill -HUP "${pids[janusd]}"
becomes "the whole is" 30 logged tls.certificate_changed
other_shown() { name_shown | grep -q 'CN = other'; }
becomes "the new one is shown" 30 other_shown
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do curl -sf "http://127.0.0.1:$up/step/stays-here" >/dev/null; done
becomes "and the stream comes to its end" 30 grep -q '\[DONE\]' "$work/stays.log"
certificate old 0
cp "$tls/old.pem" "$tls/c.pem"
cp "$tls/old.key" "$tls/k.pem"
kill -HUP "${pids[janusd]}"
becomes "one that has expired is warned of" 30 logged tls.certificate_expired
end janusd

mkdir -p "$work/credentials"
cp "$tls/first.key" "$work/credentials/janus_tls_key"
chmod 600 "$work/credentials/janus_tls_key"
start_janusd CREDENTIALS_DIRECTORY="$work/credentials" JANUS_TLS_CERTIFICATE="$tls/first.pem"
same "the doctor looks at the key that is served, also one of the credential directory" fine \
	"$("$bin/janusctl" doctor --output json 2>/dev/null | jq -r '.checks[] | select(.name == "certificate").level')"
end janusd
