/*
 * clock.c - preloaded into a daemon: the wall clock is off by what a file says, from one call to the next.
 *
 * CHAOS_CLOCK names a file with one int64_t in it, seconds, which the driver writes while the daemon runs.
 * The monotonic clock is left alone, as it is when somebody sets the time.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t none;
static const volatile int64_t *off_by = &none;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("CHAOS_CLOCK");
	const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof(*off_by), PROT_READ, MAP_SHARED, fd, 0);
	if (at != MAP_FAILED)
		off_by = at;
	close(fd);
}

int
clock_gettime(clockid_t which, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);

	if (real == NULL)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	const int got = real(which, now);
	if (got == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		now->tv_sec += (time_t)*off_by;
	return got;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*now = (struct timeval){ .tv_sec = t.tv_sec, .tv_usec = t.tv_nsec / 1000 };
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}
