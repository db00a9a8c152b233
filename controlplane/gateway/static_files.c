/*
 * static_files.c - the table, and a way into it.
 *
 * Compressible files are kept as gzip and br alone: nearly everybody asks for one of these, and
 * a program of a third the size unpacks the gzip for the rest.
 */
#include "controlplane/gateway/static_files.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/net/accept.h"
#include "runtime/net/router.h"

#define GZIP_WINDOW (15 + 16) /* of zlib: gzip's head and end around the bytes */

EMBED(static_pack, "build/gen/ui.pack");

/* The build's: STATIC_FILES, rows of struct static_file; STATIC_PAGES, patterns. */
#include "ui_table.inc"

static const struct static_file files[] = { STATIC_FILES };
static const char *const pages[] = { STATIC_PAGES };

const struct static_file *
static_files(size_t *len)
{
	*len = ARRAY_LEN(files);
	return files;
}

static int
compare_path(const void *path, const void *file)
{
	return strcmp(path, ((const struct static_file *)file)->path);
}

const struct static_file *
static_find(const char *path)
{
	return bsearch(path, files, ARRAY_LEN(files), sizeof(files[0]), compare_path);
}

const struct static_file *
static_index(void)
{
	return static_find("/index.html");
}

bool
static_is_page(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		if (route_match(pages[i], path, NULL))
			return true;
	return false;
}

const char *
static_coding_name(enum static_coding coding)
{
	static const char *const names[STATIC_CODINGS] = { NULL, "gzip", "br" };

	return names[coding];
}

enum static_coding
static_choose(const struct static_file *file, const char *accept_encoding)
{
	enum static_coding best = STATIC_IDENTITY;
	int most;

	if (accept_encoding == NULL)
		return best;
	const int any = accept_quality(accept_encoding, "*");
	most = accept_quality(accept_encoding, "identity"); /* not named: where nothing else goes */
	for (int i = STATIC_IDENTITY + 1; i < STATIC_CODINGS; i++) {
		int q = accept_quality(accept_encoding, static_coding_name(i));

		if (q < 0)
			q = any;
		if (file->as[i].len > 0 && q > 0 && q >= most) {
			best = i;
			most = q;
		}
	}
	return best;
}

static const char *
unpack(const struct static_file *file, struct buf *out, struct error *err)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)(static_pack + file->as[STATIC_GZIP].at),
		.avail_in = file->as[STATIC_GZIP].len,
		.avail_out = file->len };
	int rc = inflateInit2(&z, GZIP_WINDOW);

	if (rc == Z_OK) {
		z.next_out = (Bytef *)buf_reserve(out, file->len);
		rc = inflate(&z, Z_FINISH);
		inflateEnd(&z);
	}
	if (rc != Z_STREAM_END || z.total_out != file->len) {
		error_set(err, ERROR_INTERNAL, "%s cannot be unpacked", file->path);
		return NULL;
	}
	out->len += file->len;
	return out->data;
}

const char *
static_bytes(const struct static_file *file, enum static_coding coding, struct buf *buf,
    size_t *len, struct error *err)
{
	if (coding == STATIC_IDENTITY && file->as[STATIC_IDENTITY].len == 0 && file->len > 0) {
		*len = file->len;
		return unpack(file, buf, err);
	}
	*len = file->as[coding].len;
	return static_pack + file->as[coding].at;
}
