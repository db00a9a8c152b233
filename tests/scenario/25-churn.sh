#!/usr/bin/env bash
#
# 25-churn.sh - many streams while competitors die, pause and are replaced: the short form of make churn.
# alone: it counts on the machine's time
exec bash "$(dirname "$0")/../bench/churn.sh" 20 500
