#!/usr/bin/env bash
#
# 15-observability.sh - one chat is found by its id everywhere, and the figures add up.
. "$(dirname "$0")/lib.sh"

# shellcheck source=tests/scenario/collector.sh
. "$root/tests/scenario/collector.sh"
port=$(free_port)
run fake "$fake" --port "$port"
until_true 10 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"

start_platform
start_janusd "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:$collector_port" \
	OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20for-the-test OTEL_SERVICE_NAME=scenario \
	OTEL_RESOURCE_ATTRIBUTES=deployment.environment=test
ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 60s
same "an endpoint is accepted" 0 "$code"

say() {	# ID MODEL WORDS [CURL-OPTIONS]: a stream with that request id
	ask -N "$url/v1/chat/completions" -H 'content-type: application/json' -H "x-request-id: $1" "${@:4}" \
		-d "$(jq -nc --arg m "$2" --arg t "$3" '{model: $m, stream: true, messages: [{role: "user", content: $t}]}')"
}

# Before any chat: series are there, at zero.
begun() { seen=$(curl -sS "$url/metrics"); grep -q '^janus_chat_requests_total{competitor="dev"' <<<"$seen"; }
until_true 20 begun || true
has "a competitor's series begin at zero" '^janus_chat_requests_total\{competitor="dev",outcome="ok",stream="true"\} 0' "$seen"
has "and those of its failovers" '^janus_failovers_total\{competitor="dev"\} 0' "$seen"
has "spans are counted" '^janus_spans_dropped_total 0' "$seen"
same "each metric has one TYPE line" "" "$(grep '^# TYPE' <<<"$seen" | awk '{ print $3 }' | sort | uniq -d)"
printf '%s\n' "$seen" >"$work/metrics.txt"
check "dashboard and alerts name metrics that exist" "$root/tests/lint/metrics.sh" "$work/metrics.txt"

# One chat with a gap.
trace=4bf92f3577b34da6a3ce929d0e0e4736
say watched-chat-1 janus/dev "fault:chunks=3 fault:slow=300" -H "traceparent: 00-$trace-00f067aa0ba902b7-01"
same "a chat is answered" 200 "$status"
found() { control GET "/api/v1/requests/$1" && [ "$status" = 200 ]; }
becomes "it is found by its id" 30 found watched-chat-1
truth "with all of its life" '[.timeline[].what] | . == ["accepted","picked","connected","head","first_event","longest_gap","end"]' "$body"
truth "in order of time" '[.timeline[].ms] | . == sort' "$body"
truth "and its figures" '.status == 200 and .code == null and .competitor == "dev" and .stream and .attempts == 1
	and .ttft_ms != null and .max_gap_ms >= 250 and .duration_ms >= 600 and .trace_id == "'$trace'"' "$body"
ctl show request watched-chat-1
same "show request exits 0" 0 "$code"
has "and tells when the first event came" 'first_event' "$out"
ctl show request watched-chat-1 --output json
truth "as JSON it is the API's object" '.id == "watched-chat-1" and (.timeline | length) == 7' "$out"
ctl logs --request watched-chat-1
same "logs --request exits 0" 0 "$code"
has "and begins with the timeline" '^20[0-9T:.-]+Z janus accepted after 0.0 ms' "$out"
ctl show request no-such-chat-1
same "one that never was: 3" 3 "$code"
line=$(grep '"request.done"' "$work/janusd.log" | grep '"watched-chat-1"' || true)
truth "its log line has the same id and trace" '.request_id == "watched-chat-1" and .trace_id == "'$trace'" and .status == 200' "$line"

# Its spans.
of_chat() { spans | jq -c "select(any(.attributes[]; .key == \"janus.request_id\" and .value.stringValue == \"$1\"))"; }
under() { spans | jq -c "select(.parentSpanId == $(of_chat "$1" | jq .spanId))"; }
arrived() { [ -n "$(of_chat "$1")" ] && [ "$(under "$1" | wc -l)" = "$2" ]; }	# ID ATTEMPTS
becomes "its span reaches the collector, and that of its attempt" 30 arrived watched-chat-1 1
server=$(of_chat watched-chat-1)
truth "a server span of the client's trace" '.kind == 2 and .name == "POST /v1/chat/completions"
	and .traceId == "'$trace'" and .parentSpanId == "00f067aa0ba902b7"' "$server"
truth "under the name asked for" '.resource.attributes | any(.key == "service.name" and .value.stringValue == "scenario")
	and any(.key == "deployment.environment" and .value.stringValue == "test")' "$server"
client=$(under watched-chat-1)
truth "with a client span of the attempt" '.kind == 3 and .name == "chat janus/dev" and (.attributes | any(.key == "gen_ai.operation.name"))
	and (.attributes | any(.key == "gen_ai.usage.output_tokens"))' "$client"
truth "  of whom it asked" '.attributes | any(.key == "server.address" and .value.stringValue == "127.0.0.1")
	and any(.key == "server.port" and (.value.intValue | tonumber) == '"$port"')' "$client"
same "sent with the headers asked for" "/v1/traces Bearer for-the-test" "$(cut -f 1,2 "$work/collector.log" | tr '\t' ' ' | sort -u)"

# Failover is told, and what adds up adds up.
port2=$(free_port)
run fake2 "$fake" --port "$port2"
until_true 10 listens "$port2" || giveup "another upstream starts" "$(cat "$work/fake2.log")"
ctl submit url "http://127.0.0.1:$port2" --name second --wait --timeout 60s
settled
ok_before=$(metric janus_chat_requests_total 'outcome="ok"') all_before=$(metric janus_chat_requests_total)
http_before=$(metric janus_http_requests_total 'route="/v1/chat/completions"')
answered=0 failed=0
for i in 1 2 3 4 5 6; do
	words="hello"
	[ "$((i % 3))" != 0 ] || words="fault:status=500"
	say "counted-chat-$i" janus/dev "$words"
	if [ "$status" = 200 ]; then answered=$((answered + 1)); else failed=$((failed + 1)); fi
done
same "four are answered" 4 "$answered"
settled
same "metrics: answered" "$answered" $(($(metric janus_chat_requests_total 'outcome="ok"') - ok_before))
same "metrics: all" $((answered + failed)) $(($(metric janus_chat_requests_total) - all_before))
same "metrics: HTTP" $((answered + failed)) $(($(metric janus_http_requests_total 'route="/v1/chat/completions"') - http_before))
end fake KILL
say fallen-chat-1 janus hello
same "a chat whose first competitor has gone is answered" 200 "$status"
run fake "$fake" --port "$port"
until_true 10 listens "$port" || giveup "the fake upstream starts again" "$(tail "$work/fake.log")"
becomes "it is found" 30 found fallen-chat-1
truth "with each attempt" '[.timeline[] | .what] | . == ["accepted","picked","failed","picked","connected","head","first_event","end"]
	or . == ["accepted","picked","failed","picked","connected","head","first_event","longest_gap","end"]' "$body"
truth "the second one answered" '.attempts == 2 and .competitor == "second" and (.timeline[2].detail | startswith("upstream_connect_failed"))' "$body"
same "metrics: a failover of dev" 1 "$(metric janus_failovers_total 'competitor="dev"')"
becomes "its spans arrive" 30 arrived fallen-chat-1 2
same "one of each attempt" "dev second" "$(under fallen-chat-1 | jq -r '
	.attributes[] | select(.key == "janus.competitor") | .value.stringValue' | xargs)"
all_stored() { ctl list requests --filter id~=counted-chat-* --output json && [ "$(jq '.data | length' <<<"$out")" = 6 ]; }
until_true 30 all_stored || true
same "list requests exits 0" 0 "$code"
truth "and has all six, newest first" '[.data[].id] == [6,5,4,3,2,1 | "counted-chat-\(.)"]' "$out"
control GET "/api/v1/requests?competitor=dev&code=upstream_bad_response&limit=1"
truth "by competitor and code" '.data | length == 1 and .[0].competitor == "dev" and .[0].code == "upstream_bad_response"' "$body"
control GET "/api/v1/requests?code=nonsense"
refused "no such code" 400 invalid_value
becomes "the API's own requests are counted" 10 metric_is 1 janus_http_requests_total \
	'surface="api".*route="/api/v1/requests".*code="400"'

top_has_dev() { ctl top && grep -qE '^dev +ready +0 ' <<<"$out"; }
until_true 60 top_has_dev || true	# it was gone for a moment, which may have been seen
same "top exits 0" 0 "$code"
has "and has a row a competitor" '^dev +ready +0 ' "$out"
ctl top --output json
truth "as JSON the counters" '.data | any(.name == "dev" and .requests >= 7 and .errors == 2)' "$out"

# After a restart the figures are still there, the timeline is not.
end janusd
becomes "what was queued is sent at the end" 10 arrived counted-chat-6 1
start_janusd "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:$(free_port)"
control GET /api/v1/requests/watched-chat-1
same "after a restart it is still found" 200 "$status"
truth "without a timeline" '.timeline == null and .competitor == "dev" and .status == 200' "$body"
becomes "dev is ready again" 60 serves dev
say unsent-chat-1 janus/dev hello
same "a collector that is not there harms nobody" 200 "$status"
dropped() { [ "$(metric janus_spans_dropped_total)" -gt 0 ]; }
becomes "its spans are counted as dropped" 60 dropped
