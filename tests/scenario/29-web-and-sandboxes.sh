#!/usr/bin/env bash
#
# 29-web-and-sandboxes.sh - what a competitor reaches through the platform: pages, a proxy, sandboxes; and no more.
. "$(dirname "$0")/lib.sh"

images link sandbox
hostile caller

# shellcheck source=tests/scenario/calling.sh
. "$root/tests/scenario/calling.sh"
sh_in() {	# COMPETITOR ID COMMAND
	call "$1" POST "/api/sandboxes/$2/exec" "$(jq -nc --arg c "$3" '{command:$c}')"
}

# --- a page, and what is beside it --------------------------------------------------------
port=$(free_port) other=$(free_port)
mkdir "$work/www"
printf '<title>The page</title><p>Read <a href="/more.html">more</a></p><script>no()</script>' >"$work/www/index.html"
run www python3 -m http.server "$port" --bind 127.0.0.1 --directory "$work/www"
run hidden python3 -m http.server "$other" --bind 127.0.0.1 --directory "$work/www"
until_true 30 listens "$port" || giveup "a web server starts"
until_true 30 listens "$other" || giveup "another web server starts"
cat >"$work/policy.json" <<END
{"version":"test-29","default":{"rates":{"web":0}},
 "competitors":{"first":{"domains":["127.0.0.1:$port"],"budget":{"sandbox_seconds":1300}}}}
END
start_sandboxd JANUS_SANDBOX_MAX=3 JANUS_SANDBOX_MEMORY=512MiB JANUS_SANDBOX_DISK=64MiB
start_platform "JANUS_PLATFORM_POLICY=$work/policy.json" "JANUS_PLATFORM_TEST_LOOPBACK=127.0.0.1:$port"
start_janusd
accept hostile-caller:latest first
accept hostile-caller:latest second

call first GET "/fetch?url=$(urlencode "http://127.0.0.1:$port/index.html")"
truth "a page as text" '.title == "The page" and .text == "Read more" and .status == 200 and (.links[0].url | endswith("/more.html"))' "$said"
call second GET "/fetch?url=$(urlencode "http://127.0.0.1:$port/index.html")"
refused_there "who has no domains has no web" 403 egress_denied
for target in "http://127.0.0.1:$other/" "http://169.254.169.254/" "http://localhost:8000/" "file:///etc/passwd"; do
	call first GET "/fetch?url=$(urlencode "$target")"
	refused_there "[H01] $target" 403 egress_denied
done
send first < <(printf 'GET http://127.0.0.1:%d/index.html HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n\r\n' "$port" "$port")
has "through the proxy, with a whole URL" 'The page' "$raw"
send first < <(printf 'CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\nGET /index.html HTTP/1.0\r\n\r\n' "$port")
has "and in a tunnel" 'The page' "$raw"
send first < <(printf 'CONNECT 127.0.0.1:%d HTTP/1.1\r\n\r\n' "$other")
refused_there "[H07] to another port" 403 egress_denied
seen() { control GET "/api/v1/egress?competitor=first&service=web"; jq -e '[.data[] | select(.decision == "denied")] | length >= 4' <<<"$body" >/dev/null; }
becomes "what was denied is listed" 40 seen

# --- sandboxes ------------------------------------------------------------------------------
call first POST /api/sandboxes '{"timeoutMinutes":10,"priority":0}'
same "a sandbox" 200 "$said_status"
id=$(jq -r .sandboxId <<<"$said")
truth "  no more important than others'" '.priority == 2 and (.url | startswith("http://127.0.0.1:8600/"))' "$said"
sh_in first "$id" 'echo $((6 * 7))'
truth "  runs commands" '.stdout == "42\n"' "$said"
call first POST "/api/sandboxes/$id/agent/run" '{"agent":"shell","model":"none","prompt":"echo from the run"}'
has "  and runs, whose events come through" '"type":"complete"' "$said"
sh_in second "$id" 'id'
refused_there "another competitor's is none" 404 resource_not_found
sh_in first "$id" 'curl -sS --noproxy "*" http://127.0.0.1:8600/usage'
truth "what is in it calls the platform for the competitor" '.stdout | fromjson | .competitor == "first" and (.day.held.sandbox_seconds == 600)' "$said"
sh_in first "$id" 'curl -sS --noproxy "*" -H "authorization: Bearer $JANUS_RUN_TOKEN" http://127.0.0.1:8600/v1/models'
has "  with a token of its own" 'janus-offline-responder' "$said"
sh_in first "$id" "curl -sS http://127.0.0.1:$port/index.html --noproxy '' -x http://127.0.0.1:8600"
has "  and has its web" 'The page' "$said"
sh_in first "$id" 'curl -sS --noproxy "*" -X POST -d "{}" http://127.0.0.1:8600/api/sandboxes'
has "  but makes no sandboxes" 'egress_denied' "$said"
sh_in first "$id" "env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'"
lacks "[G10] the service's key is nowhere" "$sandbox_key" "$raw"
call first POST /api/sandboxes '{"timeoutMinutes":20}'
refused_there "one that the budget does not hold" 429 budget_exceeded
call first POST "/api/sandboxes/$id/terminate" '{}'
same "it is ended" 200 "$said_status"
call first GET "/api/sandboxes/$id"
refused_there "  and gone" 404 resource_not_found
metered() { call first GET /usage; jq -e '.day | .held.sandbox_seconds == 0 and .spent.sandbox_seconds > 0 and .spent.sandbox_seconds < 600' <<<"$said" >/dev/null; }
becomes "  its seconds are spent, and no more" 40 metered
listed() { control GET "/api/v1/egress?competitor=first&service=sandbox"; jq -e '[.data[] | select(.operation == "sandbox" and .decision == "allowed" and .sandbox_seconds > 0)] | length == 1' <<<"$body" >/dev/null; }
becomes "  and listed" 40 listed

ends_with_pod() { ask -H "authorization: Bearer $sandbox_key" "$sandboxes/api/sandboxes/$id"; [ "$status" = 404 ]; }
call second POST /api/sandboxes '{}'
id=$(jq -r .sandboxId <<<"$said")
ctl remove competitor second --yes
becomes "[H11] a pod's sandboxes end with it" 30 ends_with_pod
call first POST /api/sandboxes '{}'
id=$(jq -r .sandboxId <<<"$said")
end janus-platform KILL
start_platform "JANUS_PLATFORM_POLICY=$work/policy.json"
becomes "[H11] and what a killed platform left, with the next one" 30 ends_with_pod
end janus-sandboxd KILL
down() { call first POST /api/sandboxes '{}'; [ "$said_status" = 502 ]; }
becomes "[H11] without the service: 502" 40 down
has "  which is not the competitor's fault" '"fault":"upstream"' "$said"
lacks "no key is in any log" "$sandbox_key" "$(cat "$work"/janus*.log)"
