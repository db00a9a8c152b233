/*
 * read.c - one entry after the other, each judged before it is handed over.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/inflow.h"
#include "runtime/bundle/name.h"
#include "runtime/bundle/utf8.h"
#include "runtime/bundle/zip_check.h"

#define TAR_BLOCK 512

const struct bundle_limits bundle_limits_default = {
	.entries = 10000,
	.bytes = INT64_C(1) << 30,
	.ratio = 100,
	.ratio_free_bytes = 1 << 20,
	.name_bytes = 1024,
	.depth = 32,
};

struct bundle_reader {
	struct bundle_limits limits;
	int fd; /* borrowed */
	struct inflow flow; /* of a tar */
	struct archive *archive;
	bool is_zip, ended;
	int64_t packed; /* bytes of a zip */
	struct error flow_error; /* why the flow stopped */
	struct names names;
	char *name, *link; /* owned: of the entry at hand */
	int64_t entries, bytes; /* so far */
	int64_t declared, got; /* of the entry at hand */
	int64_t data_end; /* in a tar, where the last entry ended */
	bool in_entry;
};

static int
blame(const struct bundle_reader *r, enum error_kind kind, const char *why, struct error *err)
{
	char shown[NAME_SHOWN_MAX];

	if (r->name == NULL)
		return error_set(err, kind, "%s", why);
	return error_set(err, kind, "entry '%s': %s", name_show(r->name, shown), why);
}

/* libarchive failed: on its own, or because its bytes ended early. */
static int
failed(const struct bundle_reader *r, struct error *err)
{
	const char *text = archive_error_string(r->archive);
	char shown[NAME_SHOWN_MAX];

	if (r->flow_error.kind != ERROR_NONE)
		return blame(r, r->flow_error.kind, r->flow_error.text, err);
	return blame(r, archive_errno(r->archive) == ENOMEM ? ERROR_TOO_BIG : ERROR_INVALID,
	    text != NULL ? name_show(text, shown) : "damaged", err);
}

static la_ssize_t
feed(struct archive *a, void *arg, const void **out)
{
	struct bundle_reader *r = arg;
	const ssize_t n = inflow_read(&r->flow, out, &r->flow_error);

	if (n < 0)
		archive_set_error(a, EIO, "%s", r->flow_error.text);
	return n;
}

static int
open_zip(struct bundle_reader *r, int fd, struct error *err)
{
	struct stat st;

	if (zip_check(fd, r->limits.entries, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "the archive");
	r->is_zip = true;
	r->packed = st.st_size;
	archive_read_support_format_zip_seekable(r->archive);
	if (archive_read_open_fd(r->archive, fd, INFLOW_BLOCK) != ARCHIVE_OK)
		return failed(r, err);
	return 0;
}

static int
open_tar(struct bundle_reader *r, enum inflow_kind kind, struct error *err)
{
	if (inflow_open(&r->flow, kind, err) < 0)
		return -1;
	archive_read_support_format_tar(r->archive);
	if (archive_read_open(r->archive, r, NULL, feed, NULL) == ARCHIVE_OK)
		return 0;
	if (r->flow_error.kind != ERROR_NONE)
		return failed(r, err);
	return error_set(err, ERROR_INVALID,
	    kind == INFLOW_PLAIN ? "this is neither a tar (also in gzip, zstd or xz) nor a zip"
				 : "what is compressed here is not a tar");
}

static int
start(struct bundle_reader *r, int fd, struct error *err)
{
	if (inflow_begin(&r->flow, inflow_of_fd, &r->fd, &r->limits, err) < 0)
		return -1;
	const enum inflow_kind kind = inflow_kind(&r->flow);

	if (kind == INFLOW_NONE)
		return error_set(err, ERROR_INVALID, "the archive is empty");
	r->archive = archive_read_new();
	if (r->archive == NULL)
		return error_set(err, ERROR_INTERNAL, "libarchive");
	return kind == INFLOW_ZIP ? open_zip(r, fd, err) : open_tar(r, kind, err);
}

struct bundle_reader *
bundle_open(int fd, const struct bundle_limits *limits, struct error *err)
{
	struct bundle_reader *r = mem_zalloc(sizeof(*r));
	const locale_t was = utf8_enter();

	r->limits = *limits;
	r->fd = fd;
	const int rc = start(r, fd, err);
	uselocale(was);
	if (rc == 0)
		return r;
	bundle_close(r);
	return NULL;
}

/* ---- entries ---- */

static const char *
odd_kind(const struct bundle_reader *r, struct archive_entry *e)
{
	const mode_t type = archive_entry_filetype(e);

	if (archive_entry_hardlink(e) != NULL)
		return "a hard link";
	if (type == AE_IFLNK)
		return r->limits.links && archive_entry_symlink(e) != NULL ? NULL
									   : "a symbolic link";
	if (type != AE_IFREG && type != AE_IFDIR)
		return "neither a file nor a directory";
	if ((archive_entry_perm(e) & (S_ISUID | S_ISGID | S_ISVTX)) != 0)
		return "a setuid, setgid or sticky bit";
	if (archive_entry_sparse_count(e) > 0)
		return "a sparse file";
	if (archive_entry_is_encrypted(e))
		return "it is encrypted";
	return NULL;
}

/* The name without what stands for the archive's own root; "" is that root. */
static char *
plain_name(const char *name, bool is_dir)
{
	char *out;
	size_t len;

	if (is_dir && strcmp(name, ".") == 0)
		return str_dup("");
	if (str_starts(name, "./"))
		name += 2;
	out = str_dup(name);
	len = strlen(out);
	if (is_dir && len > 0 && out[len - 1] == '/')
		out[len - 1] = '\0';
	return out;
}

/* 1: an entry, 0: one that says nothing, -1: refused. */
static int
judge(struct bundle_reader *r, struct archive_entry *e, struct bundle_entry *out, struct error *err)
{
	const char *name = archive_entry_pathname(e), *why;
	const bool is_dir = archive_entry_filetype(e) == AE_IFDIR;

	if (++r->entries > r->limits.entries) {
		str_replace(&r->name, name);
		return error_set(
		    err, ERROR_TOO_BIG, "more than %lld entries", (long long)r->limits.entries);
	}
	free(r->name);
	r->name = NULL;
	if (name == NULL)
		return error_set(err, ERROR_INVALID, "an entry has no readable name");
	r->name = plain_name(name, is_dir);
	if (r->name[0] == '\0' && is_dir && r->entries == 1)
		return 0;
	if (name_check(r->name, r->limits.name_bytes, r->limits.depth, err) < 0)
		return -1;
	why = odd_kind(r, e);
	if (why != NULL)
		return blame(r, ERROR_INVALID, why, err);
	if (names_add(&r->names, r->name, is_dir, err) < 0)
		return -1;
	r->declared = archive_entry_size_is_set(e) ? archive_entry_size(e) : -1;
	if (r->declared > r->limits.bytes - r->bytes)
		return blame(
		    r, ERROR_TOO_BIG, "it says it is larger than what is left to take", err);
	if (is_dir && r->declared > 0)
		return blame(r, ERROR_INVALID, "a directory with content", err);
	str_replace(&r->link, archive_entry_symlink(e));
	*out = (struct bundle_entry){
		.name = r->name,
		.is_dir = is_dir,
		.is_executable = (archive_entry_perm(e) & 0100) != 0,
		.size = r->declared,
		.link = archive_entry_filetype(e) == AE_IFLNK ? r->link : NULL,
	};
	return 1;
}

/* A tar ends with two blocks of zeros, and nothing else follows. */
static int
check_end(struct bundle_reader *r, struct error *err)
{
	const int64_t from = (r->data_end + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;

	if (r->is_zip)
		return 0;
	if (inflow_end(&r->flow, from, err) < 0)
		return -1;
	if (r->flow.out % TAR_BLOCK != 0 || r->flow.out - from < 2 * TAR_BLOCK)
		return blame(r, ERROR_INVALID, "the tar is cut off behind it", err);
	return 0;
}

/* What of the entry nobody wanted counts too. */
static int
finish_entry(struct bundle_reader *r, struct error *err)
{
	char rest[16384];
	ssize_t n;

	while (r->in_entry && (n = bundle_read(r, rest, sizeof(rest), err)) != 0)
		if (n < 0)
			return -1;
	return 0;
}

static int
next_header(struct bundle_reader *r, struct archive_entry **e)
{
	const locale_t was = utf8_enter();
	const int rc = archive_read_next_header(r->archive, e);

	uselocale(was);
	return rc;
}

static int
next(struct bundle_reader *r, struct bundle_entry *out, struct error *err)
{
	struct archive_entry *e = NULL;
	int rc;

	do {
		const int said = next_header(r, &e);

		if (said == ARCHIVE_EOF) {
			r->ended = true;
			return check_end(r, err);
		}
		if (said != ARCHIVE_OK)
			return failed(r, err);
		const locale_t was = utf8_enter();
		rc = judge(r, e, out, err);
		uselocale(was);
		if (rc == 0 && !r->is_zip)
			r->data_end = archive_filter_bytes(r->archive, 0);
	} while (rc == 0);
	r->in_entry = rc > 0;
	r->got = 0;
	return rc;
}

int
bundle_next(struct bundle_reader *r, struct bundle_entry *out, struct error *err)
{
	if (r->ended)
		return 0;
	return finish_entry(r, err) < 0 ? -1 : next(r, out, err);
}

ssize_t
bundle_read(struct bundle_reader *r, void *out, size_t len, struct error *err)
{
	if (!r->in_entry)
		return 0;
	const la_ssize_t n = archive_read_data(r->archive, out, len);

	if (n < 0)
		return failed(r, err);
	if (n == 0) {
		r->in_entry = false;
		if (r->declared >= 0 && r->got != r->declared)
			return blame(r, ERROR_INVALID, "another size than it says", err);
		if (!r->is_zip)
			r->data_end = archive_filter_bytes(r->archive, 0);
		return 0;
	}
	r->got += n;
	r->bytes += n;
	if (r->bytes > r->limits.bytes)
		return blame(r, ERROR_TOO_BIG, "with it there is more than is taken", err);
	if (r->is_zip && r->bytes > r->limits.ratio_free_bytes &&
	    r->bytes / r->limits.ratio > r->packed)
		return blame(
		    r, ERROR_TOO_BIG, "the archive unpacks to too many times its size", err);
	return n;
}

int
bundle_read_all(struct bundle_reader *r, size_t max, char **out, size_t *len, struct error *err)
{
	_cleanup_buf_ struct buf b = { 0 };
	ssize_t n;

	while ((n = bundle_read(r, buf_reserve(&b, 8192), 8192, err)) > 0) {
		b.len += (size_t)n;
		if (b.len > max)
			return blame(r, ERROR_TOO_BIG, "too large for what it is", err);
	}
	if (n < 0)
		return -1;
	buf_reserve(&b, 0);
	*len = b.len;
	*out = buf_take(&b);
	return 0;
}

void
bundle_close(struct bundle_reader *r)
{
	if (r == NULL)
		return;
	if (r->archive != NULL)
		archive_read_free(r->archive);
	inflow_done(&r->flow);
	names_done(&r->names);
	free(r->name);
	free(r->link);
	free(r);
}

void
bundle_reader_closep(struct bundle_reader **r)
{
	bundle_close(*r);
}
