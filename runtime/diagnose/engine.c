/*
 * engine.c - does the container engine answer, and can it do all?
 */
#include "runtime/diagnose/engine.h"

#include <stdio.h>

#include "runtime/diagnose/finding.h"
#include "runtime/engine/engine.h"

void
engine_judge(const struct engine_info *i, const char *why_not, struct findings *f)
{
	char speaks[64] = "", missing[ENGINE_TEXT_MAX + 32] = "";

	if (why_not != NULL) {
		finding_add(f, CHECK_ENGINE, FINDING_FAILED,
		    "start the container engine (systemctl start docker, or dockerd), and let this "
		    "user open its socket (usermod -aG docker USER)",
		    "%s", why_not);
		return;
	}
	if (i->api_most[0] != '\0')
		snprintf(speaks, sizeof(speaks), " of %s to %s",
		    i->api_least[0] != '\0' ? i->api_least : "the first", i->api_most);
	if (i->missing[0] != '\0')
		snprintf(missing, sizeof(missing), "; it cannot enforce: %s", i->missing);
	finding_add(f, CHECK_ENGINE, missing[0] != '\0' ? FINDING_WARNING : FINDING_FINE,
	    "boot with cgroup v2 and its controllers (systemd.unified_cgroup_hierarchy=1), and "
	    "have the engine built with seccomp",
	    "%s %s (API %s%s, cgroup v%s%s)%s", i->name, i->version, i->api, speaks, i->cgroup,
	    i->rootless ? ", rootless" : "", missing);
}
