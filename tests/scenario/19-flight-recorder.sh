#!/usr/bin/env bash
#
# 19-flight-recorder.sh - chats are recorded when asked for and not otherwise, played again in their own
# time, without what must not be kept; and what a collector and a scraper are told.
. "$(dirname "$0")/lib.sh"

# shellcheck source=tests/scenario/collector.sh
. "$root/tests/scenario/collector.sh"
port=$(free_port)
run fake "$fake" --port "$port"
until_true 10 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"

traced=("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:$collector_port" OTEL_METRIC_EXPORT_INTERVAL=300)
start_platform
start_janusd "${traced[@]}"
ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 60s
same "an endpoint is accepted" 0 "$code"

say() {	# ID WORDS [CURL-OPTIONS]: a stream with that request id, by the control socket
	ask -N --unix-socket "$runtime/janusd.sock" "http://janus/v1/chat/completions" -H 'content-type: application/json' \
		-H "x-request-id: $1" "${@:3}" -d "$(jq -nc --arg t "$2" '{model: "janus/dev", stream: true, max_tokens: 77,
			temperature: 0.5, stop: ["END"], messages: [{role: "user", content: $t}]}')"
}
routed() { [ "$(curl -sS "$url/v1/models/janus%2Fdev" | jq -r .janus.state)" = ready ]; }	# it takes chats
captured() { control GET "/api/v1/captures/$1" && [ "$status" = 200 ]; }
files() { find "$state/captures" -name '*.capture' 2>/dev/null | wc -l; }

# Off: nothing is kept, whoever asks.
say unasked-chat-1 "secret words" -H 'x-janus-capture: 1'
same "a chat is answered" 200 "$status"
control GET /api/v1/captures/unasked-chat-1
refused "nothing was recorded of it" 404 resource_not_found
has "and the answer says why" 'capture.enabled' "$body"
same "no file was made" 0 "$(files)"
has "starts are counted" '^janus_instance_starts_total\{competitor="dev",result="ok"\} 1' "$(curl -sS "$url/metrics")"
has "and took their time" '^janus_instance_start_seconds_count\{competitor="dev"\} 1' "$(curl -sS "$url/metrics")"
end janusd

# On: by header of an administrator, and nobody else.
start_janusd "${traced[@]}" JANUS_CAPTURE_ENABLED=true JANUS_CAPTURE_MAX_COUNT=3
becomes "dev is ready" 60 routed
say plain-chat-1 "hello"
ask -N "$url/v1/chat/completions" -H 'content-type: application/json' -H 'x-request-id: public-chat-1' -H 'x-janus-capture: 1' \
	-d '{"model":"janus/dev","stream":true,"messages":[{"role":"user","content":"hi"}]}'
same "a client that is no administrator is answered" 200 "$status"
say seen-chat-1 "fault:chunks=4 fault:slow=300 my private prompt" -H 'x-janus-capture: 1'
sent=$(printf '%s' "$body")
becomes "a chat that was asked for is there" 30 captured seen-chat-1
truth "whole, with what became of it" '.complete and .cut == null and .status == 200 and .competitor == "dev" and .skipped == 0
	and .request_id == "seen-chat-1" and .content == false and .duration_ms > 600' "$body"
truth "in order of time" '[.data[].t_ms] | . == sort' "$body"
truth "both ways" '[.data[].kind] | (index("request") == 0) and (index("upstream") != null) and (index("client") != null) and (last == "ours")' "$body"
truth "with the silence between events" '[.data[] | select(.kind == "upstream").gap_ms] | max >= 250' "$body"
# [L05] what must not be kept of a chat is in no file
lacks "without the prompt" 'private' "$body"
lacks "or any of it in the file" 'private' "$(python3 -c 'import sys,zlib
for f in sys.argv[1:]:
    d=open(f,"rb").read(); print(d[:2048], zlib.decompress(d[2048:]))' "$state"/captures/*.capture)"
same "files are nobody else's" 600 "$(stat -c %a "$state"/captures/*.capture | sort -u)"
same "only one was recorded" 1 "$(files)"
found() { control GET /api/v1/requests/seen-chat-1; [ "$status" = 200 ]; }
until_true 20 found || true
truth "the request says so" '.capture | startswith("cap_")' "$body"
control GET /api/v1/requests/plain-chat-1
truth "another says that there is none" '.capture == null' "$body"

# Again, in its own time and at once.
ctl replay seen-chat-1 --speed 0
same "replay exits 0" 0 "$code"
same "it is as long as what the client was sent" "$(wc -c <<<"$sent")" "$(wc -c <<<"$out")"
same "and has its lines" "$(cut -c 1-5 <<<"$sent")" "$(cut -c 1-5 <<<"$out")"
has "with the end" '^data: \[DONE\]' "$out"
lacks "and no text" 'chunk 1 ' "$out"
began=$(date +%s%N)
ctl replay seen-chat-1
took=$((($(date +%s%N) - began) / 1000000))
if [ "$took" -ge 600 ]; then ok "it takes its time: $took ms"; else bad "it takes its time" "$took ms"; fi
ctl replay seen-chat-1 --frames
has "frames are a table" '^ +MS +GAP +KIND +BYTES' "$out"
ctl replay seen-chat-1 --frames --output jsonl
same "a line each" "$(ctl replay seen-chat-1 --output json; jq '.data | length' <<<"$out")" "$(ctl replay seen-chat-1 --frames --output jsonl; wc -l <<<"$out")"
ctl replay no-such-chat-1
same "one that never was: 3" 3 "$code"
ctl replay seen-chat-1 --speed fast
same "a speed that is none: 2" 2 "$code"

# A file that is cut still shows what was whole of it.
id=$(ctl list captures -q; echo "$out")
truncate -s -20 "$state/captures/$id.capture"
ctl replay seen-chat-1 --speed 0
same "a cut file is played as far as it goes" 0 "$code"
has "and that is said" 'ends early' "$err"
has "from its beginning" '^data: ' "$out"

# Bounds: three at most, the oldest go; USR1 looks at the directory anew.
for i in 1 2 3 4; do say "many-chat-$i" hello -H 'x-janus-capture: 1'; done
becomes "the last is there" 30 captured many-chat-4
files_are() { [ "$(files)" = "$1" ]; }
becomes "three are kept" 20 files_are 3
control GET /api/v1/captures
truth "the newest, newest first" '[.data[].request_id] == ["many-chat-4","many-chat-3","many-chat-2"]' "$body"
rm "$state/captures/$(jq -r '.data[0].id' <<<"$body").capture"
kill -USR1 "${pids[janusd]}"
forgotten() { ! captured many-chat-4; }
becomes "after USR1 a file that was moved away is forgotten" 30 forgotten
ctl remove capture many-chat-3 --yes
same "one is removed" 0 "$code"
becomes "with its file" 10 files_are 1
becomes "they are counted" 10 metric_is 5 janus_captures_written_total

# Spans say what was asked and answered.
a_span() { [ -n "$(spans | jq -c "select($1)")" ]; }
asked='.kind == 3 and any(.attributes[]; .key == "gen_ai.request.max_tokens" and .value.intValue == "77")'
becomes "a span says what was asked for" 30 a_span "$asked"
client=$(spans | jq -c "select($asked)" | tail -n 1)
truth "by its parameters" '[.attributes[].key] | contains(["gen_ai.request.temperature","gen_ai.request.stop_sequences"])' "$client"
truth "and what the answer said of itself" '[.attributes[].key] | contains(["gen_ai.response.id","gen_ai.response.model","gen_ai.response.finish_reasons"])' "$client"
becomes "a start is a span" 30 a_span '.name == "instance.start" and .kind == 1'

# Metrics arrive at the collector and, as OpenMetrics, at a scraper.
histograms() { told_to /v1/metrics | tail -n 1 | jq -c '.resourceMetrics[].scopeMetrics[].metrics[]'; }
told() { [ "$(histograms | jq -s '[.[] | select(.histogram.dataPoints | length > 0).name] | unique | length')" = 4 ]; }
becomes "all four histograms arrive" 30 told
truth "with what was counted" 'select(.name == "gen_ai.client.token.usage").histogram | .aggregationTemporality == 2
	and any(.dataPoints[].attributes[]; .key == "gen_ai.token.type" and .value.stringValue == "output")' "$(histograms | head -n 1)"
open=$(curl -sS -D "$work/open.head" -H 'accept: application/openmetrics-text; version=1.0.0' "$url/metrics")
has "OpenMetrics for those who ask" '^content-type: application/openmetrics-text' "$(tr -d '\r' <"$work/open.head" | tr '[:upper:]' '[:lower:]')"
same "it ends as it must" "# EOF" "$(tail -n 1 <<<"$open")"
has "families of counters have no suffix" '^# TYPE janus_chat_requests counter$' "$open"
seen=$(curl -sS "$url/metrics")
for name in janus_db_write_seconds janus_db_busy_total janus_instance_starts_total janus_instance_start_seconds janus_image_pull_seconds \
	janus_image_pull_bytes_total janus_stream_event_delay_seconds janus_chat_cost_usd_total janus_disk_free_bytes \
	janus_instance_memory_bytes janus_instance_cpu_seconds_total janus_captures; do
	has "$name is there" "^# TYPE $name (counter|gauge|histogram)\$" "$seen"
done
has "the API's own routes have durations" 'janus_http_request_duration_seconds_count\{surface="api",route="/api/v1/captures",method="GET",code="200"\} [1-9]' "$seen"
has "by status, the gateway's too" 'janus_http_request_duration_seconds_count\{surface="gateway",route="/v1/chat/completions",method="POST",code="200"\} [1-9]' "$seen"
has "events are held for some time" 'janus_stream_event_delay_seconds_count\{surface="gateway"\} [1-9]' "$seen"

# With content, texts stay and secrets still go.
end janusd
start_janusd JANUS_CAPTURE_ENABLED=true JANUS_CAPTURE_CONTENT=true JANUS_CAPTURE_COMPETITORS=other,dev
becomes "dev is ready once more" 60 routed
key="jns_sk_$(printf 'a%.0s' {1..49})"
say told-chat-1 "echo my words, https://store.example/x?signature=abc123 and $key"
becomes "a competitor's chats are recorded" 30 captured told-chat-1
truth "with texts" '.content and ([.data[] | select(.kind == "request").text] | first | contains("my words"))' "$body"
lacks "but no signed URL" 'abc123' "$body"
lacks "and no key" 'aaaaaaaa' "$body"

# Killed in the middle, what was written can be read.
(say cut-chat-1 "fault:chunks=4000 fault:slow=20" >/dev/null 2>&1 || true) &
found_part() { [ "$(find "$state/captures" -name '*.capture' -size +2k | wc -l)" -ge 3 ] && control GET /livez; }
becomes "a long chat is being written" 30 found_part
kill_janusd
start_janusd JANUS_CAPTURE_ENABLED=true
becomes "its part is there after the restart" 60 captured cut-chat-1
truth "and is said to be one" '.complete == false and .cut != null and (.data | length) > 0' "$body"
