/*
 * show.c - one object, field by field.
 */
#include <stdio.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/evidence.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* A member that is a table of its own, but for those who want the object as it is; NULL. */
static cJSON *
detach_table(const struct ctl *ctl, cJSON *object, const char *member)
{
	const bool people = ctl->format == CTL_TABLE || ctl->format == CTL_WIDE;

	return people && cJSON_IsArray(json_get(object, member))
	    ? cJSON_DetachItemFromObjectCaseSensitive(object, member)
	    : NULL;
}

/* Takes the list. */
static void
print_table(const struct ctl *ctl, const char *kind, cJSON *rows)
{
	_cleanup_json_ cJSON *list = cJSON_CreateObject();

	json_add_str(list, "object", "list");
	cJSON_AddItemToObject(list, "data", rows);
	ctl_print_list(ctl, ctl_kind_of(kind), list, stdout);
}

void
ctl_print_findings(const struct ctl *ctl, cJSON *submission)
{
	cJSON *evidence = cJSON_GetObjectItemCaseSensitive(submission, "evidence");
	cJSON *findings = detach_table(ctl, evidence, "conformance");

	if (findings != NULL)
		print_table(ctl, "finding", findings);
	else
		ctl_print_object(ctl, ctl_kind_of("submission"), submission, stdout);
}

int
ctl_show(struct ctl *ctl)
{
	const char *noun = ctl->command->noun;
	const struct ctl_kind *kind = ctl_kind_of(noun);
	_cleanup_buf_ struct buf path = { 0 }, next = { 0 };
	_cleanup_json_ cJSON *object = NULL, *rows = NULL;
	const bool is_request = str_eq(noun, "request"), is_submission = str_eq(noun, "submission");
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_ref_check(noun, ctl->words[0], &err) < 0 || ctl_columns_check(ctl, kind, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	ctl_ref_path(&path, noun, ctl->words[0], NULL);
	if (ctl_get(ctl, buf_str(&path), &object, &f) < 0)
		return ctl_complain(ctl, &f);
	if (is_request)
		rows = detach_table(ctl, object, "timeline");
	if (is_submission)
		rows = detach_table(
		    ctl, cJSON_GetObjectItemCaseSensitive(object, "evidence"), "conformance");
	ctl_print_fields(ctl, kind, object, stdout);
	if (rows != NULL) {
		printf("\n");
		print_table(ctl, is_request ? "moment" : "finding", TAKE(rows));
	}
	if (is_submission) {
		ctl_next_command(&next, object);
		if (next.len > 0)
			ctl_note(ctl, "next: %s", buf_str(&next));
	}
	return CTL_OK;
}
