/*
 * test_requests.c - the ring of the last chats, and their timelines.
 */
#include "controlplane/observe/requests.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static struct request_record *
chat(const char *id, const char *slug, int64_t accepted_at_ms, int64_t gap_ms)
{
	struct request_record *q = mem_zalloc(sizeof(*q));

	snprintf(q->id, sizeof(q->id), "%s", id);
	snprintf(q->slug, sizeof(q->slug), "%s", slug);
	q->accepted_at_ms = accepted_at_ms;
	q->duration_us = 1000;
	q->max_gap_ms = gap_ms;
	return q;
}

START_TEST(test_ring)
{
	struct requests *all = mem_zalloc(sizeof(*all));
	char id[32];

	for (int i = 0; i < REQUESTS_KEPT + 10; i++) {
		snprintf(id, sizeof(id), "req_%d", i);
		request_record_free(requests_add(all, chat(id, "owl", i, i % 7)));
	}
	ck_assert_ptr_null(requests_find(all, "req_9"));
	ck_assert_ptr_nonnull(requests_find(all, "req_10"));
	ck_assert_ptr_nonnull(requests_find(all, "req_4105"));
	struct request_record *oldest = requests_add(all, chat("last", "owl", 1, 0));
	ck_assert_str_eq(oldest->id, "req_10");
	ck_assert_ptr_null(requests_find(all, "req_10"));
	request_record_free(oldest);
	requests_done(all);
	free(all);
}
END_TEST

START_TEST(test_same_id)
{
	struct requests *all = mem_zalloc(sizeof(*all));
	char id[32];

	requests_add(all, chat("twice", "owl", 1, 0));
	requests_add(all, chat("twice", "owl", 2, 0));
	ck_assert_int_eq(requests_find(all, "twice")->accepted_at_ms, 2);
	for (int i = 0; i < REQUESTS_KEPT - 1;
	     i++) { /* the first of the two goes, not the second */
		snprintf(id, sizeof(id), "req_%d", i);
		request_record_free(requests_add(all, chat(id, "owl", i, 0)));
	}
	ck_assert_ptr_nonnull(requests_find(all, "twice"));
	request_record_free(requests_add(all, chat("last", "owl", 1, 0)));
	ck_assert_ptr_null(requests_find(all, "twice"));
	requests_done(all);
	free(all);
}
END_TEST

START_TEST(test_longest_gap)
{
	struct requests *all = mem_zalloc(sizeof(*all));

	requests_add(all, chat("a", "owl", 1000, 900));
	requests_add(all, chat("b", "owl", 5000, 30));
	requests_add(all, chat("c", "owl", 6000, 20));
	requests_add(all, chat("d", "cat", 6000, 700));
	ck_assert_int_eq(requests_longest_gap(all, "owl", 4000), 30);
	ck_assert_int_eq(requests_longest_gap(all, "owl", 0), 900);
	ck_assert_int_eq(requests_longest_gap(all, "owl", 7000), -1);
	ck_assert_int_eq(requests_longest_gap(all, "ant", 0), -1);
	requests_done(all);
	free(all);
}
END_TEST

static void
timeline_is(const struct request_record *q, const char *wanted)
{
	struct request_moment moments[REQUEST_MOMENTS_MAX];
	const size_t n = request_timeline(q, moments);
	_cleanup_buf_ struct buf out = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_printf(&out, "%s%s", i > 0 ? " " : "", moments[i].what);
		if (moments[i].attempt > 0)
			buf_printf(&out, "%d", moments[i].attempt);
		ck_assert(i == 0 || moments[i].at_us >= moments[i - 1].at_us);
	}
	ck_assert_str_eq(buf_str(&out), wanted);
}

START_TEST(test_timeline)
{
	struct request_record q = { .client = "127.0.0.1",
		.model = "janus",
		.status = 503,
		.code = CODE_NO_READY_COMPETITOR,
		.duration_us = 50 };

	timeline_is(&q, "accepted end");
	q = (struct request_record){ .status = 200,
		.duration_us = 9000,
		.first_event_us = 4000,
		.max_gap_at_us = 8000,
		.max_gap_ms = 3,
		.nattempts = 2 };
	q.attempts[0] = (struct life_attempt){ .competitor = "cat",
		.code = CODE_UPSTREAM_CONNECT_FAILED,
		.picked_us = 10,
		.ended_us = 20 };
	q.attempts[1] = (struct life_attempt){ .competitor = "owl",
		.picked_us = 30,
		.connected_us = 40,
		.head_us = 3000,
		.upstream_status = 200,
		.ended_us = 9000 };
	timeline_is(
	    &q, "accepted picked1 failed1 picked2 connected2 head2 first_event longest_gap end");
	/* It waited for a free slot before. */
	q.queued_at_us = 5;
	q.queued_us = 4;
	timeline_is(&q,
	    "accepted queued picked1 failed1 picked2 connected2 head2 first_event longest_gap "
	    "end");
	q.queued_at_us = 0;
	/* Cut in the middle: the attempt failed, then the chat ended. */
	q.attempts[1].code = q.code = CODE_UPSTREAM_DIED;
	timeline_is(&q,
	    "accepted picked1 failed1 picked2 connected2 head2 first_event longest_gap failed2 "
	    "end");
	/* The client left: nobody failed. */
	q.attempts[1].code = q.code = CODE_CLIENT_CLOSED;
	timeline_is(
	    &q, "accepted picked1 failed1 picked2 connected2 head2 first_event longest_gap end");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("requests");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_ring);
	tcase_add_test(tc, test_same_id);
	tcase_add_test(tc, test_longest_gap);
	tcase_add_test(tc, test_timeline);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
