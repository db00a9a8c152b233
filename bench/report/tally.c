/*
 * tally.c - what a run comes to, from its lines.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/evidence.h"
#include "bench/report/result.h"
#include "bench/report/result_internal.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"

const char *
pair_name(const char *item, int epoch, char out[PAIR_MAX])
{
	snprintf(out, PAIR_MAX, "%.80s %d", item, epoch);
	return out;
}

void
last_lines(const cJSON *lines, struct map *out)
{
	const cJSON *line;
	char name[PAIR_MAX];

	json_for_each(line, lines) {
		const char *item = json_str(line, "item");

		if (item == NULL)
			continue;
		pair_name(item, (int)json_int(line, "epoch", 0), name);
		const cJSON *before = map_get(out, name);
		if (before == NULL || result_counts(line) || !result_counts(before))
			map_put(out, name, (void *)(uintptr_t)line);
	}
}

/* The items of a run and the lines that stand for them. */
struct sum {
	const struct tally_of *of;
	struct map last;
	struct scored *scored; /* owned; n of them */
	struct result *results; /* owned */
	size_t n, passed;
	cJSON *excluded; /* owned array */
};

static const char *
name_in_lines(const struct tally_of *of, const struct item *item, char out[ITEM_ID_MAX])
{
	if (of->seal_key != NULL)
		return evidence_item_name(of->seal_key, item->id, out);
	str_copy(out, ITEM_ID_MAX, item->id);
	return out;
}

static void
exclude(struct sum *s, const struct item *item, const char *name, int epoch, const cJSON *line)
{
	cJSON *e = json_add_obj(s->excluded, NULL);

	json_add_str(e, "item", name);
	json_add_str(e, "task_type", item_task_name(item->task));
	json_add_int(e, "epoch", epoch);
	json_add_str(e, "fault", json_str(line, "fault"));
	json_add_str(e, "code", line != NULL ? json_str(line, "code") : "not_asked");
	json_add_str(
	    e, "error", line != NULL ? json_str(line, "error") : "the run ended before its turn");
}

static void
sum_up(struct sum *s)
{
	const struct tally_of *of = s->of;
	const size_t all = of->nitems * (size_t)(of->epochs > 0 ? of->epochs : 1);

	s->scored = mem_zalloc((all + 1) * sizeof(*s->scored));
	s->results = mem_zalloc((all + 1) * sizeof(*s->results));
	s->excluded = cJSON_CreateArray();
	for (size_t i = 0; i < all; i++) {
		const struct item *item = of->items[i % of->nitems];
		const int epoch = (int)(i / of->nitems);
		char id[ITEM_ID_MAX], pair[PAIR_MAX];
		const cJSON *line =
		    map_get(&s->last, pair_name(name_in_lines(of, item, id), epoch, pair));

		if (line == NULL || !result_counts(line)) {
			exclude(s, item, id, epoch, line);
			continue;
		}
		result_read(line, &s->results[s->n]);
		s->scored[s->n] = (struct scored){ item, &s->results[s->n] };
		s->passed += s->results[s->n].passed;
		s->n++;
	}
}

static void
sum_done(struct sum *s)
{
	map_done(&s->last);
	free(s->scored);
	free(s->results);
	cJSON_Delete(s->excluded);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
namesp(char ***names)
{
	free(*names);
}

/* A line for what was never to be asked would not be missed by any sum. */
static int
check_known(const cJSON *lines, const struct tally_of *of, struct error *err)
{
	_cleanup_(namesp) char **names = mem_zalloc((of->nitems + 1) * sizeof(*names));
	_cleanup_free_ char *room = mem_zalloc((of->nitems + 1) * ITEM_ID_MAX);
	const cJSON *line;
	size_t n = 0;

	for (size_t i = 0; i < of->nitems; i++) {
		names[i] = room + i * ITEM_ID_MAX;
		name_in_lines(of, of->items[i], names[i]);
	}
	qsort(names, of->nitems, sizeof(*names), by_name);
	json_for_each(line, lines) {
		const char *item = json_str(line, "item");
		const int64_t epoch = json_int(line, "epoch", -1);

		n++;
		if (item == NULL ||
		    bsearch(&item, names, of->nitems, sizeof(*names), by_name) == NULL)
			return error_set(err, ERROR_INVALID,
			    EVIDENCE_ITEMS ": line %zu: item '%.64s' is none of this run", n,
			    item != NULL ? item : "");
		if (epoch < 0 || epoch >= (of->epochs > 0 ? of->epochs : 1))
			return error_set(err, ERROR_INVALID,
			    EVIDENCE_ITEMS ": line %zu: there is no epoch %lld", n,
			    (long long)epoch);
	}
	return 0;
}

/* ---- as JSON ---- */

static void
add_interval(cJSON *scores, const char *key, const struct interval *v)
{
	cJSON *j = json_add_obj(scores, key);

	add_number(j, "value", v->n > 0 ? 100 * v->value : NAN);
	add_number(j, "low", v->n > 0 ? 100 * v->low : NAN);
	add_number(j, "high", v->n > 0 ? 100 * v->high : NAN);
	json_add_int(j, "n", (int64_t)v->n);
}

static void
add_composite(cJSON *out, const struct composite *c)
{
	cJSON *scores = json_add_obj(out, "scores"), *weights = json_add_obj(out, "weights");

	add_interval(scores, "composite", &c->composite);
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		add_interval(scores, score_dimension_name(d), &c->dimension[d]);
		add_number(weights, score_dimension_name(d), 100 * c->weights[d]);
	}
}

static const char *
cost_from(const struct sum *s)
{
	static const char *const words[] = { "metered", "reported", "tokens" };

	for (size_t i = 1; i < s->n; i++) {
		if (s->results[i].cost_from != s->results[0].cost_from)
			return "mixed";
	}
	return s->n > 0 ? words[s->results[0].cost_from] : NULL;
}

static cJSON *
sum_json(struct sum *s)
{
	const struct tally_of *of = s->of;
	cJSON *out = cJSON_CreateObject(), *items;
	const int excluded = cJSON_GetArraySize(s->excluded);
	struct composite c = { 0 };

	composite_of(s->scored, s->n, of->scoring, of->seed, &c);
	json_add_bool(out, "is_whole", of->whole_suite && excluded == 0);
	items = json_add_obj(out, "items");
	json_add_int(items, "expected", (int64_t)s->n + excluded);
	json_add_int(items, "counted", (int64_t)s->n);
	json_add_int(items, "passed", (int64_t)s->passed);
	json_add_int(items, "failed", (int64_t)(s->n - s->passed));
	json_add_int(items, "excluded", excluded);
	cJSON_AddItemToObject(out, "excluded", TAKE(s->excluded));
	add_composite(out, &c);
	json_add_str(out, "cost_from", cost_from(s));
	cJSON *bootstrap = json_add_obj(out, "bootstrap");
	json_add_int(bootstrap, "seed", (int64_t)of->seed);
	json_add_int(bootstrap, "samples", of->scoring->samples);
	return out;
}

int
tally(const cJSON *lines, const struct tally_of *of, cJSON **out, struct error *err)
{
	__attribute__((cleanup(sum_done))) struct sum s = { .of = of };

	if (check_known(lines, of, err) < 0)
		return -1;
	last_lines(lines, &s.last);
	sum_up(&s);
	*out = sum_json(&s);
	return 0;
}

double
tally_composite(const cJSON *lines, const struct tally_of *of)
{
	struct scoring quick = *of->scoring;
	__attribute__((cleanup(sum_done))) struct sum s = { .of = of };
	struct composite c = { 0 };

	quick.samples = 1;
	last_lines(lines, &s.last);
	sum_up(&s);
	if (s.n > 0)
		composite_of(s.scored, s.n, &quick, of->seed, &c);
	return 100 * c.composite.value;
}
