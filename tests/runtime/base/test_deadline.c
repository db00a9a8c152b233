/*
 * test_deadline.c - waits end when they should.
 */
#include "runtime/base/deadline.h"

#include <check.h>

#include "runtime/base/clock.h"
#include "tests/run.h"
#include "tests/wall_clock.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool said, may_end;

static void *
say(void *arg)
{
	pthread_mutex_lock(&lock);
	said = true;
	pthread_cond_signal(&cond);
	while (!may_end)
		pthread_cond_wait(&cond, &lock);
	pthread_mutex_unlock(&lock);
	return arg;
}

START_TEST(test_waits) /* [J01] not by the wall clock, which is an hour off, either way */
{
	const int64_t from_ms = clock_now_ms(), late_ms = from_ms + 3600000;
	pthread_t thread;

	wall_ahead_s = _i == 0 ? 3600 : -3600;
	pthread_mutex_lock(&lock);
	while (
	    deadline_cond(&cond, &lock, from_ms + 5)) /* nobody does, but for nothing it may wake */
		;
	ck_assert_int_ge(clock_now_ms(), from_ms + 5);
	ck_assert_int_eq(pthread_create(&thread, NULL, say, NULL), 0);
	while (!said)
		ck_assert(deadline_cond(&cond, &lock, late_ms));
	pthread_mutex_unlock(&lock);

	ck_assert(!deadline_join(thread, clock_now_ms() + 5));
	pthread_mutex_lock(&lock);
	may_end = true;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&lock);
	ck_assert(deadline_join(thread, late_ms));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("deadline");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_waits, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
