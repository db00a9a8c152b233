/*
 * find.c - which backups there are, and whether one is what it says.
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
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define BEFORE BACKUP_DATABASE ".before-"
#define HEAD "SQLite format 3"
#define HEADER_BYTES 100 /* of a database: its version is at 60, whose it is at 68 */
#define APPLICATION "JANU"

/* They are ours, but a disk may have made something else of them. */
const struct bundle_limits backup_limits = {
	.entries = 2000000,
	.bytes = INT64_C(1) << 44,
	.ratio = 2, /* nothing in it is packed */
	.ratio_free_bytes = 1 << 20,
	.name_bytes = 1024,
	.depth = 32,
	.text_bytes = (size_t)128 << 20,
};

void
backup_done(struct backup *b)
{
	cJSON_Delete(b->manifest);
	*b = (struct backup){ 0 };
}

/* ---- one ---- */

static int
read_manifest(int fd, struct backup *b, struct error *err)
{
	_cleanup_bundle_ struct bundle_reader *r = bundle_open(fd, &backup_limits, err);
	_cleanup_free_ char *text = NULL;
	struct bundle_entry e;
	size_t len = 0;

	const int n = r != NULL ? bundle_next(r, &e, err) : -1;
	if (n == 0)
		return error_set(err, ERROR_INVALID, "this is a bundle with nothing in it");
	if (n < 0 || bundle_read_all(r, backup_limits.text_bytes, &text, &len, err) < 0 ||
	    json_parse(text, len, &b->manifest, err) < 0)
		return -1;
	if (!str_eq(json_str(b->manifest, "kind"), "backup"))
		return error_set(err, ERROR_INVALID, "this is a bundle, but no backup");
	str_copy(b->id, sizeof(b->id), json_str(b->manifest, "id"));
	b->schema = json_int(b->manifest, "schema", 0);
	if (json_str(b->manifest, "created_at") != NULL)
		b->created_at_ms = clock_parse(json_str(b->manifest, "created_at"));
	return 0;
}

static int
look(const char *path, struct backup *b, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *before = strstr(path, BEFORE);
	unsigned char head[HEADER_BYTES] = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "this is not a file");
	str_copy(b->path, sizeof(b->path), path);
	b->bytes = st.st_size;
	b->is_database = pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	    memcmp(head, HEAD, sizeof(HEAD)) == 0;
	if (!b->is_database)
		return read_manifest(fd, b, err);
	snprintf(b->id, sizeof(b->id), "%.32s",
	    before != NULL ? before + strlen(BACKUP_DATABASE) + 1 : "database");
	b->created_at_ms = st.st_mtim.tv_sec * INT64_C(1000);
	b->schema = (uint32_t)head[60] << 24 | (uint32_t)head[61] << 16 | (uint32_t)head[62] << 8 |
	    head[63];
	return memcmp(head + 68, APPLICATION, strlen(APPLICATION)) == 0
	    ? 0
	    : error_set(err, ERROR_CONFLICT, "this is another application's database");
}

int
backup_at(const char *path, struct backup *out, struct error *err)
{
	struct backup b = { 0 };

	if (look(path, &b, err) < 0) {
		backup_done(&b);
		return error_add(err, "%s", path);
	}
	*out = b;
	return 0;
}

/* ---- all ---- */

static int
is_bundle(const struct dirent *e)
{
	return str_starts(e->d_name, BACKUP_ID) && str_ends(e->d_name, ".tar");
}

static int
is_copy(const struct dirent *e)
{
	const char *n = str_starts(e->d_name, BEFORE) ? e->d_name + strlen(BEFORE) : "";

	return *n != '\0' && n[strspn(n, "0123456789")] == '\0';
}

static int
each_in(
    const char *dir, int (*is)(const struct dirent *), backup_fn *fn, void *arg, struct error *err)
{
	struct dirent **all = NULL;
	const int n = scandir(dir, &all, is, versionsort);

	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", dir, all[i]->d_name);
		struct backup b = { 0 };

		if (backup_at(path, &b, NULL) == 0)
			fn(&b, arg);
		backup_done(&b);
		free(all[i]);
	}
	free(all);
	return n < 0 && errno != ENOENT ? error_errno(err, "%s", dir) : 0;
}

/* Ids are in the order of their times; copies are of older schemas than we have. */
int
backup_list(const char *state_dir, backup_fn *fn, void *arg, struct error *err)
{
	_cleanup_free_ char *dir = str_printf("%s/backups", state_dir);

	return each_in(state_dir, is_copy, fn, arg, err) < 0
	    ? -1
	    : each_in(dir, is_bundle, fn, arg, err);
}

struct search {
	const char *ref;
	char path[BACKUP_PATH_MAX];
	int found;
	bool exact;
};

static void
compare(const struct backup *b, void *arg)
{
	struct search *s = arg;
	const bool exact = strcmp(b->id, s->ref) == 0;

	if (s->exact || (!exact && (strlen(s->ref) < 10 || !str_starts(b->id, s->ref))))
		return;
	s->exact = exact;
	s->found = exact ? 1 : s->found + 1;
	str_copy(s->path, sizeof(s->path), b->path);
}

int
backup_find(const char *state_dir, const char *ref, struct backup *out, struct error *err)
{
	struct search s = { .ref = ref };

	if (backup_list(state_dir, compare, &s, err) < 0)
		return -1;
	if (s.found > 1)
		return error_set(err, ERROR_CONFLICT, "%d backups begin with %.40s", s.found, ref);
	return s.found == 0 ? error_set(err, ERROR_NOT_FOUND, "There is no backup '%.60s'.", ref)
			    : backup_at(s.path, out, err);
}

int
backup_remove(const struct backup *b, struct error *err)
{
	return unlink(b->path) < 0 ? error_errno(err, "%s", b->path) : 0;
}

static void
note_newest(const struct backup *b, void *arg)
{
	struct backup *newest = arg;

	if (b->created_at_ms >= newest->created_at_ms) {
		*newest = *b;
		newest->manifest = NULL;
	}
}

void
backup_advice(const char *state_dir, char *out, size_t cap)
{
	struct backup newest = { 0 };
	char at[CLOCK_TEXT_MAX];

	backup_list(state_dir, note_newest, &newest, NULL);
	if (newest.path[0] != '\0')
		snprintf(out, cap, "janusd --restore %s (of %s)", newest.path,
		    clock_format(newest.created_at_ms, at));
	else
		snprintf(out, cap,
		    "janusd --restore FILE, with a backup of %s: none is in %s/backups", state_dir,
		    state_dir);
}
