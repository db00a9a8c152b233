/*
 * deadline.c - deadlines of the monotonic clock.
 */
#include "runtime/base/deadline.h"

#include <errno.h>
#include <time.h>

static struct timespec
at(int64_t ms)
{
	return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
}

bool
deadline_cond(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_ms)
{
	const struct timespec until = at(until_ms);

	return pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT;
}

bool
deadline_join(pthread_t thread, int64_t until_ms)
{
	const struct timespec until = at(until_ms);

	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0;
}
