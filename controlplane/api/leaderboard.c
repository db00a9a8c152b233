/*
 * leaderboard.c - who is how good, by what evidence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/handlers.h"
#include "controlplane/schedule/champion.h"
#include "controlplane/store/reigns.h"
#include "controlplane/store/runs.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define HISTORY_MAX 20 /* runs shown of a competitor */

struct board { /* what a list is made of; borrowed */
	struct api_call *call;
	const char *suite;
	const struct lead_board *lead;
	const struct lead_run *runs;
	size_t nruns;
	bool decides; /* it is the suite that says who is champion */
};

static void
add_score(cJSON *to, const char *key, const struct lead_score *s)
{
	cJSON *json;

	if (!s->has) {
		json_add_str(to, key, NULL);
		return;
	}
	json = json_add_obj(to, key);
	cJSON_AddNumberToObject(json, "value", s->value);
	cJSON_AddNumberToObject(json, "low", s->low);
	cJSON_AddNumberToObject(json, "high", s->high);
}

static void
add_evidence(cJSON *to, const struct lead_run *r)
{
	_cleanup_free_ char *path = str_printf("/api/v1/runs/%s/evidence.tar.gz", r->id);

	json_add_str(to, "evidence", path);
}

/* All whole runs of a competitor, of any version and digest of the suite, newest first. */
static void
add_history(cJSON *to, const struct board *b, const char *competitor)
{
	cJSON *list = json_add_arr(to, "history");

	for (size_t i = b->nruns; i-- > 0 && cJSON_GetArraySize(list) < HISTORY_MAX;) {
		const struct lead_run *r = &b->runs[i];
		cJSON *json;

		if (strcmp(r->competitor, competitor) != 0)
			continue;
		json = cJSON_CreateObject();
		json_add_str(json, "run", r->id);
		json_add_str(json, "version_id", r->version);
		json_add_text(json, "digest", r->image_digest);
		json_add_str(json, "suite_digest", r->suite_digest);
		json_add_str(json, "scoring", r->scoring);
		add_score(json, "composite", &r->score[LEAD_COMPOSITE]);
		json_add_time(json, "finished_at", r->finished_at_ms);
		add_evidence(json, r);
		cJSON_AddItemToArray(list, json);
	}
}

static void
add_standing(cJSON *json, const struct board *b, const struct competitor *c)
{
	const struct standing none = { 0 };
	const struct standing *s = c != NULL && b->decides ? &c->standing : &none;

	json_add_bool(json, "is_champion", s->is_champion);
	json_add_bool(json, "is_canary", s->canary_percent > 0);
	json_add_bool(json, "is_fast", s->is_fast);
	json_add_bool(json, "is_cheap", s->is_cheap);
}

static cJSON *
render_row(const struct board *b, const struct lead_row *row)
{
	const struct lead_run *newest = row->runs[0];
	cJSON *json = cJSON_CreateObject(), *part;
	char range[48];

	snprintf(range, sizeof(range), row->rank_low == row->rank_high ? "%zu" : "%zu-%zu",
	    row->rank_low, row->rank_high);
	json_add_str(json, "id", row->of->id);
	json_add_str(json, "object", "leaderboard_entry");
	json_add_str(json, "competitor", row->of->slug);
	json_add_str(json, "suite", b->suite);
	part = json_add_obj(json, "rank");
	json_add_int(part, "low", (int64_t)row->rank_low);
	json_add_int(part, "high", (int64_t)row->rank_high);
	json_add_str(part, "range", range);
	json_add_str(json, "state", row->of->is_ready ? "ready" : "not_ready");
	add_standing(json, b, registry_competitor(REGISTRY(b->call), row->of->id));
	part = json_add_obj(json, "scores");
	for (int d = 0; d < LEAD_DIMENSION_COUNT; d++)
		add_score(part, lead_dimension_name((enum lead_dimension)d), &row->score[d]);
	arena_add_rating(b->call, json, row->of->id);
	json_add_text(json, "cost_from", newest->cost_from);
	json_add_str(json, "version_id", newest->version);
	json_add_text(json, "digest", newest->image_digest);
	part = json_add_arr(json, "runs");
	for (size_t i = 0; i < row->nruns; i++)
		cJSON_AddItemToArray(part, cJSON_CreateString(row->runs[i]->id));
	json_add_int(json, "attempts", row->expected);
	json_add_int(json, "passed", row->passed);
	json_add_int(json, "failures", row->failed);
	json_add_int(json, "excluded", row->excluded);
	add_evidence(json, newest);
	json_add_time(json, "submitted_at", row->of->submitted_at_ms);
	json_add_time(json, "scored_at", newest->finished_at_ms);
	add_history(json, b, row->of->id);
	return json;
}

/* The rows after the one that the query names, as many as it wants; NULL and answered. */
static cJSON *
cut_rows(const struct board *b, bool *more)
{
	_cleanup_free_ char *after = call_query(b->call, "after");
	const size_t limit = (size_t)list_limit(b->call);
	size_t from = 0, n = 0;
	cJSON *rows;

	if (limit == 0)
		return NULL;
	while (
	    after != NULL && from < b->lead->len && strcmp(b->lead->rows[from].of->id, after) != 0)
		from++;
	if (after != NULL && from++ == b->lead->len) {
		reply_code(b->call, CODE_INVALID_VALUE, "after",
		    "after: there is no '%.64s' in this list.", after);
		return NULL;
	}
	rows = cJSON_CreateArray();
	for (; from < b->lead->len && n + 1 < limit; n++)
		cJSON_AddItemToArray(rows, render_row(b, &b->lead->rows[from++]));
	*more = from < b->lead->len;
	return rows;
}

static const char *
slug_of(const struct reign *r)
{
	return r != NULL ? r->slug : NULL;
}

static void
answer(const struct board *b)
{
	const struct champion *ch = DEPS(b->call)->champion;
	bool more = false;
	cJSON *rows = cut_rows(b, &more), *list;

	if (rows == NULL)
		return;
	list = cJSON_CreateObject();
	json_add_str(list, "object", "list");
	json_add_str(list, "suite", b->suite);
	json_add_text(list, "suite_digest", b->lead->suite_digest);
	json_add_text(list, "scoring", b->lead->scoring);
	json_add_bool(list, "decides", b->decides);
	json_add_str(list, "champion", slug_of(champion_reigning(ch)));
	json_add_str(list, "canary", slug_of(champion_canary(ch)));
	const cJSON *first = rows->child, *last = first != NULL ? first->prev : NULL;
	json_add_str(list, "first_id", json_str(first, "id"));
	json_add_str(list, "last_id", json_str(last, "id"));
	cJSON_AddItemToObject(list, "data", rows);
	json_add_bool(list, "has_more", more);
	reply_json(b->call, 200, list);
}

/* ---- another suite than the one that decides: its runs are read ---- */

struct reading {
	struct api_call *call;
	char *suite; /* owned */
	struct lead_run *runs;
	size_t n;
	struct error err;
};

static void
keep_run(const struct run *r, void *arg)
{
	struct reading *q = arg;

	q->runs = mem_realloc(q->runs, (q->n + 1) * sizeof(*q->runs));
	q->n += champion_take(r, &q->runs[q->n]);
}

static void
read_runs(void *arg)
{
	struct reading *q = arg;

	if (store_whole_runs(DEPS(q->call)->store, q->suite, keep_run, q, &q->err) == 0)
		q->err.kind = ERROR_NONE;
}

static void
runs_read(void *arg)
{
	struct reading *q = arg;

	if (q->err.kind != ERROR_NONE) {
		reply_error(q->call, &q->err);
	} else {
		struct lead_entrant *entrants;
		struct lead_board lead;

		champion_board_of(DEPS(q->call)->champion, q->runs, q->n, &lead, &entrants);
		answer(&(struct board){ q->call, q->suite, &lead, q->runs, q->n, false });
		lead_board_done(&lead);
		free(entrants);
	}
	free(q->runs);
	free(q->suite);
	free(q);
}

void
leaderboard_get(struct api_call *c)
{
	_cleanup_free_ char *suite = call_query(c, "suite");
	struct champion *ch = DEPS(c)->champion;
	struct reading *q;

	if (suite == NULL || str_eq(suite, champion_rules(ch)->suite)) {
		struct board b = { c, champion_rules(ch)->suite, champion_board(ch), NULL, 0,
			true };

		b.runs = champion_runs(ch, &b.nruns);
		answer(&b);
		return;
	}
	if (suite[0] == '\0' || strlen(suite) >= SUITE_NAME_MAX) {
		reply_code(c, CODE_INVALID_VALUE, "suite", "suite is a name, as public/dev.");
		return;
	}
	q = mem_zalloc(sizeof(*q));
	q->call = c;
	q->suite = TAKE(suite);
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_runs, runs_read, q);
}
