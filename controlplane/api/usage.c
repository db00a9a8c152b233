/*
 * usage.c - what was used, by key, competitor or day.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/registry/keys.h"
#include "controlplane/store/keys.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

static const char *const names[] = {
	[USAGE_BY_KEY] = "key",
	[USAGE_BY_COMPETITOR] = "competitor",
	[USAGE_BY_DAY] = "day",
};

struct query {
	struct api_call *call;
	enum usage_by by;
	int64_t since_ms;
	cJSON *data;
	struct error err;
};

static void
add(const struct usage_sum *u, void *arg)
{
	struct query *q = arg;
	cJSON *json = cJSON_CreateObject();

	json_add_str(json, "object", "usage");
	json_add_str(json, "of", u->of);
	json_add_str(json, "name", NULL); /* told on the control loop */
	json_add_int(json, "requests", u->requests);
	json_add_int(json, "failed", u->failed);
	json_add_int(json, "prompt_tokens", u->prompt_tokens);
	json_add_int(json, "completion_tokens", u->completion_tokens);
	cJSON_AddNumberToObject(json, "cost_usd", (double)u->cost_micro_usd / 1e6);
	json_add_int(json, "duration_ms", u->duration_ms);
	json_add_time(json, "last_at", u->last_at_ms);
	cJSON_AddItemToArray(q->data, json);
}

static void
read_usage(void *arg)
{
	struct query *q = arg;

	if (store_usage(DEPS(q->call)->store, q->by, q->since_ms, add, q, &q->err) == 0)
		q->err.kind = ERROR_NONE;
}

static const char *
name_of(const struct query *q, const char *of)
{
	const struct competitor *c;
	const struct held_key *h;

	if (q->by == USAGE_BY_DAY)
		return of;
	if (q->by == USAGE_BY_KEY) {
		h = key_ring_id(DEPS(q->call)->keys, of);
		return h != NULL ? h->row.name : NULL;
	}
	c = registry_competitor(REGISTRY(q->call), of);
	return c != NULL ? c->slug : NULL;
}

static void
usage_read(void *arg)
{
	struct query *q = arg;
	cJSON *item;

	if (q->err.kind != ERROR_NONE) {
		cJSON_Delete(q->data);
		reply_error(q->call, &q->err);
	} else {
		cJSON *list = cJSON_CreateObject();

		json_for_each(item, q->data) {
			const char *name = name_of(q, json_str(item, "of"));

			if (name != NULL)
				cJSON_ReplaceItemInObjectCaseSensitive(
				    item, "name", cJSON_CreateString(name));
		}
		json_add_str(list, "object", "list");
		json_add_str(list, "by", names[q->by]);
		json_add_time(list, "since", q->since_ms);
		cJSON_AddItemToObject(list, "data", q->data);
		json_add_bool(list, "has_more", false);
		reply_json(q->call, 200, list);
	}
	free(q);
}

void
usage_get(struct api_call *c)
{
	_cleanup_free_ char *by = call_query(c, "by"), *since = call_query(c, "since");
	int64_t since_ms = month_start_ms(clock_wall_ms()), span_ms;
	unsigned i = 0;
	struct query *q;

	while (by != NULL && i < ARRAY_LEN(names) && strcmp(names[i], by) != 0)
		i++;
	if (i == ARRAY_LEN(names)) {
		reply_code(c, CODE_INVALID_VALUE, "by", "'by' is key, competitor or day.");
		return;
	}
	if (since != NULL) {
		if (str_parse_duration(since, &span_ms, NULL) == 0)
			since_ms = clock_wall_ms() - span_ms;
		else
			since_ms = clock_parse(since);
		if (since_ms < 0) {
			reply_code(c, CODE_INVALID_VALUE, "since",
			    "'since' is a time such as 2026-01-31T00:00:00Z, or a span such as "
			    "7d.");
			return;
		}
	}
	q = mem_zalloc(sizeof(*q));
	q->call = c;
	q->by = (enum usage_by)i;
	q->since_ms = since_ms;
	q->data = cJSON_CreateArray();
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_usage, usage_read, q);
}
