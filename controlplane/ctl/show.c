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

/* Takes the list. */
static void
print_timeline(struct ctl *ctl, cJSON *timeline)
{
	_cleanup_json_ cJSON *list = cJSON_CreateObject();

	json_add_str(list, "object", "list");
	cJSON_AddItemToObject(list, "data", timeline);
	printf("\n");
	ctl_print_list(ctl, ctl_kind_of("moment"), list, stdout);
}

int
ctl_show(struct ctl *ctl)
{
	const char *noun = ctl->command->noun;
	const struct ctl_kind *kind = ctl_kind_of(noun);
	_cleanup_buf_ struct buf path = { 0 }, next = { 0 };
	_cleanup_json_ cJSON *object = NULL, *timeline = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_ref_check(noun, ctl->words[0], &err) < 0 || ctl_columns_check(ctl, kind, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	ctl_ref_path(&path, noun, ctl->words[0], NULL);
	if (ctl_get(ctl, buf_str(&path), &object, &f) < 0)
		return ctl_complain(ctl, &f);
	/* A timeline is a table of its own, but for those who want the object as it is. */
	if (str_eq(noun, "request") && (ctl->format == CTL_TABLE || ctl->format == CTL_WIDE) &&
	    cJSON_IsArray(json_get(object, "timeline")))
		timeline = cJSON_DetachItemFromObjectCaseSensitive(object, "timeline");
	ctl_print_fields(ctl, kind, object, stdout);
	if (timeline != NULL)
		print_timeline(ctl, TAKE(timeline));
	if (str_eq(noun, "submission")) {
		ctl_next_command(&next, object);
		if (next.len > 0)
			ctl_note(ctl, "next: %s", buf_str(&next));
	}
	return CTL_OK;
}
