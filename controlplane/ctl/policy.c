/*
 * policy.c - what instances may have and when they run: look at it, and say otherwise of one competitor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* A table of fields for people; the object for those who want JSON. */
static void
print(struct ctl *ctl, const cJSON *object)
{
	_cleanup_json_ cJSON *list = NULL;
	const cJSON *field;
	cJSON *rows;

	if (ctl->format == CTL_JSON || ctl->format == CTL_JSONL) {
		ctl_print_json(object, stdout);
		return;
	}
	list = cJSON_CreateObject();
	json_add_str(list, "object", "list");
	rows = json_add_arr(list, "data");
	json_for_each(field, json_get(object, "policy")) {
		cJSON *row = cJSON_Duplicate(field, true);

		json_add_str(row, "field", field->string);
		cJSON_AddItemToArray(rows, row);
	}
	ctl_print_list(ctl, ctl_kind_of("policy"), list, stdout);
}

static int
path_of(struct ctl *ctl, struct buf *path, struct error *err)
{
	if (ctl->words_len == 0) {
		buf_add_str(path, "/api/v1/policy");
		return 0;
	}
	if (ctl_ref_check("competitor", ctl->words[0], err) < 0)
		return -1;
	ctl_ref_path(path, "competitor", ctl->words[0], "policy");
	return 0;
}

int
ctl_show_policy(struct ctl *ctl)
{
	_cleanup_buf_ struct buf path = { 0 };
	_cleanup_json_ cJSON *object = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (path_of(ctl, &path, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl_get(ctl, buf_str(&path), &object, &f) < 0)
		return ctl_complain(ctl, &f);
	print(ctl, object);
	return CTL_OK;
}

/* "memory=1GiB" into a patch: numbers as numbers, nothing as "take it back". */
static int
add_field(cJSON *patch, const char *text, struct error *err)
{
	const char *value = strchr(text, '=');
	char *end;

	if (value == NULL || value == text)
		return error_set(
		    err, ERROR_INVALID, "--set %.60s: a field and a value, as memory=1GiB", text);
	_cleanup_free_ char *name = str_ndup(text, (size_t)(value - text));
	const double number = strtod(++value, &end);
	cJSON_DeleteItemFromObjectCaseSensitive(patch, name);
	if (*value == '\0')
		json_add_str(patch, name, NULL);
	else if (*end == '\0')
		cJSON_AddNumberToObject(patch, name, number);
	else
		json_add_str(patch, name, value);
	return 0;
}

int
ctl_update_competitor(struct ctl *ctl)
{
	_cleanup_buf_ struct buf path = { 0 };
	_cleanup_json_ cJSON *body = cJSON_CreateObject(), *after = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	cJSON *patch = json_add_obj(body, "policy");

	for (size_t i = 0; i < ctl->opt.set.len; i++)
		if (add_field(patch, ctl->opt.set.at[i], &err) < 0)
			return ctl_misuse(ctl, "%s", err.text);
	if (path_of(ctl, &path, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl_patch(ctl, buf_str(&path), body, &after, &f) < 0)
		return ctl_complain(ctl, &f);
	print(ctl, after);
	if (ctl->opt.dry_run)
		return CTL_OK;
	ctl_note(ctl, "limits count from the next start on: janusctl restart %s", ctl->words[0]);
	return CTL_OK;
}
