#!/usr/bin/env bash
#
# 01-submit-image.sh - a tag becomes a digest once, and only that digest ever runs.
. "$(dirname "$0")/lib.sh"

hostile ok crash-after=1000
start_registry registry
first=$(push hostile-ok:latest "$registry/team/owl:3")
start_janus

ctl submit image "$registry/team/owl:3" --name swift-owl --wait --timeout 60s --output json
same "submit image --wait exits 0" 0 "$code"
truth "the submission is ready" '.state == "ready"' "$out"
truth "its digest is the registry's" ".digest == \"$first\"" "$out"
truth "its image is as submitted" ".image == \"$registry/team/owl:3\"" "$out"

chat janus/swift-owl "hello"
same "it answers a chat" 200 "$status"
has "with its own words" 'mode ok' "$body"
has "and says which image answered" "^x-janus-version-digest: $first" "$head"
has "and which competitor" "^x-janus-competitor: swift-owl" "$head"
has "and carries a request id" "^x-request-id: req_" "$head"

ask "$url/v1/chat/completions" -H 'content-type: application/json' -N \
	-d '{"model":"janus/swift-owl","stream":true,"messages":[{"role":"user","content":"hi"}]}'
has "it streams" '^data: \{.*chat\.completion\.chunk' "$body"
same "with one [DONE]" 1 "$(grep -c '^data: \[DONE\]' <<<"$body")"
has "as an event stream" '^content-type: text/event-stream' "$head"

ask "$url/v1/models"
truth "it is listed among the models" '[.data[].id] | contains(["janus", "janus/swift-owl"])' "$body"

# The tag moves; what runs does not.
before=$(containers)
second=$(push hostile-crash-after-1000:latest "$registry/team/owl:3")
[ "$first" != "$second" ] || giveup "the tag has moved"
ctl restart competitor swift-owl
same "restart exits 0" 0 "$code"
changed() { [ "$(containers)" != "$before" ] && serves swift-owl; }
becomes "a restart makes a new pod" 40 changed
chat janus/swift-owl "hello"
has "and the digest is the same after the tag moved" "^x-janus-version-digest: $first" "$head"
has "and so is the competitor" 'mode ok' "$body"

# Submitted again, the tag is the new image, and a new version.
ctl submit image "$registry/team/owl:3" --name swift-owl --wait --timeout 60s --output json
truth "a new submission resolves the tag anew" ".state == \"ready\" and .digest == \"$second\"" "$out"
new_serves() { chat janus/swift-owl hi; grep -q "^x-janus-version-digest: $second" <<<"$head"; }
becomes "the new version serves" 20 new_serves
control GET "/api/v1/versions?competitor=swift-owl"
truth "both versions are kept" '.data | length == 2' "$body"

# By digest, and from the engine alone.
ctl submit image "$registry/team/owl@$first" --name by-digest --wait --timeout 60s --output json
truth "a digest is taken as it is" ".state == \"ready\" and .digest == \"$first\"" "$out"
ctl submit image hostile-ok --name local --wait --timeout 60s --output json
truth "an image no registry has is taken from the engine" ".state == \"ready\" and .digest == \"$(image_id hostile-ok:latest)\"" "$out"

# A submission can be followed as events.
id=$(submit hostile-ok:latest followed)
events=$(curl -sN --max-time 60 --unix-socket "$runtime/janusd.sock" "http://janus/api/v1/submissions/$id/events")
has "its events end with ready" '"state": ?"ready"' "$(grep '^data:' <<<"$events" | tail -n 1)"
ctl wait submission "$id" --timeout 30s
same "wait exits 0 for a ready one" 0 "$code"
