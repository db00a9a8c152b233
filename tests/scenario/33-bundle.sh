#!/usr/bin/env bash
#
# 33-bundle.sh - images that come as archives are checked before the engine sees them, and as good as pulled after.
. "$(dirname "$0")/lib.sh"

hostile ok exit0 artifacts
start_janus

image_of() { api GET "/images/$1/json" | jq -r .Id; }
imported() { api GET "/images/json?filters=$(urlencode '{"reference":["localhost/janus-import/*"]}')" | jq -r '.[].RepoTags[]' | grep "/$1:" || true; }
is_gone() { [ -z "$(imported "$1")" ]; }
api GET /images/hostile-ok:latest/get >"$work/ok.tar"
id=$(image_of hostile-ok:latest)

# --- docker save -------------------------------------------------------------------

ctl submit bundle "$work/ok.tar" --name boxed --wait --timeout 180s --output json
[ "$code" = 0 ] || giveup "an archive of docker save is accepted" "exit $code" "$out" "$err"
ok "an archive of docker save is accepted"
truth "as a bundle, by the digest of its configuration" \
	".state == \"ready\" and .kind == \"bundle\" and .digest == \"$id\" and (.bundle | startswith(\"sha256:\"))" "$out"
becomes "gateways know it" 40 routed boxed
chat janus/boxed hello
has "it answers" 'mode ok' "$body"
has "and says which image answered" "^x-janus-version-digest: $id" "$head"
has "its image has a name of its own" 'localhost/janus-import/boxed:' "$(imported boxed)"
none_kept() { [ "$(find "$state/bundles" -type f | wc -l)" = 0 ]; }
becomes "what was sent does not stay" 30 none_kept

# --- an OCI layout, packed; and as a directory -----------------------------------------

layout=$work/layout
mkdir -p "$layout/blobs/sha256" "$work/save"
tar -C "$work/save" -xf "$work/ok.tar"
blob() { local d; d=$(sha256sum "$1" | cut -d' ' -f1); cp "$1" "$layout/blobs/sha256/$d"; printf '%s %s' "$d" "$(stat -c %s "$1")"; }
read -r config config_size <<<"$(blob "$work/save/$(jq -r '.[0].Config' "$work/save/manifest.json")")"
layers='[]'
while read -r layer; do
	gzip -n <"$work/save/$layer" >"$work/layer.gz"
	read -r digest size <<<"$(blob "$work/layer.gz")"
	layers=$(jq -c ". + [{mediaType:\"application/vnd.oci.image.layer.v1.tar+gzip\",digest:\"sha256:$digest\",size:$size}]" <<<"$layers")
done < <(jq -r '.[0].Layers[]' "$work/save/manifest.json")
jq -nc "{schemaVersion:2,config:{mediaType:\"application/vnd.oci.image.config.v1+json\",digest:\"sha256:$config\",size:$config_size},layers:$layers}" >"$work/manifest"
read -r manifest manifest_size <<<"$(blob "$work/manifest")"
jq -nc "{schemaVersion:2,manifests:[{mediaType:\"application/vnd.oci.image.manifest.v1+json\",digest:\"sha256:$manifest\",size:$manifest_size}]}" >"$layout/index.json"
echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"

ctl submit bundle "$layout" --name laid-out --wait --timeout 180s --output json
truth "an OCI layout is the same image" ".state == \"ready\" and .digest == \"$id\"" "$out"
tar -C "$layout" -czf "$work/layout.tgz" .
ctl submit bundle "$work/layout.tgz" --name laid-out -q
sub=$out
kill_janusd
start_janusd
ctl wait submission "$sub" --timeout 180s --output json
truth "and so it is in a tar.gz, though janusd was killed at once" ".state == \"ready\" and .digest == \"$id\"" "$out"

# --- something to build ------------------------------------------------------------------

mkdir "$work/src"
printf 'FROM hostile-ok:latest\nLABEL made.by=%s\n' "$scenario" >"$work/src/Containerfile"
DOCKER_HOST=unix://$engine ctl submit bundle "$work/src" --name built --wait --timeout 180s --output json
truth "a Containerfile is built here, saved and sent" ".state == \"ready\" and .digest != \"$id\"" "$out"
same "the build leaves no name behind" 0 "$(api GET /images/json | jq '[.[].RepoTags[]? | select(startswith("localhost/janus-build"))] | length')"

# --- [E13] what is refused, and that nothing of it stays -----------------------------------

bad_archive() {	# WHAT FILE WORDS
	ctl submit bundle "$2" --name bad --output json
	same "$1: exit 5" 5 "$code"
	has "$1: $3" "$3" "$err"
	truth "$1: 422" '.error.code == "unprocessable" and .error.type == "invalid_request_error"' "$err"
}

echo hello >"$work/text"
bad_archive "not an archive" "$work/text" 'neither a tar'
head -c -2000 "$work/ok.tar" >"$work/cut.tar"
bad_archive "cut off" "$work/cut.tar" 'cut off|Truncated|entry '
api GET "/images/get?names=hostile-ok:latest&names=hostile-exit0:latest" >"$work/two.tar"
bad_archive "two images" "$work/two.tar" "entry 'manifest.json': it must name exactly one image"
cp -r "$layout" "$work/altered"
printf x >>"$work/altered/blobs/sha256/$digest"
bad_archive "an altered layer" "$work/altered" "entry 'blobs/sha256/$digest'"
tar -C "$work" --transform 's,^text,../../evil,' -Pcf "$work/up.tar" text
bad_archive "a name that leads out" "$work/up.tar" "entry '\.\./\.\./evil'"
ln -s /etc/passwd "$work/link"
tar -C "$work" -cf "$work/link.tar" link
bad_archive "a link" "$work/link.tar" "entry 'link': a symbolic link"
head -c 30000000 /dev/zero | gzip >"$work/bomb.gz"
bad_archive "a bomb" "$work/bomb.gz" 'times its size|not a tar'
ask --unix-socket "$runtime/janusd.sock" -T "$work/ok.tar" "http://janus/api/v1/bundles/sha256:$(printf '0%.0s' {1..64})"
refused "sent to the wrong digest" 422 unprocessable
ask --unix-socket "$runtime/janusd.sock" -T "$work/text" "http://janus/api/v1/bundles/latest"
refused "sent to no digest" 400 invalid_value
control POST /api/v1/submissions "{\"name\":\"bad\",\"bundle\":\"sha256:$(printf '0%.0s' {1..64})\"}"
refused "submitted and never sent" 404 resource_not_found
becomes "none of it is kept" 30 none_kept
same "none of it is in the engine" '' "$(imported bad)"

api GET /images/hostile-exit0:latest/get >"$work/exit.tar"
ctl submit bundle "$work/exit.tar" --name leaver --wait --timeout 180s --output json
truth "one that does not run is rejected as any other" '.state == "rejected" and .state_reason == "exited"' "$out"
becomes "and its image is gone from the engine" 40 is_gone leaver
same "while the one that serves is there" 1 "$(imported boxed | wc -l)"
# --- from one machine to another -------------------------------------------------------------

ctl status --output json
signer=$(jq -r .signing_key <<<"$out")
has "a daemon has a key to sign with" '^ed25519:[0-9a-f]{64}$' "$signer"
ctl update competitor boxed --set memory=256MiB
janusctl export competitor boxed >"$work/boxed.janus" 2>"$work/ctl.err" || bad "a competitor is exported" "$(cat "$work/ctl.err")"
ctl verify bundle "$work/boxed.janus" --signer "$signer" --output json
truth "its bundle is whole and signed by that key" \
	".ok and .signer == \"$signer\" and .kind == \"competitor\" and .files == 2" "$out"
ctl verify bundle "$work/boxed.janus" --signer "ed25519:$(printf '0%.0s' {1..64})" --output json
same "another signer is refused: exit 9" 9 "$code"
head -c -1024 "$work/boxed.janus" >"$work/short.janus"
ctl verify bundle "$work/short.janus" --output json
same "cut off, it is not whole: exit 9" 9 "$code"
sed 's/"competitor":"boxed"/"competitor":"foxed"/' "$work/boxed.janus" >"$work/forged.janus"
ctl verify bundle "$work/forged.janus" --output json
truth "altered, it is not what was signed" '.ok == false and (.broken | test("signature"))' "$out"

# --- [E13] what it did elsewhere is taken as it was signed, or not at all ---

mkdir "$work/parts"
tar -C "$work/parts" -xf "$work/boxed.janus"
packed=sha256:$(sha256sum "$work/parts/image.tar" | cut -d' ' -f1)
jq -n --arg bundle "$packed" --rawfile m "$work/parts/manifest.json" --rawfile s "$work/parts/signature.json" \
	--rawfile c "$work/parts/competitor.json" '{name: "past", $bundle, history: {manifest: $m, signature: $s, competitor: $c}}' >"$work/past"
bad_history() {	# WHAT FILTER STATUS CODE WORDS
	jq -c "$2" "$work/past" >"$work/bad-past"
	ask --unix-socket "$runtime/janusd.sock" -H 'content-type: application/json' --data-binary "@$work/bad-past" http://janus/api/v1/submissions
	refused "a history: $1" "$3" "$4"
	has "a history: $1, in words" "$5" "$body"
}
bad_history "that is none" '.history = []' 400 invalid_value 'history: it must be an object'
bad_history "with half of it missing" 'del(.history.signature)' 400 invalid_value "'signature' is missing"
bad_history "of an image by its name" 'del(.bundle) | .image = "hostile-ok:latest"' 400 invalid_value "of a 'bundle'"
bad_history "that was altered" '.history.competitor |= sub("ready"; "happy")' 422 unprocessable 'not the one that was signed'
bad_history "under an altered manifest" '.history.manifest |= sub("boxed"; "foxed")' 422 unprocessable 'signature is not of this manifest'
bad_history "of another image" '.bundle = "sha256:" + ("0" * 64)' 422 unprocessable 'of another image'
bad_history "with an earlier one nobody signed" '.history.histories = "[]"' 422 unprocessable 'histories.json is not the one'
bad_history "that is too large" '.history.competitor += (" " * 4194304)' 413 payload_too_large 'larger than 4194304'
ctl list submissions --filter name=past -q
same "nothing came of any" '' "$out"
control GET /api/v1/competitors/boxed/history
truth "of one that was always here, nothing is told from elsewhere" \
	'.object == "history" and .elsewhere == [] and (.here.versions | length) == 1 and (.here.submissions | length) == 1' "$body"

# --- all artifacts of an answer ---------------------------------------------------------------

accept hostile-artifacts:latest maker
letters=abcdefghijklmnopqrstuvwxyz
ask "$url/v1/chat/completions" -H 'content-type: application/json' -H 'x-request-id: req_bundled' -N \
	-d "{\"model\":\"janus/maker\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"announce letters.txt 26 $(printf %s "$letters" | sha256sum | cut -d' ' -f1)\"}]}"
has "an answer has an artifact" '/v1/artifacts/artf_' "$body"
bundled() { curl -sSf "$url/v1/bundles/req_bundled.$1" -o "$work/answer.$1"; }
for form in tar.gz zip; do
	becomes "it comes as a bundle in a $form" 40 bundled "$form"
	ctl verify bundle "$work/answer.$form" --signer "$signer" --output json
	truth "which is whole and signed" '.ok and .kind == "artifacts" and .files == 1' "$out"
done
same "the bytes are in it" "$letters" "$(unzip -p "$work/answer.zip" files/1-letters.txt)"
truth "and so are who made them, and when" ".request_id == \"req_bundled\" and .competitor == \"maker\"
	and (.image_digest | test(\"^sha256:\")) and .duration_ms >= 0 and .answered_at != null" "$(tar -xzOf "$work/answer.tar.gz" manifest.json)"
ask "$url/v1/bundles/req_nothing_there.zip"
refused "of no answer" 404 resource_not_found
ctl create key other -q
ask "$url/v1/bundles/req_bundled.zip" -H "authorization: Bearer $out"
refused "for another key" 404 resource_not_found
ask "$url/v1/bundles/req_bundled.rar"
refused "in no form of ours" 404 resource_not_found
ctl remove competitor maker --yes

other=$world/o
mkdir "$other"
there() { JANUS_RUNTIME_DIR=$other ctl "$@"; }
other_answers() { curl -sf --max-time 2 --unix-socket "$other/janusd.sock" -o /dev/null http://janus/livez; }
run janusd-2 env "DOCKER_HOST=unix://$engine" "JANUS_RUNTIME_DIR=$other" "JANUS_STATE_DIR=$world/o/s" \
	"JANUS_PORT=$(free_port)" "$bin/janusd"
becomes "a second daemon starts" 30 other_answers
there import competitor "$work/forged.janus" --output json
same "it imports nothing that is altered: exit 9" 9 "$code"
there import competitor "$work/boxed.janus" --signer "$signer" --wait --timeout 180s --output json
truth "and what is whole, with its image" ".state == \"ready\" and .name == \"boxed\" and .digest == \"$id\"" "$out"
chats_there() { there chat --model janus/boxed hello; grep -q 'mode ok' <<<"$out"; }
becomes "it answers there" 40 chats_there
there list events --limit 0 --output jsonl
truth "where it comes from is in the record" "[.[] | select(.action == \"submission.create\") | .detail | test(\"signed by $signer\")] == [true]" "$(jq -s . <<<"$out")"
there show competitor boxed --history --output json
here=$(jq -r '.here.submissions[0].id' <<<"$out")
truth "what it did before is told there, by its signer" ".competitor == \"boxed\" and (.here.submissions | length) == 1
	and [.elsewhere[] | [.signer, .competitor, .submission_id]] == [[\"$signer\", \"boxed\", \"$here\"]]
	and .elsewhere[0].digest == \"$id\" and .elsewhere[0].exported_at <= .elsewhere[0].imported_at
	and [.elsewhere[0].submissions[].state] == [\"ready\"] and .elsewhere[0].versions[0].accepted_at != null" "$out"
there show competitor boxed --history
has "and shown among what it does there" "$signer +export +signed" "$(tr -s ' ' <<<"$out" | sed -E "s/ed25519:[0-9a-f]+/$signer/")"
there list events --limit 0 --output jsonl
truth "nothing of it is in the record of what was decided there" 'map(select(.object_id | startswith("sub_"))) | map(.object_id) | unique | length == 1' "$(jq -s . <<<"$out")"
there status --output json
carrier=$(jq -r .signing_key <<<"$out")
JANUS_RUNTIME_DIR=$other janusctl export competitor boxed >"$work/again.janus" 2>"$work/ctl.err" || bad "it is exported again" "$(cat "$work/ctl.err")"
ctl import competitor "$work/again.janus" --signer "$carrier" --name boxed-again --wait --timeout 180s --output json
truth "and imported where it began, by another name" '.state == "ready" and .name == "boxed-again"' "$out"
ctl show competitor boxed-again --history --output json
truth "two moves lose nothing" "[.elsewhere[].signer] == [\"$signer\", \"$carrier\"] and [.elsewhere[].submissions | length] == [1, 1]
	and .elsewhere[1].submissions[0].id == \"$here\"" "$out"
ctl import competitor "$work/again.janus" --name boxed-again --wait --timeout 180s --output json
ctl show competitor boxed-again --history --output json
truth "what comes twice is told once" '(.elsewhere | length) == 2 and (.here.submissions | length) == 2' "$out"
ctl import competitor "$work/again.janus" --no-history --name boxed-alone --wait --timeout 180s --output json
ctl show competitor boxed-alone --history --output json
truth "it may be left behind" '.elsewhere == [] and (.here.submissions | length) == 1' "$out"
there remove competitor boxed --yes
none_there() { there list instances --limit 0 --output jsonl; [ "$code" = 0 ] && [ -z "$out" ]; }
becomes "and ends there" 40 none_there
end janusd-2

for each in boxed laid-out built boxed-again boxed-alone; do
	ctl remove competitor "$each" --yes
done
becomes "all of them end" 40 containers_are 0
for each in $(imported boxed; imported boxed-again; imported boxed-alone; imported laid-out; imported built); do
	api DELETE "/images/$each?force=1" >/dev/null
done
