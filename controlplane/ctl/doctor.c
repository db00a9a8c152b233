/*
 * doctor.c - check the machine and say what to do about it.
 *
 * The daemon knows most; where it does not answer, on this machine, what can be seen without it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/local.h"
#include "controlplane/ctl/output.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/diagnose/finding.h"

#define DOCTOR_MS 120000 /* it starts a probe pod */

/* In a table the remedies follow below, where they need not be cut. */
static void
print_fixes(const cJSON *checks)
{
	const cJSON *check;

	json_for_each(check, checks) {
		const char *fix = json_str(check, "fix"), *name = json_str(check, "name");
		const char *docs = json_str(check, "docs");
		_cleanup_buf_ struct buf safe = { 0 };

		if (fix == NULL || name == NULL)
			continue;
		str_add_escaped(&safe, name, strlen(name));
		buf_add_str(&safe, ": ");
		str_add_escaped(&safe, fix, strlen(fix));
		if (docs != NULL) {
			buf_add_str(&safe, "\n  more: ");
			str_add_escaped(&safe, docs, strlen(docs));
		}
		printf("\n%s\n", buf_str(&safe));
	}
}

void
ctl_print_checks(struct ctl *ctl, cJSON *found)
{
	_cleanup_json_ cJSON *list = NULL;
	cJSON *check;

	if (ctl->format == CTL_JSON) {
		ctl_print_json(found, stdout);
		return;
	}
	list = cJSON_CreateObject();
	cJSON_AddItemToObject(
	    list, "data", cJSON_DetachItemFromObjectCaseSensitive(found, "checks"));
	/* Some know only good and bad. */
	cJSON_ArrayForEach(check,
	    cJSON_GetObjectItemCaseSensitive(list, "data")) if (json_get(check, "level") == NULL)
	    json_add_str(check, "level", json_bool(check, "ok", true) ? "fine" : "failed");
	ctl_print_list(ctl, ctl_kind_of("check"), list, stdout);
	if (ctl->format == CTL_TABLE && ctl->opt.columns == NULL)
		print_fixes(json_get(list, "data"));
}

static int
print(struct ctl *ctl, cJSON *doctor)
{
	const bool ok = json_bool(doctor, "ok", false);

	ctl_print_checks(ctl, doctor);
	if (ok)
		return CTL_OK;
	fflush(stdout);
	ctl_note(ctl, "something is not as it should be");
	return CTL_CHECK;
}

static int
ask(struct ctl *ctl, cJSON **out, struct ctl_failure *f)
{
	_cleanup_json_ cJSON *doctor = NULL;
	const struct ctl_call call = {
		.method = "GET",
		.path = "/api/v1/doctor",
		.total_ms = ctl->opt.timeout_ms > 0 ? ctl->opt.timeout_ms : DOCTOR_MS,
	};

	if (ctl_ask(ctl, &call, &doctor, f) < 0)
		return -1;
	if (!str_eq(json_str(doctor, "object"), "doctor"))
		return ctl_fail(f, CTL_UNREACHABLE, "bad_response",
		    "what answers at %s is not a Janus daemon", ctl->place.url);
	*out = TAKE(doctor);
	return 0;
}

/* Nobody answers, or, where nobody said where it is, somebody else. */
static bool
is_away(const struct ctl *ctl, const struct ctl_failure *f)
{
	if (!ctl->place.is_local || f->exit_code == CTL_DENIED || f->exit_code == CTL_LIMITED)
		return false;
	return str_eq(f->code, "unreachable") ||
	    (ctl->place.socket[0] == '\0' && ctl->opt.url == NULL &&
		f->exit_code != CTL_INTERRUPTED && f->exit_code != CTL_TIMED_OUT);
}

int
ctl_doctor(struct ctl *ctl)
{
	_cleanup_json_ cJSON *doctor = NULL;
	struct findings found = { 0 };
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_columns_check(ctl, ctl_kind_of("check"), &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ask(ctl, &doctor, &f) < 0) {
		if (!is_away(ctl, &f))
			return ctl_complain(ctl, &f);
		ctl_note(ctl, "%s; this is what can be seen without it", f.text);
		free(f.envelope);
		local_diagnose(ctl, &found);
		doctor = findings_take(&found);
	}
	return print(ctl, doctor);
}
