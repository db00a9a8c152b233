/*
 * write.c - entries into an archive's bytes, the same for the same entries.
 */
#include <archive.h>
#include <archive_entry.h>
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
#include "runtime/bundle/name.h"
#include "runtime/bundle/utf8.h"

#define ZIP_FILE_MAX (INT64_C(0xffffffff) - (1 << 20)) /* without ZIP64, which we do not read */

struct bundle_writer {
	struct archive *archive;
	bundle_bytes_fn *fn;
	void *arg;
	struct error error; /* what fn said */
	struct names names;
	int64_t left; /* of the entry at hand */
	bool is_zip, dropped;
};

static la_ssize_t
pass_on(struct archive *a, void *arg, const void *bytes, size_t len)
{
	struct bundle_writer *w = arg;

	/* What was not ended is not ended now.  libarchive 3.6 forgets its compressor after
	 * archive_write_fail, and that of a zip after an error; a tar would be filled up with zeros. */
	if (w->dropped)
		return w->is_zip ? (la_ssize_t)len : -1;
	if (w->error.kind == ERROR_NONE && w->fn(bytes, len, w->arg, &w->error) < 0 &&
	    w->error.kind == ERROR_NONE)
		w->error.kind = ERROR_CANCELLED;
	if (w->error.kind != ERROR_NONE) {
		archive_set_error(a, EIO, "%s", w->error.text);
		return -1;
	}
	return (la_ssize_t)len;
}

static int
failed(const struct bundle_writer *w, struct error *err)
{
	if (w->error.kind != ERROR_NONE)
		return error_set(err, w->error.kind, "%s", w->error.text);
	const char *text = archive_error_string(w->archive);
	return error_set(err, ERROR_INTERNAL, "archive: %s", text != NULL ? text : "not written");
}

struct bundle_writer *
bundle_writer_new(enum bundle_format format, bundle_bytes_fn *fn, void *arg)
{
	struct bundle_writer *w = mem_zalloc(sizeof(*w));
	const locale_t was = utf8_enter();

	w->fn = fn;
	w->arg = arg;
	w->is_zip = format == BUNDLE_ZIP;
	w->archive = archive_write_new();
	if (w->archive == NULL)
		mem_out();
	if (w->is_zip) {
		archive_write_set_format_zip(w->archive);
		archive_write_set_options(w->archive, "zip:hdrcharset=UTF-8");
	} else {
		archive_write_set_format_pax_restricted(w->archive);
	}
	if (format == BUNDLE_TAR_GZ) {
		archive_write_add_filter_gzip(w->archive);
		archive_write_set_options(w->archive, "gzip:!timestamp");
	}
	archive_write_set_bytes_per_block(w->archive, 65536);
	archive_write_set_bytes_in_last_block(w->archive, 1);
	if (archive_write_open(w->archive, w, NULL, pass_on, NULL) != ARCHIVE_OK)
		failed(w, &w->error); /* told by the first use */
	uselocale(was);
	return w;
}

static int
begin(struct bundle_writer *w, const struct bundle_file *f, struct error *err)
{
	struct archive_entry *e = archive_entry_new();
	_cleanup_free_ char *name = str_printf("%s%s", f->name, f->is_dir ? "/" : "");
	const locale_t was = utf8_enter();

	if (e == NULL)
		mem_out();
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, f->is_dir ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(e, f->is_dir || f->is_executable ? 0755 : 0644);
	archive_entry_set_size(e, f->size);
	/* A zip has times of the writer's own zone: it gets none. */
	if (!w->is_zip)
		archive_entry_set_mtime(e, 0, 0);
	const int rc = archive_write_header(w->archive, e);
	uselocale(was);
	archive_entry_free(e);
	return rc != ARCHIVE_OK ? failed(w, err) : 0;
}

int
bundle_add(struct bundle_writer *w, const struct bundle_file *f, struct error *err)
{
	const struct bundle_limits *l = &bundle_limits_default;

	if (w->error.kind != ERROR_NONE)
		return failed(w, err);
	if (w->left != 0)
		return error_set(
		    err, ERROR_INVALID, "the entry before '%s' is not complete", f->name);
	if (name_check(f->name, l->name_bytes, l->depth, err) < 0 ||
	    names_add(&w->names, f->name, f->is_dir, err) < 0)
		return -1;
	if (f->size < 0 || (f->is_dir && f->size != 0) || (w->is_zip && f->size > ZIP_FILE_MAX))
		return error_set(
		    err, ERROR_INVALID, "entry '%s': its size cannot be written", f->name);
	w->left = f->size;
	return begin(w, f, err);
}

int
bundle_write(struct bundle_writer *w, const void *bytes, size_t len, struct error *err)
{
	const char *p = bytes;

	if ((int64_t)len > w->left)
		return error_set(err, ERROR_INVALID, "an entry has more bytes than it said");
	w->left -= (int64_t)len;
	while (len > 0) {
		const la_ssize_t n = archive_write_data(w->archive, p, len);

		if (n <= 0)
			return failed(w, err);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
bundle_add_bytes(
    struct bundle_writer *w, const char *name, const void *bytes, size_t len, struct error *err)
{
	const struct bundle_file f = { .name = name, .size = (int64_t)len };

	return bundle_add(w, &f, err) < 0 ? -1 : bundle_write(w, bytes, len, err);
}

int
bundle_add_fd(struct bundle_writer *w, const struct bundle_file *f, int fd, struct error *err)
{
	char bytes[65536];

	if (bundle_add(w, f, err) < 0)
		return -1;
	while (w->left > 0) {
		const size_t most =
		    w->left < (int64_t)sizeof(bytes) ? (size_t)w->left : sizeof(bytes);
		const ssize_t n = read(fd, bytes, most);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "%s", f->name);
		if (n == 0)
			return error_set(err, ERROR_IO, "%s: it has become shorter", f->name);
		if (bundle_write(w, bytes, (size_t)n, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- a directory's tree ---- */

struct tree {
	struct bundle_writer *w;
	const struct bundle_limits *limits;
	int64_t entries, bytes;
};

static int
no_dots(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* By bytes: alphasort would ask the locale. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_dir(struct tree *, int dir, const char *path, struct error *);

static int
add_one(struct tree *t, int dir, const char *name, const char *path, struct error *err)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return error_set(err, ERROR_INVALID, "%s: a symbolic link", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	if (++t->entries > t->limits->entries)
		return error_set(
		    err, ERROR_TOO_BIG, "more than %lld entries", (long long)t->limits->entries);
	if (S_ISDIR(st.st_mode)) {
		const struct bundle_file f = { .name = path, .is_dir = true };

		return bundle_add(t->w, &f, err) < 0 ? -1 : add_dir(t, fd, path, err);
	}
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "%s: neither a file nor a directory", path);
	t->bytes += st.st_size;
	if (t->bytes > t->limits->bytes)
		return error_set(
		    err, ERROR_TOO_BIG, "%s: with it there is more than is taken", path);
	const struct bundle_file f = {
		.name = path, .size = st.st_size, .is_executable = (st.st_mode & 0100) != 0
	};
	return bundle_add_fd(t->w, &f, fd, err);
}

static int
add_dir(struct tree *t, int dir, const char *path, struct error *err)
{
	struct dirent **found = NULL;
	const int n = scandirat(dir, ".", &found, no_dots, by_name);
	int rc = 0;

	if (n < 0)
		return error_errno(err, "%s", path[0] != '\0' ? path : "the directory");
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *below =
		    str_printf("%s%s%s", path, path[0] != '\0' ? "/" : "", found[i]->d_name);

		if (rc == 0)
			rc = add_one(t, dir, found[i]->d_name, below, err);
		free(found[i]);
	}
	free(found);
	return rc;
}

int
bundle_add_tree(
    struct bundle_writer *w, int dir_fd, const struct bundle_limits *limits, struct error *err)
{
	struct tree t = { .w = w, .limits = limits };

	return add_dir(&t, dir_fd, "", err);
}

int
bundle_end(struct bundle_writer *w, struct error *err)
{
	if (w->error.kind != ERROR_NONE)
		return failed(w, err);
	if (w->left != 0)
		return error_set(err, ERROR_INVALID, "the last entry is not complete");
	return archive_write_close(w->archive) != ARCHIVE_OK ? failed(w, err) : 0;
}

void
bundle_writer_free(struct bundle_writer *w)
{
	if (w == NULL)
		return;
	w->dropped = true;
	archive_write_free(w->archive);
	names_done(&w->names);
	free(w);
}

void
bundle_writer_freep(struct bundle_writer **w)
{
	bundle_writer_free(*w);
}

int
bundle_to_fd(const void *bytes, size_t len, void *arg, struct error *err)
{
	const int fd = *(const int *)arg;

	return file_write_all(fd, bytes, len) < 0 ? error_errno(err, "write the archive") : 0;
}
