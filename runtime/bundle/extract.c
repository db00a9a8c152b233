/*
 * extract.c - an archive's files, written by ourselves.
 *
 * Never archive_write_disk: it follows links that were there, makes devices, and takes over modes
 * and owners.  Each directory of a name is opened by itself, links refused, below the one before.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/bundle/bundle.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* One directory further down, made if it is not there. */
static int
step(int from, const char *part)
{
	if (mkdirat(from, part, 0755) < 0 && errno != EEXIST)
		return -1;
	return openat(from, part, DIR_FLAGS);
}

/* The directory of `path`, whose last part *last becomes. */
static int
walk(int root, char *path, char **last)
{
	int at = fcntl(root, F_DUPFD_CLOEXEC, 0);
	char *part = path;

	for (char *slash = strchr(part, '/'); at >= 0 && slash != NULL; slash = strchr(part, '/')) {
		*slash = '\0';
		const int down = step(at, part);
		const int why = errno;

		close(at);
		errno = why;
		at = down;
		part = slash + 1;
	}
	*last = part;
	return at;
}

static int
write_file(
    struct bundle_reader *r, int dir, const char *name, bool is_executable, struct error *err)
{
	_cleanup_close_ int fd =
	    openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	char bytes[65536];
	ssize_t n;

	if (fd < 0)
		return error_errno(err, "write '%s'", name);
	while ((n = bundle_read(r, bytes, sizeof(bytes), err)) > 0)
		if (file_write_all(fd, bytes, (size_t)n) < 0)
			return error_errno(err, "write '%s'", name);
	if (n == 0 && fchmod(fd, is_executable ? 0755 : 0644) < 0)
		return error_errno(err, "write '%s'", name);
	return n < 0 ? -1 : 0;
}

static int
extract_one(struct bundle_reader *r, int root, const struct bundle_entry *e, struct error *err)
{
	_cleanup_free_ char *path = str_dup(e->name);
	char *last = NULL;
	_cleanup_close_ int dir = walk(root, path, &last), made = -1;

	if (e->link != NULL)
		return error_set(err, ERROR_INVALID, "entry '%s': a symbolic link", e->name);
	if (dir < 0)
		return error_errno(err, "entry '%s'", e->name);
	if (!e->is_dir)
		return write_file(r, dir, last, e->is_executable, err);
	made = step(dir, last);
	return made < 0 || fchmod(made, 0755) < 0 ? error_errno(err, "entry '%s'", e->name) : 0;
}

/* Everything below a directory of ours; links are removed, not followed. */
static void
clear_dir(int at)
{
	DIR *d = fdopendir(at);
	const struct dirent *e;

	if (d == NULL) {
		close(at);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		const int down = openat(dirfd(d), e->d_name, DIR_FLAGS);

		if (down >= 0) {
			clear_dir(down);
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
		} else {
			unlinkat(dirfd(d), e->d_name, 0);
		}
	}
	closedir(d);
}

int
bundle_extract(struct bundle_reader *r, int dir_fd, const char *name, struct error *err)
{
	struct bundle_entry e;
	int rc;

	if (mkdirat(dir_fd, name, 0755) < 0)
		return error_errno(err, "make '%s'", name);
	_cleanup_close_ int root = openat(dir_fd, name, DIR_FLAGS);
	if (root < 0)
		return error_errno(err, "open '%s'", name);
	while ((rc = bundle_next(r, &e, err)) > 0)
		if (extract_one(r, root, &e, err) < 0) {
			rc = -1;
			break;
		}
	if (rc == 0)
		return 0;
	clear_dir(TAKE_FD(root));
	unlinkat(dir_fd, name, AT_REMOVEDIR);
	return -1;
}
