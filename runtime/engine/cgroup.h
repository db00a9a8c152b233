/*
 * cgroup.h - what a container uses, from the files of its cgroup (v1 and v2).
 *
 * The engine's own statistics take a second a container; these take microseconds.
 */
#ifndef JANUS_ENGINE_CGROUP_H
#define JANUS_ENGINE_CGROUP_H
#include <stdint.h>
struct error;

struct cgroup_usage {
	uint64_t cpu_us; /* since it began */
	uint64_t memory_bytes; /* without the page cache that can be dropped */
};

/**
 * cgroup_read - of the cgroup of a process of that container.
 *
 * root is "" but for tests.  NOT_FOUND if the process is gone or not of that container (its number
 * was given to another, or we see other numbers), or if the files are not there.
 */
int cgroup_read(
    const char *root, int pid, const char *container, struct cgroup_usage *out, struct error *);

/** cgroup_oom_kills - how many of its processes the kernel killed at its memory limit; 0 too where
 *  that cannot be read. As cgroup_read. */
uint64_t cgroup_oom_kills(const char *root, int pid, const char *container);
#endif
