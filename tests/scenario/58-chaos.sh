#!/usr/bin/env bash
#
# 58-chaos.sh - everything that Janus stands on is killed, paused, filled up, cut off and set wrong: the short form of make chaos.
# alone: it counts on the machine's time
SHORT=1 TOGETHER=5 exec bash "$(dirname "$0")/../bench/chaos.sh" 25 "${SEED:-58}"
