/*
 * test_broker.c - what janus-platform tells: read with care, counted, and answered.
 */
#include "controlplane/supervise/broker.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/observe/egress.h"
#include "controlplane/store/egress.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/loop/loop.h"
#include "tests/run.h"

struct seen {
	struct egress_row last;
	int calls, questions;
	char question[200];
	struct egress_counts *counts;
};

static void
on_call(const struct egress_row *row, void *arg)
{
	struct seen *s = arg;

	s->last = *row;
	s->calls++;
	egress_count(s->counts, row);
}

static void
on_question(const char *instance, const char *id, void *arg)
{
	struct seen *s = arg;

	snprintf(s->question, sizeof(s->question), "%s %s", instance, id);
	s->questions++;
}

static const struct broker_events events = { on_call, on_question };

#define CALL(more)                                                                           \
	"{\"op\":\"calls\",\"dropped\":0,\"calls\":[{\"instance\":\"ins_1\",\"competitor\":" \
	"\"owl\",\"service\":\"web\",\"decision\":\"denied\",\"calls\":3" more "}]}"

START_TEST(test_packets)
{
	static const struct {
		const char *packet;
		int rc, calls, questions;
	} cases[] = {
		{ "", -1, 0, 0 },
		{ "[]", -1, 0, 0 },
		{ "{\"ok\":true}", 0, 0, 0 },
		{ "{\"ok\":false,\"error\":\"no\"}", -1, 0, 0 },
		{ "{\"op\":\"x\"}", -1, 0, 0 },
		{ "{\"op\":\"calls\"}", -1, 0, 0 },
		{ "{\"op\":\"calls\",\"calls\":{}}", -1, 0, 0 },
		{ "{\"op\":\"calls\",\"calls\":[]}", 0, 0, 0 },
		{ CALL(""), 0, 1, 0 },
		{ CALL(",\"status\":-5,\"bytes_in\":\"x\",\"cost_micro_usd\":-1"), 0, 1, 0 },
		{ "{\"op\":\"calls\",\"calls\":[1,null,{}]}", 0, 3, 0 },
		{ "{\"op\":\"chat\",\"instance\":\"ins_1\",\"request_id\":\"chat-0001\"}", 0, 0,
		    1 },
		{ "{\"op\":\"chat\",\"instance\":\"ins_1\",\"request_id\":\"x\"}", -1, 0, 0 },
		{ "{\"op\":\"chat\",\"request_id\":\"chat-0001\"}", -1, 0, 0 },
		{ "{\"op\":\"services\"}", -1, 0, 0 },
		{ "{\"op\":\"services\",\"services\":[]}", -1, 0, 0 },
		{ "{\"op\":\"services\",\"services\":{\"search\":\"local\",\"web\":null,\"x\":1}}",
		    0, 0, 0 },
	};
	struct seen s = { .counts = egress_counts_new() };
	struct loop *loop = loop_new(NULL);
	struct broker *b = broker_new(loop, NULL, "/nonexistent", &events, &s);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { 0 };

		s.calls = s.questions = 0;
		ck_assert_msg(
		    broker_heard(b, cases[i].packet, strlen(cases[i].packet), &err) == cases[i].rc,
		    "%s", cases[i].packet);
		ck_assert_msg(s.calls == cases[i].calls && s.questions == cases[i].questions, "%s",
		    cases[i].packet);
	}
	ck_assert_str_eq(s.question, "ins_1 chat-0001");
	broker_answer(b, "ins_1", "chat-0001", true); /* nobody is connected: nothing happens */
	ck_assert_ptr_null(broker_offer(b, "search")); /* nobody is there */
	broker_free(b);
	loop_free(loop);
	egress_counts_free(s.counts);
}
END_TEST

START_TEST(test_counts) /* [M09] labels stay few however many competitors come and go */
{
	struct egress_counts *counts = egress_counts_new();
	struct egress_row row = { .calls = 2, .bytes_in = 7, .cost_micro_usd = 1500000 };
	_cleanup_buf_ struct buf out = { 0 };
	int lines = 0;

	snprintf(row.decision, sizeof(row.decision), "allowed");
	for (int i = 0; i < 1000; i++) {
		snprintf(row.competitor, sizeof(row.competitor), "c%d", i);
		egress_count(counts, &row);
	}
	snprintf(row.decision, sizeof(row.decision), "surprise");
	egress_count(counts, &row);
	egress_metrics(counts, &out);
	for (const char *at = out.data; (at = strstr(at, "\njanus_egress_requests_total{")) != NULL;
	     at++)
		lines++;
	ck_assert_int_le(lines, 201 * 6);
	ck_assert_ptr_nonnull(strstr(out.data,
	    "janus_egress_requests_total{competitor=\"other\",decision=\"allowed\"} 1600"));
	ck_assert_ptr_nonnull(strstr(
	    out.data, "janus_egress_requests_total{competitor=\"other\",decision=\"other\"} 2"));
	ck_assert_ptr_nonnull(strstr(out.data,
	    "janus_egress_bytes_total{competitor=\"c1\",decision=\"allowed\",direction=\"in\"} 7"));
	egress_counts_free(counts);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("broker");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_packets);
	tcase_add_test(tc, test_counts);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
