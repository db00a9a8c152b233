#!/usr/bin/env bash
#
# 53-data.sh - a backup is made online and restored elsewhere; the database is checked, refused, full, and trimmed.
. "$(dirname "$0")/lib.sh"

export DOCKER_HOST=unix://$work/no-engine	# competitors behind URLs need none
serve() {	# [VARIABLE=VALUE...]
	run janusd env "$@" "$bin/janusd"
	until_true 30 control_or_death
	control_answers || giveup "janusd starts" "$(tail "$work/janusd.log")"
}
upload() {	# TEXT: sets file_id
	ask "$url/v1/files" -F purpose=user_data -F "file=@-;filename=note.txt" <<<"$1"
	file_id=$(jq -r .id <<<"$body")
}
bytes_of() { ask "$url/v1/files/$1/content"; printf '%s' "$body"; }
port=$(free_port)
run fake "$fake" --port "$port"
until_true 30 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"

# --- a backup while it is used, [I09] and in a place where nothing is, it answers and serves ---
serve
ctl submit url "http://127.0.0.1:$port" --name web --wait --timeout 60s
same "a competitor behind a URL is accepted" 0 "$code"
upload "what was kept"
same "a file is uploaded" 200 "$status"
load() { local i; for ((i = 0; i < 40; i++)); do chat janus/web "$i"; done; }
load &
loading=$!
ctl backup create -q
same "[I09] a backup is made while chats run" 0 "$code"
backup=$out
wait "$loading"
ctl check backup "$backup"
same "it is whole" 0 "$code"
ctl list backups --output json
truth "it is listed, with what is in it" ".data[0] | .id == \"$backup\" and .kind == \"full\" and .counts.competitors == 1
	and .counts.artifacts == 1 and .files >= 4 and .size_bytes > 0" "$out"
same "nobody else can read it" 600 "$(stat -c %a "$state/backups/$backup.tar")"
ctl verify bundle "$state/backups/$backup.tar"
same "it is a signed bundle" 0 "$code"
ctl db check
same "the database is as it should be" 0 "$code"
ctl submit url "http://127.0.0.1:$port" --name later --wait --timeout 60s
end janusd
mkdir "$world/elsewhere"
JANUS_STATE_DIR=$world/elsewhere "$bin/janusd" --restore "$state/backups/$backup.tar" >"$work/restore.log" 2>&1 || bad "restoring" "$(cat "$work/restore.log")"
began=$(ms)
serve JANUS_STATE_DIR="$world/elsewhere"
becomes "restored on a clean machine, it answers chats" 60 answers janus/web
below "  in ms" 60000 "$(($(ms) - began))"
same "  and serves its files" "what was kept" "$(bytes_of "$file_id")"
control GET /api/v1/competitors/later
same "  what came after the backup is not there" 404 "$status"
ctl db check
same "  its database is as it should be" 0 "$code"
end janusd

# --- the same by the daemon: staged, and taken by the next start; what was there is kept aside ---
serve
ctl backup restore "$backup" --yes
same "a backup is staged while the daemon runs" 0 "$code"
check "  which goes on with the state as it is" answers janus/later
end janusd
serve
control GET /api/v1/competitors/later
same "  and the next start has taken it" 404 "$status"
check "  and answers" answers janus/web
kept=$(echo "$state"/replaced-*/janus.db)
same "  what was there is kept aside" 1 "$(sqlite3 "$kept" "SELECT COUNT(*) FROM competitors WHERE slug = 'later'")"
rm -rf "$state"/replaced-*

# --- [I01] killed at any moment, also while a backup is made: what was answered is there, and all of it is whole ---
for ((round = 0; round < 6; round++)); do
	ctl create key "key-$round" -q
	load &
	loading=$!
	"$bin/janusctl" backup create -q >/dev/null 2>&1 &
	making=$!
	moment "0.0$((round * 3 + 1))"
	kill_janusd
	kill "$loading" "$making" 2>/dev/null || true
	wait "$loading" "$making" 2>/dev/null || true
	serve
done
ctl list keys --limit 0 --output json
truth "[I01] killed six times, what was acknowledged is there" '[.data[].name | select(startswith("key-"))] | length == 6' "$out"
ctl db check
same "[I01] and the database is as it should be" 0 "$code"
ctl list backups -q
same "[I01] what is listed as a backup is one" 0 "$(for id in $out; do "$bin/janusctl" backup check "$id" >/dev/null || echo "$id"; done | wc -l)"

# --- [I05] the database is taken away while it is in use ---
mv "$state/janus.db" "$work/taken.db"
ctl create key lost -q
same "[I05] deleted while open: nothing more is acknowledged" 6 "$code"
has "  and it says which file" "$state/janus.db" "$err"
mv "$work/taken.db" "$state/janus.db"
becomes "  put back, it goes on" 30 "$bin/janusctl" create key found -q
end janusd

# --- [I05] a database that is none, or not ours, or not whole is refused, with the file and the way back ---
cp -a "$state" "$work/good"
refuses() {	# WHAT PATTERN: it does not start, and says which file and what to do
	local result=0
	timeout -s KILL 60 "$bin/janusd" >"$work/refused.log" 2>&1 </dev/null || result=$?
	same "[I05] $1: it does not start" 1 "$result"
	has "  and says what is wrong" "$2" "$(cat "$work/refused.log")"
	has "  with the file, and the command that restores" "$state.*janusd --restore $state/backups/bkp_" "$(tr -d '\n' <"$work/refused.log")"
	rm -rf "$state"
	cp -a "$work/good" "$state"
}
db=$state/janus.db
: >"$db"
refuses "0 bytes" 'is empty'
rm "$db"
refuses "deleted" 'is missing, though Janus has run here'
head -c 4096 /dev/urandom | dd of="$db" conv=notrunc status=none
refuses "its header overwritten" 'not a database'
head -c 4096 /dev/urandom | dd of="$db" bs=4096 seek=5 conv=notrunc status=none
refuses "a page overwritten" 'damaged'
truncate -s 65536 "$db"
refuses "truncated" 'damaged|malformed'
echo "Dear reader, this is a letter." >"$db"
refuses "a letter" 'not a database'
rm "$db"
sqlite3 "$db" 'PRAGMA application_id = 7; CREATE TABLE t (a)'
refuses "another application's" "another application's"
sqlite3 "$db" 'PRAGMA user_version = 999'
refuses "a newer schema" 'version 999'
newest=$(cd "$state/backups" && printf '%s\n' bkp_*.tar | tail -n 1)
head -c 4096 /dev/urandom | dd of="$db" bs=4096 seek=5 conv=notrunc status=none
"$bin/janusd" --restore "${newest%.tar}" >"$work/restore.log" 2>&1 || bad "restoring" "$(cat "$work/restore.log")"
serve
check "[I05] what it says to do helps" answers janus/web
result=0
"$bin/janusd" --restore "${newest%.tar}" >"$work/restore.log" 2>&1 || result=$?
same "but not under a daemon that runs" 1 "$result"
end janusd

# --- retention: what is old goes, a little at a time, and the chain of what is left holds ---
sqlite3 "$db" "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
	INSERT INTO usage SELECT 'req_old' || i, i, 'web', '', '', '', 200, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, '', 1, '' FROM n"
serve JANUS_RETENTION_USAGE=40d
old_rows() { [ "$(sqlite3 "$db" 'SELECT COUNT(*) FROM usage WHERE at_ms < 10000')" = "$1" ]; }
becomes "what is older than retention.usage goes" 60 old_rows 0
ctl verify events
same "  and what was decided is as it was" 0 "$code"
end janusd

# --- the newest thousand submissions and runs are in memory; an older one is told all the same ---
old=sub_00000000000000000000000000 old_run=run_00000000000000000000000000
sqlite3 "$db" "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
	INSERT INTO submissions (id, slug, kind, reference, manifest, state, reason, detail, since_ms, digest, image_id, fault,
		evidence, attempts, created_at_ms, updated_at_ms)
	SELECT 'sub_' || printf('%026d', i), 'many', 'url', 'http://x', '', 'rejected', 'r', 'number ' || i, 1, '', '', 'miner', '{}', 0, 1, 1
	FROM n;
	WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
	INSERT INTO runs SELECT 'run_' || printf('%026d', i), 'cpt_x', 'ver_x', 'many', '', 'public/dev', 'sha256:x', 's', 1, 100, 1, 1,
		'manual', '', 0, 0, 'failed', 'failed', 'number ' || i, 1, 1, 'w', 0, 0, 0, 0, 'worker_lost', 'platform', 0,
		'{\"n\":' || i || '}', '', 1, 1, 1, 1 FROM n"
serve
for each in "submissions/$old" "runs/$old_run"; do
	control GET "/api/v1/$each"
	truth "${each%/*}: one that a thousand came after is told" '.state_detail == "number 0"' "$body"
	control GET "/api/v1/$each/events"
	same "  and followed, to where it ended" "200 1" "$status $(grep -c '^data: ' <<<"$body")"
	control POST "/api/v1/$each/cancel"
	refused "  and not cancelled any more" 409 invalid_state
	control GET "/api/v1/${each%0}z"
	refused "  one that never was is not" 404 resource_not_found
done
control GET "/api/v1/runs/$old_run/report"
same "its report too" '{"n":0}' "$(jq -c . <<<"$body")"
ctl db check
same "the database is as it should be" 0 "$code"
end janusd

# --- [I04] every call that writes fails in turn: whoever asked is told, and nothing is half there ---
# shellcheck source=tests/scenario/failing.sh
. "$root/tests/scenario/failing.sh"
run janusd env LD_PRELOAD="$work/failing.so" "$daemon"
until_true 60 control_answers || giveup "janusd starts" "$(tail "$work/janusd.log")"
wrong=0 n=0 told=0
for each in pwrite64:EIO pwrite64:EDQUOT pwrite64:ENOSPC pwrite64:EINTR fdatasync:EIO fsync:EIO ftruncate64:EIO rename:EROFS \
	mkdir:EDQUOT open:EROFS write:EIO; do
	n=$((n + 1))
	fault "${each%:*}" "${each#*:}" 1 3
	control POST /api/v1/keys "{\"name\":\"fault-$n\"}"
	made=$status
	upload "fault $n"
	sent=$status
	nothing_fails
	control GET /api/v1/keys?limit=0
	there=$(jq "[.data[] | select(.name == \"fault-$n\")] | length" <<<"$body")
	case $made,$there in
	201,1 | 503,0) ;;
	*) bad "[I04] $each: a key is there when it was told, and only then" "$made, $there there" && wrong=1 ;;
	esac
	[ "$made,$sent" = 201,200 ] || told=$((told + 1))
	if [ "$sent" = 200 ]; then
		[ "$(bytes_of "$file_id")" = "fault $n" ] || wrong=1
	else
		[ "$sent" = 503 ] || bad "[I04] $each: an upload is refused with words" "$sent" || wrong=1
	fi
	becomes "[I04] $each: it passes" 30 answers janus/web
done
same "[I04] $n faults: nothing was half there" 0 "$wrong"
below "[I04] of which so few went unnoticed" 8 "$((n - told))"
ctl db check
same "[I04] and the database is as it should be" 0 "$code"
end janusd

# --- [I03] the disk is full: nothing new is taken, what runs goes on, reading too, and it is over when there is room ---
mkdir "$world/small"
mount -t tmpfs -o size=24m tmpfs "$world/small"
serve JANUS_STATE_DIR="$world/small" JANUS_DISK_RESERVE=1MiB
ctl submit url "http://127.0.0.1:$port" --name web --wait --timeout 60s
upload "before"
kept_id=$file_id
slow=$work/slow
curl -sN --max-time 30 "$url/v1/chat/completions" -H 'content-type: application/json' \
	-d '{"model":"janus/web","stream":true,"messages":[{"role":"user","content":"fault:chunks=40 fault:slow=100"}]}' >"$slow" &
streaming=$!
becomes "a stream runs" 30 grep -q '^data: ' "$slow"
dd if=/dev/zero of="$world/small/ballast" bs=64k status=none 2>/dev/null || true
low() { ask "$url/health"; [ "$(jq .checks.disk.ok <<<"$body")" = false ]; }
becomes "[I03] a full disk is seen" 30 low
chat janus/web hello
refused "[I03] no new chat" 503 low_disk
upload "more"
refused "[I03] no upload" 503 low_disk
control POST /api/v1/submissions "{\"name\":\"two\",\"url\":\"http://127.0.0.1:$port\"}"
refused "[I03] no submission" 503 low_disk
control GET /api/v1/competitors
same "[I03] what is there can be read" 200 "$status"
same "[I03] files too" before "$(bytes_of "$kept_id")"
wait "$streaming" || true
same "[I03] the stream that ran came to its end" 1 "$(grep -c '^data: \[DONE\]' "$slow")"
written() { control GET '/api/v1/requests?limit=0' && jq -e '[.data[] | select(.stream)] | length >= 1' <<<"$body"; }
becomes "[I03] and was written down" 30 written
kill_janusd
serve JANUS_STATE_DIR="$world/small" JANUS_DISK_RESERVE=1MiB
control GET /api/v1/competitors/web
same "[I03] killed and started again on the full disk, it knows what it knew" 200 "$status"
rm "$world/small/ballast"
becomes "[I03] with room it goes on by itself" 30 answers janus/web
ctl db check
same "[I03] and nothing is damaged" 0 "$code"
end janusd
umount "$world/small"
