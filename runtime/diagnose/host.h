/*
 * host.h - what a process has of its machine: clock, descriptors, processes, memory, connections.
 *
 * host_look reads, host_judge decides and is pure.
 */
#ifndef JANUS_DIAGNOSE_HOST_H
#define JANUS_DIAGNOSE_HOST_H
#include <stdbool.h>
#include <stdint.h>

#include "runtime/diagnose/finding.h"

/* Both clocks at one moment. */
struct clock_pair {
	int64_t wall_ms, boot_ms; /* since 1970; since the machine's start, sleep counted */
};
/** clock_pair_now - as they are. */
struct clock_pair clock_pair_now(void);

/* -1 where the system does not say. */
struct host {
	int64_t fds, fds_max; /* of this process: open, limit */
	int64_t files, files_max; /* of the whole system */
	int64_t pids, pids_max; /* of its control group */
	int64_t tasks, tasks_max; /* of the whole system */
	int64_t memory_bytes, memory_free_bytes;
	int64_t conntrack, conntrack_max;
	int64_t ports; /* how many a connection may come from */
	int64_t watchers_max; /* inotify instances of a user */
	bool can_watch; /* one more of them was just to be had */
	int clock_synchronised; /* 1, 0, -1 */
};
/** host_look - root is put before paths in /proc and /sys; "" but in tests. */
void host_look(const char *root, struct host *out);
/** host_judge - a finding for each of them that the system tells of; of the clock host_judge_clock. */
void host_judge(const struct host *, struct findings *);

#define CLOCK_NO_ENGINE INT64_MAX
/**
 * host_judge_clock - since: how the clocks were at the start, for jumps since then; NULL: no matter.
 * engine_ahead_ms: the engine's clock less ours, CLOCK_NO_ENGINE if it was not asked.
 */
void host_judge_clock(const struct host *, const struct clock_pair *since,
    const struct clock_pair *now, int64_t engine_ahead_ms, struct findings *);

/** host_judge_disk - room where path is, in bytes and in files. Looks itself. */
void host_judge_disk(enum check, const char *path, struct findings *);
/** host_judge_directory - the state's: there, ours, and nobody else's? Looks itself. */
void host_judge_directory(const char *dir, struct findings *);
#endif
