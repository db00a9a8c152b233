#!/usr/bin/env bash
#
# compose.sh - compose.yaml on an engine of its own, with a project, ports and directories of its own: a chat; `make test-compose`.
#
#   tests/package/compose.sh
#
# Takes janus/janus of the usual engine, and COMPOSE: docker-compose, or else docker's plugin.  FULL=1 makes the image of sandboxes, too.
. "$(dirname "$0")/../scenario/lib.sh"

if [ -n "${COMPOSE:-}" ]; then read -ra compose <<<"$COMPOSE"
elif command -v docker-compose >/dev/null; then compose=(docker-compose); else compose=(docker compose); fi
compose+=(--project-name "janus-test-$$" --project-directory "$root" -f "$root/compose.yaml")
state=$world/state
runtime=$world/r
mkdir -p "$state"
export JANUS_STATE_DIR=$state JANUS_RUNTIME_DIR=$runtime DOCKER_SOCKET=$world/e.sock JANUS_CREDENTIALS_DIR=$world/keys
printf 'services: {images: {command: [images, link, baseline]}}\n' >"$work/less.yaml"
[ -n "${FULL:-}" ] || compose+=(-f "$work/less.yaml")

dc() { DOCKER_HOST=unix://$engine "${compose[@]}" "$@"; }
inside() { dc exec -T janusd "$@"; }
health() { api GET "/containers/$(dc ps -q "$1")/json" | jq -r '.State.Health.Status'; }
is_healthy() { [ "$(health "$1")" = healthy ]; }
down() {
	dc run --rm -T images down >"$work/pods.log" 2>&1 || true
	dc down --timeout 40 >"$work/down.log" 2>&1 || true
}
finish() {
	local code=$?
	[ ! -S "$engine" ] || down
	(exit "$code") || the_end
	the_end
}

before=$engine
start_engine
trap finish EXIT
copy_images "$before" janus/base:latest janus/janus:latest
check "its syntax is right" dc config --quiet
dc up -d >"$work/up.log" 2>&1 || giveup "it comes up" "$(tail -n 20 "$work/up.log")" "$(dc logs --tail 30 images 2>&1 || true)"
ok "it comes up"
for each in janus-platform janus-sandboxd janusd; do
	until_true 90 is_healthy "$each" || bad "$each is healthy" "$(health "$each")" "$(dc logs --tail 20 "$each" 2>&1)"
	same "$each is healthy" healthy "$(health "$each")"
done
out=$(inside janusctl submit image janus/baseline-agent:latest --name baseline-agent --wait --timeout 90s 2>&1) ||
	giveup "a competitor is accepted" "$out" "$(dc logs --tail 30 janusd 2>&1)"
ok "a competitor is accepted"
chat janus/baseline-agent "What is 12 * 34?"
same "it answers a chat, from the host" 200 "$status"
truth "rightly" '.choices[0].message.content | test("408")' "$body"
has "its pages are there" '<title>' "$(curl -sS --max-time 5 "$url/")"
all=$(for id in $(dc ps -q janusd janus-platform janus-sandboxd); do api GET "/containers/$id/json"; done | jq -s .)
truth "no capability, no new privilege, a root that is not written to" \
	'all(.HostConfig | .CapDrop == ["ALL"] and .ReadonlyRootfs and (.Privileged | not) and any(.SecurityOpt[]; startswith("no-new-privileges")))' "$all"
truth "the broker has no engine's socket" '[.[] | select(.Config.Cmd == ["janus-platform"]).Mounts[].Destination | select(test("docker"))] == []' "$all"
used() { inside janusctl top --no-headers 2>/dev/null | grep -q baseline; }
check "what instances use is known" used
pod=$(api GET '/containers/json' | jq -r '.[] | select(.Labels["rodeo.janus.competitor"] == "baseline-agent") | .Id' | sort)
check "its pod runs beside the containers" test -n "$pod"

dc restart janusd >"$work/restart.log" 2>&1
becomes "started again, it is healthy" 60 is_healthy janusd
becomes "and answers" 30 answers janus/baseline-agent
same "with the same pod" "$pod" "$(api GET '/containers/json' | jq -r '.[] | select(.Labels["rodeo.janus.competitor"] == "baseline-agent") | .Id' | sort)"

dc stop --timeout 40 >"$work/stop.log" 2>&1
out=$(dc run --rm -T images down 2>&1) || bad "the pods are cleared away" "$out"
dc down >"$work/down.log" 2>&1
same "nothing is left but the data" "" "$(api GET '/containers/json?all=1' | jq -r '.[].Names[]')"
check "which are on the host" test -s "$state/signing.key"
