/*
 * champion.c - who answers model janus: look, and say otherwise.
 */
#include <stdio.h>

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

/* What it is now, and what came before as a table; as it is for those who want JSON. */
static void
print(const struct ctl *ctl, cJSON *object)
{
	const bool people = ctl->format == CTL_TABLE || ctl->format == CTL_WIDE;
	cJSON *history = people && ctl->opt.columns == NULL
	    ? cJSON_DetachItemFromObjectCaseSensitive(object, "history")
	    : NULL;
	_cleanup_json_ cJSON *list = cJSON_CreateObject();

	ctl_print_fields(ctl, ctl_kind_of("champion"), object, stdout);
	if (history == NULL)
		return;
	json_add_str(list, "object", "list");
	cJSON_AddItemToObject(list, "data", history);
	if (history->child != NULL) {
		printf("\n");
		ctl_print_list(ctl, ctl_kind_of("reign"), list, stdout);
	}
}

int
ctl_show_champion(struct ctl *ctl)
{
	_cleanup_json_ cJSON *object = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_columns_check(ctl, ctl_kind_of("champion"), &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl_get(ctl, "/api/v1/champion", &object, &f) < 0)
		return ctl_complain(ctl, &f);
	print(ctl, object);
	return CTL_OK;
}

static int
change(struct ctl *ctl, const char *action, const cJSON *body)
{
	_cleanup_buf_ struct buf path = { 0 };
	_cleanup_json_ cJSON *object = NULL;
	struct ctl_failure f = { 0 };

	buf_printf(&path, "/api/v1/champion/%s%s", action, ctl->opt.dry_run ? "?dry_run=true" : "");
	const struct ctl_call call = { .method = "POST", .path = buf_str(&path), .body = body };

	if (ctl_ask(ctl, &call, &object, &f) < 0)
		return ctl_complain(ctl, &f);
	if (ctl->opt.dry_run)
		return ctl_show_trial(ctl, object);
	ctl_print_object(ctl, ctl_kind_of("champion"), object, stdout);
	const char *now = json_str(object, "competitor");
	if (now != NULL)
		ctl_note(ctl, "%s is the champion: model janus is its", now);
	else
		ctl_note(ctl, "there is no champion");
	ctl_note(ctl, "next: janusctl show champion");
	return CTL_OK;
}

int
ctl_promote_champion(struct ctl *ctl)
{
	_cleanup_json_ cJSON *body = cJSON_CreateObject();
	struct error err = { 0 };

	if (ctl_ref_check("competitor", ctl->words[0], &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	json_add_str(body, "competitor", ctl->words[0]);
	return change(ctl, "promote", body);
}

int
ctl_rollback_champion(struct ctl *ctl)
{
	return change(ctl, "rollback", NULL);
}
