/*
 * test_id.c - ids are unique, in order and easy to tell from what is none.
 */
#include "runtime/base/id.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

enum { N = 20000, THREADS = 4 };
static char made[THREADS][N][ID_MAX];

START_TEST(test_order)
{
	for (int i = 0; i < N; i++) {
		id_new("ins", made[0][i]);
		ck_assert(id_valid("ins", made[0][i]));
		if (i > 0)
			ck_assert_int_lt(strcmp(made[0][i - 1], made[0][i]), 0);
	}
}
END_TEST

static void *
make(void *arg)
{
	for (int i = 0; i < N; i++)
		id_new("ins", made[(intptr_t)arg][i]);
	return NULL;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

START_TEST(test_threads)
{
	pthread_t ids[THREADS];
	char *all = made[0][0];

	for (intptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&ids[i], NULL, make, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	qsort(all, (size_t)THREADS * N, ID_MAX, by_text);
	for (size_t i = 1; i < (size_t)THREADS * N; i++)
		ck_assert_msg(strcmp(all + (i - 1) * ID_MAX, all + i * ID_MAX) != 0, "%s twice",
		    all + i * ID_MAX);
}
END_TEST

START_TEST(test_valid)
{
	static const struct {
		const char *prefix, *text;
		bool valid;
	} cases[] = {
		{ "ins", "ins_01h455vb4pex5vsknk084sn02q", true },
		{ "cpt", "ins_01h455vb4pex5vsknk084sn02q", false },
		{ "in", "ins_01h455vb4pex5vsknk084sn02q", false },
		{ "ins", "ins_01h455vb4pex5vsknk084sn02", false },
		{ "ins", "ins_01h455vb4pex5vsknk084sn02qq", false },
		{ "ins", "ins_01H455VB4PEX5VSKNK084SN02Q", false },
		{ "ins", "ins_01h455vb4pex5vsknk084sn02u", false }, /* no u, i, l, o */
		{ "ins", "ins-01h455vb4pex5vsknk084sn02q", false },
		{ "ins", "ins_", false },
		{ "ins", "ins", false },
		{ "ins", "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(id_valid(cases[i].prefix, cases[i].text) == cases[i].valid, "%s",
		    cases[i].text);
}
END_TEST

START_TEST(test_request)
{
	char longest[130];

	memset(longest, 'a', sizeof(longest));
	longest[128] = '\0';
	ck_assert(id_request_valid(longest));
	longest[128] = 'a';
	longest[129] = '\0';
	ck_assert(!id_request_valid(longest));
	ck_assert(id_request_valid("Az09_-xx"));
	ck_assert(!id_request_valid("Az09_-x"));
	ck_assert(!id_request_valid("abcdefgh\n"));
	ck_assert(!id_request_valid("abcd efgh"));
	ck_assert(!id_request_valid("abcdefg\xc3\xa9"));
	ck_assert(!id_request_valid(""));
}
END_TEST

START_TEST(test_base62)
{
	static char text[62 * 200 + 1];
	int count[256] = { 0 };

	ck_assert_ptr_eq(id_random_base62(text, sizeof(text) - 1), text);
	ck_assert_uint_eq(strlen(text), sizeof(text) - 1);
	for (const unsigned char *p = (unsigned char *)text; *p != '\0'; p++)
		count[*p]++;
	for (int c = 0; c < 256; c++) {
		const bool digit =
		    (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		/* 200 of each, give or take seven times the deviation. */
		ck_assert_msg(digit ? count[c] > 100 && count[c] < 300 : count[c] == 0, "%d: %d", c,
		    count[c]);
	}
	id_random_base62(text, 0);
	ck_assert_str_eq(text, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("id");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_threads);
	tcase_add_test(tc, test_valid);
	tcase_add_test(tc, test_request);
	tcase_add_test(tc, test_base62);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
