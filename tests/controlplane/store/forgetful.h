/*
 * forgetful.h - files of SQLite's that are on the medium only as far as they were synced.
 *
 * forgetful_begin makes a VFS over the real one the default.  Of the files below its directory it keeps
 * what is on the medium, and in order what was written since.  A loss of power leaves in another directory
 * what it could: what was synced, and of the rest any sectors at all.
 */
#ifndef JANUS_TEST_STORE_FORGETFUL_H
#define JANUS_TEST_STORE_FORGETFUL_H
#include <check.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/owls.h"

#define FORGETFUL_MAX 8 /* files at a time */
#define SECTOR 512

struct piece { /* written and not synced */
	struct piece *next;
	bool cut; /* the file was made `at` long */
	size_t at, len;
	char bytes[];
};
struct medium {
	char *path; /* NULL: nobody's */
	struct buf synced;
	struct piece *first, **last;
};
struct forgetful_file { /* the real one's follows */
	sqlite3_file base;
	struct medium *medium; /* NULL: not below our directory */
};

static struct {
	sqlite3_vfs vfs, *real;
	pthread_mutex_t lock; /* of all files, so that they fail at one moment */
	const char *below;
	struct medium media[FORGETFUL_MAX];
	unsigned lost; /* sectors, to see that there was something to forget */
	unsigned writes; /* until the power fails; 0: it does not */
	const char *to; /* what it leaves */
	void (*failed)(void);
} forgetful = { .lock = PTHREAD_MUTEX_INITIALIZER };

static sqlite3_file *
real_of(sqlite3_file *f)
{
	return (sqlite3_file *)((struct forgetful_file *)f + 1);
}

static struct medium *
medium_of(sqlite3_file *f)
{
	return ((struct forgetful_file *)f)->medium;
}

static void
keep_piece(struct medium *m, bool cut, size_t at, const void *bytes, size_t len)
{
	struct piece *p = mem_zalloc(sizeof(*p) + len);

	*p = (struct piece){ .cut = cut, .at = at, .len = len };
	if (len > 0)
		memcpy(p->bytes, bytes, len);
	*m->last = p;
	m->last = &p->next;
}

static void
grow(struct buf *b, size_t to)
{
	if (to > b->len) {
		memset(buf_reserve(b, to - b->len), 0, to - b->len);
		b->len = to;
	}
}

/* All of it, or, where only some of it came to the medium, by sectors. */
static void
apply(const struct piece *p, bool whole, struct buf *to)
{
	if (p->cut) {
		grow(to, p->at);
		to->len = p->at;
		return;
	}
	for (size_t at = 0, n; at < p->len; at += n) {
		n = SECTOR - (p->at + at) % SECTOR;
		n = n < p->len - at ? n : p->len - at;
		if (!whole && draw() % 2 == 0) {
			forgetful.lost++;
			continue;
		}
		grow(to, p->at + at + n);
		memcpy(to->data + p->at + at, p->bytes + at, n);
	}
}

static void
forget_pieces(struct medium *m)
{
	for (struct piece *p = m->first, *next; p != NULL; p = next) {
		next = p->next;
		free(p);
	}
	m->first = NULL;
	m->last = &m->first;
}

/* Under the lock, as no file may change meanwhile. */
static void
fail_now(void)
{
	struct error err = { 0 };

	for (const struct medium *m = forgetful.media; m < &forgetful.media[FORGETFUL_MAX]; m++) {
		if (m->path == NULL)
			continue;
		_cleanup_free_ char *path = str_printf("%s%s", forgetful.to, strrchr(m->path, '/'));
		_cleanup_buf_ struct buf left = { 0 };

		buf_add(&left, m->synced.data, m->synced.len);
		for (const struct piece *p = m->first; p != NULL; p = p->next)
			apply(p, draw() % 4 == 0, &left);
		ck_assert_msg(
		    file_write(path, left.data, left.len, 0600, &err) == 0, "%s", err.text);
	}
	forgetful.failed();
}

static int
on_write(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
	struct medium *m = medium_of(f);

	pthread_mutex_lock(&forgetful.lock);
	const int rc = real_of(f)->pMethods->xWrite(real_of(f), bytes, len, at);
	if (rc == SQLITE_OK && m != NULL)
		keep_piece(m, false, (size_t)at, bytes, (size_t)len);
	if (rc == SQLITE_OK && m != NULL && forgetful.writes > 0 && --forgetful.writes == 0)
		fail_now();
	pthread_mutex_unlock(&forgetful.lock);
	return rc;
}

static int
on_truncate(sqlite3_file *f, sqlite3_int64 len)
{
	struct medium *m = medium_of(f);

	pthread_mutex_lock(&forgetful.lock);
	const int rc = real_of(f)->pMethods->xTruncate(real_of(f), len);
	if (rc == SQLITE_OK && m != NULL)
		keep_piece(m, true, (size_t)len, NULL, 0);
	pthread_mutex_unlock(&forgetful.lock);
	return rc;
}

/* The medium is ours: nothing waits for the machine's own. */
static int
on_sync(sqlite3_file *f, int flags)
{
	struct medium *m = medium_of(f);

	if (m == NULL)
		return real_of(f)->pMethods->xSync(real_of(f), flags);
	pthread_mutex_lock(&forgetful.lock);
	for (const struct piece *p = m->first; p != NULL; p = p->next)
		apply(p, true, &m->synced);
	forget_pieces(m);
	pthread_mutex_unlock(&forgetful.lock);
	return SQLITE_OK;
}

/* ---- the rest is the real one's ---- */

static int
on_close(sqlite3_file *f)
{
	return real_of(f)->pMethods->xClose(real_of(f));
}

static int
on_read(sqlite3_file *f, void *to, int len, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xRead(real_of(f), to, len, at);
}

static int
on_file_size(sqlite3_file *f, sqlite3_int64 *len)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), len);
}

static int
on_lock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int
on_unlock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int
on_check_lock(sqlite3_file *f, int *held)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), held);
}

static int
on_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int
on_sector_size(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int
on_characteristics(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int
on_shm_map(sqlite3_file *f, int page, int len, int extend, void volatile **at)
{
	return real_of(f)->pMethods->xShmMap(real_of(f), page, len, extend, at);
}

static int
on_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void
on_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int
on_shm_unmap(sqlite3_file *f, int remove)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* nothing is read as memory */
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_file_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_characteristics,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap,
};

/* ---- files by name ---- */

/* That of the path; of a file not seen before, what it has is on the medium. */
static struct medium *
find_medium(const char *path)
{
	struct medium *free_one = NULL;

	if (path == NULL || forgetful.below == NULL || !str_starts(path, forgetful.below))
		return NULL;
	for (struct medium *m = forgetful.media; m < &forgetful.media[FORGETFUL_MAX]; m++) {
		if (str_eq(m->path, path))
			return m;
		if (m->path == NULL && free_one == NULL)
			free_one = m;
	}
	ck_assert_ptr_nonnull(free_one);
	*free_one = (struct medium){ .path = str_dup(path), .last = &free_one->first };
	_cleanup_free_ char *bytes = NULL;
	size_t len = 0;
	if (file_read(path, SIZE_MAX / 2, &bytes, &len, NULL) == 0)
		buf_add(&free_one->synced, bytes, len);
	return free_one;
}

static void
drop_medium(struct medium *m)
{
	forget_pieces(m);
	free(m->path);
	buf_done(&m->synced);
	*m = (struct medium){ 0 };
}

static int
on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags, int *out_flags)
{
	struct forgetful_file *file = (struct forgetful_file *)f;

	(void)vfs;
	pthread_mutex_lock(&forgetful.lock);
	file->medium = find_medium(path);
	file->base.pMethods = NULL;
	const int rc = forgetful.real->xOpen(forgetful.real, path, real_of(f), flags, out_flags);
	if (rc == SQLITE_OK)
		file->base.pMethods = &methods;
	pthread_mutex_unlock(&forgetful.lock);
	return rc;
}

static int
on_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	(void)vfs;
	pthread_mutex_lock(&forgetful.lock);
	const int rc = forgetful.real->xDelete(forgetful.real, path, sync);
	for (struct medium *m = forgetful.media; m < &forgetful.media[FORGETFUL_MAX]; m++)
		if (rc == SQLITE_OK && str_eq(m->path, path))
			drop_medium(m);
	pthread_mutex_unlock(&forgetful.lock);
	return rc;
}

/** forgetful_begin - files below that directory are forgetful from their next opening on; borrowed. */
static void
forgetful_begin(const char *below)
{
	forgetful.below = below;
	if (forgetful.real != NULL)
		return;
	forgetful.real = sqlite3_vfs_find(NULL);
	forgetful.vfs = *forgetful.real; /* its calls of files by name are the real one's */
	forgetful.vfs.zName = "forgetful";
	forgetful.vfs.szOsFile = (int)sizeof(struct forgetful_file) + forgetful.real->szOsFile;
	forgetful.vfs.pNext = NULL;
	forgetful.vfs.xOpen = on_open;
	forgetful.vfs.xDelete = on_delete;
	ck_assert_int_eq(sqlite3_vfs_register(&forgetful.vfs, 1), SQLITE_OK);
}

/** forgetful_fail_at - leave what is left in that directory, which is there, after so many more
 *  pieces were written, and call fn, in whatever thread that is; borrowed. */
static void
forgetful_fail_at(unsigned writes, const char *to, void (*fn)(void))
{
	pthread_mutex_lock(&forgetful.lock);
	forgetful.to = to;
	forgetful.failed = fn;
	forgetful.writes = writes;
	pthread_mutex_unlock(&forgetful.lock);
}

/** forgetful_end - of that directory: all its files are closed. */
static void
forgetful_end(void)
{
	for (struct medium *m = forgetful.media; m < &forgetful.media[FORGETFUL_MAX]; m++)
		drop_medium(m);
	forgetful.below = NULL;
}
#endif
