#!/usr/bin/env bash
#
# faults.sh - write the tables of docs/faults.md: every fault, and which test is named after it.
#
# A test names its fault in brackets: in the name of its case ("[A06] two lengths"), or in a
# comment on the line of its START_TEST, or of a scenario; in the browser's tests in the name.  --check only says if it is stale.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=docs/faults.md
begin='<!-- made by tests/lint/faults.sh: begin -->'
end='<!-- made by tests/lint/faults.sh: end -->'

named() {	# id <tab> file <tab> case
	grep -rnE '\[[A-N][0-9][0-9]\]' tests --include='test_*.c' --include='*.sh' --include='*.test.js' --exclude-dir=node_modules |
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
			} else if (file ~ /\.js$/ && match(text, /["`]\[[A-N][0-9][0-9]\][^"`]*["`]/)) {
				name = substr(text, RSTART + 1, RLENGTH - 2)
				gsub(/\[[A-N][0-9][0-9]\][ ]*/, "", name)
				gsub(/\$\{[a-z]*\}[:,]? */, "", name)
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

# Every fault there is stands in faults.tsv: id, what it is, and, where no test covers all of it, why.
table() {
	local all
	all=$(named)
	awk -F'\t' '
		FILENAME == "-" { tests[$1]++; next }
		{ section = substr($1, 1, 1) }
		section != before { printf "%s| %s | | |\n|---|---|---|\n", before == "" ? "" : "\n", title(section); before = section }
		{ printf "| %s | %s | %s |\n", $1, $2, ($1 in tests ? tests[$1] (tests[$1] == 1 ? " case" : " cases") : "**not covered**") ($3 == "" ? "" : ": " $3) }
		function title(s) {
			split("A what clients send;B what a chat holds;C what competitors send back;D the engine;E registries and images;F the life of a competitor;" \
				"G hostile competitors;H what goes out through the broker;I storage;J time, schedules, leases;K artifacts and archives;" \
				"L keys, rights, the web;M the processes;N what is forgotten", all, ";")
			for (i in all) if (substr(all[i], 1, 1) == s) return "**" s "** " substr(all[i], 3)
		}' - tests/lint/faults.tsv <<<"$all"
	printf '\n## The cases\n\n| Id | Test | Case |\n|---|---|---|\n'
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
unknown=$(comm -13 <(cut -f1 tests/lint/faults.tsv | sort -u) <(named | cut -f1 | sort -u) | xargs)
[ -z "$unknown" ] || { echo "faults: tests/lint/faults.tsv does not have $unknown"; exit 1; }
without=$(comm -23 <(awk -F'\t' '$3 == "" { print $1 }' tests/lint/faults.tsv | sort -u) <(named | cut -f1 | sort -u) | xargs)
[ -z "$without" ] || { echo "faults: neither a test nor a reason for $without"; exit 1; }
echo "faults: of $(wc -l <tests/lint/faults.tsv) faults, $(named | cut -f1 | sort -u | wc -l) have tests; $(grep -c '^| [A-N][0-9][0-9] ' "$out") cases named after a fault"
