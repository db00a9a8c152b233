/*
 * captures.c - a directory of captures, known by their heads.
 */
#include "controlplane/observe/captures.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"

#define SUFFIX ".capture"

/* "cap_....capture" names one; the id is put into out. */
static bool
id_of_name(const char *name, char out[ID_MAX])
{
	if (!str_ends(name, SUFFIX) || strlen(name) - strlen(SUFFIX) >= ID_MAX)
		return false;
	snprintf(out, ID_MAX, "%.*s", (int)(strlen(name) - strlen(SUFFIX)), name);
	return id_valid("cap", out);
}

static bool
read_head(const char *path, struct capture_file *out)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char head[CAPTURE_HEAD_BYTES];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	const ssize_t n = pread(fd, head, sizeof(head), 0);
	out->file_bytes = st.st_size;
	return n > 0 && capture_head_read(head, (size_t)n, &out->head, NULL) == 0;
}

static int
by_id(const void *a, const void *b)
{
	const struct capture_file *x = a, *y = b;

	return strcmp(x->head.id, y->head.id); /* ids sort by the time they were made */
}

void
captures_add(struct captures *c, const struct capture_file *file)
{
	if (c->len == c->cap) {
		c->cap = c->cap * 2 + 64;
		struct capture_file *more = mem_zalloc(c->cap * sizeof(*more));

		if (c->len > 0)
			memcpy(more, c->at, c->len * sizeof(*more));
		free(c->at);
		c->at = more;
	}
	c->at[c->len++] = *file;
	c->bytes += file->file_bytes;
}

void
captures_load(struct captures *c)
{
	DIR *dir = opendir(c->dir);
	const struct dirent *e;

	c->len = 0;
	c->bytes = 0;
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		_cleanup_free_ char *path = str_printf("%s/%s", c->dir, e->d_name);
		struct capture_file file = { 0 };
		char id[ID_MAX];

		/* The name is what it is known by, whatever its head says. */
		if (!id_of_name(e->d_name, id) || !read_head(path, &file))
			continue;
		snprintf(file.head.id, sizeof(file.head.id), "%s", id);
		captures_add(c, &file);
	}
	if (dir != NULL)
		closedir(dir);
	if (c->len > 0)
		qsort(c->at, c->len, sizeof(*c->at), by_id);
}

const struct capture_file *
captures_find(const struct captures *c, const char *ref)
{
	for (size_t i = c->len; i-- > 0;)
		if (strcmp(c->at[i].head.id, ref) == 0 ||
		    strcmp(c->at[i].head.request_id, ref) == 0)
			return &c->at[i];
	return NULL;
}

static void
remove_at(struct captures *c, size_t i)
{
	_cleanup_free_ char *path = str_printf("%s/%s" SUFFIX, c->dir, c->at[i].head.id);

	unlink(path);
	c->bytes -= c->at[i].file_bytes;
	memmove(&c->at[i], &c->at[i + 1], (--c->len - i) * sizeof(*c->at));
}

bool
captures_remove(struct captures *c, const char *id)
{
	for (size_t i = 0; i < c->len; i++)
		if (strcmp(c->at[i].head.id, id) == 0) {
			remove_at(c, i);
			return true;
		}
	return false;
}

void
captures_prune(struct captures *c, const struct recorder_config *limits, int64_t now_ms)
{
	while (c->len > 0 &&
	    ((int64_t)c->len > limits->count || c->bytes > limits->total_bytes ||
		c->at[0].head.accepted_at_ms < now_ms - limits->age_ms)) {
		remove_at(c, 0);
		c->pruned++;
	}
}

void
captures_done(struct captures *c)
{
	free(c->at);
	*c = (struct captures){ 0 };
}
