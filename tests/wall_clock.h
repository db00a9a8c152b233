/*
 * wall_clock.h - the wall clock of a test's process, to be set: what asks the C library is told so, and
 * the kernel's own stays what it is.
 */
#ifndef JANUS_TESTS_WALL_CLOCK_H
#define JANUS_TESTS_WALL_CLOCK_H
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* So far ahead of the kernel's. */
static _Atomic int wall_ahead_s;

int wall_clock_gettime(clockid_t, struct timespec *) __asm__("clock_gettime");

int
wall_clock_gettime(clockid_t which, struct timespec *now)
{
	const int rc = (int)syscall(SYS_clock_gettime, which, now);

	if (rc == 0 && which == CLOCK_REALTIME)
		now->tv_sec += wall_ahead_s;
	return rc;
}
#endif
