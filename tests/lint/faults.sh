#!/usr/bin/env bash
#
# faults.sh - write the table of docs/faults.md: which test is named after which fault.
#
# A test names its fault in brackets: in the name of its case ("[A06] two lengths"), or in a
# comment on the line of its START_TEST, or of a scenario.  --check only says if it is stale.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=docs/faults.md
begin='<!-- made by tests/lint/faults.sh: begin -->'
end='<!-- made by tests/lint/faults.sh: end -->'

named() {	# id <tab> file <tab> case
	grep -rnE '\[[A-N][0-9][0-9]\]' tests --include='test_*.c' --include='*.sh' |
		grep -v '^tests/lint/' | awk '
		{
			file = $0; sub(/:.*/, "", file)
			text = $0; sub(/^[^:]*:[0-9]+:/, "", text)
			if (match(text, /START_TEST\([a-z_0-9]+\)/)) {
				name = substr(text, RSTART + 11, RLENGTH - 12)
				said = text
				sub(/^.*\/\*[ ]*/, "", said); sub(/[ ]*\*\/.*$/, "", said)
				bare = said; gsub(/\[[A-N][0-9][0-9]\][ ]*/, "", bare)
				if (bare != "") name = bare
			} else if (match(text, /"\[[A-N][0-9][0-9]\][^"]*"/)) {
				name = substr(text, RSTART + 1, RLENGTH - 2)
				gsub(/\[[A-N][0-9][0-9]\][ ]*/, "", name)
			} else if (file ~ /\.sh$/) {
				name = text
				sub(/^[#[:space:]]*/, "", name)
				gsub(/\[[A-N][0-9][0-9]\][ ]*/, "", name)
			} else {
				next
			}
			gsub(/\|/, "\\|", name); gsub(/</, "\\&lt;", name)
			while (match(text, /\[[A-N][0-9][0-9]\]/)) {
				print substr(text, RSTART + 1, 3) "\t" file "\t" name
				text = substr(text, RSTART + RLENGTH)
			}
		}' | LC_ALL=C sort -u
}

table() {
	local all id missing=
	all=$(named)
	for id in A{01..24} B{01..09} C{01..26} D{01..15} E{01..13} F{01..09} G{01..14} H{01..11} \
		K0{1..7} L0{1..6} L14 M0{1..4}; do
		grep -q "^$id" <<<"$all" || missing+=" $id"
	done
	printf 'Of A to H, K01 to K07, L01 to L06, L14 and M01 to M04 without a test of its name:%s.\n\n' "${missing:- none}"
	printf '| Id | Test | Case |\n|---|---|---|\n'
	awk -F'\t' '{ printf "| %s | `%s` | %s |\n", $1, $2, $3 }' <<<"$all"
}

written() {	# the file as it should be
	sed "\|^$begin\$|q" "$out"
	table
	sed -n "\|^$end\$|,\$p" "$out"
}

fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
written >"$fresh"
if [ "${1:-}" != --check ]; then
	cp "$fresh" "$out"
elif ! diff -u "$out" "$fresh"; then
	echo "faults: $out is stale; run tests/lint/faults.sh"
	exit 1
fi
echo "faults: $(grep -c '^| [A-N][0-9][0-9] ' "$out") cases named after a fault"
