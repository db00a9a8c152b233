#!/usr/bin/env bash
#
# 04-supervision.sh - what is wanted runs: back-off, quarantine, stop, start, rollback, adoption.
. "$(dirname "$0")/lib.sh"

hostile ok crash-after=4 crash-after=1000
start_registry registry
old=$(push hostile-ok:latest "$registry/team/owl:1")
new=$(push hostile-crash-after-1000:latest "$registry/team/owl:2")
start_janus
accept "$registry/team/owl:1" owl
accept hostile-crash-after-4:latest faller
becomes "a competitor that dies waits before the next try" 30 competitor_is faller backoff
why() { instance_of faller | jq -e '.state_detail // "" | test("exited with 3")'; }
becomes "and it is said why" 30 why

# Adopted: the same containers before and after.
ids() { api GET "/containers/json?filters=$(urlencode "{\"label\":[\"rodeo.janus.node=$(node_id)\",\"rodeo.janus.competitor=owl\"]}")" |
	jq -r '.[].Id' | sort; }
before=$(ids)
listed=$(competitor owl | jq -cS 'del(.updated_at)')
for how in KILL TERM; do
	end janusd "$how"
	same "after $how of janusd the pod still runs" "$before" "$(ids)"
	start_janusd
	becomes "after a restart it is ready" 40 competitor_is owl ready
	same "and the pod is the same" "$before" "$(ids)"
	same "and it is listed as before" "$listed" "$(competitor owl | jq -cS 'del(.updated_at)')"
	becomes "and it answers" 30 answers janus/owl
done

# Stop, start, restart.
ctl stop competitor owl
same "stop exits 0" 0 "$code"
becomes "stopped" 30 competitor_is owl stopped
no_owl() { [ -z "$(ids)" ]; }
becomes "no container is left" 30 no_owl
chat janus/owl hello
refused "a stopped one is no model" 404 model_not_found
kill_janusd
start_janusd
truth "it stays stopped over a restart" '.wanted == "stopped"' "$(competitor owl)"
ctl start competitor owl
becomes "started, it is ready" 30 competitor_is owl ready
becomes "and answers" 30 answers janus/owl
before=$(ids)
ctl restart owl
same "restart without a noun exits 0" 0 "$code"
renewed() { local now; now=$(ids); [ "$(wc -l <<<"$now")" = 2 ] && ! grep -qxF "$before" <<<"$now" && competitor_is owl ready; }
becomes "restarted, its pod is another" 40 renewed

# A container taken away behind our back comes back.
before=$(ids)
for id in $before; do	# Podman keeps a link that somebody depends on
	api DELETE "/containers/$id?force=1" >/dev/null
	[ "$(status)" != 204 ] || break
done
becomes "a pod that lost a container is made anew, whole" 40 renewed
becomes "and answers" 30 answers janus/owl

# [D15] As after a reboot: pods gone and directories left while no daemon ran.
kill_janusd
leftover=$runtime/pods/ins_00000000000000000000000000
mkdir "$leftover"
for id in $(ids); do api DELETE "/containers/$id?force=1" >/dev/null; done
start_janusd
becomes "one whose pod is gone at the start runs again" 40 answers janus/owl
becomes "a directory of a pod that is gone is removed" 30 test ! -e "$leftover"

# Rollback.
accept "$registry/team/owl:2" owl
digest_is() { chat janus/owl hi; [ "$status" = 200 ] && grep -q "^x-janus-version-digest: $1" <<<"$head"; }
becomes "version 2 serves" 40 digest_is "$new"
ctl rollback competitor owl
same "rollback exits 0" 0 "$code"
becomes "version 1 serves again" 30 digest_is "$old"

# A container of ours nobody knows is removed; one of somebody else is not.
stray() {
	api POST "/containers/create?name=$1" -H 'Content-Type: application/json' \
		-d "{\"Image\":\"hostile-ok:latest\",\"Labels\":{\"rodeo.janus.managed\":\"1\",\"rodeo.janus.node\":\"$2\",\"rodeo.janus.instance\":\"ins_00000000000000000000000000\"},\"HostConfig\":{\"NetworkMode\":\"none\"}}" |
		jq -r .Id
}
end janusd
ours=$(stray "js-stray-$$" "$(node_id)")
theirs=$(stray "js-other-$$" node_00000000000000000000000000)
start_janusd
ours_gone() { api GET "/containers/$ours/json" >/dev/null; [ "$(status)" = 404 ]; }
becomes "a stray container of ours is removed" 30 ours_gone
api GET "/containers/$theirs/json" >/dev/null
same "one of another node is left alone" 200 "$(status)"
api DELETE "/containers/$theirs?force=1" >/dev/null

# [F01] quarantine
becomes "five failures are enough" 180 competitor_is faller failed
has "and that is said" 'start|quarantine|died|failed' "$(instance_of faller | jq -r .state_detail)"
falls_no_more() { ! containers .Labels | grep -q faller; }
becomes "a quarantined one has no container" 30 falls_no_more
ctl start competitor faller
becomes "started by a person, it tries again" 60 competitor_is faller ready

# Remove.
ctl remove competitor owl
same "remove without --yes and without a terminal is refused" 2 "$code"
ctl remove competitor owl --yes
same "remove exits 0" 0 "$code"
becomes "removed, nothing of it runs" 40 no_owl
ctl show competitor owl
same "and it is not found" 3 "$code"
chat janus/owl hello
same "and no model" 404 "$status"
