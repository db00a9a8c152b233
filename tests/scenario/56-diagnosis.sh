#!/usr/bin/env bash
#
# 56-diagnosis.sh - the doctor finds what is wrong, with and without a daemon; a support bundle tells
# everything but secrets; alerts fire, and lead to the runbook.
. "$(dirname "$0")/lib.sh"

checks() { jq -r '[.checks[] | select('"$1"') | .name] | sort | join(" ")' <<<"$2"; }

# Without a daemon.
ctl doctor --output json
same "the doctor works without a daemon: a check did not pass" 9 "$code"
truth "it names what is not there, and what to do" '.object == "doctor" and .ok == false and
	([.checks[] | select(.level == "failed") | .name] | contains(["process", "socket"]))
	and all(.checks[]; .docs | test("^/docs/runbook#[a-z-]+$"))
	and all(.checks[] | select(.level != "fine"); .fix | length > 10)' "$out"
truth "it looked at settings, state, engine and port" '[.checks[] | select(.ok) | .name]
	| contains(["config", "engine", "port", "program", "state_dir"])' "$out"
ctl doctor
has "and in a table says why it looked itself" 'cannot reach the daemon' "$err"
printf 'SQLite no more' >"$state/janus.db"
out=$(JANUS_ROUTER_PING=soon "$bin/janusctl" doctor --output json 2>/dev/null) || true
same "a wrong setting is found" config "$(checks '.level == "failed" and .name == "config"' "$out")"
truth "in the words of janusd" '.checks[] | select(.name == "config") | .saw | test("JANUS_ROUTER_PING")' "$out"
run squatter "$fake" --port "$JANUS_PORT"
until_true 30 listens "$JANUS_PORT" || giveup "somebody else takes the port" "$(cat "$work/squatter.log")"
ctl doctor --output json
same "a broken database and a taken port are found" "database port process socket" "$(checks '.level == "failed"' "$out")"
end squatter
rm "$state/janus.db"

# What is planted wherever text can be left, and must be in no bundle.
own=jns_sk_$(printf '0123456789abcdef%.0s' 1 2 3)a
run_token=jns_rt_$(printf 'fedcba9876543210%.0s' 1 2 3)b
provider=sk-proj-$(printf 'Planted%.0s' 1 2 3 4)
hidden='planted-secret'	# what only its place gives away
mkdir -p "$state/log"
cat >"$state/log/janus-platform.log" <<-EOF
	{"msg":"a","headers":"authorization: Bearer $hidden-1\\r\\nhost: x","key":"$own"}
	Authorization: Basic $hidden-2
	GET https://files.example/x?X-Amz-Signature=$hidden-3&X-Amz-Credential=$hidden-4 and /v1/artifacts/artf_1?sig=$hidden-5&exp=17
	OPENAI_API_KEY=$hidden-6 JANUS_RUN_TOKEN=$run_token provider $provider
	{"body":"{\\"api_key\\":\\"$hidden-7\\"}","proxy":"http://me:$hidden-8@proxy:3128/"}
	-----BEGIN PRIVATE KEY-----
	$hidden-9
	-----END PRIVATE KEY-----
	the last line
EOF
bundle() {	# NAME [ARGUMENTS...]: a support bundle, unpacked in $work/NAME
	rm -rf "${work:?}/$1" "$work/$1.tar.gz"
	mkdir "$work/$1"
	ctl support bundle "$work/$1.tar.gz" "${@:2}"
	same "support bundle exits 0 ($1)" 0 "$code"
	same "only its owner may read it ($1)" 600 "$(stat -c %a "$work/$1.tar.gz")"
	check "it is an archive ($1)" tar xzf "$work/$1.tar.gz" -C "$work/$1"
	lacks "no planted secret is in it ($1)" "$hidden|$own|$run_token|$provider" "$(cat "$work/$1"/* "$work/$1"/logs/* 2>/dev/null)"
	has "but what stood around them is ($1)" '^the last line' "$(cat "$work/$1/logs/janus-platform.log")"
	same "what is in it is what its manifest says ($1)" "$(cd "$work/$1" && find . -type f ! -name manifest.json | sed 's,^./,,' | sort)" \
		"$(jq -r '.files[] | select(.error == null) | .name' "$work/$1/manifest.json" | sort)"
	truth "secrets were counted ($1)" '.redacted >= 10' "$(cat "$work/$1/manifest.json")"
}
bundle down
truth "without a daemon: what was found, the settings, the machine" '.answered == false and
	([.files[] | select(.error == null) | .name] | contains(["config.txt", "doctor.json", "system.json"]))' "$(cat "$work/down/manifest.json")"

# With one.
port=$(free_port)
run fake "$fake" --port "$port"
until_true 30 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
start_platform
start_janusd JANUS_ROUTER_BREAKER_OPEN=2s JANUS_ROUTER_BREAKER_OPEN_MAX=2s "JANUS_BENCH_SUITES_DIR=/srv/suites?token=$hidden-dir" OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:9 \
	"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20$hidden-otel"
ctl submit url "http://127.0.0.1:$port" --name dev --wait --timeout 60s
same "an endpoint is accepted" 0 "$code"
# What it is told of the engine and of the probe pod, janusd asks for after its start.
all_asked() {
	ctl doctor --output json
	[ "$code" = 0 ] && jq -e '[.checks[] | select(.name | IN("engine", "isolation", "clock")) | .level] == ["fine", "fine", "fine"]' <<<"$out"
}
until_true 60 all_asked || true
same "the doctor finds nothing that fails" 0 "$code"
truth "it looked at everything" '[.checks[].name] | sort == ["backup","bench","clock","connections","database","descriptors","disk","engine",
	"engine_disk","inotify","isolation","losses","memory","platform","port","processes","route","sandbox","state_dir","suites","wal"]' "$out"
truth "the engine's version and what it speaks" '.checks[] | select(.name == "engine") | .saw | test("API 1\\.[0-9]+ of .* to 1\\.")' "$out"
truth "the probe pod did not get out" '.checks[] | select(.name == "isolation") | .level == "fine" and (.saw | test("none got out"))' "$out"
truth "both clocks" '.checks[] | select(.name == "clock") | .saw | test("engine.s clock is the same")' "$out"
ctl doctor
has "a warning has its remedy below the table" '^sandbox: start janus-sandboxd' "$out"

start_sandboxd
end janus-platform
start_platform "SANDY_BASE_URL=$sandboxes" "SANDY_API_KEY_FILE=$state/sandbox.key"
sandbox_is() { control GET /api/v1/doctor; jq -e --arg saw "$1" '.checks[] | select(.name == "sandbox") | .saw | test($saw)' <<<"$body"; }
becomes "the doctor reaches the service of sandboxes" 60 sandbox_is 'answers, and there is a key$'
end janus-sandboxd
becomes "and says when it is gone" 60 sandbox_is '^cannot connect to'

# Words that must not leave the machine: in a chat, its id, a reason, a name that does not exist.
ask "$url/v1/chat/completions" -H 'content-type: application/json' -H "x-request-id: $own" -H "authorization: Bearer $run_token" \
	-d "$(jq -nc --arg t "my words: $hidden-chat" '{model: "janus/dev", messages: [{role: "user", content: $t}]}')"
ask "$url/v1/chat/completions" -H 'content-type: application/json' -H "x-request-id: $own" \
	-d "$(jq -nc --arg t "my words: $hidden-chat" '{model: "janus/dev", messages: [{role: "user", content: $t}]}')"
same "a chat is answered" 200 "$status"
control POST /api/v1/champion/promote "$(jq -nc --arg r "because of token=$hidden-reason and $provider" '{competitor: "dev", reason: $r}')"
ctl list events --output json
has "the reason is in the audit log" "$hidden-reason" "$out"
kept() { control GET '/api/v1/requests?competitor=dev&limit=1'; jq -e '.data | length == 1' <<<"$body"; }
becomes "the chat is kept" 30 kept
bundle up
truth "all of it is there" '.answered and all(.files[]; .error == null) and ([.files[].name] | contains(["config.json", "doctor.json", "events.jsonl",
	"health.json", "log.jsonl", "metrics.txt", "requests.jsonl", "status.json", "system.json", "top.json", "troubles.jsonl"]))' "$(cat "$work/up/manifest.json")"
truth "the chat is told of, without its words" 'length >= 1 and all(.[]; has("messages") or has("content") | not)' "$(jq -sc . "$work/up/requests.jsonl")"
truth "settings have their origins" '.settings[] | select(.name == "runtime_dir") | .origin == "JANUS_RUNTIME_DIR" and .value == "'"$runtime"'"' \
	"$(cat "$work/up/config.json")"
has "the daemon's own lines are there" '"msg":"daemon.started"' "$(cat "$work/up/log.jsonl")"
has "and its counters" '^janus_build_info\{version="[0-9.]+",revision="[0-9a-f]*\+?"\} 1$' "$(cat "$work/up/metrics.txt")"
ctl show config
has "show config tells settings and origins" '^host +127.0.0.1 +JANUS_HOST' "$out"
control GET '/api/v1/logs?level=warn'
lacks "only troubles, if only those are asked for" '"level":"info"' "$body"
ctl support bundle "$work/up.tar.gz"
same "a file that is there is not replaced" 2 "$code"

# Alerts: a real Prometheus, with the rules as they are but for how long they wait.
curl -sS "$url/metrics" >"$work/metrics.txt"
check "rules, dashboard and runbook name metrics that exist" "$root/tests/lint/metrics.sh" "$work/metrics.txt"
sed -E 's/^( +for:).*/\1 0s/' "$root/docs/grafana/alerts.yaml" >"$work/alerts.yaml"
cat >"$work/prometheus.yml" <<-EOF
	global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 500ms}
	rule_files: [alerts.yaml]
	scrape_configs: [{job_name: janus, static_configs: [{targets: ["127.0.0.1:$JANUS_PORT"]}]}]
EOF
prometheus_port=$(free_port)
run prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --log.level=warn \
	--web.listen-address="127.0.0.1:$prometheus_port"
firing() { curl -sf "http://127.0.0.1:$prometheus_port/api/v1/alerts" | jq -r '.data.alerts[] | select(.state == "firing") | .labels.alertname' | sort -u; }
scraped() {
	[ "$(curl -sf "http://127.0.0.1:$prometheus_port/api/v1/query?query=janus_routes_ready" | jq -r '.data.result[0].value[1]')" = 1 ]
}
fires() { firing | grep -qx "$1"; }
silent() { ! firing | grep -qx "$1"; }
becomes "Prometheus scrapes janusd" 60 scraped
slow='JanusOverhead|JanusEventsHeld|JanusSlowFirstContent|JanusDatabaseSlow'	# true at once of a machine that has too much to do
calm() { ! firing | grep -qvxE "JanusSpansLost|$slow"; }	# there is no collector here
becomes "while it answers, nothing pages" 60 calm
broken() {	# chats to it fail until it is left alone, which is told; its probe does not, or it would be gone first
	chat janus/dev fault:status=500
	fires JanusBreakerOpen && fires JanusCompetitorFails
}
becomes "its competitor fails: JanusBreakerOpen and JanusCompetitorFails fire" 60 broken
leads() {	# CONDITION: where the alerts lead that fire, or are about to
	curl -sf "http://127.0.0.1:$prometheus_port/api/v1/alerts" | jq -r "[.data.alerts[] | select($1) | .annotations.runbook] | unique | join(\" \")"
}
both_lead() {	# the breaker is tried again now and then: the alert comes and goes
	broken && [ "$(leads '.labels.alertname == "JanusBreakerOpen" or .labels.alertname == "JanusCompetitorFails"')" = \
		"/docs/runbook#breaker-open /docs/runbook#competitor-fails" ]
}
becomes "and lead to the runbook" 60 both_lead
others() { leads ".labels.alertname | test(\"^(JanusBreakerOpen|JanusCompetitorFails|JanusSpansLost|$slow)\$\") | not"; }
no_other() { local seen; seen=$(others) && [ -z "$seen" ]; }	# a scrape that a busy machine was late with is one for a moment
becomes "and none pages that is not meant" 30 no_other
mended() { answers janus/dev && silent JanusBreakerOpen; }
becomes "it is well again: the alert ends" 60 mended
kill_janusd
becomes "janusd is killed: JanusDown fires" 60 fires JanusDown
