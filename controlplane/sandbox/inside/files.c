/*
 * files.c - read, write, list and remove below /workspace and /tmp.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/sandbox/inside/inside.h"
#include "controlplane/sandbox/inside/protocol.h"

#define READ_BYTES (60 * 1024)
#define NAMED_MAX 4096

static bool
is_within(const char *path, const char *dir)
{
	const size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* No way up, and below one of the two. */
static bool
path_allowed(const char *path)
{
	if (path == NULL || strlen(path) >= NAMED_MAX ||
	    (!is_within(path, INSIDE_ROOT) && !is_within(path, INSIDE_TMP)))
		return false;
	for (const char *p = path; (p = strstr(p, "/..")) != NULL; p += 3)
		if (p[3] == '/' || p[3] == '\0')
			return false;
	return true;
}

/* --- read --- */

void
read_begin(struct conn *c, struct texts *t)
{
	const char *path = text_next(t);
	struct stat st;
	uint64_t max;

	if (!path_allowed(path) || !number_next(t, INT64_MAX, &max)) {
		answer_end(c, path_allowed(path) ? EPROTO : EACCES, 0, 0, 0);
		return;
	}
	c->file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (c->file < 0 || fstat(c->file, &st) < 0)
		answer_end(c, errno, 0, 0, 0);
	else if (!S_ISREG(st.st_mode))
		answer_end(c, S_ISDIR(st.st_mode) ? EISDIR : EINVAL, 0, 0, 0);
	else if ((uint64_t)st.st_size > max)
		answer_end(c, EFBIG, 0, 0, 0);
	c->left = max;
}

void
read_more(struct conn *c)
{
	static char chunk[READ_BYTES];
	const ssize_t n = read(c->file, chunk, sizeof(chunk));

	if (n < 0) {
		answer_end(c, errno, 0, 0, 0);
	} else if (n == 0) {
		answer_end(c, 0, 0, 0, 0);
	} else if ((uint64_t)n > c->left) { /* it grew meanwhile */
		answer_end(c, EFBIG, 0, 0, 0);
	} else {
		c->left -= (uint64_t)n;
		answer(c, INSIDE_DATA, chunk, (size_t)n);
	}
}

/* --- write: beside it first, then in its place --- */

static int
make_parents(const char *path)
{
	char dir[NAMED_MAX];

	for (const char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		memcpy(dir, path, (size_t)(p - path));
		dir[p - path] = '\0';
		if (mkdir(dir, 0755) < 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

void
write_begin(struct conn *c, struct texts *t)
{
	const char *path = text_next(t);
	struct stat st;

	if (!path_allowed(path)) {
		answer_end(c, EACCES, 0, 0, 0);
		return;
	}
	snprintf(c->path, sizeof(c->path), "%s", path);
	snprintf(c->temporary, sizeof(c->temporary), "%s.janus-XXXXXX", path);
	if (stat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode)) {
			answer_end(c, S_ISDIR(st.st_mode) ? EISDIR : EINVAL, 0, 0, 0);
			return;
		}
		c->mode = st.st_mode & 0777;
	} else {
		c->mode = 0644;
	}
	if (make_parents(path) < 0 || (c->file = mkostemp(c->temporary, O_CLOEXEC)) < 0) {
		c->temporary[0] = '\0';
		answer_end(c, errno, 0, 0, 0);
	}
}

void
write_data(struct conn *c, const char *bytes, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(c->file, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			answer_end(c, n < 0 ? errno : ENOSPC, 0, 0, 0);
			return;
		}
		bytes += n;
		len -= (size_t)n;
	}
}

void
write_done(struct conn *c)
{
	int error = 0;

	if (fchmod(c->file, c->mode) < 0 || rename(c->temporary, c->path) < 0)
		error = errno;
	else
		c->temporary[0] = '\0';
	answer_end(c, error, 0, 0, 0);
}

void
file_abandon(struct conn *c)
{
	if (c->file >= 0)
		close(c->file);
	c->file = -1;
	if (c->temporary[0] != '\0')
		unlink(c->temporary);
	c->temporary[0] = '\0';
}

/* --- list --- */

struct listing {
	struct conn *conn;
	uint64_t left;
	size_t root; /* length of what is not part of the names */
	bool cut;
};

static void
add_entry(struct conn *c, const char *name, const struct stat *st)
{
	const uint64_t numbers[2] = { (uint64_t)st->st_size,
		(uint64_t)st->st_mtim.tv_sec * 1000 + (uint64_t)st->st_mtim.tv_nsec / 1000000 };
	char entry[INSIDE_ENTRY_HEAD_BYTES + NAMED_MAX];
	const size_t len = strlen(name);

	entry[0] = S_ISREG(st->st_mode) ? 'f'
	    : S_ISDIR(st->st_mode)      ? 'd'
	    : S_ISLNK(st->st_mode)      ? 'l'
					: 'o';
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 8; i++)
			entry[1 + 8 * k + i] = (char)(numbers[k] >> (56 - 8 * i));
	memcpy(entry + INSIDE_ENTRY_HEAD_BYTES, name, len + 1);
	answer(c, INSIDE_DATA, entry, INSIDE_ENTRY_HEAD_BYTES + len);
}

static int
list_dir(struct listing *l, const char *dir, uint64_t depth)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	if (d == NULL)
		return errno;
	while (!l->cut && (e = readdir(d)) != NULL) {
		char path[NAMED_MAX];
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path) ||
		    lstat(path, &st) < 0)
			continue;
		if (l->left-- == 0) {
			l->cut = true;
			break;
		}
		add_entry(l->conn, path + l->root, &st);
		if (depth > 1 && S_ISDIR(st.st_mode) && strcmp(e->d_name, ".git") != 0 &&
		    strcmp(e->d_name, "node_modules") != 0)
			list_dir(l, path, depth - 1); /* one that may not be read is as if empty */
	}
	closedir(d);
	return 0;
}

void
list_all(struct conn *c, struct texts *t)
{
	const char *path = text_next(t);
	struct listing l = { .conn = c };
	uint64_t depth;

	if (!path_allowed(path)) {
		answer_end(c, EACCES, 0, 0, 0);
		return;
	}
	if (!number_next(t, 100000, &l.left) || !number_next(t, 32, &depth)) {
		answer_end(c, EPROTO, 0, 0, 0);
		return;
	}
	l.root = strlen(path) + 1;
	const int error = list_dir(&l, path, depth);
	answer_end(c, error, 0, 0, l.cut ? INSIDE_FLAG_CUT : 0);
}

/* --- remove: a file, a link or an empty directory --- */

void
remove_one(struct conn *c, struct texts *t)
{
	const char *path = text_next(t);

	if (!path_allowed(path) || strcmp(path, INSIDE_ROOT) == 0 || strcmp(path, INSIDE_TMP) == 0)
		answer_end(c, EACCES, 0, 0, 0);
	else
		answer_end(c, remove(path) < 0 ? errno : 0, 0, 0, 0);
}
