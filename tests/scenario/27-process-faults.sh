#!/usr/bin/env bash
#
# 27-process-faults.sh - memory, threads, descriptors, directories and every system call fail under janusd, and signals storm.
. "$(dirname "$0")/lib.sh"

# shellcheck source=tests/scenario/failing.sh
. "$root/tests/scenario/failing.sh"

serve() {	# [VARIABLE=VALUE...]: a janusd under the preload, without an engine
	run janusd env "DOCKER_HOST=unix://$work/no-engine" LD_PRELOAD="$work/failing.so" "$@" "$daemon"
	until_true 30 control_or_death
}
port=$(free_port)
run fake "$fake" --port "$port"
until_true 30 listens "$port" || giveup "the fake upstream starts" "$(cat "$work/fake.log")"
serve
control_answers || giveup "janusd starts" "$(tail "$work/janusd.log")"
ctl submit url "http://127.0.0.1:$port" --name web --wait --timeout 180s
same "a competitor behind a URL is accepted" 0 "$code"
request='{"model":"janus/web","stream":true,"messages":[{"role":"user","content":"hello"}]}'

chats=6
write() {
	ask --max-time 20 --unix-socket "$runtime/janusd.sock" -X POST http://janus/api/v1/competitors/web/start
	written=$status
}
several() {	# chats at once, and a write of the control API
	local i list=()
	rm -f "$work"/chat.*
	for ((i = 0; i < chats; i++)); do
		curl -sS --max-time 60 -o "$work/chat.$i" -w '%{http_code}' "$url/v1/chat/completions" \
			-H 'content-type: application/json' -d "$request" >"$work/chat.$i.status" 2>/dev/null &
		list+=($!)
	done
	write
	wait "${list[@]}" || true
}
# outcomes: how many are complete, typed and cut; a stream that has begun is never both
outcomes() {
	local i whole=0 typed=0 cut=0 odd=0 status text
	for ((i = 0; i < chats; i++)); do
		status=$(cat "$work/chat.$i.status")
		text=$(cat "$work/chat.$i" 2>/dev/null || true)
		if [ "$status" = 200 ] && [ "$(grep -c '^data: \[DONE\]' <<<"$text")" = 1 ]; then
			if grep -q '"error"' <<<"$text"; then typed=$((typed + 1)); else whole=$((whole + 1)); fi
		elif [ "$status" -ge 400 ] && jq -e '.error.code and .error.janus.request_id' <<<"$text" >/dev/null 2>&1; then
			typed=$((typed + 1))
		elif [ "$(grep -c '^data: \[DONE\]' <<<"$text")" -gt 1 ]; then
			odd=$((odd + 1))
		else
			cut=$((cut + 1))	# its connection was the one that failed
		fi
	done
	printf '%s whole, %s typed, %s cut, %s odd' "$whole" "$typed" "$cut" "$odd"
}
well() {	# WHAT: it runs on, and all is as before
	nothing_fails
	until_true 40 control_or_death || true	# one that is dying is not gone yet
	if gone janusd; then
		bad "$1: janusd lives" "$(tail -n 5 "$work/janusd.log")"
		serve
	fi
	becomes "$1: and a chat is answered after it" 40 answers janus/web	# after ENOSPC, once there is seen to be room
}

# --- [M02] interrupted, or done in part: nobody notices ---
for each in read:EINTR read:SHORT write:EINTR write:SHORT recv:EINTR recv:SHORT send:EINTR send:SHORT sendmsg:EINTR \
	sendmsg:SHORT writev:SHORT writev:EINTR recvmsg:EINTR accept4:EINTR accept4:ECONNABORTED epoll_wait:EINTR epoll_wait:SHORT \
	poll:EINTR connect:EINPROGRESS pread64:EINTR pwrite64:EINTR pwrite64:SHORT fdatasync:EINTR; do
	fault "${each%:*}" "${each#*:}" 2 200
	several
	if [[ $each == fdatasync:* && $written = 5* ]]; then write; fi	# SQLite does not repeat a sync: who wrote is told, and does
	case $each in
	connect:*) ;;	# was never begun: it is not there in time
	*) same "$each, $(hits) times: all whole, the write too" "$chats whole, 0 typed, 0 cut, 0 odd, 2" "$(outcomes), ${written:0:1}" ;;
	esac
	well "$each"
done

# --- [M02] [I04] failed, writes and syncs of the database too: whom it meets is told, the others do not notice, and it passes ---
# [M11] no local port or route left: a connection that cannot be made is told, and the next one is made
for each in socket:EMFILE socket:ENOBUFS connect:ENETUNREACH connect:EADDRNOTAVAIL accept4:EMFILE epoll_ctl:ENOSPC \
	read:EIO write:EIO recv:ECONNRESET send:EPIPE sendmsg:ECONNRESET writev:EPIPE recvmsg:EIO \
	pread64:EIO pwrite64:EIO pwrite64:ENOSPC fsync:EIO fdatasync:EIO ftruncate64:EIO setsockopt:ENOBUFS open:EMFILE \
	poll:ENOMEM eventfd:EMFILE; do
	case $each in fdatasync:*) every=1 ;; *) every=3 ;; esac	# what is written together is synced once
	fault "${each%:*}" "${each#*:}" "$every" 4
	several
	seen=$(outcomes)
	has "$each, $(hits) times: $seen" ' 0 odd$' "$seen"
	well "$each"
done
control GET /api/v1/competitors/web
truth "the competitor is what it was" '.wanted == "running" and .state == "ready"' "$body"
logged=$(grep -cE 'Sanitizer|signal|assert' "$work/janusd.log" || true)
same "nothing broke inside" 0 "$logged"

# --- [M04] storms of signals; stopped and continued; told to end twice ---
pid=${pids[janusd]}
storm() { local i; for ((i = 0; i < 300; i++)); do kill "-$1" "$pid" || return 1; done; }
for each in USR1 USR2 PIPE HUP; do
	check "$each, 300 times" storm "$each"
	several
	same "  and chats go on" "$chats whole, 0 typed, 0 cut, 0 odd" "$(outcomes)"
done
kill -STOP "$pid"
curl -sS --max-time 60 -o "$work/stopped" -w '%{http_code}' "$url/v1/chat/completions" -H 'content-type: application/json' \
	-d "$request" >"$work/stopped.status" &
waiting=$!
moment 2
kill -CONT "$pid"
wait "$waiting" || true
same "stopped for two seconds, then continued: the chat that came is answered" "200 1" \
	"$(cat "$work/stopped.status") $(grep -c '^data: \[DONE\]' "$work/stopped")"
kill -TERM "$pid"
kill -TERM "$pid" 2>/dev/null || true
becomes "told to end twice: it ends" 40 gone janusd
unset 'pids[janusd]'

# --- [M01] memory: a start and a request that get none end with a line, and nothing is half stored ---
ended_well() {	# STATUS LOG: was it an end of its own?
	case $1 in
	0 | 1 | 2 | 124 | 143) return 0 ;;
	134) grep -qE 'out of memory|no thread can be started' "$2" ;;
	*) return 1 ;;
	esac
}
start_without() {	# CALL ERROR NTH [STATE]: the nth such call of a start fails
	local status=0 log=$work/start.log
	fault "$1" "$2" "$3" 1
	: >"$log"
	{
		JANUS_STATE_DIR=${4:-$state} DOCKER_HOST=unix://$work/no-engine LD_PRELOAD=$work/failing.so \
			timeout -s TERM 0.5 "$daemon" >"$log" 2>&1 </dev/null || status=$?
	} 2>/dev/null	# the shell's own word about it
	if ended_well "$status" "$log"; then
		ends=$((ends + 1))
	else
		bad "the ${3}th $1 of a start fails with $2" "ended with $status" "$(tail -n 5 "$log")"
	fi
	if [ "$status" = 1 ] && ! grep -q start_failed "$log"; then
		bad "the ${3}th $1 of a start: it says why" "$(tail -n 5 "$log")"
	fi
}
ends=0 starts=0
fresh=$work/fresh
for nth in 1 3 9 40 150 333 1200 2500; do
	rm -rf "$fresh"
	mkdir -p "$fresh"
	starts=$((starts + 1))
	start_without malloc ENOMEM "$nth" "$fresh"
done
same "starts of a new Janus without memory end with a word" "$starts" "$ends"
ends=0 starts=0
for nth in 20 300 1500; do
	starts=$((starts + 1))
	start_without malloc ENOMEM "$nth"
done
same "so do starts of one that has a database" "$starts" "$ends"

# --- [M03] threads, descriptors, sockets, directories at the start ---
ends=0 starts=0
for each in pthread_create:EAGAIN socket:EMFILE bind:EADDRINUSE listen:EADDRINUSE epoll_ctl:ENOSPC eventfd:EMFILE open:EMFILE; do
	for nth in 1 2; do
		starts=$((starts + 1))
		start_without "${each%:*}" "${each#*:}" "$nth"
	done
done
same "starts without threads, descriptors or sockets end with a word" "$starts" "$ends"
nothing_fails
refuses() {	# WHAT PATTERN VARIABLE=VALUE...: does not start, and says why
	local status=0
	env "DOCKER_HOST=unix://$work/no-engine" "${@:3}" timeout -s KILL 60 "$daemon" >"$work/refused.log" 2>&1 </dev/null || status=$?
	same "$1: it does not start" 1 "$status"
	has "$1: and says why" "$2" "$(cat "$work/refused.log")"
}
: >"$work/file"
refuses "a state directory below a file" 'file' JANUS_STATE_DIR="$work/file/s"
refuses "a runtime directory below a file" 'file' JANUS_RUNTIME_DIR="$work/file/r"
mkdir -p "$work/small"
mount -t tmpfs -o size=16k tmpfs "$work/small"
refuses "a state directory of 16 KiB" 'full|space|database' JANUS_STATE_DIR="$work/small"
rm -rf "${work:?}/small"/*
mount -o remount,ro "$work/small"
refuses "a read-only state directory" '[Rr]ead-only|readonly' JANUS_STATE_DIR="$work/small"
refuses "a read-only runtime directory" '[Rr]ead-only' JANUS_RUNTIME_DIR="$work/small"
mount -o remount,rw,size=16m "$work/small"
run roomy env "DOCKER_HOST=unix://$work/no-engine" JANUS_STATE_DIR="$work/small" "$daemon"
becomes "with room it starts" 40 control_answers
end roomy
umount "$work/small"
few() { (ulimit -n 10 && DOCKER_HOST=unix://$work/no-engine timeout -s KILL 60 "$daemon" >"$work/few.log" 2>&1 </dev/null); }
status=0
few || status=$?
same "ten descriptors: it does not start" 1 "$status"
has "ten descriptors: and says why" 'Too many open files|descriptors|unable to open' "$(cat "$work/few.log")"

# --- and after all of it the next start is clean ---
serve
check "after all of it janusd starts" control_answers
becomes "knows its competitor, and answers" 40 answers janus/web

# --- [M01] memory while it serves: it ends with a line, or the request is refused; the next start is clean ---
for nth in 7 36 60 104 167 211 229 237 300 500; do
	fault malloc ENOMEM "$nth" 1
	several
	seen=$(outcomes)
	has "the ${nth}th allocation of requests fails: $seen" ' 0 odd$' "$seen"
	nothing_fails
	until_true 40 control_or_death || true
	if gone janusd; then
		has "  it ended with a word" 'out of memory|no thread can be started' "$(tail -n 3 "$work/janusd.log")"
		serve
	fi
	becomes "  and chats are answered" 40 answers janus/web
done
control GET "/api/v1/competitors?limit=0"
truth "there is one competitor, as at the beginning" '.data | length == 1' "$body"
