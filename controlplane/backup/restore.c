/*
 * restore.c - a backup is unpacked beside the state, and takes its place at the next start.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/backup/core.h"
#include "controlplane/store/check.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

#define READY "restore.ready"
#define MAKING "restore.part"
#define CHECKING ".check-"
#define AT "at" /* when it was staged: names the directory for what is replaced */

/* What a backup replaces, in this order: the database's log goes before the database. */
static const char *const parts[] = { BACKUP_DATABASE "-wal", BACKUP_DATABASE "-shm",
	BACKUP_DATABASE, "blobs", "runs", BACKUP_ARTIFACT_KEY, BACKUP_SIGNING_KEY };

/* ---- reading one ---- */

int
backup_read(const struct backup *b, signed_bytes_fn *fn, void *arg, struct error *err)
{
	_cleanup_close_ int fd = open(b->path, O_RDONLY | O_CLOEXEC);
	struct signed_bundle found = { 0 };

	if (fd < 0)
		return error_errno(err, "%s", b->path);
	const int rc = signed_read(fd, &backup_limits, NULL, fn, arg, &found, err);
	signed_bundle_done(&found);
	return rc;
}

struct unpacking {
	const char *dir;
	int fd;
	char path[BACKUP_PATH_MAX * 2];
};

static bool
is_part(const char *name)
{
	return strcmp(name, BACKUP_DATABASE) == 0 || strcmp(name, BACKUP_ARTIFACT_KEY) == 0 ||
	    strcmp(name, BACKUP_SIGNING_KEY) == 0 || str_starts(name, "blobs/sha256/") ||
	    str_starts(name, "runs/");
}

static int
finish(struct unpacking *u, struct error *err)
{
	_cleanup_close_ int fd = u->fd;

	u->fd = -1;
	return fd >= 0 && fsync(fd) < 0 ? error_errno(err, "%s", u->path) : 0;
}

static int
begin(struct unpacking *u, const char *name, struct error *err)
{
	char *slash;

	if (!is_part(name))
		return error_set(err, ERROR_INVALID, "'%.80s' is nothing a backup has", name);
	if (snprintf(u->path, sizeof(u->path), "%s/%s", u->dir, name) >= (int)sizeof(u->path))
		return error_set(err, ERROR_TOO_BIG, "'%.80s' is too long a name", name);
	slash = strrchr(u->path, '/');
	*slash = '\0';
	if (file_mkdirs(u->path, 0700, err) < 0)
		return -1;
	*slash = '/';
	u->fd = open(u->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return u->fd < 0 ? error_errno(err, "%s", u->path) : 0;
}

static int
on_bytes(const char *name, const void *bytes, size_t len, void *arg, struct error *err)
{
	struct unpacking *u = arg;

	if (bytes == NULL)
		return finish(u, err) < 0 ? -1 : begin(u, name, err);
	return file_write_all(u->fd, bytes, len) < 0 ? error_errno(err, "%s", u->path) : 0;
}

static int
copy_file(const char *from, const char *to, struct error *err)
{
	_cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out =
	    open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	char bytes[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		return error_errno(err, "%s", in < 0 ? from : to);
	while ((n = read(in, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && file_write_all(out, bytes, (size_t)n) < 0)
			return error_errno(err, "%s", to);
	return n < 0 || fsync(out) < 0 ? error_errno(err, "%s", to) : 0;
}

static int
unpack_bundle(const struct backup *b, const char *dir, struct error *err)
{
	_cleanup_free_ char *blobs = str_printf("%s/blobs", dir),
			    *runs = str_printf("%s/runs", dir);
	struct unpacking u = { .dir = dir, .fd = -1 };

	/* Also where there are none: those of now go with their database. */
	if (file_mkdirs(blobs, 0700, err) < 0 || file_mkdirs(runs, 0700, err) < 0)
		return -1;
	const int rc = backup_read(b, on_bytes, &u, err);
	return finish(&u, rc < 0 ? NULL : err) < 0 ? -1 : rc;
}

int
backup_unpack(const struct backup *b, const char *dir, struct error *err)
{
	_cleanup_free_ char *db = str_printf("%s/" BACKUP_DATABASE, dir);
	int64_t schema;

	if (file_remove_tree(dir, err) < 0 || file_mkdirs(dir, 0700, err) < 0)
		return -1;
	if ((b->is_database ? copy_file(b->path, db, err) : unpack_bundle(b, dir, err)) < 0)
		return -1;
	return store_file_check(db, &schema, err);
}

int
backup_check(const struct backup *b, const char *scratch, struct error *err)
{
	_cleanup_free_ char *dir = str_printf("%s/" CHECKING "%s", scratch, b->id);
	const int rc = backup_unpack(b, dir, err);

	file_remove_tree(dir, NULL);
	return rc;
}

/* ---- what was killed ---- */

static int
is_half(const struct dirent *e)
{
	return str_starts(e->d_name, "." BACKUP_ID) || str_starts(e->d_name, CHECKING);
}

static void
clear_in(const char *dir)
{
	struct dirent **all = NULL;
	const int n = scandir(dir, &all, is_half, NULL);

	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", dir, all[i]->d_name);

		file_remove_tree(path, NULL);
		free(all[i]);
	}
	free(all);
}

void
backup_clear(const char *state_dir)
{
	_cleanup_free_ char *backups = str_printf("%s/backups", state_dir),
			    *part = str_printf("%s/" MAKING, state_dir);

	clear_in(backups);
	clear_in(state_dir);
	file_remove_tree(part, NULL);
}

/* ---- staging ---- */

void
backup_unstage(const char *state_dir)
{
	_cleanup_free_ char *ready = str_printf("%s/" READY, state_dir),
			    *gone = str_printf("%s/" MAKING, state_dir);

	file_remove_tree(gone, NULL);
	if (rename(ready, gone) == 0)
		file_remove_tree(gone, NULL);
}

int64_t
backup_staged(const char *state_dir)
{
	_cleanup_free_ char *at = str_printf("%s/" READY "/" AT, state_dir), *text = NULL;
	int64_t ms = 0;

	if (file_read(at, 64, &text, NULL, NULL) == 0)
		str_parse_int(text, 1, INT64_MAX, &ms, NULL);
	return ms;
}

int
backup_stage(const char *state_dir, const struct backup *b, struct error *err)
{
	_cleanup_free_ char *part = str_printf("%s/" MAKING, state_dir),
			    *ready = str_printf("%s/" READY, state_dir),
			    *at = str_printf("%s/" MAKING "/" AT, state_dir);
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)clock_wall_ms());
	if (backup_unpack(b, part, err) < 0 || file_write(at, text, strlen(text), 0600, err) < 0 ||
	    file_give(state_dir, MAKING, err) < 0 || file_sync(part, err) < 0) {
		file_remove_tree(part, NULL);
		return error_add(err, "%s", b->path);
	}
	if (file_remove_tree(ready, err) < 0)
		return -1;
	/* From here on it is what the next start takes. */
	if (rename(part, ready) < 0)
		return error_errno(err, "%s", ready);
	return file_sync(state_dir, err);
}

/* ---- taking its place ---- */

static bool
is_there(const char *dir, const char *name)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	struct stat st;

	return lstat(path, &st) == 0;
}

static int
move(const char *from, const char *to, const char *name, struct error *err)
{
	_cleanup_free_ char *old = str_printf("%s/%s", from, name),
			    *new = str_printf("%s/%s", to, name);

	return rename(old, new) < 0 ? error_errno(err, "%s", new) : 0;
}

static int
take_part(
    const char *state_dir, const char *ready, const char *kept, const char *name, struct error *err)
{
	const bool is_log =
	    strcmp(name, BACKUP_DATABASE "-wal") == 0 || strcmp(name, BACKUP_DATABASE "-shm") == 0;

	/* What has been taken is not to be put aside by the next try. */
	if (!is_there(ready, is_log ? BACKUP_DATABASE : name))
		return 0;
	if (is_there(state_dir, name) && move(state_dir, kept, name, err) < 0)
		return -1;
	return is_log ? 0 : move(ready, state_dir, name, err);
}

static int
take(const char *state_dir, const char *ready, const char *kept, struct error *err)
{
	const char *name = strrchr(kept, '/') + 1;

	/* At once: killed after it, the next start is its owner's and goes on. */
	if (file_mkdirs(kept, 0700, err) < 0 || file_give(state_dir, name, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (take_part(state_dir, ready, kept, parts[i], err) < 0)
			return -1;
	if (file_give(state_dir, name, err) < 0 || file_sync(state_dir, err) < 0)
		return -1;
	return file_remove_tree(ready, err);
}

/* Janus has run here, and its database is gone: an empty one would hide that. */
static int
check_lost(const char *state_dir, struct error *err)
{
	if (is_there(state_dir, BACKUP_DATABASE) || is_there(state_dir, BACKUP_DATABASE "-wal") ||
	    !is_there(state_dir, BACKUP_ARTIFACT_KEY))
		return 0; /* the store says the rest */
	return error_set(err, ERROR_IO,
	    "%s/" BACKUP_DATABASE
	    " is missing, though Janus has run here: restore a backup, or, to "
	    "begin anew, remove " BACKUP_ARTIFACT_KEY,
	    state_dir);
}

int
backup_take(const char *state_dir, char kept[BACKUP_PATH_MAX], struct error *err)
{
	_cleanup_free_ char *ready = str_printf("%s/" READY, state_dir);
	const int64_t at_ms = backup_staged(state_dir);
	char at[CLOCK_TEXT_MAX];

	kept[0] = '\0';
	if (at_ms == 0)
		return check_lost(state_dir, err);
	snprintf(kept, BACKUP_PATH_MAX, "%s/replaced-%s", state_dir, clock_format(at_ms, at));
	return take(state_dir, ready, kept, err) < 0 ? error_add(err, "restore") : 0;
}
