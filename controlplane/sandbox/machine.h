/*
 * machine.h - what the machine has, and how much of it was used of late.
 */
#ifndef JANUS_SANDBOX_MACHINE_H
#define JANUS_SANDBOX_MACHINE_H
#include <stdint.h>

struct machine { /* ratios from 0 to 1 */
	int cpus;
	double load[3];
	double cpu_ratio; /* since the time before; 0 the first time */
	int64_t memory_total_bytes, memory_available_bytes;
	int64_t disk_total_bytes, disk_free_bytes; /* of the state directory's */
	double memory_ratio, disk_ratio;
	uint64_t cpu_busy, cpu_all; /* ticks, for the next time */
};
/** machine_look - read /proc and the file system of dir; before is the look before, or NULL. */
void machine_look(const char *dir, const struct machine *before, struct machine *out);

#define HISTORY_POINTS 1440 /* one a minute: a day */
#define HISTORY_STEP_MS 60000

struct history {
	struct machine now;
	int64_t due_ms; /* of the next point */
	unsigned begin, len;
	struct {
		int64_t at_ms; /* wall */
		float cpu, memory, disk;
	} at[HISTORY_POINTS];
};
/** history_turn - look again; a point is kept once a minute. */
void history_turn(struct history *, const char *dir, int64_t now_ms);
#endif
