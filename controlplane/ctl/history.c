/*
 * history.c - show competitor --history: what it did, here and elsewhere, in the order of time.
 */
#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/filter.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* One line: what is known of it under the first of these names; what is missing is null. */
static cJSON *
add_row(cJSON *rows, const char *where, const char *what, const cJSON *of, const char *at)
{
	cJSON *row = cJSON_CreateObject();

	json_add_str(row, "at", json_str(of, at));
	json_add_str(row, "where", where);
	json_add_str(row, "what", what);
	json_add_str(row, "id", json_str(of, "id"));
	json_add_str(row, "digest", json_str(of, "digest"));
	cJSON_AddItemToArray(rows, row);
	return row;
}

/* What one daemon says of it. */
static void
add_past(cJSON *rows, const char *where, const cJSON *past)
{
	const cJSON *item;

	json_for_each(item, json_get(past, "submissions")) {
		cJSON *row = add_row(rows, where, "submission", item, "created_at");
		const char *detail = json_str(item, "state_detail");

		json_add_str(row, "state", json_str(item, "state"));
		json_add_str(
		    row, "detail", detail != NULL ? detail : json_str(item, "state_reason"));
	}
	json_for_each(item, json_get(past, "versions")) {
		const bool accepted = json_str(item, "accepted_at") != NULL;
		cJSON *row =
		    add_row(rows, where, "version", item, accepted ? "accepted_at" : "created_at");
		const char *image = json_str(item, "image");

		json_add_str(row, "state",
		    json_str(item, "retired_at") != NULL ? "retired"
			: accepted                       ? "accepted"
							 : "not accepted");
		json_add_str(row, "detail", image != NULL ? image : json_str(item, "url"));
	}
}

/* How it came from there to here. */
static void
add_move(cJSON *rows, const char *signer, const cJSON *told)
{
	cJSON *row = add_row(rows, signer, "export", told, "exported_at");

	json_add_str(row, "state", "signed");
	json_add_str(row, "detail", json_str(told, "competitor"));
	row = add_row(rows, "here", "import", told, "imported_at");
	json_add_str(row, "state", "checked");
	const char *brought = json_str(told, "submission_id");
	_cleanup_free_ char *detail = str_printf("of %.19s, with %s",
	    signer != NULL ? signer : "nobody", brought != NULL ? brought : "a submission");
	json_add_str(row, "detail", detail);
}

static int
show_history(struct ctl *ctl)
{
	const struct ctl_kind *kind = ctl_kind_of("past");
	_cleanup_json_ cJSON *history = NULL, *list = cJSON_CreateObject();
	_cleanup_buf_ struct buf path = { 0 };
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	cJSON *rows = json_add_arr(list, "data");
	const cJSON *told;

	if (ctl_ref_check("competitor", ctl->words[0], &err) < 0 ||
	    ctl_columns_check(ctl, kind, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	ctl_ref_path(&path, "competitor", ctl->words[0], "history");
	if (ctl_get(ctl, buf_str(&path), &history, &f) < 0)
		return ctl_complain(ctl, &f);
	if (ctl->format == CTL_JSON || ctl->format == CTL_JSONL) {
		ctl_print_json(history, stdout);
		return CTL_OK;
	}
	json_for_each(told, json_get(history, "elsewhere")) {
		const char *signer = json_str(told, "signer");

		add_past(rows, signer, told);
		add_move(rows, signer, told);
	}
	add_past(rows, "here", json_get(history, "here"));
	if (ctl_sort(rows, kind, "at", &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	ctl_print_list(ctl, kind, list, stdout);
	if (cJSON_GetArraySize(json_get(history, "elsewhere")) > 0)
		ctl_note(ctl, "what was elsewhere is as its signer tells it, by the clock there");
	return CTL_OK;
}

int
ctl_show_competitor(struct ctl *ctl)
{
	return ctl->opt.history ? show_history(ctl) : ctl_show(ctl);
}
