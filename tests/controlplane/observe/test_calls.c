/*
 * test_calls.c - to where a call went, whose it was, and how long it waits for its chat.
 */
#include "controlplane/observe/calls.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/observe/requests.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static struct egress_row
call(const char *request, const char *instance, int64_t n)
{
	struct egress_row row = { .at_ms = 1200, .duration_ms = n };

	str_copy(row.request_id, sizeof(row.request_id), request);
	str_copy(row.instance_id, sizeof(row.instance_id), instance);
	return row;
}

static struct request_record
chat(const char *id)
{
	struct request_record q = { .traceparent =
					"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		.accepted_at_ms = 1000,
		.duration_us = 500000,
		.nattempts = 2,
		.attempts = {
		    { .instance = "ins_1", .span = 11 }, { .instance = "ins_2", .span = 12 } } };

	str_copy(q.id, sizeof(q.id), id);
	return q;
}

static const struct {
	const char *service, *target, *host;
} hosts[] = {
	{ "inference", "gpt-4o-mini", "inference" },
	{ "sandbox", "", "sandbox" },
	{ "web", "GET example.org:80", "example.org" },
	{ "web", "CONNECT example.org:443", "example.org" },
	{ "web", "CONNECT [2001:db8::1]:443", "[2001:db8::1]" },
	{ "web", "https://example.org/a?key=secret", "example.org" },
	{ "web", "https://example.org?key=secret", "example.org" },
	{ "web", "http://me:secret@example.org:8080/a", "example.org" },
	{ "web", "http://[2001:db8::1", "[2001:db8::1" },
	{ "web", "", "" },
	{ "web", "GET ", "" },
	{ "web", "://", "" },
};

START_TEST(test_host) /* [L05] no path, no query, no password of it */
{
	struct egress_row row = { 0 };
	char host[CALL_HOST_MAX];

	str_copy(row.service, sizeof(row.service), hosts[_i].service);
	str_copy(row.target, sizeof(row.target), hosts[_i].target);
	call_host(&row, host);
	ck_assert_str_eq(host, hosts[_i].host);
}
END_TEST

static void
add(const struct call_record *r, void *arg)
{
	*(int64_t *)arg += r->row.duration_ms;
}

START_TEST(test_whose)
{
	const struct request_record q = chat("req_1");
	const struct egress_row first = call("req_1", "ins_1", 1),
				second = call("req_1", "ins_2", 2),
				elsewhere = call("req_1", "ins_3", 3),
				other = call("req_2", "ins_1", 4);
	struct call_record r;

	ck_assert(call_record_fill(&r, &q, &first));
	ck_assert_uint_eq(r.parent, 11);
	ck_assert_str_eq(r.trace, "4bf92f3577b34da6a3ce929d0e0e4736");
	ck_assert(call_record_fill(&r, &q, &second));
	ck_assert_uint_eq(r.parent, 12);
	ck_assert(!call_record_fill(&r, &q, &elsewhere));
	ck_assert(!call_record_fill(&r, &q, &other));
	struct egress_row again = first; /* of another chat with that id */
	again.at_ms = 999;
	ck_assert(!call_record_fill(&r, &q, &again));
	again.at_ms = 1502;
	ck_assert(!call_record_fill(&r, &q, &again));
}
END_TEST

START_TEST(test_ids_come_again) /* a call goes with its own chat, or with none */
{
	_cleanup_free_ struct calls *c = mem_zalloc(sizeof(*c));
	const struct request_record q = chat("req_1");
	struct egress_row before = call("req_1", "ins_1", 1), after = call("req_1", "ins_1", 2);
	int64_t sum = 0;

	before.at_ms = 900;
	after.at_ms = 1600;
	calls_keep(c, &before);
	calls_keep(c, &after);
	calls_take(c, &q, add, &sum);
	ck_assert_int_eq(sum, 0);
	ck_assert_uint_eq(c->len, 1); /* its chat may be to come */
	calls_done(c);
}
END_TEST

START_TEST(test_waiting) /* each is handed out once, and the oldest go first */
{
	_cleanup_free_ struct calls *c = mem_zalloc(sizeof(*c));
	const struct request_record one = chat("req_1"), two = chat("req_2");
	int64_t sum = 0;
	struct egress_row row;

	for (int i = 0; i < CALLS_KEPT; i++) {
		row = call(i % 2 == 0 ? "req_1" : "req_2", "ins_1", i);
		ck_assert(calls_keep(c, &row));
	}
	row = call("req_1", "ins_2", 1000);
	ck_assert(!calls_keep(c, &row)); /* instead of number 0 */
	ck_assert_uint_eq(c->len, CALLS_KEPT);
	calls_take(c, &one, add, &sum);
	ck_assert_int_eq(sum, CALLS_KEPT / 2 * (CALLS_KEPT / 2 - 1) + 1000);
	ck_assert_uint_eq(c->len, CALLS_KEPT / 2);
	calls_take(c, &one, add, &sum);
	ck_assert_int_eq(sum, CALLS_KEPT / 2 * (CALLS_KEPT / 2 - 1) + 1000);
	calls_take(c, &two, NULL, NULL);
	ck_assert_uint_eq(c->len, 0);
	ck_assert(calls_keep(c, &row));
	calls_done(c);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("calls");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_host, 0, ARRAY_LEN(hosts));
	tcase_add_test(tc, test_whose);
	tcase_add_test(tc, test_ids_come_again);
	tcase_add_test(tc, test_waiting);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
