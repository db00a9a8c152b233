/*
 * blobs.c - write to the side, sync, rename, sync the directory.
 */
#include "controlplane/artifacts/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"

#define PATH_BYTES 1024
#define READ_BYTES 65536

struct blob_writer {
	char *dir, *temp; /* owned */
	int fd;
	struct hasher *hasher;
	char sha256[HASH_HEX_MAX]; /* "" until it was asked for */
	int64_t len;
	bool kept;
};

static void
place(const char *dir, const char *sha256, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%s/sha256/%.2s/%s", dir, sha256, sha256 + 2);
}

static void
aside(const char *dir, const char *sha256, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%s/tmp/%s.gone", dir, sha256);
}

int
blobs_prepare(const char *dir, struct error *err)
{
	_cleanup_free_ char *tmp = str_printf("%s/tmp", dir), *sums = str_printf("%s/sha256", dir);

	return file_mkdirs(dir, 0700, err) < 0 || file_mkdirs(tmp, 0700, err) < 0 ||
		file_mkdirs(sums, 0700, err) < 0
	    ? -1
	    : 0;
}

void
blobs_clear_tmp(const char *dir)
{
	_cleanup_free_ char *path = str_printf("%s/tmp", dir);
	DIR *tmp = opendir(path);
	const struct dirent *e;

	while (tmp != NULL && (e = readdir(tmp)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(tmp), e->d_name, 0);
	if (tmp != NULL)
		closedir(tmp);
}

struct blob_writer *
blob_begin(const char *dir, struct error *err)
{
	struct blob_writer *w = mem_zalloc(sizeof(*w));
	char id[ID_MAX];

	w->dir = str_dup(dir);
	w->temp = str_printf("%s/tmp/%s", dir, id_new("blob", id));
	w->hasher = hasher_new();
	w->fd = open(w->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (w->fd >= 0)
		return w;
	error_errno(err, "%s", w->temp);
	blob_drop(w);
	return NULL;
}

int
blob_write(struct blob_writer *w, const void *bytes, size_t len, struct error *err)
{
	hasher_add(w->hasher, bytes, len);
	w->len += (int64_t)len;
	return file_write_all(w->fd, bytes, len) < 0 ? error_errno(err, "%s", w->temp) : 0;
}

int64_t
blob_sum(struct blob_writer *w, char sha256[HASH_HEX_MAX])
{
	if (w->sha256[0] == '\0')
		hasher_hex(w->hasher, w->sha256);
	memcpy(sha256, w->sha256, HASH_HEX_MAX);
	return w->len;
}

int
blob_keep(struct blob_writer *w, struct error *err)
{
	char path[PATH_BYTES], dir[PATH_BYTES], sums[PATH_BYTES];

	place(w->dir, w->sha256, path);
	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	snprintf(sums, sizeof(sums), "%s/sha256", w->dir);
	if (mkdir(dir, 0700) == 0) {
		if (file_sync(sums, err) < 0)
			return -1;
	} else if (errno != EEXIST) {
		return error_errno(err, "%s", dir);
	}
	if (fsync(w->fd) < 0 || rename(w->temp, path) < 0)
		return error_errno(err, "%s", path);
	w->kept = true;
	return file_sync(dir, err);
}

void
blob_drop(struct blob_writer *w)
{
	if (w == NULL)
		return;
	if (w->fd >= 0)
		close(w->fd);
	if (w->fd >= 0 && !w->kept)
		unlink(w->temp);
	hasher_free(w->hasher);
	free(w->dir);
	free(w->temp);
	free(w);
}

int
blob_open(const char *dir, const char *sha256, int64_t size, struct error *err)
{
	char path[PATH_BYTES];
	struct stat st;

	place(dir, sha256, path);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "the blob %.16s is gone", sha256);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size != size)
		return error_set(err, ERROR_INTERNAL,
		    "the blob %.16s has %lld bytes instead of %lld", sha256, (long long)st.st_size,
		    (long long)size);
	return TAKE_FD(fd);
}

bool
blob_is_true(int fd, const char *sha256)
{
	struct hasher *h = hasher_new();
	_cleanup_free_ char *bytes = mem_zalloc(READ_BYTES);
	char found[HASH_HEX_MAX];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, bytes, READ_BYTES, at)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0) {
			hasher_add(h, bytes, (size_t)n);
			at += n;
		}
	hasher_hex(h, found);
	hasher_free(h);
	return n == 0 && strcmp(found, sha256) == 0;
}

void
blob_set_aside(const char *dir, const char *sha256)
{
	char path[PATH_BYTES], gone[PATH_BYTES];

	place(dir, sha256, path);
	aside(dir, sha256, gone);
	(void)rename(path, gone); /* one that is not there is what was wanted */
}

void
blob_sweep_aside(const char *dir, const char *sha256)
{
	char gone[PATH_BYTES];

	aside(dir, sha256, gone);
	unlink(gone);
}

static bool
is_hex(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

static void
each_in(const char *sums, const char *two, blob_fn *fn, void *arg)
{
	_cleanup_free_ char *path = str_printf("%s/%s", sums, two);
	DIR *dir = opendir(path);
	const struct dirent *e;
	struct stat st;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		char sha256[HASH_HEX_MAX];

		if (!is_hex(e->d_name, HASH_HEX_MAX - 3) ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		snprintf(sha256, sizeof(sha256), "%s%s", two, e->d_name);
		fn(sha256, st.st_size, arg);
	}
	if (dir != NULL)
		closedir(dir);
}

int
blobs_each(const char *dir, blob_fn *fn, void *arg, struct error *err)
{
	_cleanup_free_ char *sums = str_printf("%s/sha256", dir);
	DIR *top = opendir(sums);
	const struct dirent *e;

	if (top == NULL)
		return error_errno(err, "%s", sums);
	while ((e = readdir(top)) != NULL)
		if (is_hex(e->d_name, 2))
			each_in(sums, e->d_name, fn, arg);
	closedir(top);
	return 0;
}
