/*
 * library.c - walk, index, find.
 */
#include "controlplane/platform/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/platform/words.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

#define DEPTH_MAX 16
#define TITLE_MAX 200

static const struct sql_migration migrations[] = {
	{ "CREATE TABLE files (\n"
	  "	path		TEXT PRIMARY KEY,\n"
	  "	stamp		INTEGER NOT NULL,	-- of its last change, in ns\n"
	  "	bytes		INTEGER NOT NULL,\n"
	  "	round		INTEGER NOT NULL	-- when it was last seen there\n"
	  ") STRICT;\n"
	  "CREATE VIRTUAL TABLE pages USING fts5(title, body, tokenize = 'unicode61 "
	  "remove_diacritics 2');\n" },
};

enum {
	FILE_GET,
	FILE_PUT,
	FILE_SEEN,
	FILE_FORGET,
	PAGE_DROP,
	PAGE_ADD,
	PAGES_FORGET,
	PAGE_COUNT,
	PAGE_FIND,
	STATEMENTS
};
static const char *const statements[STATEMENTS] = {
	[FILE_GET] = "SELECT rowid, stamp, bytes FROM files WHERE path = ?1",
	[FILE_PUT] = "INSERT INTO files (path, stamp, bytes, round) VALUES (?1, ?2, ?3, ?4) "
		     "ON CONFLICT (path) DO UPDATE SET stamp = ?2, bytes = ?3, round = ?4 "
		     "RETURNING rowid",
	[FILE_SEEN] = "UPDATE files SET round = ?2 WHERE path = ?1",
	[FILE_FORGET] = "DELETE FROM files WHERE round <> ?1",
	[PAGE_DROP] = "DELETE FROM pages WHERE rowid = ?1",
	[PAGE_ADD] = "INSERT INTO pages (rowid, title, body) VALUES (?1, ?2, ?3)",
	[PAGES_FORGET] =
	    "DELETE FROM pages WHERE rowid IN (SELECT rowid FROM files WHERE round <> ?1)",
	[PAGE_COUNT] = "SELECT COUNT(*) FROM files",
	/* A title counts for ten words of the body. */
	[PAGE_FIND] = "SELECT files.path, pages.title, snippet(pages, 1, '', '', ' … ', 40) "
		      "FROM pages JOIN files ON files.rowid = pages.rowid WHERE pages MATCH ?1 "
		      "ORDER BY bm25(pages, 10.0, 1.0), files.path LIMIT ?2",
};

static int
open_index(struct library *l, const char *path, struct error *err)
{
	if (sql_open(&l->sql, path, true, migrations, ARRAY_LEN(migrations), err) < 0)
		return -1;
	if (sql_prepare(&l->sql, statements, STATEMENTS, err) < 0) {
		sql_close(&l->sql);
		return -1;
	}
	return 0;
}

int
library_open(struct library *l, const char *dir, const char *path, struct error *err)
{
	*l = (struct library){ 0 };
	if (open_index(l, path, err) < 0) {
		static const char *const ends[] = { "", "-wal", "-shm" };

		for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
			_cleanup_free_ char *file = str_printf("%s%s", path, ends[i]);

			unlink(file);
		}
		if (open_index(l, path, err) < 0)
			return error_add(err, "search index %s", path);
	}
	l->dir = str_dup(dir);
	return 0;
}

void
library_close(struct library *l)
{
	if (l->dir != NULL)
		sql_close(&l->sql);
	free(l->dir);
	*l = (struct library){ 0 };
}

/* ---- looking at the folder ---- */

struct walk {
	struct library *library;
	int64_t round;
	int files;
};

/* The first heading, else the first line, else the path. */
static void
find_title(const char *text, const char *path, struct buf *out)
{
	const char *heading = strstr(text, "\n# ");

	if (heading != NULL && !str_starts(text, "# "))
		text = heading;
	text += strspn(text, "# \t\r\n=-*");
	const size_t len = strcspn(text, "\r\n");
	_cleanup_free_ char *line = str_ndup(text, len < TITLE_MAX ? len : TITLE_MAX);
	if (*line != '\0')
		words_plain(out, line, TITLE_MAX);
	else
		buf_add_str(out, path);
}

static int
add_page(struct library *l, const char *path, const struct stat *st, int64_t round, int fd,
    struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *put = l->sql.stmt[FILE_PUT];
	_cleanup_reset_ sqlite3_stmt *drop = l->sql.stmt[PAGE_DROP];
	_cleanup_reset_ sqlite3_stmt *add = l->sql.stmt[PAGE_ADD];
	_cleanup_free_ char *text = mem_zalloc((size_t)st->st_size + 1);
	_cleanup_buf_ struct buf title = { 0 };
	const ssize_t n = read(fd, text, (size_t)st->st_size);

	text[n > 0 ? n : 0] = '\0'; /* a NUL ends it: what follows is no text */
	if (!str_utf8_valid(text, strlen(text)))
		text[0] = '\0';
	sql_bind_text(put, 1, path);
	sql_bind_int(put, 2, st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec);
	sql_bind_int(put, 3, st->st_size);
	sql_bind_int(put, 4, round);
	if (sql_step(put, err) < 0)
		return -1;
	const int64_t row = sql_int(put, 0);
	find_title(text, path, &title);
	sql_bind_int(drop, 1, row);
	sql_bind_int(add, 1, row);
	sql_bind_text(add, 2, buf_str(&title));
	sql_bind_text(add, 3, text);
	return sql_step(drop, err) < 0 || sql_step(add, err) < 0 ? -1 : 0;
}

static int
look_at_file(struct walk *w, const char *path, const struct stat *st, int fd, struct error *err)
{
	struct library *l = w->library;
	_cleanup_reset_ sqlite3_stmt *get = l->sql.stmt[FILE_GET];
	_cleanup_reset_ sqlite3_stmt *seen = l->sql.stmt[FILE_SEEN];

	sql_bind_text(get, 1, path);
	const int rc = sql_step(get, err);
	if (rc < 0)
		return -1;
	if (rc == 0 || sql_int(get, 2) != st->st_size ||
	    sql_int(get, 1) != st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec)
		return add_page(l, path, st, w->round, fd, err);
	sql_bind_text(seen, 1, path);
	sql_bind_int(seen, 2, w->round);
	return sql_step(seen, err) < 0 ? -1 : 0;
}

static bool
is_document(const char *name)
{
	return str_ends(name, ".md") || str_ends(name, ".txt") || str_ends(name, ".rst");
}

static int walk_dir(struct walk *, int fd, const char *prefix, int depth, struct error *);

static int
look_at(struct walk *w, int dir, const char *name, const char *prefix, int depth, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s%s%s", prefix, *prefix != '\0' ? "/" : "", name);
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0; /* gone, a link, or not for us */
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH_MAX ? walk_dir(w, TAKE_FD(fd), path, depth + 1, err) : 0;
	if (!S_ISREG(st.st_mode) || !is_document(name) || st.st_size > LIBRARY_FILE_MAX_BYTES ||
	    w->files >= LIBRARY_FILES_MAX || !str_utf8_valid(path, strlen(path)))
		return 0;
	w->files++;
	return look_at_file(w, path, &st, fd, err);
}

/* fd is taken over. */
static int
walk_dir(struct walk *w, int fd, const char *prefix, int depth, struct error *err)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *each;
	int rc = 0;

	if (dir == NULL) {
		close(fd);
		return error_errno(err, "documents %s", prefix);
	}
	while (rc == 0 && (each = readdir(dir)) != NULL)
		if (each->d_name[0] != '.')
			rc = look_at(w, dirfd(dir), each->d_name, prefix, depth, err);
	closedir(dir);
	return rc;
}

static int
forget_rest(struct library *l, int64_t round, struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *pages = l->sql.stmt[PAGES_FORGET];
	_cleanup_reset_ sqlite3_stmt *files = l->sql.stmt[FILE_FORGET];
	_cleanup_reset_ sqlite3_stmt *count = l->sql.stmt[PAGE_COUNT];

	sql_bind_int(pages, 1, round);
	sql_bind_int(files, 1, round);
	if (sql_step(pages, err) < 0 || sql_step(files, err) < 0 || sql_step(count, err) < 0)
		return -1;
	l->documents = sql_int(count, 0);
	return 0;
}

int
library_refresh(struct library *l, struct error *err)
{
	struct timespec now;
	const int fd = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "documents %s", l->dir);
	clock_gettime(CLOCK_REALTIME, &now);
	struct walk w = { l, now.tv_sec * 1000000000LL + now.tv_nsec, 0 };
	if (sql_exec(&l->sql, "BEGIN IMMEDIATE", err) < 0) {
		close(fd);
		return -1;
	}
	if (walk_dir(&w, fd, "", 0, err) < 0 || forget_rest(l, w.round, err) < 0 ||
	    sql_exec(&l->sql, "COMMIT", err) < 0) {
		sql_exec(&l->sql, "ROLLBACK", NULL);
		return -1;
	}
	return 0;
}

/* ---- finding ---- */

static int
find(struct library *l, const char *expression, int most, library_hit_fn *fn, void *arg,
    struct error *err)
{
	_cleanup_reset_ sqlite3_stmt *q = l->sql.stmt[PAGE_FIND];
	int n = 0, rc;

	sql_bind_text(q, 1, expression);
	sql_bind_int(q, 2, most);
	while ((rc = sql_step(q, err)) == 1) {
		const struct library_hit hit = { sql_text(q, 0), sql_text(q, 1), sql_text(q, 2) };

		fn(&hit, arg);
		n++;
	}
	return rc < 0 ? -1 : n;
}

int
library_find(struct library *l, const char *query, size_t len, int most, library_hit_fn *fn,
    void *arg, struct error *err)
{
	static const char *const between[] = { " ", " OR " };
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(between) && n == 0; i++) {
		_cleanup_buf_ struct buf expression = { 0 };

		if (words_match(&expression, query, len, between[i]) == 0)
			return 0;
		n = find(l, expression.data, most, fn, arg, err);
	}
	return n;
}
