/*
 * test_arena_body.c - what a battle's body becomes, and how lots fall.
 */
#include "controlplane/gateway/arena_body.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/openai/chat_request.h"
#include "tests/run.h"

START_TEST(bodies)
{
	static const struct {
		const char *body, *want; /* NULL: refused */
		const char *param;
		bool stream;
	} cases[] = {
		{ "{\"messages\":[]}", "{\"model\":\"janus\",\"stream\":true,\"messages\":[]}",
		    NULL, false },
		{ " { \"a\" : 1 } ", " {\"model\":\"janus\",\"stream\":true, \"a\" : 1 } ", NULL,
		    false },
		{ "{\"stream\":false,\"a\":1}", "{\"model\":\"janus\",\"stream\":true,\"a\":1}",
		    NULL, false },
		{ "{\"a\":{\"stream\":false},\"stream\": true}",
		    "{\"model\":\"janus\",\"a\":{\"stream\":false},\"stream\": true}", NULL, true },
		{ "{\"model\":\"janus\",\"stream\":null}", "{\"model\":\"janus\",\"stream\":true}",
		    NULL, false },
		{ "{\"m\\u006fdel\":\"janus\",\"str\\u0065am\":true}",
		    "{\"m\\u006fdel\":\"janus\",\"str\\u0065am\":true}", NULL, true },
		{ "{\"n\":1,\"stream\":true,\"model\":\"janus\"}",
		    "{\"n\":1,\"stream\":true,\"model\":\"janus\"}", NULL, true },
		/* left to whoever reads it next */
		{ "{}", "{}", NULL, false },
		{ "[1]", "[1]", NULL, false },
		{ "{", "{", NULL, false },
		{ "", "", NULL, false },
		/* what a battle cannot have */
		{ "{\"model\":\"janus/swift-owl\"}", NULL, "model", false },
		{ "{\"model\":7}", NULL, "model", false },
		{ "{\"competitor_id\":\"x\"}", NULL, "competitor_id", false },
		{ "{\"competitors\":[]}", NULL, "competitors", false },
		{ "{\"n\":2}", NULL, "n", false },
		{ "{\"stream\":\"yes\"}", NULL, "stream", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buf_ struct buf out = { 0 };
		struct chat_fault fault = { 0 };
		bool stream = false;
		const int rc =
		    arena_body(&out, cases[i].body, strlen(cases[i].body), &stream, &fault);

		ck_assert_msg((rc == 0) == (cases[i].want != NULL), "%s", cases[i].body);
		if (rc < 0) {
			ck_assert_str_eq(fault.param, cases[i].param);
			continue;
		}
		ck_assert_str_eq(buf_str(&out), cases[i].want);
		ck_assert_msg(stream == cases[i].stream, "%s", cases[i].body);
	}
}
END_TEST

static uint64_t state = 20261121;

static uint64_t
next_random(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545F4914F6CDD1DULL;
}

/* Whatever was and whatever the lots say: two different ones that exist. */
START_TEST(any_lots)
{
	static const uint64_t edges[] = { 0, 1, UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63 };

	for (int round = 0; round < 20000; round++) {
		uint64_t battles[7], random[2] = { next_random(), next_random() };
		const size_t n = 2 + next_random() % 6;
		size_t out[2] = { 99, 99 };

		for (size_t i = 0; i < n; i++)
			battles[i] = next_random() >> (next_random() % 64);
		if (round < 25) {
			random[0] = edges[round % 5];
			random[1] = edges[round / 5];
		}
		arena_draw(battles, n, random, out);
		ck_assert_uint_lt(out[0], n);
		ck_assert_uint_lt(out[1], n);
		ck_assert_uint_ne(out[0], out[1]);
	}
}
END_TEST

START_TEST(lots_fall_fairly)
{
	static const uint64_t even[] = { 5, 5, 5, 5 }, late[] = { 99, 99, 99, 0 };
	size_t sides[4][2] = { { 0 } }, with_new = 0, new_on_a = 0;

	for (int round = 0; round < 40000; round++) {
		const uint64_t random[2] = { next_random(), next_random() };
		size_t out[2];

		arena_draw(even, 4, random, out);
		sides[out[0]][0]++;
		sides[out[1]][1]++;
		arena_draw(late, 4, random, out);
		with_new += out[0] == 3 || out[1] == 3;
		new_on_a += out[0] == 3;
	}
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 2; k++) /* a quarter of each side */
			ck_assert_msg(sides[i][k] > 9500 && sides[i][k] < 10500,
			    "%zu on side %zu: %zu", i, k, sides[i][k]);
	ck_assert_uint_gt(with_new, 38000); /* who has fought less fights more */
	ck_assert_msg(new_on_a > with_new * 48 / 100 && new_on_a < with_new * 52 / 100,
	    "its side says nothing: %zu of %zu", new_on_a, with_new);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("arena_body");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, bodies);
	tcase_add_test(tc, any_lots);
	tcase_add_test(tc, lots_fall_fairly);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
