#!/usr/bin/env bash
#
# 08-bad-input.sh - whatever is wrong with a request is said in the envelope, or by an exit code.
. "$(dirname "$0")/lib.sh"

hostile ok slow-start=25
start_janus
accept hostile-ok:latest owl
chats=$url/v1/chat/completions
json=(-H 'content-type: application/json')
message='"messages":[{"role":"user","content":"hi"}]'

# --- the command line ---
usage() {	# WHAT ARGUMENTS...
	local what=$1
	shift
	ctl "$@"
	same "$what: exit 2" 2 "$code"
	same "$what: nothing on stdout" '' "$out"
	has "$what: it is said why" '.' "$err"
}
usage "unknown option" list competitors --nonsense
usage "unknown verb" lsit competitors
has "with what was meant" 'list' "$err"
usage "unknown noun" list competitions
has "with what was meant" 'competitors?' "$err"
usage "no noun" list
usage "a word too many" show competitor owl extra
usage "an option without its value" submit image x --name
usage "a bad value" list competitors --limit many
usage "an abbreviated option" list competitors --outp json
usage "no name" submit image hostile-ok
ctl show competitor nobody
same "an unknown competitor: exit 3" 3 "$code"
ctl show competitor nobody --output json
same "and with --output json stdout is empty" '' "$out"
truth "and stderr one envelope" '.error.code == "resource_not_found"' "$err"
JANUS_RUNTIME_DIR='' ctl status --url "http://127.0.0.1:$(free_port)"
same "no daemon: exit 6" 6 "$code"
id=$(submit hostile-slow-start-25:latest slow)
ctl wait submission "$id" --timeout 200ms
same "out of time: exit 7" 7 "$code"
ctl submit image hostile-ok:latest --name slow
same "a name whose submission is under way: exit 5" 5 "$code"
control POST /api/v1/submissions '{"name":"slow","image":"hostile-ok:latest"}'
refused "the same by HTTP" 409 invalid_state
ctl cancel submission "$id"
same "it need not be waited for" 0 "$code"

# --- submissions ---
for ref in 'UPPER/case:1' 'a b' 'http://host/x' 'owl:' 'owl@sha256:short' '../../etc/passwd' '-x/y' \
	"$(printf 'a%.0s' {1..600})" 'user:pass@host/x' ''; do
	control POST /api/v1/submissions "$(jq -nc --arg r "$ref" '{name: "ref", image: $r}')"
	same "reference '${ref:0:24}' is refused" 4 "${status:0:1}"
	truth "  naming the field" '.error.param == "image" and (.error.message | length > 10)' "$body"
done
ctl submit image 'UPPER/case:1' --name ref
case $code in 2 | 5) ok "a malformed reference: exit $code" ;; *) bad "a malformed reference: exit 2 or 5" "exit $code" "$err" ;; esac

manifest() {	# WHAT JSON PATTERN
	control POST /api/v1/submissions "{\"name\":\"man\",\"image\":\"hostile-ok\",\"manifest\":$2}"
	same "manifest, $1: refused" 4 "${status:0:1}"
	has "manifest, $1: it names the field" "$3" "$(jq -r '.error.message' <<<"$body")"
}
manifest "unknown field" '{"prot":8080}' 'prot'
manifest "port of the wrong type" '{"port":"8080"}' 'port'
manifest "port of root" '{"port":80}' 'port.*1024'
manifest "port of the platform" '{"port":8600}' 'port'
manifest "too little memory" '{"resources":{"memory":"1MiB"}}' 'memory'
manifest "memory as a number" '{"resources":{"memory":512}}' 'memory'
manifest "an environment name of ours" '{"env":{"OPENAI_API_KEY":"x"}}' 'OPENAI_API_KEY'
manifest "a start timeout without a unit" '{"start_timeout":"soon"}' 'start_timeout'
manifest "not an object" '[]' '[Mm]anifest'
printf '{"port": 8080,}' >"$work/broken.json"
ctl submit image hostile-ok --name man --manifest "$work/broken.json"
case $code in 2 | 5) ok "a broken manifest file: exit $code" ;; *) bad "a broken manifest file" "exit $code" "$err" ;; esac
has "and where it breaks" '[Mm]anifest|broken.json' "$err"
ctl submit image hostile-ok --name man --manifest "$work/nowhere.json"
same "no manifest file: exit 2" 2 "$code"
for name in Upper under_score -dash dash- "$(printf 'n%.0s' {1..41})" ''; do
	control POST /api/v1/submissions "$(jq -nc --arg n "$name" '{name: $n, image: "hostile-ok"}')"
	same "name '${name:0:20}' is refused" 4 "${status:0:1}"
	truth "  naming the field" '.error.param == "name"' "$body"
done
control POST /api/v1/submissions '{"name":"x","image":"hostile-ok","imgae":"y"}'
refused "unknown key" 400 unknown_parameter
truth "  it is named" '.error.param == "imgae"' "$body"
control POST /api/v1/submissions '{"name":"x"}'
same "neither image nor url" 400 "$status"
control POST /api/v1/submissions '{"name":"x","image":"a","url":"http://127.0.0.1:1"}'
same "both image and url" 4 "${status:0:1}"
{ printf '{"name":"'; head -c 1200000 /dev/zero | tr '\0' a; printf '"}'; } >"$work/large"
control POST /api/v1/keys "@$work/large"
refused "a control body over 1 MiB" 413 payload_too_large
{ printf '{"name":"x","image":"'; head -c 11000000 /dev/zero | tr '\0' a; printf '"}'; } >"$work/large"
control POST /api/v1/submissions "@$work/large"
refused "a submission over 10 MiB" 413 payload_too_large
for bad in 'file:///etc/passwd' 'ftp://host/' 'not a url' 'http://' 'http://user:pw@host/' 'http://169.254.169.254/'; do
	control POST /api/v1/submissions "$(jq -nc --arg u "$bad" '{name: "u", url: $u}')"
	same "url '$bad' is refused" 4 "${status:0:1}"
done
control GET '/api/v1/competitors?colour=red'
refused "unknown query" 400 unknown_parameter
control GET '/api/v1/competitors?limit=-1'
refused "a bad query value" 400 invalid_value
control GET /api/v1/competitors/nobody
refused "unknown competitor" 404 resource_not_found
control POST /api/v1/competitors/nobody/start
refused "starting an unknown competitor" 404 resource_not_found
ask -X POST "$url/api/v1/submissions" "${json[@]}" -d '{"name":"x","image":"hostile-ok"}'
case $status in 401 | 403) ok "an anonymous submission: $status" ;; *) bad "an anonymous submission is refused" "$status $body" ;; esac
ask "$url/v1/models" -H 'authorization: Bearer anything'
same "on loopback any key will do" 200 "$status"

# --- chats ---
bad_chat() {	# WHAT STATUS CODE BODY
	ask "$chats" "${json[@]}" --data-binary "$4"
	refused "$1" "$2" "$3"
}
bad_chat "broken JSON" 400 invalid_json '{"model":'
bad_chat "something after the JSON" 400 invalid_json "{\"model\":\"janus\",$message} x"
bad_chat "no body" 400 invalid_json ''
bad_chat "not an object" 400 invalid_value '[1]'
bad_chat "a key twice" 400 invalid_json "{\"model\":\"janus\",\"model\":\"janus\",$message}"
bad_chat "invalid UTF-8" 400 invalid_json "$(printf '{"model":"janus","messages":[{"role":"user","content":"\xff"}]}')"
bad_chat "no messages" 400 missing_required_parameter '{"model":"janus"}'
truth "  it is named" '.error.param == "messages"' "$body"
bad_chat "no model" 400 missing_required_parameter "{$message}"
bad_chat "messages of the wrong type" 400 invalid_value '{"model":"janus","messages":"hi"}'
bad_chat "no message" 400 invalid_value '{"model":"janus","messages":[]}'
bad_chat "an unknown role" 400 invalid_value '{"model":"janus","messages":[{"role":"wizard","content":"hi"}]}'
bad_chat "stream of the wrong type" 400 invalid_value "{\"model\":\"janus\",\"stream\":\"yes\",$message}"
bad_chat "temperature of the wrong type" 400 invalid_value "{\"model\":\"janus\",\"temperature\":\"hot\",$message}"
picture='{"model":"janus","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"URL"}}]}]}'
bad_chat "a picture that cannot be decoded" 422 unprocessable "${picture/URL/data:image/png;base64,iVBOR*}"
truth "  it is named" '.error.param == "messages[0].content[0].image_url.url"' "$body"
bad_chat "an unknown model" 404 model_not_found "{\"model\":\"gpt-nonsense\",$message}"
bad_chat "an unknown competitor" 404 model_not_found "{\"model\":\"janus/nobody\",$message}"
bad_chat "too deep" 400 invalid_json "{\"model\":\"janus\",\"x\":$(printf '[%.0s' {1..80})$(printf ']%.0s' {1..80}),$message}"
{ printf '{"model":"janus","messages":[{"role":"user","content":"'; head -c 11000000 /dev/zero | tr '\0' a; printf '"}]}'; } >"$work/huge"
bad_chat "a chat over 10 MiB" 413 payload_too_large "@$work/huge"
printf '{"model":"janus","messages":[{"role":"user","content":"\0"}]}' >"$work/nul"
bad_chat "a NUL" 400 invalid_json "@$work/nul"
ask "$chats" -H 'content-type: text/plain' -d "{\"model\":\"janus/owl\",$message}"
refused "another content type" 415 unsupported_media_type
ask "$url/v1/models/janus%2Fnobody"
refused "an unknown model, asked for" 404 model_not_found

# --- methods and paths ---
ask -X DELETE "$chats"
refused "a wrong method" 405 method_not_allowed
has "  with those that are right" '^allow:.*POST' "$head"
ask -X GET "$chats"
refused "GET of a chat" 405 method_not_allowed
ask -X BREW "$url/v1/models"
same "a method that is none" 4 "${status:0:1}"
ask "$url/v1/nowhere"
refused "an unknown path" 404 resource_not_found
for path in '/v1/../api/v1/competitors/owl/stop' '/v1/%2e%2e/api/v1/status' '//v1/models' '/v1//models' \
	'/v1/models/..%2f..%2f..%2fetc%2fpasswd' '/v1/models/%00' '/api/v1/competitors/%2e%2e' '/./v1/models' \
	'/v1/models/%zz' '/v1\models'; do
	ask --path-as-is "$url$path"
	same "path $path is refused" 4 "${status:0:1}"
	truth "  in the envelope" '.error.code | length > 0' "$body"
done
ask "$url/v1/models/$(head -c 9000 /dev/zero | tr '\0' a)"
case $status in 400 | 404 | 414 | 431) ok "a URL of 9 kB: $status" ;; *) bad "a URL of 9 kB is refused" "$status" ;; esac

# --- below HTTP ---
raw() {	# WHAT PATTERN BYTES: what the server answers to them
	local seen
	exec 9<>"/dev/tcp/127.0.0.1/$JANUS_PORT"
	(trap '' PIPE; printf '%b' "$3" >&9 2>/dev/null) || true # it may have been answered, and closed, half way
	seen=$(timeout 30 head -c 4000 <&9 | tr -d '\0' || true)
	exec 9>&- 9<&-
	has "$1" "$2" "${seen:-(closed)}"
}
raw "not HTTP" '^HTTP/1.[01] 4|closed' 'HELO janus\r\n\r\n'
raw "both content-length and chunked" '^HTTP/1.1 400|closed' 'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
raw "two lengths" '^HTTP/1.1 400|closed' 'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'
raw "no host" '^HTTP/1.1 400' 'GET /livez HTTP/1.1\r\n\r\n'
raw "a header that is too large" '^HTTP/1.1 431|closed' "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Big: $(head -c 40000 /dev/zero | tr '\0' a)\r\n\r\n"
ask "$url/v1/models" -H 'host: evil.example'
refused "somebody else's host name" 421 misdirected_request

ask "$url/livez"
same "after all of it janusd lives" 200 "$status"
check "and answers" answers janus/owl
