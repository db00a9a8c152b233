#!/usr/bin/env bash
#
# 31-lifecycle.sh - who runs when: on demand, frozen, replicas, and many competitors on little memory.
. "$(dirname "$0")/lib.sh"

images baseline
start_platform
start_janusd JANUS_POLICY_MEMORY_BUDGET=2GiB JANUS_POLICY_MEMORY=1GiB
accept janus/baseline-agent:latest owl

paused() { containers 'select(.State == "paused") | .Id' | grep -c . || true; }
nothing_runs() { containers_are 0; }
is_paused() { [ "$(paused)" = 1 ]; }

# --- policy -----------------------------------------------------------------------

ctl show policy owl -o json
truth "each value says where it comes from" '.policy.memory == {"value":"1 GiB","origin":"JANUS_POLICY_MEMORY"}
	and .policy.activation == {"value":"always","origin":"default"}' "$out"
ctl update competitor owl --set activation=on-demand --set idle=2s --dry-run
same "a change can be tried" 0 "$code"
ctl show policy owl -o json
truth "and changes nothing then" '.policy.activation.value == "always"' "$out"
ctl update competitor owl --set activation=sometimes
same "nonsense is refused" 5 "$code"
has "with what is possible" 'on-demand' "$err"
control PATCH /api/v1/competitors/owl/policy '{"policy":{"memory":"1GiB"}}'
refused "a change needs to know what it changes" 428 precondition_required
ctl update competitor owl --set activation=on-demand --set idle=2s
same "a change" 0 "$code"
ctl show policy owl
has "says who made it" '^activation +on-demand +competitor' "$out"
ctl list events --limit 5 -o json
truth "and is an event" '[.data[] | select(.action == "competitor.policy")][0].after | contains("on-demand")' "$out"

# --- on demand --------------------------------------------------------------------

becomes "silent for 2 s it is stopped" 30 nothing_runs
asleep() { ask "$url/v1/models/janus%2Fowl"; jq -e '.janus.state == "asleep"' <<<"$body"; }
becomes "a model says that it sleeps" 30 asleep
ask "$url/readyz"
same "Janus is ready all the same" 200 "$status"
chat janus/owl hello
same "a chat starts it" 200 "$status"
has "and waited for that" 'x-janus-queue-ms: [1-9]' "$head"
becomes "then it is stopped again" 30 nothing_runs
ask -N "$url/v1/chat/completions" -H 'content-type: application/json' -H 'x-janus-progress: 1' \
	-d '{"model":"janus","stream":true,"messages":[{"role":"user","content":"hi"}]}'
same "so does one to the default model" 200 "$status"
has "that ends well" '^data: \[DONE\]' "$body"
becomes "and it is stopped once more" 30 asleep
ctl update competitor owl --set idle=10m	# until it has been counted
asking=()
for i in 1 2 3 4; do
	curl -s --max-time 60 -o "$work/many.$i" -w '%{http_code}\n' "$url/v1/chat/completions" -H 'content-type: application/json' \
		-d '{"model":"janus/owl","messages":[{"role":"user","content":"hi"}]}' >>"$work/many" &
	asking+=($!)
done
wait "${asking[@]}" || true
same "many at once start it once" "4 200" "$(sort "$work/many" | uniq -c | tr -s ' ' | sed 's/^ //')"
becomes "one pod of it" 30 containers_are 2
ctl update competitor owl --set idle=2s
kill_janusd
start_janusd JANUS_POLICY_MEMORY_BUDGET=2GiB JANUS_POLICY_MEMORY=1GiB
becomes "after a crash what nobody asks for is stopped" 30 nothing_runs

# --- frozen -----------------------------------------------------------------------

ctl update competitor owl --set activation=frozen --set idle=2s
chat janus/owl hello
same "frozen, and asked" 200 "$status"
becomes "silent for 2 s it is paused" 30 is_paused
same "not stopped" 2 "$(container_count)"
is_frozen() { [ "$(instance_of owl | jq -r .state)" = frozen ]; }
becomes "and says so" 30 is_frozen
frozen=$(instance_of owl | jq -r .id)
chat janus/owl hello
same "a chat wakes it" 200 "$status"
same "the same instance" "$frozen" "$(instance_of owl | jq -r .id)"
becomes "it goes to sleep again" 30 is_paused
kill_janusd
start_janusd JANUS_POLICY_MEMORY_BUDGET=2GiB JANUS_POLICY_MEMORY=1GiB
adopted() { [ "$(instance_of owl | jq -r .state)" = frozen ] && is_paused; }
becomes "a frozen pod is adopted asleep" 30 adopted
chat janus/owl hello
same "and wakes" 200 "$status"
same "as what it was" "$frozen" "$(instance_of owl | jq -r .id)"

# --- little memory: three competitors of 1 GiB, room for two --------------------------

ctl update competitor owl --set activation=on-demand --set idle=10m
for name in bee cat; do
	ctl submit image janus/baseline-agent:latest --name "$name" --wait --timeout 180s
	same "$name is accepted" 0 "$code"
	ctl update competitor "$name" --set activation=on-demand --set idle=10m
done
for name in owl bee cat owl bee; do
	chat "janus/$name" hello
	same "$name answers" 200 "$status"
done
names() { containers 'select(.State == "running") | .Labels["rodeo.janus.competitor"]' | sort -u | paste -sd' '; }
only_two() { [ "$(names)" = "bee owl" ]; }
becomes "the two that were asked last have the memory" 30 only_two
ctl list instances -o json
has "who went, and for whom, is in the log" 'instance.evicted' "$(cat "$work/janusd.log")"

# --- replicas ---------------------------------------------------------------------

ctl stop competitor bee
ctl stop competitor cat
ctl update competitor owl --set activation=always --set replicas=2
two_ready() { [ "$(control GET '/api/v1/instances?competitor=owl&state=ready'; jq '.data | length' <<<"$body")" = 2 ]; }
becomes "two replicas are ready" 60 two_ready
both() {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do chat janus/owl hello; done
	control GET '/api/v1/requests?limit=12&competitor=owl'
	[ "$(jq -r '.data[].instance_id' <<<"$body" | sort -u | wc -l)" = 2 ]
}
becomes "and both answer" 60 both
ctl update competitor owl --set replicas=
one_ready() { [ "$(control GET '/api/v1/instances?competitor=owl'; jq '.data | length' <<<"$body")" = 1 ]; }
becomes "one goes when it is one too many" 60 one_ready

# --- a share for a new version ----------------------------------------------------

ctl update competitor owl --set activation=always --set promotion=by-hand
old=$(competitor owl | jq -r .version_id)
hostile ok
accept hostile-ok:latest owl
same "an accepted version is kept back" "$old" "$(competitor owl | jq -r .version_id)"
new=$(control GET '/api/v1/versions?competitor=owl'; jq -r --arg old "$old" '.data[] | select(.id != $old) | .id' <<<"$body" | head -n 1)
ctl promote competitor owl --to "$new" --share 50
same "it is given half" 0 "$code"
truth "and shown so" ".candidate_id == \"$new\" and .candidate_percent == 50" "$(competitor owl)"
both_versions() {
	local i
	for i in 1 2 3 4 5 6 7 8; do chat janus/owl hello; done
	control GET '/api/v1/requests?limit=8&competitor=owl'
	[ "$(jq -r '.data[].version_id' <<<"$body" | sort -u | wc -l)" = 2 ]
}
becomes "both versions answer" 60 both_versions
for version in "$old" "$new"; do
	digest=$(control GET "/api/v1/versions/$version"; jq -r .digest <<<"$body")
	for i in 1 2 3 4 5 6 7 8; do
		chat "janus/owl@$version" hello
		has "$version alone answers who names it ($i)" "x-janus-version-digest: $digest" "$head"
	done
done
kill_janusd
start_janusd JANUS_POLICY_MEMORY_BUDGET=2GiB JANUS_POLICY_MEMORY=1GiB
becomes "after a crash too" 60 both_versions
ctl promote competitor owl --to "$new" --share 0
old_only() {
	local i
	for i in 1 2 3 4 5 6; do chat janus/owl hello; done
	control GET '/api/v1/requests?limit=6&competitor=owl'
	[ "$(jq -r '.data[].version_id' <<<"$body" | sort -u)" = "$old" ]
}
becomes "the share can be taken back" 60 old_only
ctl promote competitor owl --to "$new"
new_serves() { answers janus/owl && [ "$(competitor owl | jq -r .version_id)" = "$new" ] && competitor_is owl ready; }
becomes "or all be given" 60 new_serves
ctl promote competitor owl --to "$new" --share 101
same "nonsense is refused" 5 "$code"
ctl freeze competitor owl
same "one that is always there does not sleep" 5 "$code"
has "and it is said how it could" 'activation=frozen' "$err"
ctl update competitor owl --set activation=frozen --set idle=10m
ctl freeze competitor owl
becomes "then it does" 30 is_paused
ctl thaw competitor owl
becomes "and wakes when told" 30 competitor_is owl ready

# --- a version that is never to serve again ------------------------------------------

ctl retire version "$new" --yes
same "the one that serves cannot be retired" 5 "$code"
has "and it is said why" 'the one that serves .owl.' "$err"
ctl promote competitor owl --to "$old" --share 30
ctl retire version "$old" --yes
same "nor one that answers a share" 5 "$code"
has "and it is said what to do" "--to $old --share 0" "$err"
ctl promote competitor owl --to "$old" --share 0
ctl update competitor owl --set activation=always
hostile slow-start=0
start_registry registry
push hostile-slow-start-0:latest "$registry/team/gone:1" >/dev/null
accept "$registry/team/gone:1" owl
broken=$(control GET '/api/v1/versions?competitor=owl'; jq -r '.data[0].id' <<<"$body")
end registry
image=$(api GET /images/hostile-slow-start-0:latest/json | jq -r .Id)
gone_for_good() { api DELETE "/images/$image?force=1" >/dev/null; [ "$(status)" = 404 ]; }
becomes "its image goes, here and where it came from" 40 gone_for_good
ctl promote competitor owl --to "$broken"
starts_in_vain() { control GET '/api/v1/instances?competitor=owl&state=backoff'; [ "$(jq '.data | length' <<<"$body")" = 1 ]; }
becomes "a version whose image is gone cannot start" 30 starts_in_vain
check "the one before still answers" answers janus/owl
ctl retire version "$new"
same "not without --yes where nobody can be asked" 2 "$code"
ctl retire version "$new" --dry-run -o json
truth "it can be tried" '.dry_run and .retired_at == null' "$out"
check "and changes nothing then" answers janus/owl
ctl retire version "$new" --yes
same "but it may be retired" 0 "$code"
becomes "and its pod goes, though there is no other" 30 nothing_runs
control GET "/api/v1/versions/$new"
truth "that is shown" '.retired_at != null and (.is_current | not)' "$body"
ctl list events --limit 0 -o json
truth "and is an event" "[.data[] | select(.action == \"version.retire\" and .object_id == \"$new\" and .after == \"retired\")] | length == 1" "$out"
ctl retire version "$new" --yes
same "once more changes nothing" 0 "$code"
for verb in promote rollback; do
	ctl "$verb" competitor owl --to "$new"
	same "no $verb brings it back" 5 "$code"
	has "$verb: and it is said why" 'is retired' "$err"
done
kill_janusd
start_janusd JANUS_POLICY_MEMORY_BUDGET=2GiB JANUS_POLICY_MEMORY=1GiB
ctl rollback competitor owl
same "a rollback goes past it, after a crash too" "$old" "$(competitor owl | jq -r .version_id)"
becomes "and what it finds serves" 60 answers janus/owl

# --- [F09] fifty that sleep, and room for five ------------------------------------------

ctl stop competitor owl
becomes "nothing runs" 30 nothing_runs
ctl start competitor bee
end janusd
/usr/bin/python3 -c "import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for table, key in (('competitors', 'slug'), ('versions', 'id')):
    names = [c[1] for c in db.execute('PRAGMA table_info(%s)' % table)]
    row = dict(zip(names, db.execute('SELECT v.* FROM %s v JOIN competitors c ON c.slug = \'bee\' AND c.version_id IN (v.id, %s)' % (table, 'v.version_id' if table == 'competitors' else '0')).fetchone()))
    for i in range(47):
        new = dict(row, id=row['id'][:-3] + 'z%02d' % i)
        for name in ('version_id', 'competitor_id'):
            if name in new: new[name] = new[name][:-3] + 'z%02d' % i
        if 'slug' in new: new['slug'] = 'bee-%d' % i
        db.execute('INSERT INTO %s VALUES (%s)' % (table, ','.join('?' * len(names))), [new[n] for n in names])
db.commit()" "$state/janus.db"
start_janusd JANUS_POLICY_MEMORY_BUDGET=5GiB JANUS_POLICY_MEMORY=1GiB
ctl list competitors --limit 0 -q
same "fifty are registered" 50 "$(wc -l <<<"$out")"
asking=()
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	curl -sN --max-time 120 -o "$work/one.$i" "$url/v1/chat/completions" -H 'content-type: application/json' \
		-d "{\"model\":\"janus/bee-$i\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}" &
	asking+=($!)
done
most=0
asked() { for i in "${asking[@]}"; do ! kill -0 "$i" 2>/dev/null || return 1; done; }
until asked; do
	now=$(names | wc -w)
	[ "$now" -le "$most" ] || most=$now
done
below "of twelve that are asked at once, so many run" 6 "$most"
five_run() { [ "$(names | wc -w)" = 5 ]; }	# they stay: the last look may have come before the last start
[ "$most" = 5 ] || becomes "and no fewer: they run now" 30 five_run
same "each is answered, or told that there was no room" 12 \
	"$(grep -lE '^data: \[DONE\]|"no_ready_competitor"' "$work"/one.* | wc -l)"
below "those told so" 8 "$(grep -l '"no_ready_competitor"' "$work"/one.* | wc -l)"
has "and waited with pings" '^: ' "$(cat "$work"/one.*)"
lacks "none was sent to one that is not there" 'upstream_' "$(cat "$work"/one.*)"
