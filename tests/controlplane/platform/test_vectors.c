/*
 * test_vectors.c - /vector: exact, bounded, and everybody's own.
 *
 * VECTOR_EXTENSION names sqlite-vec: then everything is done with it, and compared with what is found
 * without.
 */
#include "controlplane/platform/vectors.h"

#include <math.h>

#include "tests/controlplane/platform/house.h"
#include "tests/run.h"

static char dir[] = "/tmp/janus-vectors-XXXXXX";
static struct vectors v;

static void
reopen_vectors(const char *extension)
{
	_cleanup_free_ char *path = str_printf("%s/v.db", dir);
	struct error err = { 0 };

	vectors_close(&v);
	ck_assert_msg(vectors_open(&v, path, extension, &err) == 0, "%s", err.text);
	ck_assert_int_eq(v.extension[0] != '\0', extension != NULL);
}

static void
open_vectors(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	reopen_vectors(getenv("VECTOR_EXTENSION"));
}

static void
close_vectors(void)
{
	vectors_close(&v);
	file_remove_tree(dir, NULL);
}

static int
put(const char *competitor, const char *space, const char *id, const float *at, int dimensions)
{
	const struct vector_item item = { id, at, dimensions, "text", "", "" };
	struct error err = { 0 };

	return vectors_put(&v, competitor, space, &item, 1, &err);
}

struct seen {
	int n;
	char ids[VECTOR_TOP_MAX][16];
	double scores[VECTOR_TOP_MAX];
};

static void
on_hit(const struct vector_hit *hit, void *arg)
{
	struct seen *s = arg;

	snprintf(s->ids[s->n], sizeof(s->ids[0]), "%s", hit->id);
	s->scores[s->n++] = hit->score;
}

static struct seen
find(const char *competitor, const char *space, const float *at, int dimensions, int top)
{
	struct seen s = { 0 };
	struct error err = { 0 };

	ck_assert_msg(
	    vectors_find(&v, competitor, space, at, dimensions, top, on_hit, &s, &err) == s.n, "%s",
	    err.text);
	return s;
}

static double
cosine(const float *a, const float *b, int n)
{
	double ab = 0, aa = 0, bb = 0;

	for (int i = 0; i < n; i++) {
		ab += (double)a[i] * (double)b[i];
		aa += (double)a[i] * (double)a[i];
		bb += (double)b[i] * (double)b[i];
	}
	return ab / sqrt(aa * bb);
}

#define MANY 200
#define DIMENSIONS 17

/* The nearest are those that plain arithmetic says, best first. */
START_TEST(test_property)
{
	static float all[MANY][DIMENSIONS];
	float query[DIMENSIONS];
	char id[16];

	open_vectors();
	srandom((unsigned)_i + 1);
	for (int i = 0; i < MANY; i++) {
		for (int d = 0; d < DIMENSIONS; d++)
			all[i][d] = (float)(random() % 2001 - 1000) * (i % 7 == 0 ? 1e-6F : 1e3F);
		all[i][0] += 0.5F;
		snprintf(id, sizeof(id), "%d", i);
		ck_assert_int_eq(put("owl", "s", id, all[i], DIMENSIONS), 0);
	}
	for (int d = 0; d < DIMENSIONS; d++)
		query[d] = (float)(random() % 2001 - 1000);
	const int top = 1 + (int)(random() % VECTOR_TOP_MAX);
	const struct seen s = find("owl", "s", query, DIMENSIONS, top);
	ck_assert_int_eq(s.n, top);
	for (int i = 0; i < s.n; i++) {
		ck_assert_double_eq_tol(
		    s.scores[i], cosine(all[atoi(s.ids[i])], query, DIMENSIONS), 1e-5);
		if (i > 0)
			ck_assert_double_ge(s.scores[i - 1], s.scores[i]);
	}
	int better = 0;
	for (int i = 0; i < MANY; i++)
		better += cosine(all[i], query, DIMENSIONS) > s.scores[s.n - 1] + 1e-5;
	ck_assert_int_lt(better, top);
	close_vectors();
}
END_TEST

/* What is found does not depend on the extension: the same rows, the same numbers. */
START_TEST(test_same)
{
	float at[DIMENSIONS];
	char id[16];

	open_vectors();
	srandom(1);
	for (int i = 0; i < 10 * MANY; i++) { /* few directions: many are alike, or nearly so */
		for (int d = 0; d < DIMENSIONS; d++)
			at[d] = (float)(random() % 3 - 1) + (i % 5 == 0 ? 1e-6F : 0);
		at[0] += 0.5F;
		snprintf(id, sizeof(id), "%d", i);
		ck_assert_int_eq(put("owl", "s", id, at, DIMENSIONS), 0);
	}
	for (int top = 1; top <= VECTOR_TOP_MAX; top += 11) {
		at[0] = (float)top;
		const struct seen with = find("owl", "s", at, DIMENSIONS, top);
		reopen_vectors(NULL);
		const struct seen without = find("owl", "s", at, DIMENSIONS, top);
		ck_assert_mem_eq(&with, &without, sizeof(with));
		ck_assert_int_eq(with.n, top);
		reopen_vectors(getenv("VECTOR_EXTENSION"));
	}
	close_vectors();
}
END_TEST

/* One that cannot be loaded is none. */
START_TEST(test_no_extension)
{
	const float a[2] = { 1, 0 };
	struct error err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(dir));
	_cleanup_free_ char *path = str_printf("%s/v.db", dir);
	ck_assert_int_eq(vectors_open(&v, path, "/nowhere/vec0", &err), 0);
	ck_assert_str_eq(v.extension, "");
	ck_assert_int_eq(put("owl", "s", "1", a, 2), 0);
	ck_assert_int_eq(find("owl", "s", a, 2, 1).n, 1);
	ck_assert_int_ne(sql_exec(&v.sql, "SELECT load_extension('x')", &err), 0);
	close_vectors();
}
END_TEST

START_TEST(test_apart) /* [H10] nobody sees, counts or removes another's */
{
	const float a[2] = { 1, 0 };

	open_vectors();
	ck_assert_int_eq(put("owl", "s", "1", a, 2), 0);
	ck_assert_int_eq(put("fox", "s", "2", a, 2), 0);
	ck_assert_int_eq(put("owl", "t", "3", a, 2), 0);
	struct seen s = find("owl", "s", a, 2, 10);
	ck_assert_int_eq(s.n, 1);
	ck_assert_str_eq(s.ids[0], "1");
	ck_assert_int_eq(find("ow", "s", a, 2, 10).n, 0);
	ck_assert_int_eq(find("owl", "%", a, 2, 10).n, 0);
	ck_assert_int_eq(vectors_drop(&v, "fox", "t", NULL, 0, NULL), 0);
	const char *ids[] = { "1", "2", "3", "x" };
	ck_assert_int_eq(vectors_drop(&v, "fox", "s", ids, 4, NULL), 1);
	ck_assert_int_eq(vectors_count(&v, "owl", "s", NULL), 1);
	ck_assert_int_eq(vectors_drop(&v, "owl", "s", NULL, 0, NULL), 1);
	ck_assert_int_eq(vectors_count(&v, "owl", "t", NULL), 1);
	close_vectors();
}
END_TEST

START_TEST(test_limits) /* [H10] wrong dimension, NaN, infinite, none; 10^6 rows */
{
	static float big[VECTOR_DIMENSIONS_MAX];
	const float two[2] = { 1, 2 }, three[3] = { 1, 2, 3 };
	struct error err = { 0 };
	struct vector_item items[2] = { { "a", two, 2, "", "", "" },
		{ "b", three, 3, "", "", "" } };

	open_vectors();
	ck_assert_int_eq(vectors_put(&v, "owl", "s", items, 2, &err), -1); /* all or none */
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_int_eq(vectors_count(&v, "owl", "s", NULL), 0);
	ck_assert_int_eq(put("owl", "s", "a", two, 2), 0);
	ck_assert_int_eq(put("owl", "s", "b", three, 3), -1);
	ck_assert_int_eq(vectors_find(&v, "owl", "s", three, 3, 5, on_hit, NULL, &err), -1);
	ck_assert_int_eq(put("owl", "s", "c", (const float[]){ NAN, 1 }, 2), -1);
	ck_assert_int_eq(put("owl", "s", "c", (const float[]){ INFINITY, 1 }, 2), -1);
	ck_assert_int_eq(put("owl", "s", "c", (const float[]){ 0, 0 }, 2), -1);
	ck_assert_int_eq(put("owl", "s", "c", (const float[]){ 3e38F, 3e38F }, 2), 0);
	/* A competitor's bytes, then its rows: refused, and what was there stays. */
	for (int i = 0; i < VECTOR_DIMENSIONS_MAX; i++)
		big[i] = 1;
	_cleanup_free_ struct vector_item *many = mem_zalloc(21000 * sizeof(*many));
	_cleanup_free_ char *ids = mem_zalloc(21000 * 8);
	for (int i = 0; i < 21000; i++) {
		snprintf(ids + (ptrdiff_t)i * 8, 8, "%d", i);
		many[i] = (struct vector_item){ ids + (ptrdiff_t)i * 8, big, 2, "", "", "" };
	}
	ck_assert_int_eq(vectors_put(&v, "fox", "s", many, 21000, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_TOO_BIG);
	ck_assert_int_eq(vectors_put(&v, "fox", "s", many, VECTORS_MAX, &err), 0);
	ck_assert_int_eq(vectors_put(&v, "fox", "s", many, VECTORS_MAX, &err), 0); /* the same */
	ck_assert_int_eq(put("fox", "t", "one more", two, 2), -1);
	ck_assert_int_eq(put("owl", "s", "d", two, 2), 0);
	close_vectors();
}
END_TEST

START_TEST(test_calls)
{
	static const struct {
		const char *path, *body;
		int status;
		const char *has;
	} cases[] = {
		{ "upsert",
		    "{\"items\":[{\"id\":\"a\",\"vector\":[1,0],\"content\":\"A\",\"source\":\"s\","
		    "\"metadata\":{\"k\":[1]}},{\"id\":\"b\",\"vector\":[0,2]}]}",
		    200, "{\"upserted\":2,\"count\":2}" },
		{ "query", "{\"vector\":[2,0],\"top_k\":1}", 200,
		    "{\"chunks\":[{\"id\":\"a\",\"content\":\"A\",\"source\":\"s\",\"metadata\":{"
		    "\"k\":"
		    "[1]},\"score\":1.000000}]}" },
		{ "query", "{\"vector\":[1,1]}", 200, "\"score\":0.707107},{\"id\":\"b\"" },
		{ "query", "{\"vector\":[1,1],\"namespace\":\"other\"}", 200, "{\"chunks\":[]}" },
		{ "query", "{\"vector\":[1,1,1]}", 422, "2 dimensions, not 3" },
		{ "query", "{\"vector\":[]}", 422, "\"param\":\"vector\"" },
		{ "query", "{\"vector\":[1,\"x\"]}", 422, "\"param\":\"vector\"" },
		{ "query", "{\"vector\":[0,0]}", 422, "has no length" },
		{ "query", "{\"vector\":[1e39,0]}", 422, "not finite" },
		{ "query", "{}", 422, "\"param\":\"vector\"" },
		{ "query", "{\"vector\":[1,1],\"top_k\":0}", 422, "\"param\":\"top_k\"" },
		{ "query", "{\"vector\":[1,1],\"namespace\":7}", 422, "\"param\":\"namespace\"" },
		{ "query", "{\"vector\":[1,1],\"x\":7}", 400, "unknown_parameter" },
		{ "query", "{\"vector\":[1", 400, "invalid_json" },
		{ "query", "{\"vector\":[NaN]}", 400, "invalid_json" },
		{ "upsert", "{\"items\":[]}", 422, "\"param\":\"items\"" },
		{ "upsert", "{\"items\":[{\"vector\":[1,1]}]}", 422, "\"param\":\"items\"" },
		{ "delete", "{}", 422, "\"param\":\"ids\"" },
		{ "delete", "{\"ids\":[1]}", 422, "\"param\":\"ids\"" },
		{ "delete", "{\"ids\":[\"a\",\"zz\"]}", 200, "{\"deleted\":1}" },
		{ "delete", "{\"all\":true}", 200, "{\"deleted\":1}" },
		/* Texts alone: as the offline embedding sees them. */
		{ "upsert",
		    "{\"namespace\":\"t\",\"items\":[{\"id\":\"fox\",\"content\":\"the red fox\"},{"
		    "\"id\":\"tax\",\"content\":\"income tax law\"}]}",
		    200, "\"upserted\":2" },
		{ "query", "{\"namespace\":\"t\",\"query\":\"a red fox\",\"top_k\":1}", 200,
		    "\"id\":\"fox\"" },
	};

	house_open(NULL, NULL, false);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *path = str_printf("/vector/%s", cases[i].path);
		_cleanup_free_ char *answer = pod_ask("POST", path, "", cases[i].body);

		ck_assert_msg(
		    status_of(answer) == cases[i].status, "%s: %s", cases[i].body, answer);
		check_has(answer, cases[i].has);
	}
	house_wait(&h.ncalls, 10);
	check_has(h.told.data, "\"service\":\"vector\",\"operation\":\"upsert\"");
	house_close();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vectors");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_property, 0, 10);
	tcase_add_test(tc, test_same);
	tcase_add_test(tc, test_no_extension);
	tcase_add_test(tc, test_apart);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_calls);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
