/*
 * status.c - how the daemon is: status, settings, health, version.
 */
#include <stdio.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define VERSION_MS 2000 /* a version is not worth a longer wait */

int
ctl_status(struct ctl *ctl)
{
	_cleanup_json_ cJSON *status = NULL;
	struct ctl_failure f = { 0 };

	if (ctl_get(ctl, "/api/v1/status", &status, &f) < 0)
		return ctl_complain(ctl, &f);
	ctl_print_fields(ctl, ctl_kind_of("plain"), status, stdout);
	return CTL_OK;
}

int
ctl_show_config(struct ctl *ctl)
{
	const struct ctl_kind *kind = ctl_kind_of("config");
	_cleanup_json_ cJSON *config = NULL, *list = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_columns_check(ctl, kind, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl_get(ctl, "/api/v1/config", &config, &f) < 0)
		return ctl_complain(ctl, &f);
	if (ctl->format == CTL_JSON) {
		ctl_print_json(config, stdout);
		return CTL_OK;
	}
	list = cJSON_CreateObject();
	cJSON_AddItemToObject(
	    list, "data", cJSON_DetachItemFromObjectCaseSensitive(config, "settings"));
	ctl_print_list(ctl, kind, list, stdout);
	return CTL_OK;
}

int
ctl_health(struct ctl *ctl)
{
	_cleanup_json_ cJSON *health = NULL;
	struct ctl_failure f = { 0 };

	if (ctl_get(ctl, "/health", &health, &f) < 0) {
		f.exit_code = CTL_UNREACHABLE; /* the one answer other than "healthy" */
		return ctl_complain(ctl, &f);
	}
	if (!ctl->opt.quiet)
		ctl_print_fields(ctl, ctl_kind_of("plain"), health, stdout);
	return CTL_OK;
}

int
ctl_version(struct ctl *ctl)
{
	_cleanup_json_ cJSON *health = NULL, *both = cJSON_CreateObject();
	struct ctl_failure f = { 0 };
	const struct ctl_call call = {
		.method = "GET",
		.path = "/health",
		.total_ms = ctl->opt.timeout_ms > 0 ? ctl->opt.timeout_ms : VERSION_MS,
	};

	if (ctl_ask(ctl, &call, &health, &f) < 0) { /* only its own version then */
		free(f.envelope);
		ctl_note(ctl, "%s", f.text);
	}
	json_add_str(both, "janusctl", JANUS_VERSION);
	json_add_str(both, "janusd", json_str(health, "version"));
	ctl_print_fields(ctl, ctl_kind_of("plain"), both, stdout);
	return CTL_OK;
}
