/*
 * wall_clock.h - the clocks of a test's process, to be set: what asks the C library is told so, and the
 * kernel's own stay what they are.
 */
#ifndef JANUS_TESTS_WALL_CLOCK_H
#define JANUS_TESTS_WALL_CLOCK_H
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* So far ahead of the kernel's.  Where the monotonic one is, what is to be done a second after now, by the
 * kernel's, is not done while the test runs. */
static _Atomic int wall_ahead_s, monotonic_ahead_s;
/* The monotonic one stands: what is set for so much after now is due in that order, however slow the machine. */
static _Atomic bool monotonic_stands;

int wall_clock_gettime(clockid_t, struct timespec *) __asm__("clock_gettime");

int
wall_clock_gettime(clockid_t which, struct timespec *now)
{
	static struct timespec stood;
	int rc = 0;

	if (which == CLOCK_MONOTONIC && monotonic_stands && stood.tv_sec != 0) {
		*now = stood;
		return 0;
	}
	rc = (int)syscall(SYS_clock_gettime, which, now);
	if (rc == 0 && which == CLOCK_REALTIME)
		now->tv_sec += wall_ahead_s;
	if (rc == 0 && which == CLOCK_MONOTONIC) {
		now->tv_sec += monotonic_ahead_s;
		stood = monotonic_stands ? *now : (struct timespec){ 0 };
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
