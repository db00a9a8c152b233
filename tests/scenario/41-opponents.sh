#!/usr/bin/env bash
#
# 41-opponents.sh - the reference solves all of public/dev, its code in real sandboxes; who does not answer earns nothing; a suite is sealed.
. "$(dirname "$0")/lib.sh"

suites=$root/bench/suites
dev=$suites/public/dev
export JANUS_BENCH_SUITES=$suites

# opponent MODE: starts it, sets target to its address
opponent() {
	run "$1" "$lib/janus-opponent" "$1" --suite "$suites/public/train" --suite "$dev"
	until_true 60 grep -q '^http://' "$work/$1.log" || giveup "janus-opponent $1 starts" "$(cat "$work/$1.log")"
	target=$(grep -m 1 '^http://' "$work/$1.log")
}
# measured NAME SUITE [OPTIONS...]: the report of a run against target in $work/NAME.json
measured() {
	local name=$1
	"$bin/janus-bench" run --target "$target" --suite "$2" --concurrency 8 --quiet --no-progress \
		--evidence "$work/evidence-$name" --output "$work/$name.json" \
		--sandbox-url "$sandboxes" --sandbox-key-file "$state/sandbox.key" "${@:3}" >"$work/$name.out" 2>"$work/$name.err" ||
		bad "janus-bench run against $name" "$(tail -n 20 "$work/$name.err")"
}
score() { jq -r ".scores.$2.value" "$work/$1.json"; }
most() { check "$1" jq -en --argjson x "$2" --argjson y "$3" '$x <= $y'; }
least() { check "$1" jq -en --argjson x "$2" --argjson y "$3" '$x >= $y'; }

images link sandbox
start_sandboxd JANUS_SANDBOX_MAX=8 JANUS_SANDBOX_WARM=4

# --- who knows every answer -------------------------------------------------------
opponent reference
from=$(ms)
measured reference public/dev
printf '     reference: %s ms\n' "$(($(ms) - from))"
least "the reference's quality in public/dev is 98 or more" "$(score reference quality)" 98
least "  and its modality" "$(score reference modality)" 98
truth "  of all items, none left out" '.is_whole and .items.excluded == 0 and .items.counted == .items.expected and .items.failed == 0' "$(cat "$work/reference.json")"
check "its evidence is what was written" "$bin/janus-bench" verify "$work/evidence-reference"
check "  and gives the same scores again" "$bin/janus-bench" replay "$work/evidence-reference"

# --- who answers nothing ------------------------------------------------------------
for mode in null echo stuff inject leak; do
	opponent "$mode"
	measured "$mode" public/dev
	most "$mode gets 2 of 100 at most: $(score "$mode" composite)" "$(score "$mode" composite)" 2
	truth "  of all items" '.is_whole and .items.excluded == 0' "$(cat "$work/$mode.json")"
	end "$mode"
done

# --- sealed -----------------------------------------------------------------------------
key=$work/key private=$work/private
(umask 077 && head -c 32 /dev/urandom | base64 >"$key")
code=0
said=$("$bin/janus-bench" check private/test 2>&1) || code=$?
same "without a private suite it has a code of its own" 10 "$code"
has "  and says what is missing" 'JANUS_BENCH_PRIVATE_DIR' "$said"
mkdir "$work/plain"
cp -r "$dev/." "$work/plain"
rm "$work/plain/coding.jsonl"	# its code would be run once more
jq -c '.name = "private/test" | del(.counts.coding)' "$dev/suite.json" >"$work/plain/suite.json"
check "a suite is sealed" "$bin/janus-bench" seal "$work/plain" --private-key-file "$key" --output "$private"
export JANUS_BENCH_PRIVATE_DIR=$private JANUS_BENCH_PRIVATE_KEY_FILE=$key
target=$(grep -m 1 '^http://' "$work/reference.log")
measured sealed private/test
least "the reference solves it there, too" "$(score sealed quality)" 98
secrets='semaphore-lantern|9QUARTZ6|Tampere|JPY-CHF-SEK|dev-(chat|tools|cost|research)-|Cape Morrow|ANSWER:'
lacks "no prompt, answer or id of it is in what was printed" "$secrets" "$(cat "$work"/sealed.{json,out,err})"
same "  nor in the evidence" "" "$(grep -rlaE "$secrets" "$work/evidence-sealed" "$private" || true)"
same "the report names what was committed to" "$(jq -r .digest "$private/commit.json")" "$(jq -r .suite_digest "$work/sealed.json")"
"$bin/janus-bench" reveal "$private" >"$work/reveal.json"
check "later it is revealed, and fits" "$bin/janus-bench" reveal "$private" "$work/reveal.json" --suite "$work/plain"
code=0
"$bin/janus-bench" reveal "$private" "$work/reveal.json" --suite "$dev" >/dev/null 2>&1 || code=$?
same "  and another suite does not" 9 "$code"
end reference
