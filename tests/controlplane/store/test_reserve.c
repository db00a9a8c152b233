/*
 * test_reserve.c - when the reserve is made, and when nothing new may begin.
 */
#include "controlplane/store/reserve.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define MIB (INT64_C(1) << 20)

static const struct rule {
	const char *name;
	struct reserve_seen seen; /* of a disk where 16 MiB are kept */
	bool make, low;
} rules[] = {
	{ "[I03] room for it and as much again: it is made", { 1024 * MIB, 32 * MIB, false, true },
	    true, false },
	{ "[I03] less than that: not yet", { 1024 * MIB, 32 * MIB - 1, false, true }, false, true },
	{ "nor is it taken from who was not low before", { 1024 * MIB, 5 * MIB, false, false },
	    false, true },
	{ "it is there, and all is well", { 1024 * MIB, 900 * MIB, true, false }, false, false },
	{ "half its size is left: still well", { 1024 * MIB, 8 * MIB, true, false }, false, false },
	{ "[I03] less: nothing new", { 1024 * MIB, 8 * MIB - 1, true, false }, false, true },
	{ "until all of its size is free", { 1024 * MIB, 16 * MIB - 1, true, true }, false, true },
	{ "then well again", { 1024 * MIB, 16 * MIB, true, true }, false, false },
	{ "of a small disk a sixteenth is kept", { 32 * MIB, 2 * MIB, true, false }, false, false },
	{ "and half of that is little", { 32 * MIB, 1 * MIB - 1, true, false }, false, true },
	{ "of a disk that says no size nothing", { 0, 0, false, false }, false, false },
};

START_TEST(test_rules)
{
	const struct rule *r = &rules[_i];
	const struct reserve_step got = reserve_decide(16 * MIB, &r->seen);

	ck_assert_msg(got.make == r->make && got.low == r->low, "%s: make %d low %d", r->name,
	    got.make, got.low);
}
END_TEST

/* Whatever the disk does: it is never low for ever, and never made where it makes it low. */
START_TEST(test_property)
{
	uint64_t x = 88172645463325252U;
	struct reserve_seen s = { 640 * MIB, 640 * MIB, false, false };

	for (int i = 0; i < 100000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		s.free_bytes = (int64_t)(x % (uint64_t)(64 * MIB));
		const struct reserve_step step = reserve_decide(16 * MIB, &s);

		ck_assert(!step.make || !s.held);
		ck_assert(!step.make || s.free_bytes - 16 * MIB >= 16 * MIB);
		if (step.make)
			s.free_bytes -= 16 * MIB;
		s.held |= step.make;
		s.low = step.low;
		if (x % 7 == 0)
			s.held = false; /* it was needed */
		const struct reserve_seen roomy = { s.total_bytes, 200 * MIB, s.held, s.low };
		ck_assert(!reserve_decide(16 * MIB, &roomy).low);
	}
}
END_TEST

START_TEST(test_file)
{
	char dir[] = "/tmp/janus_reserve_XXXXXX";
	struct reserve r = { 0 };
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	_cleanup_free_ char *path = str_printf("%s/reserve", dir);
	reserve_init(&r, dir, 0);
	ck_assert(!reserve_is_low(&r) && !reserve_release(&r));
	reserve_init(&r, dir, 1 * MIB);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_ge((int64_t)st.st_blocks * 512, 1 * MIB); /* it is really there */
	ck_assert(!reserve_is_low(&r));
	ck_assert(reserve_release(&r));
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert(reserve_is_low(&r));
	ck_assert(!reserve_release(&r)); /* there is no more */
	reserve_look(&r);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert(!reserve_is_low(&r));
	reserve_clear(dir); /* of a run before */
	ck_assert_int_eq(access(path, F_OK), -1);
	reserve_clear(dir);
	file_remove_tree(dir, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reserve");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_rules, 0, (int)ARRAY_LEN(rules));
	tcase_add_test(tc, test_property);
	tcase_add_test(tc, test_file);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
