# shellcheck shell=bash disable=SC2154,SC2034
#
# collector.sh - sourced after lib.sh: a collector runs, at collector_port; what it was told.

collector_port=$(free_port)
run collector "$tests/fake/collector" --port "$collector_port"
until_true 10 listens "$collector_port" || giveup "the collector starts" "$(cat "$work/collector.log")"

# What it is still writing has no line end yet.
collected() { local line; while IFS= read -r line; do printf '%s\n' "$line"; done <"$work/collector.log"; }
told_to() { collected | awk -F '\t' -v path="$1" '$1 == path { print $3 }'; }	# PATH
spans() { told_to /v1/traces | jq -c '.resourceSpans[] | .resource as $r | .scopeSpans[].spans[] | . + {resource: $r}'; }
