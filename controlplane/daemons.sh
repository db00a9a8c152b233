# shellcheck shell=bash
#
# daemons.sh - start a daemon, or leave it alone, or put a new one in its place.
# shellcheck disable=SC2154	# local.sh's names
#
# Sourced after local.sh, by up.sh and by the scenario that upgrades.

# The pid of the janusd that answers; nothing if none does.
serving_pid() {
	"$bin/janusctl" status --output json --timeout 2s 2>/dev/null | grep -oE '"pid": ?[0-9]+' | grep -oE '[0-9]+$' || true
}

# start_daemon NAME SETTINGS PID-FILE OPTION [VARIABLE=VALUE...]: in the background.
start_daemon() {
	local name=$1 settings=$2 pid_file=$3 option=$4
	shift 4
	# The pid file is written by the process that becomes the daemon, so it is right at once; one that was left says nothing.
	rm -f "$pid_file"
	# shellcheck disable=SC2016
	with_engine setsid env -u OPENAI_BASE_URL -u OPENAI_API_KEY -u CHUTES_API_KEY "$@" DOCKER_HOST="unix://$engine" \
		sh -c 'echo "$$ $1" >"$2"; exec "$3" ${4:+"$4"}' sh "$settings" "$pid_file" "$bin/$name" "$option" \
		>>"$log" 2>&1 </dev/null &
	disown
	until_true 5 test -s "$pid_file" || die "$name could not be started"
}

serves_or_ended() { [ "$(serving_pid)" = "$1" ] || ended "$1"; }

# hand_over PID SETTINGS [VARIABLE=VALUE...]: the janusd of that pid accepts until the new one does, and
# ends with its last stream.  False, and it goes on, if the new one does not get so far.
hand_over() {
	local old=$1 settings=$2 pid_file=$runtime/janusd.pid.new pid
	shift 2
	start_daemon janusd "$settings" "$pid_file" --take-over "$@"
	pid=$(cut -d' ' -f1 "$pid_file")
	if until_true 120 serves_or_ended "$pid" && ! ended "$pid"; then
		keep_leaving "$old"
		mv "$pid_file" "$runtime/janusd.pid"
		printf '%s\n' "$old" >>"$runtime/janusd.leaving"
		note "janusd $pid has taken over; $old ends with its last stream"
		return
	fi
	kill -KILL "$pid" 2>/dev/null || true
	rm -f "$pid_file"
	return 1
}

# One that was built before it could hand over has no socket for it.
can_hand_over() { [ -S "$runtime/handover.sock" ] && [ "$(serving_pid)" = "$1" ]; }

# run_daemon NAME [VARIABLE=VALUE...]: leaves a running and current one alone.
run_daemon() {
	local name=$1 pid settings
	shift
	log=$logs/$name.log
	settings=$({ env | grep -E '^JANUS_' | sort || true; printf '%s\n' "$@" "$engine"
		cat "$state/provider.key" 2>/dev/null || true; cat "$bin/$name"; } | sha256sum | cut -c1-16)
	if pid=$(daemon_pid "$name"); then
		if grep -qsx "$pid $settings" "$runtime/$name.pid"; then
			note "$name runs already (pid $pid)"
			return
		fi
		note "$name has changed since it was started"
		if [ "$name" = janusd ] && can_hand_over "$pid"; then
			hand_over "$pid" "$settings" "$@" ||
				die "the new janusd did not take over, and the one before it goes on"
			return
		fi
		stop_daemon "$name" 35
	fi
	start_daemon "$name" "$settings" "$runtime/$name.pid" '' "$@"
	note "$name started (pid $(cut -d' ' -f1 "$runtime/$name.pid"), log in $log)"
}

control_answers() { "$bin/janusctl" status --timeout 2s >/dev/null 2>&1; }
