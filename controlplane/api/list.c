/*
 * list.c - one way to page over any list.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 500

struct page {
	int64_t limit; /* 0: all */
	bool ascending;
	char *after, *before;
};

static void
page_done(struct page *p)
{
	free(p->after);
	free(p->before);
}

static bool
page_parse(struct api_call *c, struct page *p)
{
	_cleanup_free_ char *limit = call_query(c, "limit");
	_cleanup_free_ char *order = call_query(c, "order");
	struct error err = { 0 };

	p->limit = LIMIT_DEFAULT;
	if (limit != NULL && str_parse_int(limit, 0, LIMIT_MAX, &p->limit, &err) < 0) {
		reply_code(c, CODE_INVALID_VALUE, "limit", "limit: %s", err.text);
		return false;
	}
	if (order != NULL && strcmp(order, "asc") != 0 && strcmp(order, "desc") != 0) {
		reply_code(c, CODE_INVALID_VALUE, "order", "order is asc or desc.");
		return false;
	}
	p->ascending = order != NULL && strcmp(order, "asc") == 0;
	p->after = call_query(c, "after");
	p->before = call_query(c, "before");
	return true;
}

static bool
known(struct api_call *c, const char *const *extra)
{
	const char *keys[16] = { "limit", "after", "before", "order" };
	size_t n = 4;

	for (; extra != NULL && *extra != NULL && n + 1 < ARRAY_LEN(keys); extra++)
		keys[n++] = *extra;
	return call_known_query(c, keys);
}

void
list_reply(struct api_call *c, const struct list_source *src)
{
	_cleanup_(page_done) struct page p = { 0 };
	bool skipping, more = false;
	int64_t taken = 0;
	const char *first = NULL, *last = NULL;

	if (!known(c, src->extra) || !page_parse(c, &p))
		return;
	cJSON *list = cJSON_CreateObject();
	json_add_str(list, "object", "list");
	cJSON *data = json_add_arr(list, "data");

	skipping = p.after != NULL;
	for (size_t k = 0; k < src->n; k++) {
		const size_t i = p.ascending ? k : src->n - 1 - k;
		const char *id = src->id(c, i);

		if (p.before != NULL && strcmp(id, p.before) == 0)
			break;
		if (skipping) {
			skipping = strcmp(id, p.after) != 0;
			continue;
		}
		if (!src->keep(c, i, src->filter))
			continue;
		if (p.limit != 0 && taken == p.limit) {
			more = true;
			break;
		}
		cJSON_AddItemToArray(data, src->render(c, i));
		taken++;
		first = first != NULL ? first : id;
		last = id;
	}
	json_add_str(list, "first_id", first);
	json_add_str(list, "last_id", last);
	json_add_bool(list, "has_more", more);
	reply_json(c, 200, list);
}
