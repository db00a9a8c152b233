/*
 * wall_clock.h - the clocks of a test's process, to be set: what asks the C library is told so, and the
 * kernel's own stay what they are.
 */
#ifndef JANUS_TESTS_WALL_CLOCK_H
#define JANUS_TESTS_WALL_CLOCK_H
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S INT64_C(1000000000)

/* So far ahead of the kernel's.  Where the monotonic one is, what is to be done a second after now, by the
 * kernel's, is not done while the test runs. */
static _Atomic int wall_ahead_s, monotonic_ahead_s;
/* The monotonic one stands: what is set for so much after now is due in that order, however slow the machine. */
static _Atomic bool monotonic_stands;

int wall_clock_gettime(clockid_t, struct timespec *) __asm__("clock_gettime");

int
wall_clock_gettime(clockid_t which, struct timespec *now)
{
	static _Atomic int64_t stood_ns;
	const int64_t stood = monotonic_stands ? stood_ns : 0;

	if (which == CLOCK_MONOTONIC && stood != 0) {
		*now = (struct timespec){ .tv_sec = stood / NS_PER_S, .tv_nsec = stood % NS_PER_S };
		return 0;
	}
	const int rc = (int)syscall(SYS_clock_gettime, which, now);
	if (rc == 0 && which == CLOCK_REALTIME)
		now->tv_sec += wall_ahead_s;
	if (rc == 0 && which == CLOCK_MONOTONIC) {
		now->tv_sec += monotonic_ahead_s;
		stood_ns = monotonic_stands ? now->tv_sec * NS_PER_S + now->tv_nsec : 0;
	}
	return rc;
}

/** wall_is_noon - it is noon tomorrow: no day ends while the test runs. */
static inline void
wall_is_noon(void)
{
	wall_ahead_s = 86400 + 43200 - (int)(time(NULL) % 86400);
}
#endif
