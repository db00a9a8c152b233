/*
 * replay.c - the same bytes, judged again: the same scores, or which differ.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/record/environment.h"
#include "bench/record/evidence.h"
#include "bench/report/opened.h"
#include "bench/report/result_internal.h"
#include "bench/report/verify.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define DIFFERENCES_MAX 100

struct replaying {
	const struct opened *run;
	cJSON *differences; /* borrowed from the result */
	size_t attempts;
};

static void
differ(struct replaying *p, const struct evidence_record *r, const char *what, const cJSON *was,
    const cJSON *is)
{
	if (cJSON_GetArraySize(p->differences) >= DIFFERENCES_MAX)
		return;
	cJSON *d = json_add_obj(p->differences, NULL);
	json_add_str(d, "item", r != NULL ? r->attempt->item : NULL);
	json_add_int(d, "epoch", r != NULL ? r->attempt->epoch : 0);
	json_add_int(d, "attempt", r != NULL ? r->attempt->attempt : 0);
	json_add_int(d, "line", r != NULL ? (int64_t)r->line : 0);
	json_add_str(d, "what", what);
	add_copy(d, "recorded", was);
	add_copy(d, "replayed", is);
}

/* Objects are compared member by member, so that what differs has a name. */
static void
compare(struct replaying *p, const struct evidence_record *r, const char *name, const cJSON *was,
    const cJSON *is)
{
	_cleanup_free_ char *a = was != NULL ? json_print(was) : NULL, *b = json_print(is);
	const cJSON *m;

	if (str_eq(a, b))
		return;
	if (cJSON_IsArray(was) && cJSON_IsArray(is) &&
	    cJSON_GetArraySize(was) == cJSON_GetArraySize(is)) {
		size_t i = 0;

		json_for_each(m, is) {
			_cleanup_free_ char *inner = str_printf("%s.%zu", name, i);

			compare(p, r, inner, cJSON_GetArrayItem(was, (int)i++), m);
		}
		return;
	}
	if (!cJSON_IsObject(was) || !cJSON_IsObject(is)) {
		differ(p, r, name, was, is);
		return;
	}
	json_for_each(m, is) {
		_cleanup_free_ char *inner = str_printf("%s.%s", name, m->string);

		compare(p, r, inner, json_get(was, m->string), m);
	}
	json_for_each(m, was) {
		_cleanup_free_ char *inner = str_printf("%s.%s", name, m->string);

		if (json_get(is, m->string) == NULL)
			differ(p, r, inner, m, NULL);
	}
}

static const struct item *
item_of(const struct opened *o, const char *name)
{
	char id[ITEM_ID_MAX];

	for (size_t i = 0; i < o->nitems; i++) {
		const char *called = o->seal_key != NULL
		    ? evidence_item_name(o->seal_key, o->items[i]->id, id)
		    : o->items[i]->id;

		if (strcmp(called, name) == 0)
			return o->items[i];
	}
	return NULL;
}

static int
replay_one(const struct evidence_record *r, void *arg, struct error *err)
{
	struct replaying *p = arg;
	const struct item *item = item_of(p->run, r->attempt->item);
	struct measured measured = { 0 };
	struct result result = { 0 };
	const cJSON *m;

	if (item == NULL)
		return error_set(err, ERROR_INVALID,
		    EVIDENCE_ITEMS ": line %zu: item '%s' is none of this run", r->line,
		    r->attempt->item);
	measure(r->attempt, &p->run->scoring, &measured);
	score_attempt(item, r->attempt, &measured, &p->run->scoring, &result);
	_cleanup_json_ cJSON *made = result_line(item, r->attempt, &measured, &result);
	_cleanup_free_ char *text = json_print(made);
	_cleanup_json_ cJSON *is = NULL; /* as it would be read */
	result_done(&result);
	measured_done(&measured);
	if (json_parse(text, strlen(text), &is, err) < 0)
		return -1;
	json_for_each(m, is)
		compare(p, r, m->string, json_get(r->json, m->string), m);
	p->attempts++;
	return 0;
}

static int
replay_totals(struct replaying *p, const char *dir, cJSON **out, struct error *err)
{
	_cleanup_json_ cJSON *lines = NULL;
	const cJSON *m;

	if (evidence_lines(dir, NULL, &lines, err) < 0 || opened_tally(p->run, lines, out, err) < 0)
		return -1;
	json_for_each(m, *out)
		compare(p, NULL, m->string, json_get(p->run->manifest, m->string), m);
	return 0;
}

static int
replay_dir(const char *dir, const struct opened *o, cJSON **out, struct error *err)
{
	_cleanup_json_ cJSON *differences = cJSON_CreateArray(), *totals = NULL;
	struct replaying p = { .run = o, .differences = differences };
	char self[72];

	if (evidence_each(dir, o->seal_key, replay_one, &p, err) < 0 ||
	    replay_totals(&p, dir, &totals, err) < 0)
		return -1;
	cJSON *all = cJSON_CreateObject();
	json_add_str(all, "object", "replay");
	json_add_bool(all, "ok", cJSON_GetArraySize(differences) == 0);
	json_add_str(all, "id", json_str(o->manifest, "id"));
	json_add_int(all, "attempts", (int64_t)p.attempts);
	json_add_bool(all, "same_program",
	    str_eq(json_str(o->manifest, "binary_sha256"), environment_self_sha256(self)));
	add_copy(all, "composite", json_path(totals, "scores.composite"));
	cJSON_AddItemToObject(all, "differences", TAKE(differences));
	*out = all;
	return 0;
}

int
replay(const char *path, const char *seal_key, cJSON **out, struct error *err)
{
	__attribute__((cleanup(unpacked_done))) struct unpacked u = { 0 };
	struct opened o = { 0 };

	if (unpacked_open(path, &u, err) < 0 || opened_run(u.dir, seal_key, &o, err) < 0)
		return -1;
	const int rc = replay_dir(u.dir, &o, out, err);
	opened_done(&o);
	return rc;
}
