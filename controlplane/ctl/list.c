/*
 * list.c - list and ps.
 */
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/filter.h"
#include "controlplane/ctl/output.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

#define PAGE_MAX 500 /* the most the daemon gives at once when asked for a number */

/* There may be half a million calls: what the daemon can choose by, it chooses by. */
static void
add_choice(struct buf *path, const struct ctl *ctl, const struct ctl_kind *kind)
{
	static const char *const keys[] = {
		"competitor=", "request=", "decision=", "service=", "suite=", "category=", "state="
	};
	const bool ranks = str_eq(kind->noun, "leaderboard");
	const bool offers = str_eq(kind->noun, "component");
	const size_t known = str_eq(kind->noun, "egress") ? 4
	    : str_eq(kind->noun, "artifact")              ? 2
	    : ranks                                       ? 5
	    : offers                                      ? ARRAY_LEN(keys)
							  : 0;

	for (size_t i = 0; i < ctl->opt.filter.len; i++)
		for (size_t k = offers ? 5 : ranks ? 4 : 0; k < known; k++)
			if (str_starts(ctl->opt.filter.at[i], keys[k])) {
				buf_printf(path, "&%s", keys[k]);
				url_encode(path, ctl->opt.filter.at[i] + strlen(keys[k]));
			}
}

/* One page; more than one only if the daemon says there is more. */
static int
get_page(struct ctl *ctl, const struct ctl_kind *kind, int64_t limit, const char *after,
    cJSON **out, struct ctl_failure *f)
{
	_cleanup_buf_ struct buf path = { 0 };

	buf_printf(&path, "/api/v1/%s%s?limit=%lld", kind->noun,
	    str_eq(kind->noun, "arena")        ? "/leaderboard"
		: ctl_noun_is_many(kind->noun) ? ""
					       : "s",
	    (long long)limit);
	add_choice(&path, ctl, kind);
	if (after != NULL) {
		buf_add_str(&path, "&after=");
		url_encode(&path, after);
	}
	if (ctl_get(ctl, buf_str(&path), out, f) < 0)
		return -1;
	if (!cJSON_IsArray(json_get(*out, "data")))
		return ctl_fail(
		    f, CTL_UNREACHABLE, "bad_response", "the daemon's answer is not a list");
	return 0;
}

static void
append(cJSON *list, cJSON *page)
{
	cJSON *to = cJSON_GetObjectItemCaseSensitive(list, "data");
	cJSON *from = cJSON_GetObjectItemCaseSensitive(page, "data");

	while (from->child != NULL)
		cJSON_AddItemToArray(to, cJSON_DetachItemFromArray(from, 0));
	cJSON_ReplaceItemInObjectCaseSensitive(
	    list, "has_more", cJSON_CreateBool(json_bool(page, "has_more", false)));
}

/* `wanted` objects, 0 for all, over as many pages as it takes; those before since_ms end it. */
static int
get_list(struct ctl *ctl, const struct ctl_kind *kind, int64_t wanted, int64_t since_ms,
    cJSON **out, struct ctl_failure *f)
{
	const int64_t page_len = wanted > 0 && wanted < PAGE_MAX ? wanted
	    : wanted == 0                                        ? 0
								 : PAGE_MAX;
	_cleanup_json_ cJSON *list = NULL;

	if (get_page(ctl, kind, page_len, NULL, &list, f) < 0)
		return -1;
	while (json_bool(list, "has_more", false)) {
		_cleanup_json_ cJSON *page = NULL;
		const cJSON *data = json_get(list, "data");
		const int had = cJSON_GetArraySize(data);
		const char *last =
		    had == 0 ? NULL : json_str(cJSON_GetArrayItem(data, had - 1), "id");

		if ((wanted > 0 && had >= wanted) || last == NULL ||
		    ctl_made_ms(cJSON_GetArrayItem(data, had - 1)) < since_ms)
			break;
		if (get_page(ctl, kind, page_len, last, &page, f) < 0)
			return -1;
		if (cJSON_GetArraySize(json_get(page, "data")) == 0)
			break;
		append(list, page);
	}
	*out = TAKE(list);
	return 0;
}

static void
set_id(cJSON *list, const char *key, const cJSON *item)
{
	const char *id = item == NULL ? NULL : json_str(item, "id");

	if (json_get(list, key) != NULL)
		cJSON_ReplaceItemInObjectCaseSensitive(
		    list, key, id == NULL ? cJSON_CreateNull() : cJSON_CreateString(id));
}

static int
list_kind(struct ctl *ctl, const struct ctl_kind *kind)
{
	const struct ctl_options *o = &ctl->opt;
	const bool ours = o->filter.len > 0 || o->sort != NULL || o->since != NULL ||
	    o->until != NULL; /* needs all of them */
	int64_t since_ms = -1, until_ms = -1;
	_cleanup_json_ cJSON *list = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	cJSON *data;
	int had;

	if (ctl_columns_check(ctl, kind, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if ((o->since != NULL &&
		(since_ms = ctl_time_parse(o->since, clock_wall_ms(), &err)) < 0) ||
	    (o->until != NULL && (until_ms = ctl_time_parse(o->until, clock_wall_ms(), &err)) < 0))
		return ctl_misuse(ctl, "%s", err.text);
	if (get_list(ctl, kind, ours ? 0 : ctl->opt.limit, since_ms, &list, &f) < 0)
		return ctl_complain(ctl, &f);
	data = cJSON_GetObjectItemCaseSensitive(list, "data");
	/* What the daemon has more of is older than all that was asked for. */
	if (since_ms >= 0)
		cJSON_ReplaceItemInObjectCaseSensitive(list, "has_more", cJSON_CreateBool(false));
	ctl_within(data, since_ms, until_ms);
	if (ctl_filter(data, kind, &ctl->opt.filter, &err) < 0 ||
	    (ctl->opt.sort != NULL && ctl_sort(data, kind, ctl->opt.sort, &err) < 0))
		return ctl_misuse(ctl, "%s", err.text);
	had = cJSON_GetArraySize(data);
	ctl_cut(data, (size_t)ctl->opt.limit);
	if (cJSON_GetArraySize(data) < had)
		cJSON_ReplaceItemInObjectCaseSensitive(list, "has_more", cJSON_CreateBool(true));
	set_id(list, "first_id", data->child);
	set_id(list, "last_id", data->child == NULL ? NULL : data->child->prev);
	ctl_print_list(ctl, kind, list, stdout);
	if (json_bool(list, "has_more", false))
		ctl_note(ctl, "there are more: --limit 0 shows all");
	return CTL_OK;
}

int
ctl_list(struct ctl *ctl)
{
	return list_kind(ctl, ctl_kind_of(ctl->command->noun));
}

int
ctl_ps(struct ctl *ctl)
{
	return list_kind(ctl, ctl_kind_of("instance"));
}
