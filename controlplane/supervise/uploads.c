/*
 * uploads.c - files of archives, from their first byte until they are imported.
 */
#include "controlplane/supervise/uploads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define HEX 64
#define FREE_PERCENT 5 /* of the disk, which uploads leave alone */

bool
upload_digest_valid(const char *digest)
{
	return str_starts(digest, "sha256:") && strlen(digest) == 7 + HEX &&
	    strspn(digest + 7, "0123456789abcdef") == HEX;
}

static int
open_dir(const char *state_dir, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/bundles", state_dir);

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "%s", path);
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_errno(err, "%s", path) : fd;
}

static bool
is_upload(const char *name)
{
	return strlen(name) == HEX && strspn(name, "0123456789abcdef") == HEX;
}

/* How many wait; only that many are kept. */
static int
count(int dir)
{
	const int at = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = at >= 0 ? fdopendir(at) : NULL;
	const struct dirent *e;
	int n = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		n += is_upload(e->d_name);
	closedir(d);
	return n;
}

static int
nameless(int dir, struct error *err)
{
	const int fd = openat(dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	return fd < 0 ? error_errno(err, "a file for what is sent") : fd;
}

int
uploads_scratch(const char *state_dir, struct error *err)
{
	_cleanup_close_ int dir = open_dir(state_dir, err);

	return dir < 0 ? -1 : nameless(dir, err);
}

int
uploads_begin(const char *state_dir, int64_t bytes, struct error *err)
{
	_cleanup_close_ int dir = open_dir(state_dir, err);
	struct statvfs disk;

	if (dir < 0)
		return -1;
	if (count(dir) >= UPLOADS_MAX)
		return error_set(err, ERROR_BUSY,
		    "%d uploads wait already: submit them, or try again within the hour",
		    UPLOADS_MAX);
	if (fstatvfs(dir, &disk) == 0) {
		const int64_t room = (int64_t)(disk.f_bavail * disk.f_frsize);
		const int64_t spare = (int64_t)(disk.f_blocks / 100 * FREE_PERCENT * disk.f_frsize);

		if (room - bytes < spare)
			return error_set(err, ERROR_IO, "there is no room on the disk for it");
	}
	return nameless(dir, err);
}

int
uploads_keep(const char *state_dir, int fd, const char *digest, struct error *err)
{
	_cleanup_close_ int dir = open_dir(state_dir, err);
	char own[40];

	if (dir < 0)
		return -1;
	snprintf(own, sizeof(own), "/proc/self/fd/%d", fd);
	if (fdatasync(fd) < 0)
		return error_errno(err, "keep what was sent");
	if (linkat(AT_FDCWD, own, dir, digest + 7, AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST)
		return error_errno(err, "keep what was sent");
	/* Asked for again: its hour begins anew. */
	utimensat(dir, digest + 7, NULL, AT_SYMLINK_NOFOLLOW);
	return fsync(dir) < 0 ? error_errno(err, "keep what was sent") : 0;
}

int
uploads_open(const char *state_dir, const char *digest, struct error *err)
{
	_cleanup_close_ int dir = open_dir(state_dir, err);

	if (dir < 0)
		return -1;
	const int fd = openat(dir, digest + 7, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND,
		    "there is no upload %.71s: send it first, it is kept for an hour", digest);
	return fd < 0 ? error_errno(err, "upload %.71s", digest) : fd;
}

void
uploads_remove(const char *state_dir, const char *digest)
{
	_cleanup_close_ int dir = open_dir(state_dir, NULL);

	if (dir >= 0 && upload_digest_valid(digest))
		unlinkat(dir, digest + 7, 0);
}

void
uploads_sweep(
    const char *state_dir, int64_t age_ms, bool (*in_use)(const char *, void *), void *arg)
{
	const int dir = open_dir(state_dir, NULL);
	DIR *d = dir >= 0 ? fdopendir(dir) : NULL;
	const int64_t before_s = (clock_wall_ms() - age_ms) / 1000;
	const struct dirent *e;

	if (d == NULL) {
		if (dir >= 0)
			close(dir);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		char digest[80];
		struct stat st;

		if (!is_upload(e->d_name) ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		snprintf(digest, sizeof(digest), "sha256:%s", e->d_name);
		if (st.st_mtime <= before_s && !in_use(digest, arg))
			unlinkat(dirfd(d), e->d_name, 0);
	}
	closedir(d);
}
