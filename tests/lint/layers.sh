#!/usr/bin/env bash
#
# layers.sh - fail on an include that points up, or sideways, or is not from the root.
#
# The order is layers.txt.  Tests may include any header.
set -euo pipefail
cd "$(dirname "$0")/../.."

includes() {	# file:line:header of every quoted include
	find runtime controlplane baseline bench tests -name '*.[ch]' -print0 2>/dev/null | sort -z |
		xargs -0 grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' /dev/null |
		sed -E 's/^([^:]+):([0-9]+):[^"]*"([^"]+)".*/\1 \2 \3/'
}

includes | awk '
function room_of(path) { sub("/[^/]*$", "", path); return path }
function allow(room, other,    i, n, names) {	# other, and all that other may include
	if ((room, other) in may) return
	may[room, other] = 1
	n = split(direct[other], names, " ")
	for (i = 1; i <= n; i++) allow(room, names[i])
}
function bad(text) { printf "%s:%s: %s\n", $1, $2, text; failed = 1 }
FILENAME == "tests/lint/layers.txt" {
	sub(/#.*/, "")
	if ($0 ~ /^[[:space:]]*$/) next
	room = $1; sub(/:$/, "", room); $1 = ""
	if (room == "generated") { n = split($0, g, " "); for (i = 1; i <= n; i++) generated[g[i]] = 1; next }
	known[room] = 1; direct[room] = $0
	n = split($0, names, " ")
	for (i = 1; i <= n; i++)
		if (!(names[i] in known)) {
			printf "layers.txt: %s stands above %s, which is not declared before it\n", room, names[i]
			failed = 1
		}
	next
}
!closed { for (room in known) allow(room, room); closed = 1 }
{
	from = room_of($1); to = room_of($3); seen++
	if ($3 in generated) next
	if ($3 !~ "/" || $3 ~ /(^|\/)\.\.?\//) { bad("\"" $3 "\" is not a path from the root"); next }
	if (system("test -f " $3) != 0) { bad("\"" $3 "\" does not exist"); next }
	if (from ~ /^tests(\/|$)/) next
	if (!(from in known)) { bad("room " from " is not in layers.txt"); next }
	if (!((from, to) in may)) bad(from " may not include \"" $3 "\": " to " is not below it")
}
END {
	if (seen == 0) { print "layers: found no include at all"; failed = 1 }
	if (!failed) printf "layers: %d includes, none points up\n", seen
	exit failed
}' tests/lint/layers.txt -
