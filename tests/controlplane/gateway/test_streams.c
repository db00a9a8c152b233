/*
 * test_streams.c - one writer, followers on many loops that come and go: each sees every event once
 * and in order, or is told that it lost some.
 */
#include "controlplane/gateway/streams.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "tests/run.h"

#define LOOPS 3
#define FOLLOWERS 12 /* on each */
#define EVENTS 4000

static struct streams *streams;
static struct loop *loops[LOOPS], *writers_loop;
static atomic_int finished, lost, stops;

struct place { /* of one who follows, over all his connections */
	struct loop *loop;
	char id[ID_MAX];
	uint64_t next;
	unsigned seed;
};
struct follower {
	struct stream_reader reader; /* first */
	struct place *at;
};

static void join(void *arg);

static void
on_freed(struct stream_reader *r)
{
	free(r);
}

/* Every event says its number twice. */
static void
check_events(const char *text, uint64_t from, uint64_t next)
{
	for (uint64_t n = from; n < next; n++) {
		unsigned long long id = 0, data = 0;
		int len = 0;

		ck_assert_int_eq(sscanf(text, "id: %llu\ndata: %llu\n%n", &id, &data, &len), 2);
		ck_assert_uint_eq(id, n);
		ck_assert_uint_eq(data, n);
		text = strstr(text, "\n\n") + 2;
	}
	ck_assert_int_eq(*text, '\0');
}

static void
leave(struct follower *f, bool comes_back)
{
	struct place *at = f->at;

	at->next = f->reader.next;
	stream_leave(&f->reader);
	if (comes_back)
		join(at);
	else
		atomic_fetch_add(&finished, 1);
}

static void
on_wake(struct stream_reader *r)
{
	struct follower *f = (struct follower *)r;
	_cleanup_buf_ struct buf out = { 0 };
	bool ended = false;

	for (;;) {
		const uint64_t from = r->next;

		buf_clear(&out);
		switch (stream_read(r, &out, (size_t)rand_r(&f->at->seed) % 900, &ended)) {
		case EVENT_READ_SOME: check_events(out.data, from, r->next); break;
		case EVENT_READ_LOST:
			atomic_fetch_add(&lost, 1);
			leave(f, false);
			return;
		case EVENT_READ_NONE:
			if (!ended)
				return;
			break;
		}
		if (ended) {
			ck_assert_uint_eq(r->next, EVENTS + 1);
			leave(f, false);
			return;
		}
		if (rand_r(&f->at->seed) % 50 == 0) {
			leave(f, true);
			return;
		}
	}
}

static void
join(void *arg)
{
	struct place *at = arg;
	struct follower *f = mem_zalloc(sizeof(*f));

	f->at = at;
	f->reader.loop = at->loop;
	f->reader.wake = on_wake;
	f->reader.freed = on_freed;
	f->reader.next = at->next;
	struct stream *s = stream_find(streams, at->id, "me");
	ck_assert_ptr_nonnull(s);
	stream_follow(s, &f->reader, at->next > 1);
	on_wake(&f->reader);
}

static void *
run_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void
on_stop(void *arg)
{
	(void)arg;
	atomic_fetch_add(&stops, 1);
}

static atomic_int drains;

static void
on_drain(void *arg)
{
	(void)arg;
	atomic_fetch_add(&drains, 1);
}

static const struct stream_events events = { on_stop, on_drain };

static void
write_all(struct stream *s, unsigned seed)
{
	_cleanup_buf_ struct buf text = { 0 };

	for (unsigned n = 1; n <= EVENTS;) {
		buf_clear(&text);
		for (int k = rand_r(&seed) % 3 + 1; k > 0 && n <= EVENTS; k--, n++)
			buf_printf(&text, "data: %u\n: %.*s\n\n", n, rand_r(&seed) % 40,
			    "........................................");
		stream_write(s, text.data, text.len);
		if (n % 500 == 0)
			stream_stop(s);
	}
	stream_end(s, CODE_NONE);
}

START_TEST(followers_on_many_loops)
{
	struct streams_limits limits = streams_defaults;
	struct place places[LOOPS * FOLLOWERS];
	pthread_t threads[LOOPS];
	struct error err = { 0 };

	limits.stream_bytes = _i % 2 == 0 ? 8 << 20 : 20000; /* all of it, or some */
	streams = streams_new(&limits);
	writers_loop = loop_new(&err);
	struct stream *s =
	    stream_open(streams, "me", "req_1", "janus", writers_loop, &events, NULL);
	for (int i = 0; i < LOOPS; i++) {
		loops[i] = loop_new(&err);
		pthread_create(&threads[i], NULL, run_loop, loops[i]);
	}
	for (unsigned i = 0; i < LOOPS * FOLLOWERS; i++) {
		places[i] = (struct place){ .loop = loops[i % LOOPS], .next = 1, .seed = i + 1 };
		snprintf(places[i].id, sizeof(places[i].id), "%s", stream_id(s));
		loop_post(places[i].loop, join, &places[i]);
	}
	write_all(s, (unsigned)_i + 1);
	while (atomic_load(&finished) < LOOPS * FOLLOWERS)
		sched_yield();
	loop_run_posted(writers_loop);
	ck_assert_int_eq(atomic_load(&stops), 1); /* told once, and in its own loop */
	if (_i % 2 == 0)
		ck_assert_int_eq(atomic_load(&lost), 0);
	stream_close(s);
	for (int i = 0; i < LOOPS; i++) {
		loop_stop(loops[i]);
		pthread_join(threads[i], NULL);
		loop_free(loops[i]);
	}
	loop_free(writers_loop);
	streams_free(streams);
}
END_TEST

/* ---- whose room goes first, by hand ---- */

static struct stream *
open_one(struct loop *loop)
{
	return stream_open(streams, "me", "req_1", "janus", loop, &events, NULL);
}

static bool
is_kept(const char *id)
{
	struct stream *s = stream_find(streams, id, "me");

	stream_unref(s);
	return s != NULL;
}

START_TEST(room)
{
	struct streams_limits limits = streams_defaults;
	struct error err = { 0 };
	struct loop *loop = loop_new(&err);
	_cleanup_free_ char *event = mem_zalloc(20001);
	struct stream_place place;

	memset(event, 'x', 20000);
	limits.count = 3;
	limits.total_bytes = 100000;
	streams = streams_new(&limits);
	struct stream *a = open_one(loop), *b = open_one(loop), *c = open_one(loop);
	ck_assert_ptr_null(open_one(loop)); /* all run */
	_cleanup_free_ char *id_a = str_dup(stream_id(a));
	_cleanup_free_ char *id_b = str_dup(stream_id(b));

	stream_end(b, CODE_NONE);
	stream_close(b);
	struct stream *d = open_one(loop);
	ck_assert_ptr_nonnull(d);
	ck_assert(is_kept(id_a));
	ck_assert(!is_kept(id_b)); /* the one that had ended */

	/* Running ones give their oldest events, the largest first. */
	for (int i = 0; i < 10; i++)
		stream_write(a, event, 20000);
	stream_write(c, event, 20000);
	stream_look(c, &place);
	ck_assert_uint_eq(place.first, 1);
	stream_look(a, &place);
	ck_assert_uint_ge(place.first, 7);
	ck_assert_uint_eq(place.last, 10);
	ck_assert(!place.ended);

	/* What was forgotten while somebody held it can still be asked. */
	stream_end(a, CODE_UPSTREAM_DIED);
	struct stream *held = stream_ref(a);
	stream_close(a);
	for (int i = 0; i < 5; i++)
		stream_write(c, event, 20000);
	ck_assert(!is_kept(id_a));
	stream_look(held, &place);
	ck_assert_uint_eq(place.first, 11);
	stream_unref(held);
	stream_close(c);
	stream_close(d);
	ck_assert_int_eq(streams_sweep(streams), -1);
	loop_free(loop);
	streams_free(streams);
}
END_TEST

/* ---- a writer waits for the slowest who follows ---- */

static void
on_nothing(struct stream_reader *r)
{
	(void)r;
}

/* From event next on, on the same loop; read by hand. */
static struct stream_reader *
follow_by_hand(struct stream *s, struct loop *loop, uint64_t next)
{
	struct stream_reader *r = mem_zalloc(sizeof(*r));

	r->loop = loop;
	r->wake = on_nothing;
	r->freed = on_freed;
	r->next = next;
	stream_follow(stream_ref(s), r, false);
	return r;
}

static size_t
read_by_hand(struct stream_reader *r, size_t max)
{
	_cleanup_buf_ struct buf out = { 0 };
	bool ended;

	ck_assert_int_eq(stream_read(r, &out, max, &ended), EVENT_READ_SOME);
	return out.len;
}

#define FULL 100000 /* bytes of an event that takes some writes to be too much */
#define HIGH (250 * 1000)

START_TEST(writer_waits) /* [A17] for the slowest of those who follow, and for nobody else */
{
	struct streams_limits limits = streams_defaults;
	struct error err = { 0 };
	struct loop *loop = loop_new(&err);
	_cleanup_free_ char *event = mem_zalloc(FULL + 1);

	memset(event, 'x', FULL);
	memcpy(event + FULL - 2, "\n\n", 2);
	limits.high_bytes = _i == 0 ? HIGH : INT64_MAX;
	limits.stream_bytes = _i == 0 ? 16 * HIGH : 4 * HIGH;
	streams = streams_new(&limits);
	struct stream *s = open_one(loop);
	for (int i = 0; i < 40; i++) /* nobody follows: the ring alone bounds it */
		ck_assert(stream_write(s, event, FULL));

	struct stream_reader *fast = follow_by_hand(s, loop, 41);
	struct stream_reader *slow = follow_by_hand(s, loop, 41);
	ck_assert(stream_write(s, event, FULL));
	ck_assert(stream_write(s, event, FULL));
	ck_assert(!stream_write(s, event, FULL));
	ck_assert_uint_gt(read_by_hand(fast, SIZE_MAX), 3U * FULL);
	ck_assert(!stream_write(s, event, FULL)); /* what was on its way */
	loop_run_posted(loop);
	ck_assert_int_eq(atomic_load(&drains), 0); /* the slow one has read nothing */
	for (int i = 0; i < 2; i++)
		read_by_hand(slow, FULL);
	loop_run_posted(loop);
	ck_assert_int_eq(atomic_load(&drains), 0); /* and now not enough */
	read_by_hand(slow, FULL);
	loop_run_posted(loop);
	ck_assert_int_eq(atomic_load(&drains), 1); /* once */
	read_by_hand(slow, FULL);
	read_by_hand(fast, SIZE_MAX);
	loop_run_posted(loop);
	ck_assert_int_eq(atomic_load(&drains), 1);

	/* Drained, but more was written before the writer heard of it: it waits on. */
	for (int i = 0; i < 3; i++)
		ck_assert(stream_write(s, event, FULL) == (i < 2));
	read_by_hand(fast, SIZE_MAX);
	read_by_hand(slow, SIZE_MAX);
	for (int i = 0; i < 3; i++)
		ck_assert(stream_write(s, event, FULL) == (i < 2));
	loop_run_posted(loop);
	ck_assert_int_eq(atomic_load(&drains), 1);

	/* One that goes is not waited for; a new one begins with all that it has yet to read. */
	read_by_hand(fast, SIZE_MAX);
	stream_leave(slow);
	loop_run_posted(loop);
	ck_assert_int_eq(atomic_load(&drains), 2);
	slow = follow_by_hand(s, loop, 45);
	ck_assert(!stream_write(s, event, FULL));
	stream_leave(fast);
	stream_leave(slow);
	loop_run_posted(loop);
	ck_assert_int_eq(atomic_load(&drains), 3);
	for (int i = 0; i < 40; i++)
		ck_assert(stream_write(s, event, FULL));

	/* After its end nobody is told anything. */
	slow = follow_by_hand(s, loop, 90);
	for (int i = 0; i < 3; i++)
		stream_write(s, event, FULL);
	stream_end(s, CODE_NONE);
	stream_close(s);
	stream_leave(slow);
	loop_run_posted(loop);
	ck_assert_int_eq(atomic_load(&drains), 3);
	loop_free(loop);
	streams_free(streams);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("streams");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, followers_on_many_loops, 0, 8);
	tcase_add_test(tc, room);
	tcase_add_loop_test(tc, writer_waits, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
