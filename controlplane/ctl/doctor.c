/*
 * doctor.c - check the machine and say what to do about it.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define DOCTOR_MS 120000 /* it starts a probe pod */

/* In a table the remedies follow below, where they need not be cut. */
static void
print_fixes(const cJSON *checks)
{
	const cJSON *check;

	json_for_each(check, checks) {
		const char *fix = json_str(check, "fix"), *name = json_str(check, "name");
		_cleanup_buf_ struct buf safe = { 0 };

		if (json_bool(check, "ok", true) || fix == NULL || name == NULL)
			continue;
		str_add_escaped(&safe, name, strlen(name));
		buf_add_str(&safe, ": ");
		str_add_escaped(&safe, fix, strlen(fix));
		printf("\n%s\n", buf_str(&safe));
	}
}

int
ctl_doctor(struct ctl *ctl)
{
	const struct ctl_kind *kind = ctl_kind_of("check");
	_cleanup_json_ cJSON *doctor = NULL, *list = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	const struct ctl_call call = {
		.method = "GET",
		.path = "/api/v1/doctor",
		.total_ms = ctl->opt.timeout_ms > 0 ? ctl->opt.timeout_ms : DOCTOR_MS,
	};

	if (ctl_columns_check(ctl, kind, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl_ask(ctl, &call, &doctor, &f) < 0)
		return ctl_complain(ctl, &f);
	if (ctl->format == CTL_JSON) {
		ctl_print_json(doctor, stdout);
	} else {
		list = cJSON_CreateObject();
		cJSON_AddItemToObject(
		    list, "data", cJSON_DetachItemFromObjectCaseSensitive(doctor, "checks"));
		ctl_print_list(ctl, kind, list, stdout);
		if (ctl->format == CTL_TABLE && ctl->opt.columns == NULL)
			print_fixes(json_get(list, "data"));
	}
	if (json_bool(doctor, "ok", false))
		return CTL_OK;
	fflush(stdout);
	ctl_note(ctl, "something is not as it should be");
	return CTL_CHECK;
}
