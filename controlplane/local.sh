# shellcheck shell=bash
#
# local.sh - what up.sh, down.sh and tests/run.sh share: where things are, steps, packages, the engine.
# shellcheck disable=SC2034,SC2154	# the sourcing scripts read and set some
#
# Sourced.  Sets root, bin, state, runtime, logs, and engine once find_engine succeeded;
# the caller sets command and steps before it begins one.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=${BIN:-build/bin}
[[ $bin = /* ]] || bin=$root/$bin

me=$(id -un)
if [ "$(id -u)" = 0 ]; then
	state=${JANUS_STATE_DIR:-/var/lib/janus}
	runtime=${JANUS_RUNTIME_DIR:-/run/janus}
else
	state=${JANUS_STATE_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/janus}
	runtime=${JANUS_RUNTIME_DIR:-${XDG_RUNTIME_DIR:-$HOME/.local/run}/janus}
fi
logs=$state/log
export JANUS_STATE_DIR=$state JANUS_RUNTIME_DIR=$runtime

say() { printf '%s\n' "$*"; }
note() { printf '      %s\n' "$*"; }

# as_root COMMAND...: sudo where we are not root; never asks twice, sudo remembers.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		note "this needs root, and there is no sudo: $*" >&2
		return 1
	fi
}

# Sockets worth a look, the first that answers is used.  Who names one has it or none.
engine_candidates() {
	if [ -n "${DOCKER_HOST:-}" ]; then
		printf '%s\n' "${DOCKER_HOST#unix://}"
		return
	fi
	printf '%s\n' /var/run/docker.sock /run/podman/podman.sock
	if [ -n "${XDG_RUNTIME_DIR:-}" ]; then
		printf '%s\n' "$XDG_RUNTIME_DIR/podman/podman.sock" "$XDG_RUNTIME_DIR/docker.sock"
	fi
}

engine_answers() {	# socket [command before curl...]
	local socket=$1
	shift
	[ "$("$@" curl --silent --max-time 3 --noproxy '*' -o /dev/null -w '%{http_code}' \
		--unix-socket "$socket" http://engine/_ping 2>/dev/null)" = 200 ]
}

# find_engine: sets engine, and engine_group where only a group's members may use it.
#
# Somebody with sudo who is not in that group gets it for the daemons alone, by
# "sudo -g GROUP": they stay the user's own processes.  Nobody is added to the
# group, because that would hand root to everything the user ever starts.
find_engine() {
	local socket
	engine='' engine_group=''
	while read -r socket; do
		[ -S "$socket" ] || continue
		if engine_answers "$socket"; then
			engine=$socket
			return 0
		fi
		if [ ! -w "$socket" ] && [ "$(id -u)" != 0 ] && command -v sudo >/dev/null &&
			engine_answers "$socket" sudo --; then
			engine=$socket
			engine_group=$(stat -L -c %G "$socket")
			return 0
		fi
	done < <(engine_candidates)
	return 1
}

# with_engine COMMAND...: as ourselves, with the group that may use the engine.
with_engine() {
	if [ -z "${engine_group:-}" ]; then
		"$@"
	elif [ "$engine_group" = root ]; then
		note "$engine belongs to root alone: run this as root" >&2
		return 1
	else
		sudo -u "$me" -g "$engine_group" --preserve-env -- env "PATH=$PATH" "$@"
	fi
}

engine_get() {	# method path [curl options]
	local method=$1 path=$2
	shift 2
	with_engine curl --silent --show-error --fail --noproxy '*' --unix-socket "$engine" -X "$method" \
		"$@" "http://engine$path"
}

# --- daemons -------------------------------------------------------------------

# Of these daemons, which leave no dump, /proc shows the path of the program to root alone, but its name to everybody.
is_program() {	# pid name
	[[ $1 =~ ^[0-9]+$ ]] && [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] && ! ended "$1"
}

# The pid of our janusd that has the state directory's lock.
lock_holder() {
	local lock pid
	# shellcheck disable=SC2046,SC2183	# three numbers
	[ -e "$state/lock" ] && lock=$(printf '%02x:%02x:%d' $(stat -c '%Hd %Ld %i' "$state/lock")) || return 1
	pid=$(awk -v lock="$lock" '$2 == "FLOCK" && $6 == lock { print $5 }' /proc/locks)
	is_program "$pid" janusd && [ "$(awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status")" = "$(id -u)" ] || return 1
	printf '%s' "$pid"
}

in_pid_file() {	# name: prints the pid, running or not
	local pid='' rest
	read -r pid rest 2>/dev/null <"$runtime/$1.pid" || true
	printf '%s' "$pid"
}

# A pid file holds the pid and, after it, a hash of the program and the settings it was started with.  A janusd
# that was upgraded by itself is another process than the one of the file.
daemon_pid() {	# name: prints the pid if that program still runs
	local pid
	if [ "$1" = janusd ] && lock_holder; then
		return
	fi
	pid=$(in_pid_file "$1")
	is_program "$pid" "$1" || return 1
	printf '%s' "$pid"
}

ended() {	# pid: gone, or a zombie whose last thread has ended
	local tasks=("/proc/$1/task"/*)
	[ ! -d "/proc/$1" ] ||
		{ [ "${#tasks[@]}" = 1 ] && grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }
}

# until_true SECONDS COMMAND...: ask again and again, until it says yes or the time is over.
until_true() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

stop_daemon() {	# name grace: TERM, wait, KILL
	local pid how=kill
	if pid=$(daemon_pid "$1"); then
		kill -0 "$pid" 2>/dev/null || how='as_root kill'
		$how -TERM "$pid" 2>/dev/null || true
		if until_true "$2" ended "$pid"; then
			note "$1 stopped"
		else
			$how -KILL "$pid" 2>/dev/null || true
			until_true 5 ended "$pid" || note "$1 ($pid) does not end"
			note "$1 did not stop in $2 s and was killed"
		fi
	fi
	rm -f "$runtime/$1.pid"
}

# keep_leaving PID: janusd.leaving gets the janusd of the pid file, if that of PID has taken its place.
keep_leaving() {
	local before
	before=$(in_pid_file janusd)
	if [ "$before" != "$1" ] && is_program "$before" janusd; then
		printf '%s\n' "$before" >>"$runtime/janusd.leaving"
	fi
}

# Those whose place another has taken end with their last stream; this does not wait for that.
stop_leaving() {
	local pid
	[ -r "$runtime/janusd.leaving" ] || return 0
	while read -r pid; do
		is_program "$pid" janusd || continue
		kill -TERM "$pid" 2>/dev/null || as_root kill -TERM "$pid" 2>/dev/null || true
		until_true 35 ended "$pid" || kill -KILL "$pid" 2>/dev/null || as_root kill -KILL "$pid" || true
	done <"$runtime/janusd.leaving"
	rm -f "$runtime/janusd.leaving"
}

# --- steps: the caller sets command and steps ------------------------------------

step=0 title='' log=''

begin() {
	step=$((step + 1))
	title=$1
	log=''
	printf '[%d/%d] %s' "$step" "$steps" "$title"
	if [ -n "${2:-}" ]; then
		printf ': %s' "$2"
	fi
	printf '\n'
}

on_exit() {
	local code=$?
	[ "$code" != 0 ] || return 0
	trap - EXIT
	{
		printf '\nmake %s failed in step %d/%d, %s.\n' "$command" "$step" "$steps" "$title"
		if [ -n "$log" ] && [ -s "$log" ]; then
			printf 'The end of its log:\n'
			tail -n 15 "$log" | sed 's/^/    /'
			printf 'All of it is in %s\n' "$log"
		elif [ -d "$logs" ]; then
			printf 'Logs are in %s\n' "$logs"
		fi
		printf 'Once that is mended, run make %s again.\n' "$command"
	} >&2
	exit "$code"
}

die() {
	printf '      %s\n' "$*" >&2
	exit 1
}

# watched COMMAND...: run it into $log, and show the newest line every few seconds.
watched() {
	local pid code=0 from=$SECONDS next=3 last
	log=$logs/$(printf '%02d' "$step")-${title//[^a-z]/-}.log
	"$@" >"$log" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		if [ $((SECONDS - from)) -ge "$next" ]; then
			next=$((next + 5))
			last=$(tail -c 400 "$log" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 || true)
			note "$((SECONDS - from)) s: ${last:0:90}"
		fi
		sleep 0.1
	done
	wait "$pid" || code=$?
	return "$code"
}

# --- packages -------------------------------------------------------------------

missing_packages() {
	local package
	for package in "$@"; do
		dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
			printf '%s\n' "$package"
	done
}

apt_install() {
	as_root apt-get -qq update &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300 \
			install --no-install-recommends "$@"
}

# --- a container engine -----------------------------------------------------------

start_dockerd() {	# options
	local dockerd
	dockerd=$(command -v dockerd || echo /usr/sbin/dockerd)
	log=$logs/dockerd.log
	note "starting dockerd in the background, log in $log"
	# shellcheck disable=SC2016,SC2024	# the inner shell expands; the log is ours
	as_root setsid sh -c 'umask 022; echo $$ >"$1"; shift; exec "$@"' sh "$runtime/dockerd.pid" \
		"$dockerd" "$@" >>"$log" 2>&1 </dev/null &
	disown
	until_true 30 engine_is_up && return
	stop_daemon dockerd 10
	return 1
}

engine_is_up() { find_engine; }

run_engine() {
	if find_engine; then
		:
	elif [ -n "${DOCKER_HOST:-}" ]; then
		begin "container engine" "that of DOCKER_HOST"
		die "no engine answers at $DOCKER_HOST: start it, or unset DOCKER_HOST and any that is found or installed is used"
	elif [ -d /run/systemd/system ] && systemctl cat docker.socket >/dev/null 2>&1; then
		begin "container engine" "starting docker through systemd"
		as_root systemctl start docker
		until_true 30 engine_is_up || die "docker was started, but no engine socket answers: journalctl -u docker"
		return
	else
		begin "container engine" "none answers; installing and starting docker.io"
		if ! command -v dockerd >/dev/null && [ ! -x /usr/sbin/dockerd ]; then
			watched apt_install docker.io iptables
		fi
		if [ -d /run/systemd/system ]; then
			as_root systemctl enable --now docker
			until_true 30 engine_is_up || die "docker was started, but no engine socket answers: journalctl -u docker"
		elif ! until_true 5 engine_is_up; then
			# Pods have no network, so an engine that may not touch the firewall will do.
			start_dockerd || start_dockerd --iptables=false --ip6tables=false --bridge=none ||
				die "dockerd does not come up"
		fi
		note "docker answers at $engine"
		return
	fi
	begin "container engine" "using $(engine_words) at $engine"
	if [ -n "$engine_group" ]; then
		note "$me may not use it: the daemons run with group $engine_group, through sudo"
	fi
}

engine_words() {
	local seen name=docker
	seen=$(engine_get GET /version)
	case $seen in
	*[Pp]odman*) name=podman ;;
	esac
	printf '%s %s' "$name" "$(grep -oE '"Version": ?"[^"]*"' <<<"$seen" | head -n 1 | cut -d'"' -f4)"
}
