/*
 * component.c - submit a component to the marketplace.
 */
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/submission.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"

int
ctl_submit_component(struct ctl *ctl)
{
	const bool dry = ctl->opt.dry_run;
	_cleanup_json_ cJSON *file = cJSON_CreateObject(), *component = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_add_manifest(file, ctl->words[0], &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	const struct ctl_call call = { .method = "POST",
		.path = dry ? "/api/v1/components?dry_run=true" : "/api/v1/components",
		.body = json_get(file, "manifest") };
	if (ctl_ask(ctl, &call, &component, &f) < 0)
		return ctl_complain(ctl, &f);
	if (dry)
		return ctl_show_trial(ctl, component);
	ctl_print_object(ctl, ctl_kind_of("component"), component, stdout);
	ctl_note(ctl, "submitted %s %s; an administrator reviews it", json_str(component, "id"),
	    json_str(component, "version"));
	ctl_note(ctl, "next: janusctl show component %s", json_str(component, "id"));
	return CTL_OK;
}
