/*
 * machine.c - /proc, and the disk.
 */
#include "controlplane/sandbox/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/disk.h"
#include "runtime/base/file.h"

#define PROC_MAX (256 << 10)

static char *
proc_text(const char *path)
{
	char *text = NULL;
	size_t len;

	return file_read(path, PROC_MAX, &text, &len, NULL) == 0 ? text : NULL;
}

static int64_t
meminfo(const char *text, const char *name)
{
	const char *at = text != NULL ? strstr(text, name) : NULL;

	return at != NULL ? (int64_t)strtoll(at + strlen(name), NULL, 10) * 1024 : 0;
}

/* "cpu  user nice system idle iowait irq softirq steal" */
static void
read_ticks(struct machine *m)
{
	_cleanup_free_ char *text = proc_text("/proc/stat");
	char *at = text;

	if (text == NULL || strncmp(text, "cpu ", 4) != 0)
		return;
	at += 4;
	for (int i = 0; i < 8; i++) {
		const uint64_t ticks = strtoull(at, &at, 10);

		m->cpu_all += ticks;
		if (i != 3 && i != 4)
			m->cpu_busy += ticks;
	}
}

void
machine_look(const char *dir, const struct machine *before, struct machine *out)
{
	_cleanup_free_ char *memory = proc_text("/proc/meminfo");
	struct machine m = { .cpus = (int)sysconf(_SC_NPROCESSORS_ONLN) };
	struct disk disk;

	read_ticks(&m);
	if (before != NULL && before->cpu_all != 0 && m.cpu_all > before->cpu_all)
		m.cpu_ratio =
		    (double)(m.cpu_busy - before->cpu_busy) / (double)(m.cpu_all - before->cpu_all);
	if (getloadavg(m.load, 3) < 3)
		m.load[0] = m.load[1] = m.load[2] = 0;
	m.memory_total_bytes = meminfo(memory, "MemTotal:");
	m.memory_available_bytes = meminfo(memory, "MemAvailable:");
	if (disk_look(dir, &disk, NULL) == 0) {
		m.disk_total_bytes = disk.total_bytes;
		m.disk_free_bytes = disk.free_bytes;
	}
	if (m.memory_total_bytes > 0)
		m.memory_ratio =
		    1 - (double)m.memory_available_bytes / (double)m.memory_total_bytes;
	if (m.disk_total_bytes > 0)
		m.disk_ratio = 1 - (double)m.disk_free_bytes / (double)m.disk_total_bytes;
	*out = m;
}

void
history_turn(struct history *h, const char *dir, int64_t now_ms)
{
	struct machine m;
	unsigned at;

	machine_look(dir, &h->now, &m);
	h->now = m;
	if (now_ms < h->due_ms)
		return;
	h->due_ms = now_ms + HISTORY_STEP_MS;
	at = (h->begin + h->len) % HISTORY_POINTS;
	if (h->len == HISTORY_POINTS)
		h->begin = (h->begin + 1) % HISTORY_POINTS;
	else
		h->len++;
	h->at[at].at_ms = clock_wall_ms();
	h->at[at].cpu = (float)m.cpu_ratio;
	h->at[at].memory = (float)m.memory_ratio;
	h->at[at].disk = (float)m.disk_ratio;
}
