#!/usr/bin/env bash
#
# metrics.sh - does every metric that docs/grafana and the runbook name exist?
#
#   tests/lint/metrics.sh [METRICS-TEXT]
#
# Against the text of a running janusd's /metrics, or, without one, against the
# names in the sources.
set -euo pipefail
cd "$(dirname "$0")/../.."

exist() {
	if [ $# -gt 0 ]; then
		sed -nE 's/^# TYPE ([a-z0-9_]+) .*/\1/p' "$1"
	else
		grep -rhoE '"(janus|process)_[a-z0-9_]+"' controlplane --include='*.c' | tr -d '"'
	fi | sort -u
}
named() {	# a histogram is one metric, whatever of it is asked for
	grep -rhoE '\b(janus|process)_[a-z0-9_]+' docs/grafana docs/runbook.md | sed -E 's/_(bucket|sum|count)$//' | sort -u
}

jq -e . docs/grafana/janus.json >/dev/null
missing=$(comm -13 <(exist "$@") <(named))
if [ -n "$missing" ]; then
	printf 'docs/grafana and docs/runbook.md name metrics that do not exist:\n%s\n' "$missing"
	exit 1
fi
echo "metrics: $(named | wc -l) in docs/grafana and docs/runbook.md, each exists"
