/*
 * file.c - read, replace and remove files.
 */
#include "runtime/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define LOCK_TRIES 40
#define LOCK_WAIT_US 50000

int
file_read(const char *path, size_t max, char **out, size_t *len, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_buf_ struct buf b = { 0 };

	if (fd < 0)
		return error_errno(err, "%s", path);
	for (;;) {
		const ssize_t n = read(fd, buf_reserve(&b, 8192), 8192);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "%s", path);
		if (n == 0)
			break;
		b.len += (size_t)n;
		if (b.len > max)
			return error_set(
			    err, ERROR_TOO_BIG, "%s: larger than %zu bytes", path, max);
	}
	buf_reserve(&b, 0);
	if (len != NULL)
		*len = b.len;
	*out = buf_take(&b);
	return 0;
}

int
file_write_all(int fd, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		const ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int
file_write(const char *path, const void *bytes, size_t len, unsigned mode, struct error *err)
{
	_cleanup_free_ char *temp = str_printf("%s.%d.tmp", path, (int)getpid());
	_cleanup_close_ int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0)
		return error_errno(err, "%s", temp);
	if (file_write_all(fd, bytes, len) < 0 || fsync(fd) < 0 || rename(temp, path) < 0) {
		error_errno(err, "%s", path);
		unlink(temp);
		return -1;
	}
	return 0;
}

int
file_sync(const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? error_errno(err, "%s", path) : 0;
}

int
file_mkdirs(const char *path, unsigned mode, struct error *err)
{
	_cleanup_free_ char *p = str_dup(path);
	struct stat st;

	for (char *slash = strchr(p + (*p != '\0'), '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(p, 0755) < 0 && errno != EEXIST)
			return error_errno(err, "%s", p);
		*slash = '/';
	}
	if (mkdir(p, mode) < 0 && errno != EEXIST)
		return error_errno(err, "%s", p);
	if (stat(p, &st) < 0 || !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return error_errno(err, "%s", p);
	}
	return 0;
}

int
file_lock(const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno(err, "%s", path);
	for (int tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (errno != EWOULDBLOCK)
			return error_errno(err, "lock %s", path);
		if (tries == LOCK_TRIES)
			return error_set(err, ERROR_CONFLICT, "%s: another process holds it", path);
		usleep(LOCK_WAIT_US);
	}
	return TAKE_FD(fd);
}

static int give_all(int dir, const struct stat *to);

static int
give_one(int dir, const char *name, const struct stat *to)
{
	_cleanup_close_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode) && (!S_ISREG(st.st_mode) || st.st_nlink != 1))
		return 0;
	if ((st.st_uid != to->st_uid || st.st_gid != to->st_gid) &&
	    fchownat(fd, "", to->st_uid, to->st_gid, AT_EMPTY_PATH) < 0)
		return -1;
	return S_ISDIR(st.st_mode) ? give_all(fd, to) : 0;
}

static int
give_all(int dir, const struct stat *to)
{
	_cleanup_close_ int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	int rc = 0;

	if (entries == NULL)
		return -1;
	(void)TAKE_FD(fd); /* entries has it */
	while (rc == 0 && (errno = 0, e = readdir(entries)) != NULL)
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			rc = give_one(dirfd(entries), e->d_name, to);
	if (errno != 0)
		rc = -1;
	const int cause = errno;
	closedir(entries);
	errno = cause;
	return rc;
}

int
file_give(const char *dir, const char *name, struct error *err)
{
	_cleanup_close_ int fd = -1;
	struct stat to;

	if (geteuid() != 0)
		return 0;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &to) < 0)
		return error_errno(err, "%s", dir);
	if (to.st_uid == 0)
		return 0;
	if (give_one(fd, name, &to) < 0 || syncfs(fd) < 0)
		return error_errno(err, "give %s/%s to its owner", dir, name);
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
file_remove_tree(const char *path, struct error *err)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
		return error_errno(err, "remove %s", path);
	return 0;
}
