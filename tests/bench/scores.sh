#!/usr/bin/env bash
#
# scores.sh - what janus-bench says of both baselines and of the opponents that it comes with.
#
#   make up && make scores
#
# The baselines are asked through the gateway of the Janus that runs here, the opponents at a port of
# their own; the code of answers runs in its sandboxes.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=controlplane/local.sh
. "$root/controlplane/local.sh"
bin=${BIN:-$root/build/bin}
out=${1:-$root/docs/scores.md}
gateway=http://127.0.0.1:${JANUS_PORT:-8000}
export JANUS_BENCH_SUITES=$root/bench/suites
work=$(mktemp -d)
opponent=''
trap '[ -z "$opponent" ] || kill "$opponent" 2>/dev/null || true; rm -rf "$work"' EXIT

ask() {	# NAME TARGET [OPTIONS...]
	printf '%s\n' "$1" >&2
	"$bin/janus-bench" run --target "$2" --suite public/dev --concurrency 4 --quiet --evidence "$work/evidence-$1" \
		--output "$work/$1.json" "${@:3}" >/dev/null
}
row() {
	jq -r --arg name "$1" 'def one: . * 10 | round / 10;
		def points: if .value == null then "-" else .value | one | tostring end;
		[$name, "\(.scores.composite | points) (\(.scores.composite.low | one) to \(.scores.composite.high | one))",
			(.scores | .quality, .speed, .cost, .streaming, .modality | points),
			"\(.items.passed) of \(.items.counted)", (.items.excluded | tostring)] | "| " + join(" | ") + " |"' "$work/$1.json"
}

ask baseline-agent "$gateway" --model janus/baseline-agent
ask baseline-langchain "$gateway" --model janus/baseline-langchain
ask baseline-agent-again "$gateway" --model janus/baseline-agent
for mode in reference null echo stuff inject leak; do
	"$bin/janus-opponent" "$mode" --suite "$root/bench/suites/public/train" --suite "$root/bench/suites/public/dev" >"$work/$mode.log" &
	opponent=$!
	until target=$(grep -m 1 '^http://' "$work/$mode.log"); do kill -0 "$opponent"; done
	ask "$mode" "$target"
	kill "$opponent"
	wait "$opponent" || true
	opponent=''
done

{
	cat <<-EOF
		# Scores

		Written by \`make scores\`; do not edit. \`janus-bench run --suite public/dev\` of version $(jq -r .version "$work/null.json"),
		scoring $(jq -r .scoring "$work/null.json"), seed $(jq -r .seed "$work/null.json"), four items at once. The baselines answer
		$(if [ -s "$state/provider.model" ]; then printf 'with the model %s' "$(cat "$state/provider.model")"; else printf 'with the offline responder: no model at all'; fi).
		In brackets: the 95 % interval.

		| who | composite | quality | speed | cost | streaming | modality | passed | left out |
		|---|---|---|---|---|---|---|---|---|
	EOF
	for who in baseline-agent baseline-langchain reference null echo stuff inject leak; do
		row "$who"
	done
	printf '\nBaseline-agent again, with the same seed: quality %s and %s; speed %s and %s, intervals %s and %s.\n' \
		"$(jq .scores.quality.value "$work/baseline-agent.json")" "$(jq .scores.quality.value "$work/baseline-agent-again.json")" \
		"$(jq '.scores.speed.value | . * 10 | round / 10' "$work/baseline-agent.json")" \
		"$(jq '.scores.speed.value | . * 10 | round / 10' "$work/baseline-agent-again.json")" \
		"$(jq -r '.scores.speed | "\(.low * 10 | round / 10) to \(.high * 10 | round / 10)"' "$work/baseline-agent.json")" \
		"$(jq -r '.scores.speed | "\(.low * 10 | round / 10) to \(.high * 10 | round / 10)"' "$work/baseline-agent-again.json")"
	printf '\nThe reference knows every answer; the others are what a score must not reward: nothing, the prompt, key words, orders to the\njudge, other answers ([suites](suites.md)).\n'
} >"$work/scores.md"
mv "$work/scores.md" "$out"
printf 'wrote %s\n' "${out#"$root"/}"
