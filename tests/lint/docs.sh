#!/usr/bin/env bash
#
# docs.sh - is every command of README.md and docs/*.md run by a test or named with one, and does every link lead somewhere?
set -euo pipefail
cd "$(dirname "$0")/../.."
exec /usr/bin/python3 tests/lint/docs.py "$@"
