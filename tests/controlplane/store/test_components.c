/*
 * test_components.c - versions of components are kept in order, with what they own; and sums of calls
 * outlive the calls.
 */
#include "controlplane/store/components.h"

#include <string.h>

#include "controlplane/store/egress.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"

struct found {
	int n;
	struct component rows[4];
};

static void
on_row(const struct component *row, void *arg)
{
	struct found *f = arg;

	f->rows[f->n++] = *row;
}

START_TEST(test_rows) /* [I12] text of all kinds comes back as it went in */
{
	static const char odd[] = "{\"name\":\"'\\\";--%\xc3\xa9\"}";
	struct component row = { .id = "cmp.a.x",
		.version = "1.0.0",
		.state = COMPONENT_SUBMITTED,
		.owner = "key_1",
		.author = "owl",
		.manifest = (char *)(uintptr_t)odd,
		.contract = (char *)(uintptr_t) "{}",
		.created_at_ms = 5,
		.updated_at_ms = 6 };
	struct store_batch *b = store_batch_new();
	struct error err = { 0 };
	struct found f = { 0 };

	store_put_component(b, &row);
	str_copy(row.version, sizeof(row.version), "1.1.0");
	store_put_component(b, &row);
	str_copy(row.version, sizeof(row.version), "1.0.0");
	row.state = COMPONENT_REJECTED;
	row.reviewed_at_ms = 7;
	str_copy(row.reason, sizeof(row.reason), "no");
	row.contract = (char *)(uintptr_t) "changed"; /* a version is never changed */
	store_put_component(b, &row);
	store_commit(store, b, NULL, NULL);
	reopen();
	ck_assert_msg(store_load_components(store, on_row, &f, &err) == 0, "%s", err.text);
	ck_assert_int_eq(f.n, 2);
	ck_assert_str_eq(f.rows[0].version, "1.0.0");
	ck_assert_int_eq(f.rows[0].state, COMPONENT_REJECTED);
	ck_assert_str_eq(f.rows[0].reason, "no");
	ck_assert_str_eq(f.rows[0].manifest, odd);
	ck_assert_str_eq(f.rows[0].contract, "{}");
	ck_assert_int_eq(f.rows[0].reviewed_at_ms, 7);
	ck_assert_int_eq(f.rows[1].state, COMPONENT_SUBMITTED);
	for (int i = 0; i < f.n; i++)
		component_row_done(&f.rows[i]);
}
END_TEST

struct sums {
	int n;
	int64_t calls, recent;
	char competitor[2][SLUG_MAX];
};

static void
on_sum(const struct egress_sum *s, void *arg)
{
	struct sums *sums = arg;

	ck_assert_str_eq(s->service, "search");
	ck_assert_int_lt(sums->n, 2);
	str_copy(sums->competitor[sums->n++], SLUG_MAX, s->competitor);
	sums->calls += s->calls;
	sums->recent += s->recent;
}

START_TEST(test_sums)
{
	struct egress_row row = { .service = "search", .operation = "search", .calls = 2 };
	struct error err = { 0 };
	struct sums sums = { 0 };

	for (int i = 0; i < 60; i++) {
		snprintf(row.id, sizeof(row.id), "egr_%d", i);
		snprintf(row.competitor, sizeof(row.competitor), "c%d", i % 2);
		str_copy(row.decision, sizeof(row.decision), i % 3 == 0 ? "denied" : "allowed");
		row.at_ms = INT64_C(86400000) * (i / 6); /* ten days, four allowed each */
		store_add_egress(store, &row);
	}
	reopen();
	ck_assert_msg(store_egress_sums(store, 8, on_sum, &sums, &err) == 0, "%s", err.text);
	ck_assert_int_eq(sums.n, 2);
	ck_assert_str_eq(sums.competitor[1], "c1");
	ck_assert_int_eq(sums.calls, 80);
	ck_assert_int_eq(sums.recent, 16); /* of the days 8 and 9 */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_components");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_rows);
	tcase_add_test(tc, test_sums);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
