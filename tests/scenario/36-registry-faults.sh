#!/usr/bin/env bash
#
# 36-registry-faults.sh - registries that are slow, busy, broken or lie, a full disk, and images that cannot be run as they are.
. "$(dirname "$0")/lib.sh"

modes=(ok exit1 needs-root needs-disk needs-network needs-memory)
hostile "${modes[@]}"
images link
start_registry registry
stored=$registry
registry=127.0.0.1:$(free_port)	# what Janus and the engine know
rules=$work/rules.json
printf '[]' >"$rules"
faults() {	# [RULE...]: of the registry, from now on (tests/fake/faults.py)
	local IFS=,
	printf '[%s]' "$*" >"$rules.new"
	mv "$rules.new" "$rules"
}
run front python3 "$root/tests/fake/faults.py" "$registry" "$stored" "$rules" "$work/front.log"
until_true 30 listens "${registry##*:}" || giveup "the faulty registry starts" "$(cat "$work/front.log")"

api GET /images/hostile-ok:latest/get | tar -C "$work" --wildcards -xf - '*/layer.tar' '*.json'
tar -C "$work" -xf "$(find "$work" -name layer.tar | head -n 1)" hostile
made=()
image() {	# NAME CONFIG [FILE...]: a local image (tests/fake/image.py)
	python3 "$root/tests/fake/image.py" "js36/$1" "$work/hostile" "${@:2}" |
		api POST /images/load -H 'Content-Type: application/x-tar' -T - >"$work/load.log"
	image_exists "js36/$1:latest" || giveup "an image $1" "$(cat "$work/load.log")"
	made+=("js36/$1:latest")
}
leaving='{"Cmd":["/program","exit1"]}'	# rejected as soon as it was there: what its pull came to is known
declare -A digest=() id=()
stock() {	# NAME [FILE...]: an image that only the registry has
	image "$1" "$leaving" "${@:2}"
	digest[$1]=$(push "js36/$1:latest" "$stored/team/$1:1")
	api DELETE "/images/js36/$1:latest" >/dev/null
}
drop() { for each in "$@"; do api DELETE "/images/$each?force=1&noprune=0" >/dev/null 2>&1; done; }
for name in busy crowded page broken reset cut flipped silent shared moved large filling roomy; do
	stock "$name" data:20000
done

disk=$work/disk
mkdir "$disk"
mount -t tmpfs -o size=4m none "$disk"
fill() { dd if=/dev/zero of="$disk/filler" bs=1024 count="$1" status=none; }
fill 3776	# 8 % are free
start_platform
engine_rules=$work/engine.json	# and of the engine
printf '[]' >"$engine_rules"
run engine python3 "$root/tests/fake/faults.py" "$work/engine.sock" "$engine" "$engine_rules" "$work/engine.log"
until_true 30 test -S "$work/engine.sock" || giveup "the faulty engine starts" "$(cat "$work/engine.log")"
daemon() { start_janusd "DOCKER_HOST=unix://$work/engine.sock" JANUS_PULL_RETRY=100ms "JANUS_PULL_DISK=$disk" "$@"; }
daemon JANUS_PULL_STALL_TIMEOUT=10s

submission() { control GET "/api/v1/submissions/${id[$1]}"; }
is() { submission "$1"; jq -e "$2" <<<"$body"; }	# NAME CONDITION
begin() { id[$1]=$(submit "${2:-$registry/team/$1:1}" "${3:-$1}") || id[$1]=none; }
pulled() {	# NAME: in the end it was here, and could be run
	ctl wait submission "${id[$1]}" --timeout 180s
	submission "$1"
	truth "$1: in the end it was pulled, and what is in it tried" '.state == "rejected" and .state_reason == "exited"' "$body"
}
gets() { grep -cE "^GET $1 " "$work/front.log" || true; }
of_tag() { printf '"match":"/v2/team/%s/manifests/"' "$1"; }
layer() {	# NAME: the digest of its last layer
	curl -sf -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' "http://$stored/v2/team/$1/manifests/1" |
		jq -r '.layers[-1].digest'
}
of_layer() { printf '"match":"GET /v2/team/%s/blobs/%s"' "$1" "$(layer "$1")"; }

# --- [D11] 10 % is told of ---
becomes "8 % of the disk are free: it is told" 60 grep -q '"engine.disk_low"' "$work/janusd.log"
low_shown() { control GET /api/v1/status; jq -e '.engine.disk | .state == "low" and .total_bytes == 4194304' <<<"$body"; }
becomes "and shown" 30 low_shown
ctl doctor
has "and doctor warns" 'engine_disk' "$out"
accept hostile-ok:latest owl

# --- [E03] too many requests; [E04] broken in all ways; [E05] silent: all at once ---
busy='"do":"answer","status":429,"head":"retry-after: 5\r\ncontent-type: application/json","body":"{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow down\"}]}"'
faults "{$(of_tag busy),$busy,\"times\":4}" \
	"{$(of_layer crowded),$busy,\"times\":3}" \
	"{$(of_tag page),\"do\":\"answer\",\"status\":200,\"head\":\"content-type: text/html\",\"body\":\"<html>hello\",\"times\":3}" \
	"{$(of_tag broken),\"do\":\"answer\",\"status\":500,\"body\":\"oh no\",\"times\":3}" \
	"{$(of_tag reset),\"do\":\"reset\",\"times\":3}" \
	"{$(of_layer cut),\"do\":\"cut\",\"times\":1}" \
	"{$(of_layer flipped),\"do\":\"flip\",\"times\":1}" \
	"{$(of_layer silent),\"do\":\"hang\"}"
for name in silent crowded page broken reset cut flipped busy; do begin "$name"; done
waits='.state_detail // "" | test("waiting until 20..-..-..T")'
becomes "429: it waits, until when is said, and whose it is" 60 \
	is busy "($waits) and .retry_at != null and .fault == \"upstream\" and .state_reason == \"registry_busy\""
log_of() { grep '"submission.step_failed"' "$work/janusd.log" | grep -F "\"${id[$1]}\""; }
pulled page
same "others are pulled while one is silent" pulling "$(submission_state "${id[silent]}")"
still() { log_of silent | grep -q 'stood still for 10 s'; }
becomes "silence: it is given up, to be tried again" 60 still
from=$(ms)
ctl cancel submission "${id[silent]}"
same "cancelled: exit 0" 0 "$code"
below "cancelled: sooner than silence is given up, in ms" 9000 $(($(ms) - from))
same "cancelled: and so it is" cancelled "$(submission_state "${id[silent]}")"

for name in busy crowded broken reset cut flipped; do pulled "$name"; done
truth "429: as long as the registry asked for" '.wait_ms >= 5000 and .wait_ms < 6300' "$(log_of busy | head -n 1)"
has "429 on a layer" 'too many requests' "$(log_of crowded)"
has "a web page: in words" 'web page|media type' "$(log_of page)"
has "500: in words" 'failed|500' "$(log_of broken)"
has "a damaged layer: in words" 'damaged layer' "$(log_of flipped)"
same "a cut layer: the engine's own retry is enough" '' "$(log_of cut || true)"

# From now on who waits for this test is not given up.
end janusd
daemon

# --- [E07] one image, three submissions, one of them cancelled: one pull ---
faults "{$(of_layer shared),\"do\":\"hold\"}"
: >"$work/front.log"
begin one "$registry/team/shared:1"
begin two "$registry/team/shared:1"
begin three "$registry/team/shared@${digest[shared]}"
for name in one two three; do becomes "$name: is pulling" 60 is "$name" '.state == "pulling"'; done
ctl cancel submission "${id[two]}"
becomes "two: is cancelled" 60 is two '.state == "cancelled"'
faults
pulled one
pulled three
same "one, three: the layer was sent once" 1 "$(gets "/v2/team/shared/blobs/$(layer shared)")"

# --- [E06] a tag that moves while its image is pulled ---
image other "$leaving"
faults "{$(of_layer moved),\"do\":\"hold\"}"
begin moved
becomes "moved: its layer is on the way" 60 grep -q "blobs/$(layer moved) hold" "$work/front.log"
now=$(push js36/other:latest "$stored/team/moved:1")
faults
pulled moved
truth "what was resolved first is what was pulled" ".digest == \"${digest[moved]}\"" "$body"
truth "and that the tag has moved is shown" ".evidence.tag_moved == \"$now\"" "$body"

# --- [E09] one of many machines, ours not among them ---
curl -sf -X PUT -H 'Content-Type: application/vnd.docker.distribution.manifest.list.v2+json' "http://$stored/v2/team/roomy/manifests/elsewhere" \
	-d "$(jq -nc --arg d "${digest[roomy]}" '{schemaVersion:2,mediaType:"application/vnd.docker.distribution.manifest.list.v2+json",
	manifests:[{mediaType:"application/vnd.docker.distribution.manifest.v2+json",digest:$d,size:500,platform:{os:"linux",architecture:"riscv64"}}]}')"
begin elsewhere "$registry/team/roomy:elsewhere"
becomes "of other machines only: rejected" 60 is elsewhere '.state == "rejected" and .state_reason == "wrong_architecture" and .fault == "miner"'

# --- [E08] 50 GB, or 128 layers, which the manifest says: nothing is pulled ---
config=$(curl -sf -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' "http://$stored/v2/team/roomy/manifests/1" | jq -c .config)
claim() {	# NAME LAYERS BYTES: a manifest of roomy that says so
	local text sum
	text=$(jq -nc --argjson config "$config" --argjson n "$2" --argjson size "$3" '{schemaVersion:2,config:$config,
		mediaType:"application/vnd.docker.distribution.manifest.v2+json",layers:[range($n) |
		{mediaType:"application/vnd.docker.image.rootfs.diff.tar.gzip",size:$size,digest:("sha256:" + ("5" * 64))}]}')
	sum=sha256:$(printf '%s' "$text" | sha256sum | cut -d' ' -f1)
	faults "$(jq -nc --arg body "$text" --arg sum "$sum" '{match:("/v2/team/roomy/manifests/" + $sum),do:"answer",status:200,body:$body,
		head:("content-type: application/vnd.docker.distribution.manifest.v2+json\r\ndocker-content-digest: " + $sum)}')"
	begin "$1" "$registry/team/roomy@$sum"
	becomes "$1: refused" 60 is "$1" '.state == "rejected" and .state_reason == "image_refused" and .fault == "miner"'
}
: >"$work/front.log"
claim big 1 50000000000
has "and says how large, and how large it may be" '46\.[0-9]+ GiB in 1 layers, at most 20 GiB' "$(jq -r .state_detail <<<"$body")"
claim deep 128 1
has "and says how many layers" 'in 128 layers, at most 20 GiB in 125' "$(jq -r .state_detail <<<"$body")"
lacks "and none of it was asked for" "5{64}" "$(cat "$work/front.log")"
faults

# --- [E08] 50 GB, which only the engine says: the pull is ended ---
printf '[{"match":"images/create.*large","do":"stream","body":"%s\\n"}]' \
	'{\"status\":\"Downloading\",\"progressDetail\":{\"current\":1,\"total\":50000000000},\"id\":\"l1\"}' >"$engine_rules.new"
mv "$engine_rules.new" "$engine_rules"
begin large
becomes "50 GB, said late: refused" 60 is large '.state == "rejected" and .state_reason == "image_refused"'
has "and says how large" '46\.[0-9]+ GiB' "$(jq -r .state_detail <<<"$body")"

# --- [D11] [E08] the disk is filled while an image comes: the pull ends, and begins again with room ---
faults "{$(of_layer filling),\"do\":\"hold\"}"
begin filling
becomes "filled: its layer is on the way" 60 grep -q "blobs/$(layer filling) hold" "$work/front.log"
fill 4000
faults
becomes "filled: it ends for want of room" 60 grep -q "\"${id[filling]}\".*a pull needs 5 %" "$work/janusd.log"
rm "$disk/filler"
pulled filling

# --- [D11] no room: pulls wait, what runs runs, and room is enough ---
fill 4000
begin roomy
becomes "no room: it waits for some, by nobody's fault but ours" 60 \
	is roomy '.state == "pulling" and .state_reason == "low_disk" and .fault == "platform" and .retry_at != null'
has "and says how much" '% *\); a pull needs 5 %' "$(jq -r .state_detail <<<"$body")"
check "no room: a chat is answered" answers janus/owl
same "no room: nothing was asked of the registry" 0 "$(gets "/v2/team/roomy/blobs/$(layer roomy)")"
rm "$disk/filler"
pulled roomy

# --- [E10] what cannot be run, with the field that says so; the others are of test_spec.c ---
declare -A odd=(
	[relative]='{"WorkingDir":"app"}' [large-label]=@$work/large.json
	[not-there]='{"Cmd":["/nothing"]}' [not-executable]='{"Cmd":["/data"]}' [label]='{"Labels":{"rodeo.janus.manifest":"{\"port\":80"}}'
)
jq -nc '{Labels:{x:("y" * 1100000)}}' >"$work/large.json"
for name in "${!odd[@]}"; do
	image "$name" "${odd[$name]}" data:10
	begin "$name" "js36/$name:latest"
done
refused_as() {	# NAME REASON WORDS
	ctl wait submission "${id[$1]}" --timeout 180s
	submission "$1"
	truth "$1: rejected as $2" ".state == \"rejected\" and (.state_reason | test(\"^($2)\$\")) and .fault == \"miner\"" "$body"
	has "$1: names it" "$3" "$(jq -r .state_detail <<<"$body")"
}
refused_as relative image_refused 'working directory'
refused_as large-label image_refused 'over 1 MiB'
refused_as label invalid_manifest 'label rodeo.janus.manifest'
refused_as not-there 'start_refused|exited' 'command not found'
refused_as not-executable 'start_refused|exited' 'not executable'

# --- [E11] what an image asks for and does not get ---
image greedy "$(jq -nc '{Cmd:["/program","ok"],Volumes:{"/v1":{},"/v2/":{}},ExposedPorts:([range(1,1001) | {"\(.)/tcp":{}}] | add),
	Healthcheck:{Test:["CMD","/program","fork-bomb"],Interval:1000000000},OnBuild:["RUN false"],StopSignal:"SIGKILL",User:"nobody-knows"}')"
accept js36/greedy:latest greedy
pod=$(api GET "/containers/json?all=1&filters=$(urlencode "{\"label\":[\"rodeo.janus.node=$(node_id)\",\"rodeo.janus.competitor=greedy\",\"rodeo.janus.role=competitor\"]}")" | jq -r '.[0].Id')
seen=$(api GET "/containers/$pod/json")
truth "its volumes are sized memory" '.HostConfig.Tmpfs | (.["/v1"] and .["/v2"]) and (map_values(test("size=")) | all)' "$seen"
truth "its health check is off, its stop signal ours, its user a number" \
	'.Config | .Healthcheck.Test == ["NONE"] and .StopSignal == "SIGTERM" and (.User | test("^[0-9]+:[0-9]+$"))' "$seen"
truth "no port is published, no volume made" '(.HostConfig.PortBindings | length) == 0 and ([.Mounts[] | select(.Type != "tmpfs")] | length) == 0' "$seen"

# --- [E12] what the contract does not give, and the log complains of ---
printf '{"resources":{"memory":"32MiB"}}' >"$work/small.json"
for mode in root disk network memory; do id[needs-$mode]=$(submit "hostile-needs-$mode:latest" "needs-$mode" --manifest "$work/small.json"); done
refused_as needs-root exited 'exited with 1; it runs as a user of its own, never as root'
refused_as needs-disk exited 'exited with 1; only /tmp'
refused_as needs-network exited 'exited with 1; a pod has no network'
truth "the evidence has the log's own word" '.evidence | (.logs | any(test("unreachable"))) and (.contract | length) == 1' "$body"
refused_as needs-memory 'out_of_memory|exited' 'memory limit 32 MiB'

end janusd
drop "${made[@]}"
for name in "${!digest[@]}"; do drop "$registry/team/$name@${digest[$name]}"; done
