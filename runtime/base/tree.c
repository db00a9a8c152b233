/*
 * tree.c - walk, copy and hash what is below a directory.
 */
#include "runtime/base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

#define COPY_MAX ((size_t)1 << 30)

const struct tree_limits tree_limits_default = {
	.depth = 16, .files = 100000, .file_bytes = INT64_MAX
};

struct walk {
	const char *dir;
	const struct tree_limits *limits;
	struct tree *tree;
	struct error *err;
};

static void
tree_add(struct tree *t, const char *name)
{
	t->names = mem_realloc(t->names, (t->n + 1) * sizeof(*t->names));
	t->names[t->n++] = str_dup(name);
}

static int walk(struct walk *, const char *below, int depth);

static int
walk_one(struct walk *w, const char *name, int depth)
{
	_cleanup_free_ char *path = str_printf("%s/%s", w->dir, name);
	struct stat st;

	if (lstat(path, &st) < 0)
		return error_errno(w->err, "%s", path);
	if (S_ISDIR(st.st_mode))
		return walk(w, name, depth + 1);
	if (!S_ISREG(st.st_mode))
		return error_set(w->err, ERROR_INVALID, "%s: neither a file nor a directory", path);
	if (strchr(name, '\n') != NULL || w->tree->n == w->limits->files)
		return error_set(w->err, ERROR_INVALID, "%s: %s", w->dir,
		    w->tree->n == w->limits->files ? "too many files" : "a name with a line break");
	if (st.st_size > w->limits->file_bytes)
		return error_set(w->err, ERROR_TOO_BIG, "%s: more than %lld bytes", path,
		    (long long)w->limits->file_bytes);
	tree_add(w->tree, name);
	return 0;
}

static void
closedirp(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

static int
walk(struct walk *w, const char *below, int depth)
{
	_cleanup_free_ char *path = str_printf("%s%s%s", w->dir, *below != '\0' ? "/" : "", below);
	_cleanup_(closedirp) DIR *d = depth <= w->limits->depth ? opendir(path) : NULL;
	const struct dirent *e;

	if (depth > w->limits->depth)
		return error_set(w->err, ERROR_INVALID, "%s: directories too deep", path);
	if (d == NULL)
		return error_errno(w->err, "%s", path);
	while ((e = readdir(d)) != NULL) {
		_cleanup_free_ char *name =
		    str_printf("%s%s%s", below, *below != '\0' ? "/" : "", e->d_name);

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (walk_one(w, name, depth) < 0)
			return -1;
	}
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
tree_list(const char *dir, const struct tree_limits *limits, struct tree *out, struct error *err)
{
	struct tree t = { 0 };
	struct walk w = { dir, limits != NULL ? limits : &tree_limits_default, &t, err };

	if (walk(&w, "", 0) < 0) {
		tree_done(&t);
		return -1;
	}
	if (t.n > 0)
		qsort(t.names, t.n, sizeof(*t.names), by_name);
	*out = t;
	return 0;
}

void
tree_done(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->names[i]);
	free(t->names);
	*t = (struct tree){ 0 };
}

int
tree_has(const struct tree *t, const char *name)
{
	return t->n > 0 && bsearch(&name, t->names, t->n, sizeof(*t->names), by_name) != NULL;
}

int
tree_copy(const char *from, const char *to, struct error *err)
{
	_cleanup_tree_ struct tree t = { 0 };

	if (tree_list(from, NULL, &t, err) < 0 || file_mkdirs(to, 0755, err) < 0)
		return -1;
	for (size_t i = 0; i < t.n; i++) {
		_cleanup_free_ char *source = str_printf("%s/%s", from, t.names[i]),
				    *target = str_printf("%s/%s", to, t.names[i]), *bytes = NULL,
				    *parent = str_dup(target);
		size_t len;

		*strrchr(parent, '/') = '\0';
		if (file_read(source, COPY_MAX, &bytes, &len, err) < 0 ||
		    file_mkdirs(parent, 0755, err) < 0 ||
		    file_write(target, bytes, len, 0644, err) < 0 || tree_sync(parent, err) < 0)
			return -1;
	}
	return 0;
}

int
tree_hash(const char *dir, const char *name, char out[HASH_HEX_MAX], struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_free_ char *piece = mem_zalloc(65536);
	struct hasher *h;
	ssize_t n;

	if (fd < 0)
		return error_errno(err, "%s", name);
	h = hasher_new();
	while ((n = read(fd, piece, 65536)) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0)
			hasher_add(h, piece, (size_t)n);
	}
	if (n < 0)
		error_errno(err, "%s", name);
	hasher_hex(h, out);
	hasher_free(h);
	return n < 0 ? -1 : 0;
}

static int
is_one_of(const char *name, const char *const *names)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

int
tree_sums(const char *dir, const struct tree_limits *limits, const char *const *but,
    struct buf *out, struct error *err)
{
	_cleanup_tree_ struct tree t = { 0 };
	char hex[HASH_HEX_MAX];

	if (tree_list(dir, limits, &t, err) < 0)
		return -1;
	for (size_t i = 0; i < t.n; i++) {
		if (is_one_of(t.names[i], but))
			continue;
		if (tree_hash(dir, t.names[i], hex, err) < 0)
			return -1;
		buf_printf(out, "%s  %s\n", hex, t.names[i]);
	}
	return 0;
}

int
tree_sync(const char *dir, struct error *err)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return error_errno(err, "%s", dir);
	return 0;
}
