/*
 * host_look.c - what a process has of its machine, read.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/diagnose/host.h"

#define FILE_MAX_BYTES 65536

struct clock_pair
clock_pair_now(void)
{
	struct timespec boot = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (struct clock_pair){ clock_wall_ms(),
		(int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000 };
}

/* The whole of a file of /proc or /sys; NULL if it is not there. */
static char *
read_text(const char *root, const char *path)
{
	_cleanup_free_ char *whole = str_printf("%s%s", root, path);
	char *text = NULL;
	size_t len;

	return file_read(whole, FILE_MAX_BYTES, &text, &len, NULL) == 0 ? text : NULL;
}

/* The nth number (from 0) of a file; -1 if it has none there, or "max". */
static int64_t
read_number(const char *root, const char *path, int nth)
{
	_cleanup_free_ char *text = read_text(root, path);
	char *at = text, *end;
	int64_t n = -1;

	for (int i = 0; at != NULL && i <= nth; i++, at = end) {
		n = strtoll(at, &end, 10);
		if (end == at)
			return -1;
	}
	return at == NULL ? -1 : n;
}

static int64_t
count_entries(const char *root, const char *path)
{
	_cleanup_free_ char *whole = str_printf("%s%s", root, path);
	DIR *dir = opendir(whole);
	int64_t n = 0;

	if (dir == NULL)
		return -1;
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n - 1; /* but the one that was opened to look */
}

static void
look_descriptors(const char *root, struct host *out)
{
	struct rlimit limit;

	out->fds = count_entries(root, "/proc/self/fd");
	out->fds_max = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
	    ? (int64_t)limit.rlim_cur
	    : -1;
	out->files = read_number(root, "/proc/sys/fs/file-nr", 0);
	out->files_max = read_number(root, "/proc/sys/fs/file-nr", 2);
}

/* Its group of version 2: where /proc/self/cgroup says, or, in a container, at the root. */
static void
look_group(const char *root, struct host *out)
{
	static const char *const names[] = { "pids.current", "pids.max" };
	_cleanup_free_ char *groups = read_text(root, "/proc/self/cgroup");
	char *own = groups != NULL ? strstr(groups, "0::/") : NULL;
	int64_t seen[2];

	if (own != NULL) {
		own += strlen("0::");
		own[strcspn(own, "\n")] = '\0';
	}
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *path = str_printf("/sys/fs/cgroup%s/%s",
		    own == NULL || strcmp(own, "/") == 0 ? "" : own, names[i]);
		_cleanup_free_ char *top = str_printf("/sys/fs/cgroup/%s", names[i]);

		seen[i] = read_number(root, path, 0);
		if (seen[i] < 0)
			seen[i] = read_number(root, top, 0);
	}
	out->pids = seen[0];
	out->pids_max = seen[1];
}

/* "0.10 0.20 0.30 2/345 6789": 345 tasks. */
static void
look_tasks(const char *root, struct host *out)
{
	_cleanup_free_ char *load = read_text(root, "/proc/loadavg");
	const char *slash = load != NULL ? strchr(load, '/') : NULL;
	const int64_t threads = read_number(root, "/proc/sys/kernel/threads-max", 0);
	const int64_t ids = read_number(root, "/proc/sys/kernel/pid_max", 0);

	out->tasks = slash != NULL ? strtoll(slash + 1, NULL, 10) : -1;
	out->tasks_max = threads < 0 || (ids >= 0 && ids < threads) ? ids : threads;
}

static int64_t
memory_line(const char *text, const char *name)
{
	const char *at = text != NULL ? strstr(text, name) : NULL;

	return at != NULL ? strtoll(at + strlen(name), NULL, 10) * 1024 : -1;
}

static void
look_memory(const char *root, struct host *out)
{
	_cleanup_free_ char *text = read_text(root, "/proc/meminfo");

	out->memory_bytes = memory_line(text, "MemTotal:");
	out->memory_free_bytes = memory_line(text, "MemAvailable:");
}

static void
look_connections(const char *root, struct host *out)
{
	const char *range = "/proc/sys/net/ipv4/ip_local_port_range";
	const int64_t first = read_number(root, range, 0), last = read_number(root, range, 1);

	out->conntrack = read_number(root, "/proc/sys/net/netfilter/nf_conntrack_count", 0);
	out->conntrack_max = read_number(root, "/proc/sys/net/netfilter/nf_conntrack_max", 0);
	out->ports = first >= 0 && last >= first ? last - first + 1 : -1;
}

static void
look_watchers(const char *root, struct host *out)
{
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC);

	out->can_watch = fd >= 0;
	out->watchers_max = read_number(root, "/proc/sys/fs/inotify/max_user_instances", 0);
}

void
host_look(const char *root, struct host *out)
{
	struct timex clock = { 0 };

	look_descriptors(root, out);
	look_group(root, out);
	look_tasks(root, out);
	look_memory(root, out);
	look_connections(root, out);
	look_watchers(root, out);
	out->clock_synchronised = adjtimex(&clock) < 0 ? -1 : (clock.status & STA_UNSYNC) == 0;
}
