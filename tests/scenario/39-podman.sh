#!/usr/bin/env bash
#
# 39-podman.sh - the driver's own tests and a submission, on a Podman of the scenario's own.
# alone: a second engine wants the machine for itself
. "$(dirname "$0")/lib.sh"

# [D01] Podman instead of Docker is an engine like it: what differs is a table in runtime/engine/docker/ways.c
run podman env BIN="$bin" FAKE="$fake" "$root/tests/podman.sh" engine 01
until_true 240 gone podman || giveup "the tests on Podman end" "$(tail -n 40 "$work/podman.log")"
said=$(cat "$work/podman.log")
has "the driver's tests pass on Podman" '^100%: Checks: [1-9][0-9]*, Failures: 0, Errors: 0' "$said"
has "a submission runs on Podman" '^1 passed, 0 failed' "$said"
lacks "and nothing in it failed" '^FAIL' "$said"
