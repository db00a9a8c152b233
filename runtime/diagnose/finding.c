/*
 * finding.c - what a look at the machine found: each check's outcome, what was seen, what to do.
 */
#include "runtime/diagnose/finding.h"

#include <stdarg.h>
#include <stdio.h>

#include "runtime/base/json.h"

#define TEXT_MAX 480

static const struct {
	const char *name, *docs;
} checks[] = {
#define X(id, name, entry) { name, "/docs/runbook#" entry },
	CHECKS(X)
#undef X
};
static const char *const level_words[] = { "fine", "warning", "failed" };

const char *
check_name(enum check check)
{
	return checks[check].name;
}

void
finding_add(struct findings *f, enum check check, enum finding_level level, const char *fix,
    const char *text, ...)
{
	cJSON *one = cJSON_CreateObject();
	char saw[TEXT_MAX];
	va_list ap;

	va_start(ap, text);
	vsnprintf(saw, sizeof(saw), text, ap);
	va_end(ap);
	json_add_str(one, "name", checks[check].name);
	json_add_bool(one, "ok", level != FINDING_FAILED);
	json_add_str(one, "level", level_words[level]);
	json_add_text(one, "saw", saw);
	json_add_str(one, "fix", level != FINDING_FINE ? fix : NULL);
	json_add_str(one, "docs", checks[check].docs);
	if (f->checks == NULL)
		f->checks = cJSON_CreateArray();
	cJSON_AddItemToArray(f->checks, one);
	f->warnings += level == FINDING_WARNING;
	f->failed += level == FINDING_FAILED;
}

cJSON *
findings_take(struct findings *f)
{
	cJSON *doctor = cJSON_CreateObject();

	json_add_str(doctor, "object", "doctor");
	json_add_bool(doctor, "ok", f->failed == 0);
	cJSON_AddItemToObject(
	    doctor, "checks", f->checks != NULL ? f->checks : cJSON_CreateArray());
	*f = (struct findings){ 0 };
	return doctor;
}

void
findings_done(struct findings *f)
{
	cJSON_Delete(f->checks);
	*f = (struct findings){ 0 };
}
