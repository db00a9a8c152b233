#!/usr/bin/env bash
#
# deb.sh - the Debian package in a Debian of its own, with systemd: install, chat, upgrade under a stream, remove, purge; `make test-deb`.
#
#   tests/package/deb.sh PACKAGE.deb
#
# Root, mmdebstrap, systemd-nspawn and a dockerd are needed.  The machine has no network but loopback, so that every port and
# path is the default one; its engine is a dockerd of its own outside of it, which sees the machine's /run/janus at the same place.
. "$(dirname "$0")/../scenario/lib.sh"

deb=$(realpath "$1")
machine=$world/machine
pods=$world/pods
mkdir -p "$machine" "$pods"

# --- a Debian and an engine ---------------------------------------------------------

debian() {	# with all that the package depends on; kept for the next time
	local kept=$root/build/package/debian.tar libs
	libs=$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed -E 's/\(.*\)//; s/\|.*//; s/ //g' | sort -u | paste -sd,)
	if [ "$(cat "$kept.has" 2>/dev/null)" != "$libs" ]; then
		mmdebstrap --quiet --variant=minbase --include="systemd-sysv,dbus,procps,$libs" bookworm "$kept" \
			>"$work/mmdebstrap.log" 2>&1 || giveup "a Debian of its own" "$(tail "$work/mmdebstrap.log")"
		printf '%s' "$libs" >"$kept.has"
	fi
	tar -C "$machine" -xf "$kept"
	printf 'janus-test\n' >"$machine/etc/hostname"
	chroot "$machine" groupadd --system docker
}

start_own_engine() {
	local from=$engine
	engine=$world/e.sock
	run dockerd unshare --mount --propagation private bash -c '
		mount -t tmpfs tmpfs /run && mkdir /run/janus && mount --bind "$1" /run/janus
		exec dockerd --host "unix://$2/e.sock" --data-root "$2/docker" --exec-root "$2/x" --pidfile "$2/dockerd.pid" \
			--bridge none --iptables=false --ip6tables=false' bash "$pods" "$world"
	until_true 40 engine_up || giveup "an engine of its own starts" "$(tail "$work/dockerd.log")"
	copy_images "$from" janus/base:latest
	chown "0:$(chroot "$machine" getent group docker | cut -d: -f3)" "$engine"
	chmod 660 "$engine"
}

boot() {
	run nspawn systemd-nspawn --quiet --directory="$machine" --machine="janus-test-$$" --private-network --register=no --keep-unit \
		--bind="$engine:/run/docker.sock" --bind="$pods:/run/janus" --bind-ro="$world/debs:/debs" --console=pipe --boot
	until_true 60 has_booted || giveup "the machine boots" "$(tail "$work/nspawn.log")"
}

leader() { tr -d ' ' <"/proc/${pids[nspawn]}/task/${pids[nspawn]}/children"; }
inside() {	# COMMAND...: as root in the machine
	nsenter --target "$(leader)" --mount --uts --ipc --net --pid --cgroup --root --wd -- env -i \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive "$@"
}
has_booted() { [[ $(inside systemctl is-system-running) =~ running|degraded ]]; }

is_active() { inside systemctl --quiet is-active "$1"; }
property() { inside systemctl show --property="$2" --value "$1"; }
journal() { inside journalctl --no-pager --output=cat -n 30 -u "$1"; }
is_ready() { is_active "$1" || [ "$(property "$1" ActiveState)" = failed ]; }
becomes_active() {	# UNIT SECONDS
	until_true "$2" is_ready "$1" || true
	if is_active "$1"; then ok "$1 runs"; else giveup "$1 runs" "$(inside systemctl status --no-pager "$1")" "$(journal "$1")"; fi
}

# --- what users do --------------------------------------------------------------------

ctl_inside() { inside janusctl "$@"; }
ask_inside() {	# TEXT: one streamed chat
	inside curl -sSN --max-time 90 http://127.0.0.1:8000/v1/chat/completions -H 'content-type: application/json' \
		-d "$(jq -nc --arg t "$1" '{model: "janus/baseline-agent", stream: true, messages: [{role: "user", content: $t}]}')"
}
text_of() { sed -n 's/^data: {/{/p' <<<"$1" | jq -rj '.choices[0].delta.content // empty'; }

ask_and_find() { text_of "$(ask_inside "What is 12 * 34?")" | grep -q 408; }

# newer DEB VERSION OUT: the same, one version up, with another janusd
newer() {
	local tree=$work/newer
	dpkg-deb -R "$1" "$tree"
	printf 'another' >>"$tree/usr/bin/janusd"
	sed -i "s/^Version: .*/Version: $2/" "$tree/DEBIAN/control"
	sed -i "s|^.*  usr/bin/janusd$|$(md5sum "$tree/usr/bin/janusd" | cut -d' ' -f1)  usr/bin/janusd|" "$tree/DEBIAN/md5sums"
	dpkg-deb --root-owner-group -Znone -b "$tree" "$3" >/dev/null
}

mkdir "$world/debs"
cp "$deb" "$world/debs/janus.deb"
newer "$deb" "$(dpkg-deb -f "$deb" Version)+1" "$world/debs/newer.deb"
debian
start_own_engine
boot

# --- installed ------------------------------------------------------------------------

inside systemctl mask --runtime --quiet janus-image@sandbox.service	# of 200 MB; nothing here asks for a sandbox
out=$(inside dpkg -i /debs/janus.deb 2>&1) || giveup "it installs" "$out"
ok "it installs"
becomes_active janusd.socket 10
becomes_active janus-platform.service 60
becomes_active janus-sandboxd.service 60
becomes_active janusd.service 90
same "as the user janus" "janus janus janus" "$(for each in janusd janus-platform janus-sandboxd; do
	inside ps -o user= -p "$(property "$each.service" MainPID)"; done | tr -d ' ' | paste -sd' ')"
for unit in janusd.socket janusd.service janus-platform.service janus-sandboxd.service; do
	same "$unit is enabled" enabled "$(inside systemctl is-enabled "$unit")"
done
has "systemd listens for it" '^127\.0\.0\.1:8000 \(Stream\)' "$(property janusd.socket Listen)"
has "the state is janus' alone" '^750 janus janus$' "$(inside stat -c '%a %U %G' /var/lib/janus)"
has "the watchdog is fed" '^[1-9]' "$(property janusd.service WatchdogUSec)"
has "it tells how it is" '.' "$(property janusd.service StatusText)"
has "the control socket answers root" '"state"|status|version' "$(ctl_inside status --output json)"
inside systemctl start janus-image@baseline.service || giveup "the baseline's image is made" "$(journal janus-image@baseline.service)"
ok "the baseline's image is made"
ctl_inside submit image janus/baseline-agent:latest --name baseline-agent --wait --timeout 90s >"$work/submit.log" 2>&1 ||
	giveup "a competitor is accepted" "$(cat "$work/submit.log")" "$(journal janusd.service)"
ok "a competitor is accepted"
answer=$(ask_inside "What is 12 * 34?")
has "it answers a chat" 408 "$(text_of "$answer")"
same "to the end" 'data: [DONE]' "$(grep -v '^$' <<<"$answer" | tail -n 1)"
doctor=$(ctl_inside doctor --output json || true)
truth "doctor finds pods isolated from within the unit" '[.checks[] | select(.name | test("isolation|canary|pod")) | .ok] | length > 0 and all' "$doctor"
printf '%s\n' "$doctor" | jq -c '.checks[]? | select(.ok == false) | {name, fix}' | sed 's/^/     doctor: /'
inside systemctl reload janusd.service
becomes "settings are read again" 10 is_active janusd.service
inside systemctl kill --signal=STOP janus-platform.service
before=$(property janus-platform.service MainPID)
replaced() { local now; now=$(property janus-platform.service MainPID); [ "$now" != "$before" ] && [ "$now" != 0 ] && is_active janus-platform.service; }
becomes "a broker that hangs is started again by its watchdog" 100 replaced
becomes "and chats are answered" 30 ask_and_find
restarts() { property janus-sandboxd.service NRestarts; }
tried_again() { [ "$(restarts)" -gt 6 ]; }	# systemd's own limit is 5 in 10 s
inside sh -c 'cp -p /etc/janus/sandbox.env /run/sandbox.env; echo JANUS_ENGINE_SOCKET=/run/away.sock >>/etc/janus/sandbox.env'
inside systemctl restart --no-block janus-sandboxd.service
becomes "while the engine is away, sandboxes are tried again and again" 90 tried_again
inside cp -p /run/sandbox.env /etc/janus/sandbox.env
becomes_active janus-sandboxd.service 60
before=$(property janusd.service MainPID)
invocation=$(property janusd.service InvocationID)

# --- [M06] upgraded under a stream -------------------------------------------------------

ask_inside $'/slow 400ms\n/long 30' >"$work/stream.txt" &
streaming=$!
until_true 20 grep -q word1 "$work/stream.txt" || bad "a stream begins" "$(cat "$work/stream.txt")"
out=$(inside dpkg -i /debs/newer.deb 2>&1) || giveup "it upgrades" "$out"
ok "it upgrades"
upgraded() { [ "$(property janusd.service MainPID)" != "$before" ] && is_active janusd.service; }
becomes "another janusd serves" 60 upgraded
wait "$streaming" || true
same "the stream that ran meanwhile came to its end" 'data: [DONE]' "$(grep -v '^$' "$work/stream.txt" | tail -n 1)"
has "whole" word30 "$(text_of "$(cat "$work/stream.txt")")"
same "systemd started nothing: it took over" "$invocation" "$(property janusd.service InvocationID)"
has "and the new one answers" 408 "$(text_of "$(ask_inside "What is 12 * 34?")")"
out=$({ inside systemd-sysusers && inside systemd-tmpfiles --create && inside systemctl daemon-reload &&
	inside systemctl enable --now janusd.socket janusd janus-platform janus-sandboxd; } 2>&1) || bad "what installs by hand can be done again" "$out"
has "and changes nothing" 408 "$(text_of "$(ask_inside "What is 12 * 34?")")"

# --- removed ----------------------------------------------------------------------------

check "a pod runs" test -n "$(api GET '/containers/json' | jq -r '.[].Id')"
out=$(inside dpkg -r janus 2>&1) || bad "it can be removed" "$out"
same "no pod is left" '' "$(api GET '/containers/json?all=1' | jq -r '.[].Names[]')"
check "the data stay" inside test -s /var/lib/janus/signing.key
check "and the settings" inside test -s /etc/janus/janus.conf
out=$(inside dpkg -P janus 2>&1) || bad "it can be purged" "$out"
same "nothing is left then" '' "$(inside find / -xdev \( -path /proc -o -path /sys -o -path /debs -o -path /var/log -o -path /var/lib/dpkg -o -path /run \) -prune -o \
	\( -name '*janus*' ! -name 'janus-test*' \) -print)"
inside systemctl poweroff >/dev/null 2>&1 || true
until_true 30 gone nspawn || true
