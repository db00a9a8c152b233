/*
 * test_metrics.c - buckets, sums over loops, and the text.
 */
#include "runtime/base/metrics.h"

#include <check.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "tests/run.h"

START_TEST(test_bounds_ascend)
{
	static const struct metric_buckets *const all[] = { &buckets_http, &buckets_chat,
		&buckets_ttft, &buckets_overhead };

	for (size_t k = 0; k < 4; k++) {
		ck_assert_uint_le(all[k]->len, METRIC_BUCKETS_MAX);
		for (size_t i = 1; i < all[k]->len; i++)
			ck_assert_msg(all[k]->le[i] > all[k]->le[i - 1], "%zu.%zu", k, i);
	}
}
END_TEST

START_TEST(test_histogram)
{
	static const struct metric_buckets two = { 2, { 0.001, 0.01 } };
	struct metric_histogram a = { 0 }, b = { 0 };
	_cleanup_buf_ struct buf out = { 0 };

	metric_observe_us(&a, &two, 1000); /* a bound belongs to its bucket */
	metric_observe_us(&a, &two, 1001);
	metric_observe_us(&b, &two, 5000000);
	metric_merge(&a, &b);
	metrics_histogram(&out, "x_seconds", "competitor=\"owl\"", &two, &a);
	metrics_histogram(&out, "y_seconds", "", &two, &b);
	ck_assert_str_eq(buf_str(&out),
	    "x_seconds_bucket{competitor=\"owl\",le=\"0.001\"} 1\n"
	    "x_seconds_bucket{competitor=\"owl\",le=\"0.01\"} 2\n"
	    "x_seconds_bucket{competitor=\"owl\",le=\"+Inf\"} 3\n"
	    "x_seconds_sum{competitor=\"owl\"} 5.002001\n"
	    "x_seconds_count{competitor=\"owl\"} 3\n"
	    "y_seconds_bucket{le=\"0.001\"} 0\n"
	    "y_seconds_bucket{le=\"0.01\"} 0\n"
	    "y_seconds_bucket{le=\"+Inf\"} 1\n"
	    "y_seconds_sum 5.000000\n"
	    "y_seconds_count 1\n");
}
END_TEST

START_TEST(test_values_and_labels)
{
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_buf_ struct buf label = { 0 };
	metric_counter counter = 0;

	metric_add(&counter, 2);
	metric_add(&counter, 40);
	metrics_head(&out, "n_total", "counter", "Things.");
	metrics_value(&out, "n_total", "", (double)counter);
	metrics_label(&label, "word", "a\"b\\c\nd");
	metrics_value(&out, "n_total", label.data, 9007199254740992.0);
	ck_assert_str_eq(buf_str(&out),
	    "# HELP n_total Things.\n# TYPE n_total counter\nn_total 42\n"
	    "n_total{word=\"a\\\"b\\\\c\\nd\"} 9007199254740992\n");
}
END_TEST

START_TEST(test_openmetrics)
{
	_cleanup_buf_ struct buf out = { 0 };

	metrics_open(&out,
	    "# HELP a_total Things a total.\n# TYPE a_total counter\na_total{x=\"1\"} 4\n"
	    "# HELP b_total Not a counter.\n# TYPE b_total gauge\nb_total 1\n"
	    "# HELP c Seconds.\n# TYPE c histogram\nc_bucket{le=\"+Inf\"} 1\n");
	ck_assert_str_eq(buf_str(&out),
	    "# TYPE a counter\n# HELP a Things a total.\na_total{x=\"1\"} 4\n"
	    "# TYPE b_total gauge\n# HELP b_total Not a counter.\nb_total 1\n"
	    "# TYPE c histogram\n# HELP c Seconds.\nc_bucket{le=\"+Inf\"} 1\n# EOF\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_bounds_ascend);
	tcase_add_test(tc, test_histogram);
	tcase_add_test(tc, test_values_and_labels);
	tcase_add_test(tc, test_openmetrics);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
