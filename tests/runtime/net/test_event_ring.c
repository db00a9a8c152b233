/*
 * test_event_ring.c - runtime/net/event_ring.c: a reader sees what was added, or is told.
 */
#include "runtime/net/event_ring.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "tests/must.h"
#include "tests/run.h"

static uint64_t
add(struct event_ring *r, const char *text)
{
	const struct iovec part = { (void *)(uintptr_t)text, strlen(text) };

	return event_ring_add(r, &part, 1);
}

START_TEST(numbers_and_parts)
{
	struct event_ring r = { .max_bytes = 4096 };
	const struct iovec parts[] = { { "a", 1 }, { NULL, 0 }, { "bc", 2 } };
	_cleanup_buf_ struct buf out = { 0 };
	uint64_t next = 1;

	ck_assert_uint_eq(event_ring_first(&r), 1);
	ck_assert_int_eq(event_ring_read(&r, &next, &out, 100), EVENT_READ_NONE);
	ck_assert_uint_eq(event_ring_behind(&r, 1), 0);
	ck_assert_uint_eq(event_ring_add(&r, parts, 3), 1);
	ck_assert_uint_eq(add(&r, ""), 2);
	ck_assert_uint_eq(add(&r, "d"), 3);
	ck_assert_int_eq(event_ring_read(&r, &next, &out, 100), EVENT_READ_SOME);
	ck_assert_str_eq(buf_str(&out), "abcd");
	ck_assert_uint_eq(next, 4);
	ck_assert_int_eq(event_ring_read(&r, &next, &out, 100), EVENT_READ_NONE);
	next = 3;
	buf_clear(&out);
	ck_assert_int_eq(event_ring_read(&r, &next, &out, 100), EVENT_READ_SOME);
	ck_assert_str_eq(buf_str(&out), "d");
	event_ring_done(&r);
	ck_assert_uint_eq(r.bytes, 0);
	ck_assert_uint_eq(event_ring_behind(&r, 1), 0);
	ck_assert_uint_eq(event_ring_first(&r), 4);
	next = 3;
	ck_assert_int_eq(event_ring_read(&r, &next, &out, 100), EVENT_READ_LOST);
}
END_TEST

START_TEST(reads_stop_at_whole_events)
{
	struct event_ring r = { .max_bytes = 4096 };
	_cleanup_buf_ struct buf out = { 0 };
	uint64_t next = 1;

	add(&r, "12345");
	add(&r, "678");
	add(&r, "9");
	ck_assert_int_eq(event_ring_read(&r, &next, &out, 2), EVENT_READ_SOME);
	ck_assert_str_eq(buf_str(&out), "12345"); /* larger than asked for, but the first */
	ck_assert_int_eq(event_ring_read(&r, &next, &out, 3), EVENT_READ_SOME);
	ck_assert_str_eq(buf_str(&out), "12345678");
	ck_assert_uint_eq(next, 3);
	event_ring_done(&r);
}
END_TEST

START_TEST(one_larger_than_all_is_kept)
{
	struct event_ring r = { .max_bytes = 1024 };
	_cleanup_buf_ struct buf out = { 0 };
	char large[5000];
	uint64_t next = 2;

	memset(large, 'x', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	add(&r, "small");
	add(&r, large);
	ck_assert_uint_eq(event_ring_first(&r), 2);
	ck_assert_uint_eq(event_ring_shrink(&r), 0);
	ck_assert_int_eq(event_ring_read(&r, &next, &out, 1), EVENT_READ_SOME);
	ck_assert_str_eq(buf_str(&out), large);
	add(&r, "small");
	ck_assert_uint_eq(event_ring_first(&r), 3);
	ck_assert_uint_le(r.bytes, r.max_bytes);
	event_ring_done(&r);
}
END_TEST

/* ---- any order of adding, reading and forgetting ---- */

#define EVENTS 3000
#define READERS 7

static struct buf added[EVENTS + 1];

/* Read with a random bound: exactly the events from *next on, or lost because it is older than all. */
static void
read_and_compare(const struct event_ring *r, uint64_t *next)
{
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_buf_ struct buf want = { 0 };
	const uint64_t from = *next, first = event_ring_first(r);
	size_t behind = 0;

	for (uint64_t n = from > first ? from : first; n <= r->last; n++)
		behind += added[n].len;
	must(event_ring_behind(r, from) == behind);
	switch (event_ring_read(r, next, &out, (size_t)(random() % 600))) {
	case EVENT_READ_NONE: must(from == r->last + 1); break;
	case EVENT_READ_LOST:
		must(from < event_ring_first(r));
		must(out.len == 0);
		*next =
		    event_ring_first(r) + (uint64_t)random() % (r->last + 2 - event_ring_first(r));
		break;
	case EVENT_READ_SOME:
		must(from >= event_ring_first(r));
		must(*next > from);
		for (uint64_t n = from; n < *next; n++)
			buf_add(&want, added[n].data, added[n].len);
		must(out.len == want.len);
		must(memcmp(out.data, want.data, want.len) == 0);
		break;
	}
}

START_TEST(property_readers_see_a_whole_suffix)
{
	struct event_ring r = { .max_bytes = 256U << (unsigned)(_i % 6) };
	uint64_t next[READERS];

	srandom((unsigned)_i + 1);
	for (int i = 0; i < READERS; i++)
		next[i] = 1;
	for (uint64_t n = 1; n <= EVENTS;) {
		const long dice = random() % 100;

		if (dice < 40) {
			const size_t len = (size_t)(random() % (dice == 0 ? 3000 : 60));

			buf_clear(&added[n]);
			for (size_t k = 0; k < len + 1; k++)
				buf_add_char(&added[n], (char)('a' + random() % 26));
			must(add(&r, added[n].data) == n);
			n++;
		} else if (dice == 40) {
			const size_t before = r.bytes, freed = event_ring_shrink(&r);

			must(before - freed == r.bytes);
		} else {
			read_and_compare(&r, &next[dice % READERS]);
		}
		must(r.bytes <= r.max_bytes || r.oldest == r.newest);
		must(event_ring_first(&r) <= r.last + 1);
	}
	event_ring_done(&r);
	for (int i = 0; i <= EVENTS; i++)
		buf_done(&added[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("event_ring");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, numbers_and_parts);
	tcase_add_test(tc, reads_stop_at_whole_events);
	tcase_add_test(tc, one_larger_than_all_is_kept);
	tcase_add_loop_test(tc, property_readers_see_a_whole_suffix, 0, 60);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
