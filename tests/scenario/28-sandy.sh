#!/usr/bin/env bash
#
# 28-sandy.sh - one conformance suite of the Sandy API: against janus-sandboxd, and against the fake that is as odd as they come.
. "$(dirname "$0")/lib.sh"

suite=${bin%/bin}/tests/runtime/engine/sandy/test_client
images link sandbox
start_sandboxd JANUS_SANDBOX_WARM=1

cd "$root"
check "janus-sandboxd passes what every Sandy must do" env "SANDY_BASE_URL=$sandboxes" "SANDY_API_KEY=$sandbox_key" \
	CK_RUN_CASE=every "$suite"
check "the fake passes it too, and the client survives its oddities" "$suite"
