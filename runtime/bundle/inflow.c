/*
 * inflow.c - bytes out of at most one compression, counted on both sides.
 */
#include "runtime/bundle/inflow.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/name.h"

int
said_by(struct archive *a, const char *what, struct error *err)
{
	const char *text = archive_error_string(a);
	char shown[NAME_SHOWN_MAX];

	return error_set(err, archive_errno(a) == ENOMEM ? ERROR_TOO_BIG : ERROR_INVALID, "%s: %s",
	    what, text != NULL ? name_show(text, shown) : "damaged");
}

static ssize_t
read_some(struct inflow *f, void *out, size_t len, struct error *err)
{
	ssize_t n;

	if (f->head_at < f->head_len) {
		const size_t left = f->head_len - f->head_at;

		n = (ssize_t)(left < len ? left : len);
		memcpy(out, f->head + f->head_at, (size_t)n);
		f->head_at += (size_t)n;
		return n;
	}
	n = f->source(f->arg, out, len, err);
	if (n > 0)
		f->in += n;
	return n;
}

ssize_t
inflow_of_fd(void *arg, void *out, size_t len, struct error *err)
{
	ssize_t n;

	do
		n = read(*(const int *)arg, out, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? error_errno(err, "read the archive") : n;
}

int
inflow_begin(struct inflow *f, inflow_source_fn *source, void *arg,
    const struct bundle_limits *limits, struct error *err)
{
	f->source = source;
	f->arg = arg;
	f->limits = limits;
	/* Heads, their extensions and padding come on top of what files hold. */
	f->max_out = limits->bytes + (limits->entries + 2) * 16384 + (1 << 20);
	while (f->head_len < sizeof(f->head)) {
		size_t len = f->head_len;
		ssize_t n;

		f->head_at = len; /* none of it is taken yet */
		n = read_some(f, f->head + len, sizeof(f->head) - len, err);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		f->head_len += (size_t)n;
	}
	f->head_at = 0;
	return 0;
}

enum inflow_kind
inflow_kind(const struct inflow *f)
{
	static const struct {
		const char *magic;
		size_t len;
		enum inflow_kind kind;
	} kinds[] = {
		{ "PK\3\4", 4, INFLOW_ZIP },
		{ "PK\5\6", 4, INFLOW_ZIP },
		{ "\x1f\x8b", 2, INFLOW_GZIP },
		{ "\x28\xb5\x2f\xfd", 4, INFLOW_ZSTD },
		{ "\xfd"
		  "7zXZ",
		    6, INFLOW_XZ },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (f->head_len >= kinds[i].len &&
		    memcmp(f->head, kinds[i].magic, kinds[i].len) == 0)
			return kinds[i].kind;
	return f->head_len == 0 ? INFLOW_NONE : INFLOW_PLAIN;
}

/* What is read for libarchive's filter; its error is kept in the archive. */
static la_ssize_t
feed_filter(struct archive *a, void *arg, const void **out)
{
	struct inflow *f = arg;
	struct error err = { 0 };
	const ssize_t n = read_some(f, f->in_block, sizeof(f->in_block), &err);

	*out = f->in_block;
	if (n < 0)
		archive_set_error(a, EIO, "%s", err.text);
	return n;
}

int
inflow_open(struct inflow *f, enum inflow_kind kind, struct error *err)
{
	const int code = kind == INFLOW_GZIP ? ARCHIVE_FILTER_GZIP
	    : kind == INFLOW_ZSTD            ? ARCHIVE_FILTER_ZSTD
					     : ARCHIVE_FILTER_XZ;
	struct archive_entry *entry;

	if (kind == INFLOW_PLAIN)
		return 0;
	f->filter = archive_read_new();
	if (f->filter == NULL)
		return error_set(err, ERROR_INTERNAL, "libarchive");
	archive_read_support_format_raw(f->filter);
	/* This filter and no other: what is within is never unpacked a second time. */
	if (archive_read_append_filter(f->filter, code) != ARCHIVE_OK ||
	    archive_read_open(f->filter, f, NULL, feed_filter, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(f->filter, &entry) != ARCHIVE_OK)
		return said_by(f->filter, "the compression", err);
	return 0;
}

static int
count(struct inflow *f, const char *bytes, size_t len, struct error *err)
{
	const struct bundle_limits *l = f->limits;
	size_t tail = len;

	while (tail > 0 && bytes[tail - 1] == 0)
		tail--;
	f->zeros = tail == 0 ? f->zeros + (int64_t)len : (int64_t)(len - tail);
	f->out += (int64_t)len;
	if (f->out > f->max_out)
		return error_set(
		    err, ERROR_TOO_BIG, "more than %lld bytes in all", (long long)l->bytes);
	if (f->out > l->ratio_free_bytes && f->out / l->ratio > f->in)
		return error_set(err, ERROR_TOO_BIG, "unpacks to more than %lld times its size",
		    (long long)l->ratio);
	return 0;
}

ssize_t
inflow_read(struct inflow *f, const void **out, struct error *err)
{
	size_t have = 0;

	while (have < sizeof(f->block) && !f->ended) {
		ssize_t n = f->filter == NULL
		    ? read_some(f, f->block + have, sizeof(f->block) - have, err)
		    : archive_read_data(f->filter, f->block + have, sizeof(f->block) - have);

		if (n < 0)
			return f->filter == NULL ? -1 : said_by(f->filter, "the compression", err);
		f->ended = n == 0;
		have += (size_t)n;
	}
	*out = f->block;
	return count(f, f->block, have, err) < 0 ? -1 : (ssize_t)have;
}

int
inflow_end(struct inflow *f, int64_t from, struct error *err)
{
	const void *block;
	ssize_t n;

	while ((n = inflow_read(f, &block, err)) > 0)
		;
	if (n < 0)
		return -1;
	if (from >= 0 && f->zeros < f->out - from)
		return error_set(err, ERROR_INVALID, "something stands behind its end");
	/* The filter may have stopped before the file did. */
	if (f->filter != NULL) {
		const int64_t used = archive_filter_bytes(f->filter, -1);

		while ((n = read_some(f, f->in_block, sizeof(f->in_block), err)) > 0)
			;
		if (n < 0)
			return -1;
		if (used != f->in)
			return error_set(
			    err, ERROR_INVALID, "something stands behind its compressed part");
	}
	return 0;
}

void
inflow_done(struct inflow *f)
{
	if (f->filter != NULL)
		archive_read_free(f->filter);
	f->filter = NULL;
}

static int
each(struct inflow *f, bundle_bytes_fn *fn, void *arg, struct error *err)
{
	const enum inflow_kind kind = inflow_kind(f);
	const void *block;
	ssize_t n;

	if (inflow_open(f, kind == INFLOW_ZIP || kind == INFLOW_NONE ? INFLOW_PLAIN : kind, err) <
	    0)
		return -1;
	while ((n = inflow_read(f, &block, err)) > 0)
		if (fn(block, (size_t)n, arg, err) < 0)
			return -1;
	return n < 0 ? -1 : inflow_end(f, -1, err);
}

int
inflow_each(inflow_source_fn *source, void *source_arg, const struct bundle_limits *limits,
    bundle_bytes_fn *fn, void *arg, struct error *err)
{
	struct inflow *f = mem_zalloc(sizeof(*f));
	int rc = inflow_begin(f, source, source_arg, limits, err);

	if (rc == 0)
		rc = each(f, fn, arg, err);
	inflow_done(f);
	free(f);
	return rc;
}

int
bundle_unpack(
    int fd, const struct bundle_limits *limits, bundle_bytes_fn *fn, void *arg, struct error *err)
{
	return inflow_each(inflow_of_fd, &fd, limits, fn, arg, err);
}
