#!/usr/bin/env bash
#
# runbook.sh - does docs/runbook.md have an entry for each error code, state, check and alert, and does
# every link lead to one?
#
# Codes are of codes.h, states of each *_STATES list, checks of finding.h, alerts of alerts.yaml.  An
# entry says what it means, how to see it, and what to do; its commands are janusctl's.
set -euo pipefail
cd "$(dirname "$0")/../.."

book=docs/runbook.md
failed=0
say() { printf '%s\n' "$@"; failed=1; }

both() {	# WHAT WANTED-FILE TOLD-FILE
	local differ
	differ=$(diff "$2" "$3" | grep '^[<>]' || true)
	[ -z "$differ" ] || say "$1: '<' is missing in $book, '>' does not exist" "$differ"
}
lists() {	# STATES|CODES...: the rows of the X-macros of that name in a file
	awk -v list="$1" '$1 == "#define" && $2 ~ list "\\(X\\)$" { name = $2; on = 1 }
		on { line = line " " $0 } on && !/\\$/ { print name, line; on = 0; line = "" }' "${@:2}"
}
indexed() {	# TITLE: what the table of that section tells, "what entry"
	sed -n "/^## $1\$/,/^## /p" "$book" | sed -nE 's/^\| (.*) \| \[([a-z-]+)\]\(#([a-z-]+)\) \|$/\1 \2 \3/p' |
		awk '$(NF - 1) != $NF { print "link differs from its words: " $0 > "/dev/stderr" } { $NF = ""; print }' |
		sed -E 's/\[`([a-z_]+)`\]\([^)]*\)/\1/; s/`//g; s/ +$//'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What there is.
tr -d '\n\134' <runtime/openai/codes.h | grep -oE 'X\([A-Z_]+,[[:space:]]*"[a-z_]+"' | grep -oE '[a-z_]+"' | tr -d '"' | sort >"$work/codes"
{	# "canary" is no list, but one of words
	grep -rlE '#define [A-Z]+_STATES\(X\)' controlplane bench --include='*.h' | while read -r header; do lists '[A-Z]+_STATES' "$header"; done |
		while read -r name rows; do
			noun=${name%_STATES(X)}
			grep -oE 'X\([A-Z_]+, "[a-z_]+"' <<<"$rows" | sed -E "s/.*\"(.*)\"/${noun,,} \\1/"
		done
	sed -n '/canary_words\[\] = /,/};/p' controlplane/api/status.c | grep -oE '"[a-z]+"' | tr -d '"' | sed 's/^/canary /'
} | sort >"$work/states"
grep -oE '^[[:space:]]*X\([A-Z_]+, "[a-z_]+", "[a-z-]+"\)' runtime/diagnose/finding.h | sed -E 's/.*, "(.*)", "(.*)"\)/\1 \2/' | sort >"$work/checks"
awk '$2 == "alert:" { name = $3 } $1 == "runbook:" { sub(".*#", ""); print name, $0 }' docs/grafana/alerts.yaml | sort >"$work/alerts"
grep -oE '^### [a-z-]+$' "$book" | cut -c5- | sort >"$work/entries"
for list in codes states checks alerts; do
	[ -s "$work/$list" ] || say "$list are not found in the sources any more"
done
[ "$(grep -c '  - alert:' docs/grafana/alerts.yaml)" = "$(wc -l <"$work/alerts")" ] || say "docs/grafana/alerts.yaml: an alert without a runbook"

# What the runbook tells.
indexed "By error code" | sort >"$work/told-codes"
indexed "By state" | sort >"$work/told-states"
indexed "By check of the doctor" | sort >"$work/told-checks"
indexed "By alert" | sort >"$work/told-alerts"
both "error codes" "$work/codes" <(cut -d' ' -f1 "$work/told-codes")
both "states" "$work/states" <(cut -d' ' -f1,2 "$work/told-states")
both "checks and their entries" "$work/checks" "$work/told-checks"
both "alerts and their entries" "$work/alerts" "$work/told-alerts"
both "codes and the links in docs/errors.md" "$work/told-codes" <(awk '/^### / { code = $2 }
	match($0, /^\[Runbook\]\(runbook\.md#[a-z-]+\)$/) { entry = $0; sub(/.*#/, "", entry); sub(/\)/, "", entry); print code, entry }' docs/errors.md | sort)
dup=$(uniq -d "$work/entries")
[ -z "$dup" ] || say "entries that are there twice: $dup"
while read -r reason; do
	grep -q "\`$reason\`" "$book" || say "the reason '$reason' of a rejection is nowhere in $book"
done < <(sed -n '/^} advices\[\] = {/,/^};/p' controlplane/ctl/evidence.c | grep -oE '^	\{ "[a-z_]+"' | grep -oE '[a-z_]+')

# Each entry has its three parts, and is led to from somewhere.
awk '/^### / { if (entry != "" && parts != "*Means:*See:*Do:") print entry; entry = $2; parts = "" }
	/^## / { if (entry != "" && parts != "*Means:*See:*Do:") print entry; entry = "" }
	/^\*(Means|See|Do):\* / { part = $1; sub(/\*$/, "", part); parts = parts part }' "$book" >"$work/poor"
[ ! -s "$work/poor" ] || say "entries without Means, See and Do, in this order: $(paste -sd' ' "$work/poor")"
comm -23 "$work/entries" <(grep -ohE '\]\(#[a-z-]+\)' "$book" | grep -oE '[a-z-]+' | sort -u) >"$work/lonely"
[ ! -s "$work/lonely" ] || say "entries that nothing leads to: $(paste -sd' ' "$work/lonely")"

# Every link of both pages, and of the sources, leads to a file and a heading in it.
anchors() { sed -nE 's/^#+ +//p' "$1" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'; }
for page in "$book" docs/errors.md; do
	grep -oE '\]\([^)]+\)' "$page" | sed -E 's/^\]\(//; s/\)$//' | grep -vE '^[a-z]+:' | sort -u | while read -r link; do
		file=${link%%#*} anchor=''
		[[ $link != *'#'* ]] || anchor=${link#*#}
		target=$page
		[ -z "$file" ] || target=docs/$file
		[ -e "$target" ] || { echo "$page: $link: no such file"; continue; }
		[ -z "$anchor" ] || anchors "$target" | grep -qxF -- "$anchor" || echo "$page: $link: no such heading"
	done
done >"$work/dead"
grep -rhoE '/docs/runbook#[a-z-]+' controlplane runtime docs/grafana --include='*.[ch]' --include='*.yaml' | sort -u | while read -r link; do
	grep -qxF "${link#*#}" "$work/entries" || echo "$link: no such entry"
done >>"$work/dead"
[ ! -s "$work/dead" ] || say "$(cat "$work/dead")"

# Its commands are commands.
ctl=${BIN:-build/bin}/janusctl
if [ ! -x "$ctl" ]; then
	echo "runbook: $ctl is not built, so commands were not compared with it"
else
	"$ctl" help --all | sed -nE 's/^janusctl ([a-z]+)( ([a-z]+))?.*/\1 \3/p' | sed -E 's/ $//' | sort -u >"$work/commands"
	tr '\n' ' ' <"$book" | grep -oE '`janusctl [^`]+`' | tr -d '`' | sed -E 's/^janusctl //' | sort -u | while read -r verb noun _; do
		grep -qxE -- "$verb( ($noun|${noun%s}))?" "$work/commands" || echo "janusctl $verb $noun"
	done >"$work/unknown"
	[ ! -s "$work/unknown" ] || say "commands that janusctl does not know:" "$(cat "$work/unknown")"
fi
[ "$failed" = 0 ] && echo "runbook: $(wc -l <"$work/entries") entries for $(wc -l <"$work/codes") codes, $(wc -l <"$work/states") states," \
	"$(wc -l <"$work/checks") checks and $(wc -l <"$work/alerts") alerts"
exit "$failed"
