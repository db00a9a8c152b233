#!/usr/bin/env bash
#
# alerts.sh - are the rules of docs/grafana/alerts.yaml sound, and has each been seen to fire by Prometheus' own tool?
set -euo pipefail
cd "$(dirname "$0")/../.."

promtool check rules docs/grafana/alerts.yaml
promtool test rules tests/lint/alerts.yaml
if ! diff <(sed -nE 's/^ +- alert: //p' docs/grafana/alerts.yaml | sort) \
	<(sed -nE 's/^  - name: (Janus.*)/\1/p' tests/lint/alerts.yaml | sort); then
	echo "alerts: '<' has no test of its name in tests/lint/alerts.yaml"
	exit 1
fi
echo "alerts: $(grep -c '  - alert:' docs/grafana/alerts.yaml), each fires in a test"
