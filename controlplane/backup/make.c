/*
 * make.c - the database is copied, what it needs is listed, and all of it written and read again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/artifacts/blobs.h"
#include "controlplane/backup/core.h"
#include "controlplane/store/check.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/disk.h"
#include "runtime/base/ed25519.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/sql/sql.h"

#ifndef JANUS_VERSION
#define JANUS_VERSION "0"
#endif
#define TRIES 3 /* an artifact may expire while we read */

struct making {
	const char *state_dir;
	struct store *store;
	const struct ed25519_key *key;
	char *blobs, *copy, *part; /* owned: paths */
	cJSON *manifest; /* owned */
	int64_t bytes; /* of what is listed */
	struct error unread; /* an artifact's bytes that may be there; NONE */
};

/* ---- what goes into it ---- */

/* The bytes it has now: what is only added to has them later, too. */
static int
list_file(struct making *m, const char *name, const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char bytes[65536], sum[HASH_HEX_MAX];
	struct hasher *h;
	int64_t size = 0;
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	h = hasher_new();
	while (size < st.st_size && (n = read(fd, bytes, sizeof(bytes))) > 0) {
		if (n > st.st_size - size)
			n = (ssize_t)(st.st_size - size);
		hasher_add(h, bytes, (size_t)n);
		size += n;
	}
	hasher_hex(h, sum);
	hasher_free(h);
	if (n < 0)
		return error_errno(err, "%s", path);
	signed_add(m->manifest, name, size, sum);
	m->bytes += size;
	return 0;
}

static int
list_state_file(struct making *m, const char *name, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/%s", m->state_dir, name);

	return list_file(m, name, path, err);
}

/* An artifact's bytes, if they are what they should be. */
static int
list_blob(const char *sha256, int64_t size, void *arg, struct error *err)
{
	struct making *m = arg;
	_cleanup_close_ int fd = blob_open(m->blobs, sha256, size, err);
	char name[HASH_HEX_MAX + 32];

	if (fd < 0 && err->kind != ERROR_NOT_FOUND && err->kind != ERROR_INTERNAL)
		m->unread = *err;
	if (fd < 0)
		return -1;
	if (!blob_is_true(fd, sha256))
		return error_set(err, ERROR_INTERNAL, "the bytes of %.16s are damaged", sha256);
	snprintf(name, sizeof(name), "blobs/sha256/%.2s/%s", sha256, sha256 + 2);
	signed_add(m->manifest, name, size, sha256);
	m->bytes += size;
	return 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_shown(const struct dirent *e)
{
	return e->d_name[0] != '.' && !str_ends(e->d_name, ".key");
}

/* Evidence of runs, and what their workers wrote; keys of workers are of no use later. */
static int
list_tree(struct making *m, const char *name, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/%s", m->state_dir, name);
	struct dirent **all = NULL;
	const int n = scandir(path, &all, is_shown, by_name);
	int rc = 0;

	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *sub = str_printf("%s/%s", name, all[i]->d_name),
				    *file = str_printf("%s/%s", m->state_dir, sub);
		struct stat st;

		if (rc == 0 && lstat(file, &st) == 0 && S_ISDIR(st.st_mode))
			rc = list_tree(m, sub, err);
		else if (rc == 0 && lstat(file, &st) == 0 && S_ISREG(st.st_mode))
			rc = list_file(m, sub, file, err);
		free(all[i]);
	}
	free(all);
	return n < 0 && errno != ENOENT ? error_errno(err, "%s", path) : rc;
}

static void
add_count(const char *what, int64_t n, void *arg)
{
	json_add_int(arg, what, n);
}

/* The copy, without the artifacts whose bytes are not there. */
static int
list_database(struct making *m, struct error *err)
{
	int64_t schema = 0;
	int lost;
	{
		_cleanup_(sql_close) struct sql s = { 0 };

		if (store_file_open(m->copy, &s, err) < 0 || sql_version(&s, &schema, err) < 0)
			return -1;
		lost = store_file_blobs(&s, list_blob, m, err);
		if (lost > 0 && m->unread.kind != ERROR_NONE) /* not lost: try again later */
			return error_set(err, m->unread.kind, "%s", m->unread.text);
		if (lost < 0 ||
		    store_file_counts(&s, add_count, json_add_obj(m->manifest, "counts"), err) < 0)
			return -1;
	} /* closed: all is in the one file */
	json_add_int(m->manifest, "schema", schema);
	json_add_int(m->manifest, "artifacts_lost", lost);
	if (lost > 0)
		log_warn("backup.artifacts_lost", F_INT("count", lost));
	return list_file(m, BACKUP_DATABASE, m->copy, err);
}

/* ---- writing it ---- */

static int
write_file(struct making *m, struct bundle_writer *w, const cJSON *file, struct error *err)
{
	const char *name = json_str(file, "name");
	_cleanup_free_ char *path = strcmp(name, BACKUP_DATABASE) == 0
	    ? str_dup(m->copy)
	    : str_printf("%s/%s", m->state_dir, name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	const struct bundle_file f = { .name = name, .size = json_int(file, "size_bytes", 0) };

	return fd < 0 ? error_errno(err, "%s", path) : bundle_add_fd(w, &f, fd, err);
}

static int
write_all(struct making *m, int fd, struct error *err)
{
	_cleanup_bundle_writer_ struct bundle_writer *w =
	    bundle_writer_new(BUNDLE_TAR, bundle_to_fd, &fd);
	const cJSON *file;

	if (signed_begin(w, m->manifest, m->key, err) < 0)
		return -1;
	json_for_each(file, json_get(m->manifest, "files"))
		if (write_file(m, w, file, err) < 0)
			return -1;
	return bundle_end(w, err);
}

/* A file of all, which is what it says. */
static int
write_part(struct making *m, struct error *err)
{
	_cleanup_close_ int fd = open(m->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct backup made = { 0 };

	if (fd < 0)
		return error_errno(err, "%s", m->part);
	if (write_all(m, fd, err) < 0)
		return -1;
	if (fsync(fd) < 0)
		return error_errno(err, "%s", m->part);
	str_copy(made.path, sizeof(made.path), m->part);
	return backup_read(&made, NULL, NULL, err);
}

static int
check_room(const struct making *m, struct error *err)
{
	struct disk disk;
	char need[24], have[24];

	if (disk_look(m->state_dir, &disk, err) < 0)
		return -1;
	if (disk.free_bytes > m->bytes + m->bytes / 50 + (4 << 20))
		return 0;
	return error_set(err, ERROR_IO, "a backup takes %s, and %s are free in %s",
	    str_format_size(m->bytes, need, sizeof(need)),
	    str_format_size(disk.free_bytes, have, sizeof(have)), m->state_dir);
}

static int
try_once(struct making *m, const char *id, struct error *err)
{
	cJSON_Delete(m->manifest);
	m->manifest = signed_manifest("backup", clock_wall_ms());
	m->bytes = 0;
	json_add_str(m->manifest, "id", id);
	json_add_str(m->manifest, "version", JANUS_VERSION);
	if (store_copy(m->store, m->copy, err) < 0 || list_database(m, err) < 0 ||
	    list_state_file(m, BACKUP_ARTIFACT_KEY, err) < 0 ||
	    list_state_file(m, BACKUP_SIGNING_KEY, err) < 0 || list_tree(m, "runs", err) < 0)
		return -1;
	return check_room(m, err) < 0 ? -1 : write_part(m, err);
}

static int
keep(struct making *m, const char *dir, const char *id, struct backup *out, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/%s.tar", dir, id);

	if (rename(m->part, path) < 0)
		return error_errno(err, "%s", path);
	return file_sync(dir, err) < 0 ? -1 : backup_at(path, out, err);
}

int
backup_make(const char *state_dir, struct store *store, const struct ed25519_key *key,
    struct backup *out, struct error *err)
{
	_cleanup_free_ char *dir = str_printf("%s/backups", state_dir);
	struct making m = { .state_dir = state_dir, .store = store, .key = key };
	char id[ID_MAX];
	int rc = -1;

	if (file_mkdirs(dir, 0700, err) < 0)
		return -1;
	id_new("bkp", id);
	m.blobs = str_printf("%s/blobs", state_dir);
	m.copy = str_printf("%s/.%s.db", dir, id);
	m.part = str_printf("%s/.%s.part", dir, id);
	for (int i = 0; i < TRIES && rc < 0; i++) {
		rc = try_once(&m, id, err);
		if (rc < 0 && err != NULL && err->kind == ERROR_IO)
			break;
	}
	if (rc == 0)
		rc = keep(&m, dir, id, out, err);
	remove(m.copy);
	if (rc < 0)
		remove(m.part);
	cJSON_Delete(m.manifest);
	free(m.blobs);
	free(m.copy);
	free(m.part);
	return rc < 0 ? error_add(err, "backup") : 0;
}
