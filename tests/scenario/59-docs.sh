#!/usr/bin/env bash
#
# 59-docs.sh - what README.md and docs/*.md tell people to type runs as it stands, and shows what they say.
. "$(dirname "$0")/lib.sh"

# --- a Janus like the one that the pages speak of -------------------------------------------------

images base link baseline sandbox
fake_port=$(free_port)
other_port=$(free_port)
run fake "$fake" --port "$fake_port"
start_sandboxd JANUS_SANDBOX_WARM=1
start_platform "JANUS_SEARCH_DIR=$root/docs"
start_janusd "JANUS_BENCH_SUITES_DIR=$root/bench/suites" JANUS_BENCH_AUTOMATIC=false

# --- [N05] a Janus with nothing in it: every list of janusctl(1) is an empty one ---
while read -r _ _ noun _; do
	case $noun in contexts | usage | components | suites | events | egress | leaderboard | arena) continue ;; esac	# these have some, or are none
	ctl list "$noun" --output json
	same "list $noun" "0 list 0 null false" "$code $(jq -r '"\(.object) \(.data | length) \(.first_id) \(.has_more)"' <<<"$out")"
done < <("$bin/janusctl" help --all | grep '^janusctl list ')
baseline
accept janus/baseline-agent:latest swift-owl
ctl submit url "http://127.0.0.1:$fake_port" --name calm-fox --wait --timeout 60s
[ "$code" = 0 ] || giveup "an endpoint is accepted" "$out" "$err"

# A clone, as far as the commands look at one; what they write stays in it.
clone=$work/clone
mkdir -p "$clone/build" "$work/etc" "$work/pages"
for each in "$root"/*; do
	case ${each##*/} in build) ;; *) ln -s "$each" "$clone/${each##*/}" ;; esac
done
mkdir "$clone/build/bin"
ln -sf "$lib"/janus* "$bin"/janus* "$clone/build/bin"	# a package has those of images in a place of their own
cp "$root"/docs/examples/squares/* "$clone"
packages
ln -s "$sdk/node_modules" "$clone/node_modules"
api GET /images/janus/link:latest/get >"$clone/owl.tar"

# here TEXT: the addresses, files and images of the pages are this scenario's
here() {
	sed -E -e "s#(127\.0\.0\.1|localhost):8000#127.0.0.1:$JANUS_PORT#g" -e "s#127\.0\.0\.1:8601#127.0.0.1:$JANUS_SANDBOX_PORT#g" \
		-e "s#127\.0\.0\.1:(9001|11434)#127.0.0.1:$fake_port#g" -e "s#(127\.0\.0\.1:|--port )9009#\1$other_port#g" \
		-e "s#/run/janus/#$runtime/#g" -e "s#/var/lib/janus/#$state/#g" -e "s#/etc/janus/#$work/etc/#g" \
		-e "s#registry\.example/team/owl:3#janus/baseline-agent:latest#g" "$1"
}

# --- what the pages say ---------------------------------------------------------------------------

"$root/tests/lint/docs.py" blocks "$work/pages" || giveup "the pages can be read"
cp -r "$work/pages/files/." "$clone"
rm -r "$work/pages/files"
export DOCKER_HOST=unix://$engine JANUS_BENCH_TARGET_URL=$url JANUS_BENCH_SUITES=$root/bench/suites

# type_page DIR: its blocks one after another in one shell, which ends with the first that fails
type_page() {
	local file script=$1/page.sh
	local -a inside=()
	printf "set -euo pipefail\ntrap 'kill \$(jobs -p) 2>/dev/null || true' EXIT\ncd %q\n" "$clone" >"$script"
	for file in "$1"/[0-9]*.*; do
		case $file in
		*.conf | *.shows) continue ;;
		*.sh) here "$file" >"$file.here"; printf '. %q' "$file.here" ;;
		*.py) here "$file" >"$file.here"; printf '/usr/bin/python3 %q' "$file.here" ;;
		*.mjs) here "$file" >"$clone/${1##*/}-${file##*/}"; printf "node %q" "${1##*/}-${file##*/}" ;;
		esac >>"$script"
		printf ' >%q 2>&1\n: >%q\n' "${file%.*}.out" "${file%.*}.ended" >>"$script"
	done
	if [ "${1##*/}" = platform ]; then inside=("${in_pod[@]}"); fi
	"${inside[@]}" timeout 300 bash "$script" >"$1/page.log" 2>&1 </dev/null || true
}

# What docs/platform.md says is for competitors: typed in the network of one's pod, which holds nothing but the platform.
pid=$(api GET "/containers/$(containers | head -n 1)/json" | jq .State.Pid)
in_pod=(nsenter --net="/proc/$pid/ns/net" env JANUS_PLATFORM_URL=http://127.0.0.1:8600 REQUEST_ID=chat-of-nobody)
[ "$(id -u)" = 0 ] || in_pod=(sudo -n "${in_pod[@]}")

# shown FILE OUTPUT: its lines are in the output in this order, "…" being anything
shown() {
	/usr/bin/python3 - "$1" "$2" <<-'END'
		import re, sys
		wanted, seen = [open(name, encoding="utf-8", errors="replace").read().splitlines() for name in sys.argv[1:]]
		at = 0
		for line in filter(str.strip, wanted):
		    pattern = ".*".join(r"\s+".join(map(re.escape, part.split(" "))) for part in line.split("…"))
		    while at < len(seen) and not re.fullmatch(r"\s*" + pattern.strip() + r"\s*", seen[at]):
		        at += 1
		    if at == len(seen):
		        sys.exit(f"not shown: {line}")
		    at += 1
	END
}

declare -A typing=()
for page in "$work"/pages/${PAGE:-*}; do	# PAGE=api: of one page alone
	type_page "$page" &
	typing[$page]=$!
done
for page in "${!typing[@]}"; do
	wait "${typing[$page]}"
done

for page in "$work"/pages/${PAGE:-*}; do	# PAGE=api: of one page alone
	name=${page##*/}
	for file in "$page"/*[0-9].*; do
		case $file in *.sh | *.py | *.mjs) ;; *) continue ;; esac
		line=$((10#$(basename "${file%.*}")))
		if [ -e "${file%.*}.ended" ]; then
			ok "$name.md:$line runs"
		else
			bad "$name.md:$line runs" "$(cat "$file")" "$(tail -n 12 "${file%.*}.out" 2>&1)" "$(tail -n 3 "$page/page.log")"
			break
		fi
		[ ! -e "${file%.*}.shows" ] || check "  and shows what it says" shown "${file%.*}.shows" "${file%.*}.out"
	done
	for file in "$page"/*.conf; do
		case $file in *'*'*) continue ;; esac
		here "$file" >"$file.here"
		check "$name.md:$((10#$(basename "${file%.*}"))) are settings that janusd takes" "$bin/janusd" -c "$file.here" -T
	done
done

# --- what else they say can be done ---------------------------------------------------------------

# Where models come from: what controlplane/up.sh makes of the environment that docs/getting-started.md tells of.
mkdir "$work/up"
(
	# shellcheck disable=SC2317	# what the functions of up.sh call
	begin() { :; }
	# shellcheck disable=SC2317
	note() { :; }
	eval "$(sed -n '/^local_model() {/,/^# --- 6/p' "$root/controlplane/up.sh")"
	state=$work/up OPENAI_BASE_URL=https://models.example/v1 OPENAI_API_KEY=sk-of-nobody OPENAI_MODEL=owl-large choose_provider
)
same "make up keeps where models come from" "JANUS_PROVIDER_BASE_URL=https://models.example/v1 JANUS_PROVIDER_API_KEY_FILE=$work/up/provider.key " \
	"$(tr '\n' ' ' <"$work/up/provider.env")"
same "and the key in a file of its owner's alone" "600 sk-of-nobody owl-large" \
	"$(stat -c %a "$work/up/provider.key") $(cat "$work/up/provider.key") $(cat "$work/up/provider.model")"

for program in "$root"/build/bin/*; do
	same "${program##*/} says its version" "${program##*/} 0.1.0" "$(timeout 30 "$clone/build/bin/${program##*/}" --version 2>&1 | head -n 1)"
done
