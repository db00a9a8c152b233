#!/usr/bin/env bash
#
# man.sh - are the man pages proper mdoc, is there one for each program, and does janusctl(1) say
# what janusctl takes?
set -euo pipefail
cd "$(dirname "$0")/../.."

failed=0
for page in docs/man/*.[1-8]; do
	mandoc -T lint -W warning "$page" || failed=1
done

# A page for each program that is built, with what everybody looks for: what it returns, and where there are some, examples.
# What its --help says of options and of the environment is in it.
programs=$(sed -nE 's/^(PROGRAMS|STATIC) := //p' Makefile)
for program in $programs; do
	page=$(find docs/man -name "$program.[18]")
	[ -n "$page" ] || { echo "docs/man/$program.[18] is missing"; failed=1; continue; }
	grep -q '^\.Sh EXIT STATUS' "$page" || { echo "$page: no EXIT STATUS"; failed=1; }
	case $program in
	janus-link | janus-sandbox-agent) continue ;;	# nobody types these
	esac
	grep -q '^\.Sh EXAMPLES' "$page" || { echo "$page: no EXAMPLES"; failed=1; }
	[ "$program" = janus-canary ] && continue	# asks for no help: it begins at once
	run=${BIN:-build/bin}/$program
	[ -x "$run" ] || { echo "man: $run is not built, so $page was not compared with it"; continue; }
	help=$("$run" --help 2>&1)
	while read -r word; do
		grep -q "$word" "$page" || { echo "$page does not tell of $word, which $program --help does"; failed=1; }
	done < <(grep -oE '\b[A-Z]+(_[A-Z]+)+\b' <<<"$help" | grep -vE '_KEY$|JANUS_SECTION_KEY' | sort -u)
	while read -r option; do
		grep -qE "Fl ([a-zA-Z] , )?(-?)$option|, -$option" "$page" || { echo "$page does not tell of option $option, which $program --help does"; failed=1; }
	done < <(sed -nE 's/^ +(-[a-zA-Z], )?--?([a-zA-Z-]+).*/\2/p' <<<"$help" | sort -u)
	[ "$("$run" --version 2>&1)" = "$program $(sed -n 's/^VERSION := //p' Makefile)" ] ||
		{ echo "$program --version says something else than the Makefile"; failed=1; }
done

# The command tables' usage lines, options and exit codes against the pages', both ways.
said() {
	"$ctl" help --all | sed -E 's/^option .*--([a-z-]+).*/option \1/'
}
written() {
	sed -nE -e "s/^\.It (${ctl##*/} .*)/\1/p" -e 's/^\.It Fl ([a-zA-Z] , )?-([a-z-]+).*/option \2/p' "$page"
	sed -n '/^\.Sh EXIT STATUS/,/^\.El/p' "$page" |
		awk '/^\.It / { code = $2; next } code != "" && !/^\./ { print "exit", code, $0 }'
}
for name in janusctl janus-bench; do
	ctl=${BIN:-build/bin}/$name
	page=docs/man/$name.1
	if [ ! -x "$ctl" ]; then
		echo "man: $ctl is not built, so $page was not compared with it"
	elif ! diff <(said | sort) <(written | sort); then
		echo "$page (>) and '$name help --all' (<) differ"
		failed=1
	fi
done

# Every setting of janusd -T in janus.conf(5), and no other.
daemon=${BIN:-build/bin}/janusd
page=docs/man/janus.conf.5
if [ ! -x "$daemon" ]; then
	echo "man: $daemon is not built, so $page was not compared with it"
elif ! diff <("$daemon" -c /dev/null -T | awk '{ print $1 }' | sort) <(sed -nE 's/^\.It Va //p' "$page" | sort); then
	echo "$page (>) and 'janusd -T' (<) differ"
	failed=1
fi

# Every setting of janus-sandboxd -T in its page, and no other.
daemon=${BIN:-build/bin}/janus-sandboxd
page=docs/man/janus-sandboxd.8
if [ ! -x "$daemon" ]; then
	echo "man: $daemon is not built, so $page was not compared with it"
elif ! diff <("$daemon" -T | awk '{ print $1 }' | sort) <(sed -nE 's/^\.It Ev ((JANUS_|SANDY_API_KEY_FILE)[A-Z_]*).*/\1/p' "$page" | grep -v '^JANUS_LOG$' | sort); then
	echo "$page (>) and 'janus-sandboxd -T' (<) differ"
	failed=1
fi
[ "$failed" = 0 ] && echo "man: $(find docs/man -name '*.[1-8]' | wc -l) pages"
exit "$failed"
