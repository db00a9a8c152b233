/*
 * try_kernel.c - attempts by system call.
 *
 * A call refused for its arguments was let in: only an errno that means "not
 * you" or "no such thing" is a refusal.  Arguments are chosen to do no harm
 * where a call does pass.  Constants and structs are ours: musl brings no
 * kernel headers.
 */
#include "controlplane/link/attempts.h"
#include "controlplane/link/try.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sched.h>
#include <unistd.h>

#define NEW_USER 0x10000000
#define NEW_NET 0x40000000

/* rc as a system call returned it; the verdict as go must return it. */
static int
refused(long rc, char *saw, size_t size)
{
	if (rc >= 0)
		return 0;
	if (errno == EPERM || errno == EACCES || errno == ENOSYS || errno == EROFS ||
	    errno == ENOENT || errno == EAFNOSUPPORT)
		return -1;
	snprintf(saw, size, "let in: %s", strerror(errno));
	return 0;
}

int
try_mount(const struct attempt *a, char *saw, size_t size)
{
	/* No such file system: who may mount gets ENODEV, and nothing is mounted. */
	return refused(mount("none", a->where, "janus-nothing", 0, NULL), saw, size);
}

int
try_unshare(const struct attempt *a, char *saw, size_t size)
{
	return refused(unshare((int)a->number), saw, size);
}

int
try_clone(const struct attempt *a, char *saw, size_t size)
{
	const long pid = syscall(SYS_clone, a->number | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return refused(pid, saw, size);
}

int
try_clone3(const struct attempt *a, char *saw, size_t size)
{
	uint64_t args[8] = { (uint64_t)a->number, 0, 0, 0, SIGCHLD };
	const long pid = syscall(435, args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return refused(pid, saw, size);
}

int
try_setns(const struct attempt *a, char *saw, size_t size)
{
	const int fd = open(a->where, O_RDONLY | O_CLOEXEC);

	return refused(fd < 0 ? -1 : setns(fd, 0), saw, size);
}

int
try_chroot(const struct attempt *a, char *saw, size_t size)
{
	return refused(chroot(a->where), saw, size);
}

int
try_mknod(const struct attempt *a, char *saw, size_t size)
{
	const int rc = mknod(a->where, S_IFBLK | 0600, makedev(8, 0));

	if (rc == 0)
		unlink(a->where);
	return refused(rc, saw, size);
}

int
try_ptrace(const struct attempt *a, char *saw, size_t size)
{
	(void)a;
	return refused(ptrace(PTRACE_SEIZE, 1, NULL, NULL), saw, size); /* stops nobody */
}

int
try_read_memory(const struct attempt *a, char *saw, size_t size)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)(uintptr_t)0x400000, 1 };

	(void)a;
	return refused(process_vm_readv(1, &here, 1, &there, 1, 0), saw, size);
}

int
try_bpf(const struct attempt *a, char *saw, size_t size)
{
	uint32_t map[18] = { 2, 4, 4, 1 }; /* an array of one 4-byte value */

	(void)a;
	return refused(syscall(SYS_bpf, 0, map, sizeof(map)), saw, size);
}

int
try_io_uring(const struct attempt *a, char *saw, size_t size)
{
	uint32_t params[30] = { 0 };

	(void)a;
	return refused(syscall(425, 1, params), saw, size);
}

int
try_perf(const struct attempt *a, char *saw, size_t size)
{
	/* type software, size, config task-clock; then flags: user space only */
	uint64_t attr[14] = { 1 | (uint64_t)sizeof(attr) << 32, 1 };

	(void)a;
	attr[5] = 1u << 5 | 1u << 6;
	return refused(syscall(SYS_perf_event_open, attr, 0, -1, -1, 0), saw, size);
}

int
try_personality(const struct attempt *a, char *saw, size_t size)
{
	return refused(personality((unsigned long)a->number), saw, size);
}

int
try_handle(const struct attempt *a, char *saw, size_t size)
{
	struct {
		uint32_t bytes;
		int32_t type;
		uint64_t inode;
	} root = { sizeof(root.inode), 1, 2 }; /* inode 2: the host's / on ext4 */
	const int at = open(a->where, O_RDONLY | O_CLOEXEC);

	return refused(syscall(SYS_open_by_handle_at, at, &root, O_RDONLY), saw, size);
}

int
try_hostname(const struct attempt *a, char *saw, size_t size)
{
	struct utsname name;

	(void)a;
	uname(&name);
	return refused(sethostname(name.nodename, strlen(name.nodename)), saw, size);
}

int
try_setuid(const struct attempt *a, char *saw, size_t size)
{
	return refused(setresuid((uid_t)a->number, (uid_t)a->number, (uid_t)a->number), saw, size);
}

/* The 32-bit door has other call numbers, which a careless filter misses. */
int
try_compat(const struct attempt *a, char *saw, size_t size)
{
	(void)a;
#ifdef __x86_64__
	long rc;

	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(20L) : "memory"); /* getpid */
	if (rc > 0)
		return 0;
	snprintf(saw, size, "%s", strerror((int)-rc));
#else
	snprintf(saw, size, "no such door on this machine");
	(void)size;
#endif
	return -1;
}

int
try_call(const struct attempt *a, char *saw, size_t size)
{
	return refused(syscall(a->number, -1L, -1L, -1L, -1L, -1L), saw, size);
}
