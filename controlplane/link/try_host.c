/*
 * try_host.c - attempts by file, by unix socket, and a look at what we are.
 */
#include "controlplane/link/attempts.h"
#include "controlplane/link/try.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TMPFS_SUPER_MAGIC 0x01021994

/* Opened, never written: an attempt must not harm a host that lets it pass. */
int
try_write(const struct attempt *a, char *saw, size_t size)
{
	(void)saw;
	(void)size;
	return open(a->where, O_WRONLY | O_CLOEXEC | O_NONBLOCK) < 0 ? -1 : 0;
}

/* Some engines put a tmpfs of their own on /run; that is memory, counted as such. */
int
try_create(const struct attempt *a, char *saw, size_t size)
{
	struct statfs fs;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/.janus-attempt-%d", a->where, (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	unlink(path);
	if (fstatfs(fd, &fs) < 0 || (unsigned long)fs.f_type != TMPFS_SUPER_MAGIC)
		return 0;
	snprintf(saw, size, "a tmpfs");
	return -1;
}

int
try_look(const struct attempt *a, char *saw, size_t size)
{
	struct stat st;

	if (stat(a->where, &st) < 0)
		return -1;
	snprintf(saw, size, "it is there, mode %o, owner %u", st.st_mode & 07777u, st.st_uid);
	return 0;
}

int
try_unix(const struct attempt *a, char *saw, size_t size)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int error = 0;

	(void)saw;
	(void)size;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", a->where);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const int fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC, 0);

		if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
			return 0;
		error = error == 0 || errno != EPROTOTYPE ? errno : error;
	}
	errno = error;
	return -1;
}

/*
 * Abstract names and bound paths of the whole network namespace are listed.
 * In a pod there is one: the link's, which no path of ours leads to.
 */
int
try_unix_list(const struct attempt *a, char *saw, size_t size)
{
	FILE *f = fopen("/proc/net/unix", "re");
	char line[400];
	unsigned foreign = 0;

	(void)a;
	if (f == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL) {
		const char *name = strpbrk(line, "/@");

		if (name == NULL || strncmp(name, "/run/janus/", 11) == 0)
			continue;
		if (foreign++ == 0)
			snprintf(saw, size, "%.*s", (int)strcspn(name, "\n"), name);
	}
	if (foreign == 0)
		snprintf(saw, size, "nothing foreign");
	return foreign == 0 ? -1 : 0;
}

int
try_status(const struct attempt *a, char *saw, size_t size)
{
	FILE *f = fopen("/proc/self/status", "re");
	const size_t len = strlen(a->where);
	char line[256];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *value = line + len + 1;

		if (strncmp(line, a->where, len) != 0 || line[len] != ':')
			continue;
		while (isspace((unsigned char)*value))
			value++;
		snprintf(saw, size, "%.*s", (int)strcspn(value, "\n"), value);
		return strtoul(value, NULL, 16) == (unsigned long)a->number ? -1 : 0;
	}
	snprintf(saw, size, "/proc/self/status does not say");
	return 0;
}

int
try_root(const struct attempt *a, char *saw, size_t size)
{
	(void)a;
	snprintf(saw, size, "uid %u gid %u", getuid(), getgid());
	return getuid() != 0 && geteuid() != 0 ? -1 : 0;
}

int
try_shared_memory(const struct attempt *a, char *saw, size_t size)
{
	FILE *f = fopen("/proc/sysvipc/shm", "re");
	char line[400];

	(void)a;
	if (f == NULL)
		return -1;
	if (fgets(line, sizeof(line), f) != NULL && fgets(line, sizeof(line), f) != NULL)
		return 0;
	snprintf(saw, size, "no segment");
	return -1;
}

/* Kernel threads are visible only from the host's own process namespace. */
int
try_host_processes(const struct attempt *a, char *saw, size_t size)
{
	FILE *f = fopen("/proc/2/comm", "re");
	char name[32] = "";

	(void)a;
	if (f != NULL && fgets(name, sizeof(name), f) != NULL && strcmp(name, "kthreadd\n") == 0)
		return 0;
	snprintf(saw, size, "only our own");
	return -1;
}

int
try_core(const struct attempt *a, char *saw, size_t size)
{
	struct rlimit limit = { 0 };

	(void)a;
	getrlimit(RLIMIT_CORE, &limit);
	snprintf(saw, size, "limit %llu bytes", (unsigned long long)limit.rlim_max);
	return limit.rlim_max == 0 ? -1 : 0;
}
