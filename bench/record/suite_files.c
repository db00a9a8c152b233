/*
 * suite_files.c - the files of a suite in memory, in one order, and their digest.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/record/suite.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/str.h"

#define NAME_MAX_BYTES 255
#define DEPTH_MAX 8

struct reading {
	struct suite_files *out;
	size_t bytes; /* so far */
};

static void
closedirp(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

/* A relative name whose parts are names: nothing empty, ".", ".." or absolute. */
static bool
name_valid(const char *name)
{
	if (*name == '\0' || strlen(name) > NAME_MAX_BYTES || !str_utf8_valid(name, strlen(name)) ||
	    strchr(name, '\\') != NULL)
		return false;
	for (const char *p = name; *p != '\0';) {
		const size_t part = strcspn(p, "/");

		if (part == 0 || (part == 1 && *p == '.') ||
		    (part == 2 && strncmp(p, "..", 2) == 0))
			return false;
		p += part;
		if (*p == '/' && *++p == '\0')
			return false;
	}
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return true;
}

static size_t
place_of(const struct suite_files *files, const char *name, bool *there)
{
	size_t low = 0, high = files->len;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (strcmp(files->at[mid].name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*there = low < files->len && strcmp(files->at[low].name, name) == 0;
	return low;
}

int
suite_files_add(struct suite_files *files, const char *name, struct buf *bytes, struct error *err)
{
	bool there;

	if (!name_valid(name))
		return error_set(
		    err, ERROR_INVALID, "%.80s: not a name a suite's file can have", name);
	const size_t at = place_of(files, name, &there);
	if (there)
		return error_set(err, ERROR_INVALID, "%s: there twice", name);
	files->at = mem_realloc(files->at, (files->len + 1) * sizeof(*files->at));
	memmove(files->at + at + 1, files->at + at, (files->len - at) * sizeof(*files->at));
	files->at[at] = (struct suite_file){ .name = str_dup(name), .bytes = *bytes };
	files->len++;
	*bytes = (struct buf){ 0 };
	return 0;
}

const struct suite_file *
suite_files_find(const struct suite_files *files, const char *name)
{
	bool there;
	const size_t at = place_of(files, name, &there);

	return there ? &files->at[at] : NULL;
}

static int
read_file(struct reading *r, int fd, const char *name, off_t size, struct error *err)
{
	_cleanup_buf_ struct buf bytes = { 0 };

	if (size > SUITE_FILE_MAX || r->bytes + (size_t)size > SUITE_BYTES_MAX)
		return error_set(err, ERROR_TOO_BIG, "%s: more than a suite may hold", name);
	for (;;) {
		const ssize_t got = read(fd, buf_reserve(&bytes, 65536), 65536);

		if (got < 0)
			return error_errno(err, "%s", name);
		if (got == 0)
			break;
		bytes.len += (size_t)got;
		bytes.data[bytes.len] = '\0';
		if (bytes.len > SUITE_FILE_MAX)
			return error_set(err, ERROR_TOO_BIG, "%s: it grows", name);
	}
	r->bytes += bytes.len;
	return suite_files_add(r->out, name, &bytes, err);
}

static int read_dir(struct reading *r, int fd, const char *prefix, int depth, struct error *err);

static int
read_entry(
    struct reading *r, int dir, const char *entry, const char *name, int depth, struct error *err)
{
	struct stat st;
	_cleanup_close_ int fd = openat(dir, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ELOOP || errno == ENXIO
		    ? error_set(err, ERROR_INVALID, "%s: not a regular file", name)
		    : error_errno(err, "%s", name);
	if (fstat(fd, &st) < 0)
		return error_errno(err, "%s", name);
	if (S_ISDIR(st.st_mode)) {
		if (depth >= DEPTH_MAX)
			return error_set(err, ERROR_INVALID, "%s: directories too deep", name);
		return read_dir(r, TAKE_FD(fd), name, depth + 1, err);
	}
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "%s: not a regular file", name);
	return read_file(r, fd, name, st.st_size, err);
}

static int
read_dir(struct reading *r, int fd, const char *prefix, int depth, struct error *err)
{
	_cleanup_(closedirp) DIR *d = fdopendir(fd);
	const struct dirent *e;

	if (d == NULL) {
		close(fd);
		return error_errno(err, "%s", prefix);
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		_cleanup_free_ char *name =
		    str_printf("%s%s%s", prefix, *prefix == '\0' ? "" : "/", e->d_name);
		if (read_entry(r, dirfd(d), e->d_name, name, depth, err) < 0)
			return -1;
	}
	return 0;
}

int
suite_files_read(const char *dir, struct suite_files *out, struct error *err)
{
	struct reading r = { .out = out };
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
		    ? error_set(err, ERROR_NOT_FOUND, "%s: there is no suite", dir)
		    : error_errno(err, "%s", dir);
	return read_dir(&r, fd, "", 0, err);
}

void
suite_files_digest(const struct suite_files *files, char out[SUITE_DIGEST_MAX])
{
	_cleanup_buf_ struct buf lines = { 0 };
	char hex[HASH_HEX_MAX];

	for (size_t i = 0; i < files->len; i++) {
		const struct suite_file *f = &files->at[i];

		buf_printf(&lines, "%s  %s\n",
		    hash_sha256_hex(buf_str(&f->bytes), f->bytes.len, hex), f->name);
	}
	hash_sha256_hex(buf_str(&lines), lines.len, hex);
	snprintf(out, SUITE_DIGEST_MAX, "sha256:%s", hex);
}

void
suite_files_done(struct suite_files *files)
{
	for (size_t i = 0; i < files->len; i++) {
		free(files->at[i].name);
		buf_done(&files->at[i].bytes);
	}
	free(files->at);
	*files = (struct suite_files){ 0 };
}
