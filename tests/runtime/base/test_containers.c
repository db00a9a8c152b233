/*
 * test_containers.c - buffers and maps against what is plainly right.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/map.h"
#include "runtime/base/spare.h"
#include "tests/run.h"

START_TEST(test_buf)
{
	_cleanup_buf_ struct buf b = { 0 };

	ck_assert_str_eq(buf_str(&b), "");
	buf_drop(&b, 0);
	buf_add(&b, "", 0);
	ck_assert_ptr_null(b.data);
	buf_add(&b, "a\0b", 3);
	buf_add_str(&b, "cd");
	buf_add_char(&b, 'e');
	buf_printf(&b, "%d%s", 7, "f");
	ck_assert_uint_eq(b.len, 8);
	ck_assert_mem_eq(b.data, "a\0bcde7f", 9);
	buf_drop(&b, 2);
	ck_assert_str_eq(b.data, "bcde7f");
	buf_drop(&b, 100);
	ck_assert_str_eq(buf_str(&b), "");
	ck_assert_uint_eq(b.len, 0);
	strcpy(buf_reserve(&b, 5), "owls!");
	b.len += 5;
	ck_assert_str_eq(buf_str(&b), "owls!");
	buf_clear(&b);
	ck_assert_str_eq(buf_str(&b), "");
	ck_assert_ptr_nonnull(b.data);
}
END_TEST

/* What fits is formatted once, what does not twice: the seam must not show. */
START_TEST(test_buf_printf)
{
	char text[300] = "";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		_cleanup_buf_ struct buf b = { 0 };

		text[len] = '\0';
		buf_add_str(&b, "<");
		buf_printf(&b, "%s>%d", text, 7);
		ck_assert_uint_eq(b.len, len + 3);
		ck_assert_uint_eq(strlen(buf_str(&b)), len + 3);
		ck_assert(memcmp(b.data + 1, text, len) == 0);
		ck_assert_str_eq(b.data + len + 1, ">7");
		text[len] = (char)('a' + len % 26);
	}
}
END_TEST

START_TEST(test_buf_int)
{
	static const int64_t values[] = { 0, 7, -1, 1234567890, INT64_MAX, INT64_MIN };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		_cleanup_buf_ struct buf b = { 0 };
		char want[32];

		snprintf(want, sizeof(want), "%lld", (long long)values[i]);
		buf_add_int(&b, values[i]);
		ck_assert_str_eq(buf_str(&b), want);
	}
}
END_TEST

START_TEST(test_buf_take)
{
	struct buf b = { 0 };
	_cleanup_free_ char *empty = buf_take(&b), *taken = NULL;

	ck_assert_str_eq(empty, "");
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%04d", i);
	ck_assert_uint_eq(b.len, 40000);
	taken = buf_take(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_ptr_null(b.data);
	ck_assert_uint_eq(strlen(taken), 40000);
	ck_assert_int_eq(strncmp(taken + 39996, "9999", 4), 0);
	buf_done(&b);
	buf_done(&b);
}
END_TEST

/* ---- the map against an array, with random operations ---- */

enum { KEYS = 300 };

START_TEST(test_map)
{
	struct map m = { 0 };
	int values[KEYS];
	void *there[KEYS] = { 0 };
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15) * (unsigned)(_i + 1);
	size_t len = 0;

	ck_assert_ptr_null(map_get(&m, "nothing"));
	ck_assert_ptr_null(map_remove(&m, "nothing"));
	for (int step = 0; step < 20000; step++) {
		seed ^= seed << 13; /* xorshift */
		seed ^= seed >> 7;
		seed ^= seed << 17;
		const int i = (int)(seed % KEYS);
		char key[16];

		snprintf(key, sizeof(key), i != 0 ? "k%d" : "", i);
		if (seed >> 40 & 1) {
			ck_assert_ptr_eq(map_put(&m, key, &values[i]), there[i]);
			len += there[i] == NULL;
			there[i] = &values[i];
		} else {
			ck_assert_ptr_eq(map_remove(&m, key), there[i]);
			len -= there[i] != NULL;
			there[i] = NULL;
		}
		memset(key, 'x', 3); /* it kept a copy */
		ck_assert_uint_eq(m.len, len);
		if (step % 500 != 0)
			continue;
		size_t at = 0, seen = 0;
		const char *name;
		void *value;

		while (map_next(&m, &at, &name, &value)) {
			ck_assert_ptr_eq(value, there[name[0] != '\0' ? atoi(name + 1) : 0]);
			seen++;
		}
		ck_assert_uint_eq(seen, len);
		for (int k = 0; k < KEYS; k++) {
			snprintf(key, sizeof(key), k != 0 ? "k%d" : "", k);
			ck_assert_ptr_eq(map_get(&m, key), there[k]);
		}
	}
	map_done(&m);
	ck_assert_uint_eq(m.len, 0);
	map_done(&m);
}
END_TEST

/* What comes back is given out again, zeroed, also when more come back than are kept. */
START_TEST(test_spare)
{
	static const char zeros[100];
	struct spare spare = { 0 };
	char *blocks[200];

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
			blocks[i] = spare_take(&spare, sizeof(zeros));
			ck_assert_mem_eq(blocks[i], zeros, sizeof(zeros));
			memset(blocks[i], 0xff, sizeof(zeros));
		}
		for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
			spare_give(&spare, blocks[i]);
	}
	spare_give(&spare, NULL);
	ck_assert_uint_lt(spare.len, ARRAY_LEN(blocks));
	while (spare.len > 0)
		free(spare_take(&spare, sizeof(zeros)));
	ck_assert_ptr_null(spare.first);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("containers");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_buf);
	tcase_add_test(tc, test_buf_take);
	tcase_add_test(tc, test_buf_printf);
	tcase_add_test(tc, test_buf_int);
	tcase_add_loop_test(tc, test_map, 0, 5);
	tcase_add_test(tc, test_spare);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
