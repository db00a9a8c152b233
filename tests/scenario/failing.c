/*
 * failing.c - preloaded into a daemon: one call of the C library fails, or does less than asked.
 *
 * FAILING names a file with a struct fault in it, which the scenario writes while the daemon runs.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHORT (-1)

struct fault {
	char call[24];
	int32_t error; /* an errno; SHORT: a part of it is done */
	int32_t every; /* each so many calls one fails */
	int32_t left; /* how many more fail */
	int32_t hits; /* how many failed */
	int32_t calls;
};

static struct fault none, *fault = &none;
static __thread int inside; /* dlsym and what we call ourselves never fail */

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("FAILING");
	const int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof(*fault), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at != MAP_FAILED)
		fault = at;
	close(fd);
}

/* 0, or what is to go wrong with this call. */
static int
fails(const char *call)
{
	if (inside || __atomic_load_n(&fault->left, __ATOMIC_RELAXED) <= 0 ||
	    strcmp(fault->call, call) != 0)
		return 0;
	if (__atomic_add_fetch(&fault->calls, 1, __ATOMIC_RELAXED) % fault->every != 0 ||
	    __atomic_fetch_sub(&fault->left, 1, __ATOMIC_RELAXED) <= 0)
		return 0;
	__atomic_add_fetch(&fault->hits, 1, __ATOMIC_RELAXED);
	return fault->error;
}

static void *
real(const char *call, void **kept)
{
	if (*kept == NULL) {
		inside++;
		*kept = dlsym(RTLD_NEXT, call);
		inside--;
	}
	return *kept;
}

/* type name(parameters): fails with -1; what is short is the caller's to pass. */
#define CALL(type, name, parameters, arguments, shorter)                               \
	type name parameters;                                                          \
	type name parameters                                                           \
	{                                                                              \
		static void *kept;                                                     \
		type(*const call) parameters = (type(*) parameters)real(#name, &kept); \
		const int error = fails(#name);                                        \
		if (error > 0) {                                                       \
			errno = error;                                                 \
			return (type)-1;                                               \
		}                                                                      \
		if (error == SHORT) {                                                  \
			shorter;                                                       \
		}                                                                      \
		return call arguments;                                                 \
	}
/* Eight bytes are an eventfd's, which the kernel never gives in parts. */
#define HALF(n)      \
	if ((n) > 8) \
	(n) = (n) / 2

/* The first part only, and half of it. */
static ssize_t
half(ssize_t (*call)(int, const struct msghdr *, int), int fd, const struct msghdr *m, int flags)
{
	struct iovec part = m->msg_iovlen > 0 ? m->msg_iov[0] : (struct iovec){ 0 };
	struct msghdr less = *m;

	HALF(part.iov_len);
	less.msg_iov = &part;
	less.msg_iovlen = m->msg_iovlen > 0;
	return call(fd, &less, flags);
}

CALL(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), HALF(n))
CALL(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n), HALF(n))
CALL(ssize_t, recv, (int fd, void *to, size_t n, int flags), (fd, to, n, flags), HALF(n))
CALL(ssize_t, send, (int fd, const void *from, size_t n, int flags), (fd, from, n, flags), HALF(n))
CALL(ssize_t, writev, (int fd, const struct iovec *io, int n), (fd, io, n), if (n > 1) n = 1)
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags),
    return half(call, fd, m, flags))
CALL(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags), )
CALL(ssize_t, pread64, (int fd, void *to, size_t n, off_t at), (fd, to, n, at), )
CALL(ssize_t, pwrite64, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at), HALF(n))
CALL(int, fsync, (int fd), (fd), )
CALL(int, fdatasync, (int fd), (fd), )
CALL(int, ftruncate64, (int fd, off_t n), (fd, n), )
CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol), )
CALL(int, connect, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n), )
CALL(int, accept4, (int fd, struct sockaddr *from, socklen_t *n, int flags), (fd, from, n, flags), )
/* Only what is added can want memory that is not there. */
int
epoll_ctl(int ep, int op, int fd, struct epoll_event *e)
{
	static void *kept;
	int (*const call)(int, int, int, struct epoll_event *) =
	    (int (*)(int, int, int, struct epoll_event *))real("epoll_ctl", &kept);
	const int error = op == EPOLL_CTL_ADD ? fails("epoll_ctl") : 0;

	if (error > 0) {
		errno = error;
		return -1;
	}
	return call(ep, op, fd, e);
}

CALL(int, epoll_wait, (int ep, struct epoll_event *e, int n, int ms), (ep, e, n, ms), n = 1)
CALL(int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms), )
CALL(int, setsockopt, (int fd, int level, int name, const void *v, socklen_t n),
    (fd, level, name, v, n), )
CALL(int, bind, (int fd, const struct sockaddr *to, socklen_t n), (fd, to, n), )
CALL(int, listen, (int fd, int backlog), (fd, backlog), )
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), )
CALL(int, rename, (const char *from, const char *to), (from, to), )
CALL(int, eventfd, (unsigned n, int flags), (n, flags), )

static int
opened(const char *name, void **kept, const char *path, int flags, mode_t mode)
{
	int (*const call)(const char *, int, ...) =
	    (int (*)(const char *, int, ...))real(name, kept);
	const int error = fails("open");

	if (error > 0) {
		errno = error;
		return -1;
	}
	return call(path, flags, mode);
}
#define OPEN(name)                                              \
	int name(const char *path, int flags, ...);             \
	int name(const char *path, int flags, ...)              \
	{                                                       \
		static void *kept;                              \
		va_list ap;                                     \
		va_start(ap, flags);                            \
		const mode_t mode = va_arg(ap, mode_t);         \
		va_end(ap);                                     \
		return opened(#name, &kept, path, flags, mode); \
	}
OPEN(open)
OPEN(open64)

int
pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	static void *kept;
	int (*const call)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
	    (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))real(
		"pthread_create", &kept);
	const int error = fails("pthread_create");

	return error > 0 ? error : call(t, attr, fn, arg);
}

/* Memory: straight to the C library's own, since dlsym needs some itself. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

void *
malloc(size_t n)
{
	return fails("malloc") > 0 ? (errno = ENOMEM, NULL) : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails("malloc") > 0 ? (errno = ENOMEM, NULL) : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails("malloc") > 0 ? (errno = ENOMEM, NULL) : __libc_realloc(p, n);
}
