/*
 * compare.c - two runs over the same items: which is better, and could it be chance?
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/item.h"
#include "bench/record/resample.h"
#include "bench/report/report.h"
#include "bench/report/result_internal.h"
#include "bench/score/score.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"

#define SAMPLES 2000
#define SIDES 2

/* What a side has of an item, its epochs averaged. */
struct side {
	double score[SCORE_DIMENSION_COUNT];
	size_t seen[SCORE_DIMENSION_COUNT]; /* epochs with that dimension */
	size_t passed, epochs;
};
struct common {
	const char *item, *task; /* borrowed */
	double weight;
	struct side side[SIDES];
};
struct pairing {
	struct common *items; /* owned */
	size_t n;
	double weights[SCORE_DIMENSION_COUNT];
	uint64_t seed;
};

/* ---- which items both have ---- */

static void
take_side(struct side *s, const cJSON *line)
{
	struct result r;

	result_read(line, &r);
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		if (!r.has[d])
			continue;
		s->seen[d]++;
		s->score[d] += 100 * r.score[d];
	}
	s->passed += r.passed;
	s->epochs++;
}

static void
take_report(struct pairing *p, struct map *at, const cJSON *report, int side)
{
	struct standing s;

	standing_of(json_get(report, "results"), &s);
	for (size_t i = 0; i < s.n; i++) {
		const char *item = json_str(s.lines[i], "item");
		struct common *c = map_get(at, item);

		if (!result_counts(s.lines[i]))
			continue;
		if (c == NULL) {
			c = &p->items[p->n++];
			*c = (struct common){ .item = item,
				.task = json_str(s.lines[i], "task_type"),
				.weight = json_num(s.lines[i], "weight", 1) };
			map_put(at, item, c);
		}
		take_side(&c->side[side], s.lines[i]);
	}
	standing_done(&s);
}

static int
by_item(const void *a, const void *b)
{
	return strcmp(((const struct common *)a)->item, ((const struct common *)b)->item);
}

static void
keep_common(struct pairing *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct common *c = &p->items[i];

		if (c->side[0].epochs == 0 || c->side[1].epochs == 0)
			continue;
		for (int s = 0; s < SIDES; s++) {
			for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
				c->side[s].score[d] /=
				    c->side[s].seen[d] > 0 ? (double)c->side[s].seen[d] : 1;
		}
		p->items[n++] = *c;
	}
	p->n = n;
	qsort(p->items, n, sizeof(*p->items), by_item);
}

/* ---- what they come to ---- */

struct totals {
	double of[SCORE_DIMENSION_COUNT + 1]; /* the last one: composite */
	bool has[SCORE_DIMENSION_COUNT + 1];
};

static void
totals_of(const struct pairing *p, const struct common *const *items, size_t n, int side,
    struct totals *out)
{
	double all = 0, weights = 0;

	*out = (struct totals){ 0 };
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++) {
		double sum = 0, w = 0;

		for (size_t i = 0; i < n; i++) {
			if (items[i]->side[side].seen[d] == 0)
				continue;
			sum += items[i]->weight * items[i]->side[side].score[d];
			w += items[i]->weight;
		}
		out->has[d] = w > 0;
		out->of[d] = w > 0 ? sum / w : 0;
		if (out->has[d]) {
			all += p->weights[d] * out->of[d];
			weights += p->weights[d];
		}
	}
	out->has[SCORE_DIMENSION_COUNT] = weights > 0;
	out->of[SCORE_DIMENSION_COUNT] = weights > 0 ? all / weights : 0;
}

struct difference {
	struct totals side[SIDES];
	double *delta[SCORE_DIMENSION_COUNT + 1]; /* owned; of each sample that has it */
	size_t n[SCORE_DIMENSION_COUNT + 1];
};

static void
difference_of(const struct pairing *p, const char *task, struct difference *out, size_t *n_items)
{
	_cleanup_free_ const struct common **of = mem_zalloc((p->n + 1) * sizeof(*of));
	_cleanup_free_ const struct common **drawn = mem_zalloc((p->n + 1) * sizeof(*drawn));
	uint64_t state = p->seed;
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (task == NULL || str_eq(p->items[i].task, task))
			of[n++] = &p->items[i];
	}
	*out = (struct difference){ 0 };
	*n_items = n;
	for (int d = 0; d <= SCORE_DIMENSION_COUNT; d++)
		out->delta[d] = mem_zalloc(SAMPLES * sizeof(double));
	for (int s = 0; s < SIDES; s++)
		totals_of(p, of, n, s, &out->side[s]);
	for (int k = 0; k < SAMPLES && n > 0; k++) {
		struct totals a, b;

		for (size_t i = 0; i < n; i++)
			drawn[i] = of[resample(&state, n)];
		totals_of(p, drawn, n, 0, &a);
		totals_of(p, drawn, n, 1, &b);
		for (int d = 0; d <= SCORE_DIMENSION_COUNT; d++) {
			if (a.has[d] && b.has[d])
				out->delta[d][out->n[d]++] = a.of[d] - b.of[d];
		}
	}
}

static void
difference_done(struct difference *d)
{
	for (int i = 0; i <= SCORE_DIMENSION_COUNT; i++)
		free(d->delta[i]);
}

/* ---- as JSON ---- */

static const char *
add_delta(cJSON *to, const char *name, struct difference *d, int which)
{
	cJSON *j = json_add_obj(to, name);
	const bool both = d->side[0].has[which] && d->side[1].has[which];
	const double a = d->side[0].of[which], b = d->side[1].of[which],
		     low = percentile(d->delta[which], d->n[which], 0.025),
		     high = percentile(d->delta[which], d->n[which], 0.975);
	const char *winner = !both ? NULL : low > 0 ? "a" : high < 0 ? "b" : NULL;

	add_number(j, "a", d->side[0].has[which] ? a : NAN);
	add_number(j, "b", d->side[1].has[which] ? b : NAN);
	add_number(j, "delta", both ? a - b : NAN);
	add_number(j, "low", both ? fmin(low, a - b) : NAN);
	add_number(j, "high", both ? fmax(high, a - b) : NAN);
	json_add_str(j, "winner", winner);
	return winner;
}

static void
add_task(cJSON *by_task, const struct pairing *p, const char *task)
{
	struct difference d;
	size_t n;

	difference_of(p, task, &d, &n);
	if (n > 0) {
		cJSON *t = json_add_obj(by_task, task);

		json_add_int(t, "items", (int64_t)n);
		add_delta(t, "composite", &d, SCORE_DIMENSION_COUNT);
		for (int i = 0; i < SCORE_DIMENSION_COUNT; i++)
			add_delta(t, score_dimension_name(i), &d, i);
	}
	difference_done(&d);
}

static void
add_side(cJSON *to, const char *key, const cJSON *report)
{
	static const char *const names[] = { "id", "run", "target", "model", "competitor",
		"version_id", "started_at" };
	cJSON *side = json_add_obj(to, key);

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		add_copy(side, names[i], json_get(report, names[i]));
	add_copy(side, "composite", json_path(report, "scores.composite"));
}

static void
add_passed_only(cJSON *to, const char *key, const struct pairing *p, int side)
{
	cJSON *a = json_add_arr(to, key);

	for (size_t i = 0; i < p->n; i++) {
		const struct common *c = &p->items[i];

		if (c->side[side].passed == c->side[side].epochs && c->side[!side].passed == 0)
			json_add_str(a, NULL, c->item);
	}
}

static cJSON *
comparison(const cJSON *a, const cJSON *b, const struct pairing *p)
{
	cJSON *out = cJSON_CreateObject(), *dimensions, *by_task;
	struct difference d;
	size_t n;

	difference_of(p, NULL, &d, &n);
	json_add_str(out, "object", "comparison");
	add_copy(out, "suite", json_get(a, "suite"));
	add_copy(out, "scoring", json_get(a, "scoring"));
	add_side(out, "a", a);
	add_side(out, "b", b);
	json_add_int(out, "items", (int64_t)n);
	const char *winner = add_delta(out, "composite", &d, SCORE_DIMENSION_COUNT);
	dimensions = json_add_obj(out, "dimensions");
	for (int i = 0; i < SCORE_DIMENSION_COUNT; i++)
		add_delta(dimensions, score_dimension_name(i), &d, i);
	difference_done(&d);
	by_task = json_add_obj(out, "by_task");
	for (int t = 0; t < ITEM_TASK_COUNT; t++)
		add_task(by_task, p, item_task_name(t));
	json_add_str(out, "winner", winner);
	add_passed_only(out, "passed_only_a", p, 0);
	add_passed_only(out, "passed_only_b", p, 1);
	cJSON *bootstrap = json_add_obj(out, "bootstrap");
	json_add_int(bootstrap, "seed", (int64_t)p->seed);
	json_add_int(bootstrap, "samples", SAMPLES);
	return out;
}

static int
check_alike(const cJSON *a, const cJSON *b, struct error *err)
{
	static const char *const alike[] = { "suite_digest", "scoring_digest" };

	for (size_t i = 0; i < ARRAY_LEN(alike); i++) {
		const char *x = json_str(a, alike[i]), *y = json_str(b, alike[i]);

		if (x == NULL || y == NULL || strcmp(x, y) != 0)
			return error_set(err, ERROR_INVALID,
			    "they cannot be compared: %s is %.71s in one, %.71s in the other",
			    alike[i], x != NULL ? x : "missing", y != NULL ? y : "missing");
	}
	return 0;
}

int
compare(const cJSON *a, const cJSON *b, cJSON **out, struct error *err)
{
	const size_t most = (size_t)cJSON_GetArraySize(json_get(a, "results")) +
	    (size_t)cJSON_GetArraySize(json_get(b, "results"));
	_cleanup_free_ struct common *items = mem_zalloc((most + 1) * sizeof(*items));
	struct pairing p = { .items = items,
		.seed = (uint64_t)json_int(json_get(a, "bootstrap"), "seed", 42) };
	_cleanup_(map_done) struct map at = { 0 };

	if (check_alike(a, b, err) < 0)
		return -1;
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		p.weights[d] = json_num(json_get(a, "weights"), score_dimension_name(d), 0);
	take_report(&p, &at, a, 0);
	take_report(&p, &at, b, 1);
	keep_common(&p);
	if (p.n == 0)
		return error_set(err, ERROR_INVALID, "they have no item in common that counts");
	*out = comparison(a, b, &p);
	return 0;
}
