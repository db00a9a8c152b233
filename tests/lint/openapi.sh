#!/usr/bin/env bash
#
# openapi.sh - is docs/openapi.json true to the tables of routes, and to itself?
#
#   tests/lint/openapi.sh [--replies FILE]
#
# With FILE: are these replies of a daemon as it says? (tests/scenario/20-control-api.sh)
set -euo pipefail
cd "$(dirname "$0")/../.."
exec /usr/bin/python3 tests/lint/openapi.py "$@"
