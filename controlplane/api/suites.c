/*
 * suites.c - the suites there are.
 */
#include "controlplane/schedule/suites.h"

#include <stdlib.h>

#include "controlplane/api/handlers.h"
#include "controlplane/schedule/scheduler.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

struct reading {
	struct api_call *call;
	const struct scheduler_config *config;
	cJSON *data;
	int limit, seen;
};

static void
add_suite(const struct suite_info *s, void *arg)
{
	struct reading *r = arg;
	cJSON *json, *counts;

	if (++r->seen >= r->limit) /* the one that only says that there are more */
		return;
	json = cJSON_CreateObject();
	counts = cJSON_Duplicate(s->counts, true);
	json_add_str(json, "id", s->name);
	json_add_str(json, "object", "suite");
	json_add_str(json, "name", s->name);
	json_add_text(json, "version", s->version);
	json_add_text(json, "title", s->title);
	json_add_text(json, "scoring", s->scoring);
	json_add_str(json, "digest", s->digest);
	if (s->items > 0)
		json_add_int(json, "items", s->items);
	else
		json_add_str(json, "items", NULL);
	cJSON_AddItemToObject(json, "counts", counts != NULL ? counts : cJSON_CreateNull());
	json_add_bool(json, "is_sealed", s->is_sealed);
	json_add_bool(json, "is_default", str_eq(s->name, r->config->suite));
	cJSON_AddItemToArray(r->data, json);
}

static void
read_work(void *arg)
{
	struct reading *r = arg;

	suites_list(r->config->suites_dir, r->config->private_dir, add_suite, r);
}

static void
read_done(void *arg)
{
	struct reading *r = arg;

	list_reply_rows(r->call, r->data, r->seen >= r->limit);
	free(r);
}

void
suite_list(struct api_call *c)
{
	const int limit = list_limit(c);
	struct reading *r;

	if (limit == 0)
		return;
	r = mem_zalloc(sizeof(*r));
	r->call = c;
	r->limit = limit;
	r->config = scheduler_config(DEPS(c)->scheduler);
	r->data = cJSON_CreateArray();
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_work, read_done, r);
}
