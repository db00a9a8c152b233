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
parse_limit(struct api_call *c, int64_t *out)
{
	_cleanup_free_ char *limit = call_query(c, "limit");
	struct error err = { 0 };

	*out = LIMIT_DEFAULT;
	if (limit == NULL || str_parse_int(limit, 0, LIMIT_MAX, out, &err) == 0)
		return true;
	reply_code(c, CODE_INVALID_VALUE, "limit", "limit: %s", err.text);
	return false;
}

static bool
page_parse(struct api_call *c, struct page *p)
{
	_cleanup_free_ char *order = call_query(c, "order");

	if (!parse_limit(c, &p->limit))
		return false;
	if (order != NULL && strcmp(order, "asc") != 0 && strcmp(order, "desc") != 0) {
		reply_code(c, CODE_INVALID_VALUE, "order", "order is asc or desc.");
		return false;
	}
	p->ascending = order != NULL && strcmp(order, "asc") == 0;
	p->after = call_query(c, "after");
	p->before = call_query(c, "before");
	return true;
}

/* Place of the row with that id in the asked-for order; n if there is none. */
static size_t
place(const struct api_call *c, const struct list_source *src, const struct page *p, const char *id)
{
	size_t k = 0;

	while (k < src->n && strcmp(src->id(c, p->ascending ? k : src->n - 1 - k), id) != 0)
		k++;
	return k;
}

/* The part of the list between the cursors, or answered 400 and false. */
static bool
cut_out(struct api_call *c, const struct list_source *src, const struct page *p, size_t *from,
    size_t *to)
{
	*from = 0;
	*to = src->n;
	if (p->after != NULL && (*from = place(c, src, p, p->after) + 1) > src->n) {
		reply_code(c, CODE_INVALID_VALUE, "after",
		    "after: there is no '%.64s' in this list.", p->after);
		return false;
	}
	if (p->before != NULL && (*to = place(c, src, p, p->before)) == src->n) {
		reply_code(c, CODE_INVALID_VALUE, "before",
		    "before: there is no '%.64s' in this list.", p->before);
		return false;
	}
	return true;
}

void
list_reply(struct api_call *c, const struct list_source *src)
{
	_cleanup_(page_done) struct page p = { 0 };
	_cleanup_free_ size_t *kept = NULL;
	size_t from, to, n = 0;

	if (!page_parse(c, &p) || !cut_out(c, src, &p, &from, &to))
		return;
	kept = mem_zalloc((src->n + 1) * sizeof(*kept));
	for (size_t k = from; k < to; k++) {
		const size_t i = p.ascending ? k : src->n - 1 - k;

		if (src->keep == NULL || src->keep(c, i, src->filter))
			kept[n++] = i;
	}
	const size_t take = p.limit != 0 && (size_t)p.limit < n ? (size_t)p.limit : n;
	/* The page before a row is the one next to it. */
	const size_t *page = p.before != NULL && p.after == NULL ? kept + (n - take) : kept;
	cJSON *rows = cJSON_CreateArray();
	for (size_t k = 0; k < take; k++)
		cJSON_AddItemToArray(rows, src->render(c, page[k]));
	list_reply_rows(c, rows, take < n);
}

int
list_limit(struct api_call *c)
{
	int64_t limit;

	if (!parse_limit(c, &limit))
		return 0;
	return (int)(limit != 0 ? limit : LIMIT_MAX) + 1;
}

void
list_reply_rows(struct api_call *c, cJSON *rows, bool has_more)
{
	const cJSON *first = rows->child, *last = first != NULL ? first->prev : NULL;
	cJSON *list = cJSON_CreateObject();

	json_add_str(list, "object", "list");
	cJSON_AddItemToObject(list, "data", rows);
	json_add_str(list, "first_id", json_str(first, "id"));
	json_add_str(list, "last_id", json_str(last, "id"));
	json_add_bool(list, "has_more", has_more);
	reply_json(c, 200, list);
}
