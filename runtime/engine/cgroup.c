/*
 * cgroup.c - /proc/PID/cgroup names the directories, v1 a controller each, v2 one for all.
 */
#include "runtime/engine/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

#define FILE_MAX 65536

/* The path behind "N:controllers:" of a v1 controller, or behind "0::"; the caller's; NULL. */
static char *
path_of(const char *table, const char *controller)
{
	const size_t want = strlen(controller);

	for (const char *line = table; *line != '\0';
	     line += strcspn(line, "\n"), line += *line == '\n') {
		const char *names = strchr(line, ':');
		const char *path = names != NULL ? strchr(names + 1, ':') : NULL;

		if (path == NULL)
			return NULL;
		if (want == 0 && path == names + 1)
			return str_ndup(path + 1, strcspn(path + 1, "\n"));
		for (const char *at = names + 1; want > 0 && at < path; at += strcspn(at, ",:") + 1)
			if (strcspn(at, ",:") == want && strncmp(at, controller, want) == 0)
				return str_ndup(path + 1, strcspn(path + 1, "\n"));
	}
	return NULL;
}

/* The number in a file: its first, or the one behind `key ` at the start of a line. */
static int
read_number(const char *root, const char *controller, const char *path, const char *name,
    const char *key, uint64_t *out)
{
	_cleanup_free_ char *file =
	    str_printf("%s/sys/fs/cgroup%s%s/%s", root, controller, path, name);
	_cleanup_free_ char *text = NULL;
	const char *at;
	char *end;

	if (file_read(file, FILE_MAX, &text, NULL, NULL) < 0)
		return -1;
	for (at = text; key != NULL && !(str_starts(at, key) && at[strlen(key)] == ' ');) {
		at = strchr(at, '\n');
		if (at == NULL)
			return -1;
		at++;
	}
	*out = strtoull(at + (key != NULL ? strlen(key) + 1 : 0), &end, 10);
	return end != at ? 0 : -1;
}

static uint64_t
without(uint64_t all, uint64_t part)
{
	return all > part ? all - part : 0;
}

static int
read_v1(const char *root, const char *table, struct cgroup_usage *out)
{
	_cleanup_free_ char *cpu = path_of(table, "cpuacct"), *memory = path_of(table, "memory");
	uint64_t ns, bytes, cache = 0;

	if (cpu == NULL || memory == NULL ||
	    read_number(root, "/cpuacct", cpu, "cpuacct.usage", NULL, &ns) < 0 ||
	    read_number(root, "/memory", memory, "memory.usage_in_bytes", NULL, &bytes) < 0)
		return -1;
	read_number(root, "/memory", memory, "memory.stat", "total_inactive_file", &cache);
	*out = (struct cgroup_usage){ ns / 1000, without(bytes, cache) };
	return 0;
}

static int
read_v2(const char *root, const char *table, struct cgroup_usage *out)
{
	_cleanup_free_ char *path = path_of(table, "");
	uint64_t us, bytes, cache = 0;

	if (path == NULL || read_number(root, "", path, "cpu.stat", "usage_usec", &us) < 0 ||
	    read_number(root, "", path, "memory.current", NULL, &bytes) < 0)
		return -1;
	read_number(root, "", path, "memory.stat", "inactive_file", &cache);
	*out = (struct cgroup_usage){ us, without(bytes, cache) };
	return 0;
}

/* /proc/PID/cgroup, if it is of that container; the caller's. */
static char *
read_table(const char *root, int pid, const char *container)
{
	_cleanup_free_ char *file = str_printf("%s/proc/%d/cgroup", root, pid);
	_cleanup_free_ char *table = NULL;

	if (pid <= 0 || container[0] == '\0' || file_read(file, FILE_MAX, &table, NULL, NULL) < 0 ||
	    strstr(table, container) == NULL)
		return NULL;
	return TAKE(table);
}

int
cgroup_read(
    const char *root, int pid, const char *container, struct cgroup_usage *out, struct error *err)
{
	_cleanup_free_ char *table = read_table(root, pid, container);

	if (table == NULL)
		return error_set(err, ERROR_NOT_FOUND, "process %d is none of that container", pid);
	if (read_v1(root, table, out) < 0 && read_v2(root, table, out) < 0)
		return error_set(err, ERROR_NOT_FOUND, "its cgroup cannot be read");
	return 0;
}

uint64_t
cgroup_oom_kills(const char *root, int pid, const char *container)
{
	_cleanup_free_ char *table = read_table(root, pid, container), *v1 = NULL, *v2 = NULL;
	uint64_t kills = 0;

	if (table == NULL)
		return 0;
	v1 = path_of(table, "memory");
	v2 = path_of(table, "");
	if ((v1 == NULL ||
		read_number(root, "/memory", v1, "memory.oom_control", "oom_kill", &kills) < 0) &&
	    (v2 == NULL || read_number(root, "", v2, "memory.events", "oom_kill", &kills) < 0))
		return 0;
	return kills;
}
