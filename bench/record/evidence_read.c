/*
 * evidence_read.c - a directory of evidence, as it was left.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/record/evidence.h"
#include "bench/record/evidence_files.h"
#include "bench/record/evidence_line.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/gzip.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/seal.h"
#include "runtime/base/str.h"

#define EXTENT_MAX 9007199254740992.0

static const char *
keyed_hex(const char *what, const char *key, const char *text, char out[HASH_HEX_MAX])
{
	_cleanup_free_ char *input = str_printf("%s\n%s", what, text);
	unsigned char mac[HASH_SHA256_LEN];

	hash_hmac_sha256(key, strlen(key), input, strlen(input), mac);
	return hash_sha256_hex(mac, sizeof(mac), out);
}

const char *
evidence_item_name(const char *seal_key, const char *item, char out[ITEM_ID_MAX])
{
	char hex[HASH_HEX_MAX];

	snprintf(out, ITEM_ID_MAX, "sealed-%.24s", keyed_hex("item", seal_key, item, hex));
	return out;
}

const char *
files_artifact(const char *seal_key, const char *sha256, char *out)
{
	if (seal_key != NULL)
		return keyed_hex("artifact", seal_key, sha256, out);
	str_copy(out, HASH_HEX_MAX, sha256);
	return out;
}

const char *
files_frames(bool sealed)
{
	return sealed ? EVIDENCE_FRAMES_SEALED : EVIDENCE_FRAMES;
}

int
files_lines(const char *dir, cJSON **out, struct lines *l, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/" EVIDENCE_ITEMS, dir), *text = NULL;
	struct error why = { 0 };
	size_t len = 0;

	if (file_read(path, ITEMS_MAX_BYTES, &text, &len, &why) < 0 &&
	    why.kind != ERROR_NOT_FOUND) {
		return error_set(err, why.kind, "%s", why.text);
	}
	if (lines_parse(text != NULL ? text : "", len, out, l, err) < 0)
		return error_add(err, EVIDENCE_ITEMS);
	return 0;
}

int
files_extent(const cJSON *line, int64_t *at, int64_t *bytes, struct error *err)
{
	const cJSON *f = json_get(line, "frames");
	const double a = json_num(f, "at", 0), n = json_num(f, "bytes", 0);

	if (!(a >= 0 && a <= EXTENT_MAX && n >= 0 && n <= EXTENT_MAX) || a != floor(a) ||
	    n != floor(n))
		return error_set(err, ERROR_INVALID, "'frames' says no place");
	*at = (int64_t)a;
	*bytes = (int64_t)n;
	return 0;
}

cJSON *
files_open_line(const cJSON *line, const char *seal_key, struct error *err)
{
	if (json_get(line, "sealed") == NULL)
		return cJSON_Duplicate(line, true);
	if (seal_key != NULL)
		return line_unseal(seal_key, line, err);
	error_set(err, ERROR_DENIED, "it is sealed: its key is needed");
	return NULL;
}

int
evidence_read_json(const char *dir, const char *name, cJSON **out, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name), *text = NULL;
	size_t len;

	if (file_read(path, SMALL_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	return json_parse(text, len, out, err) < 0 ? error_add(err, "%s", path) : 0;
}

/* A key may be at hand although the run is not sealed. */
static const char *
key_for(const char *dir, const char *seal_key)
{
	_cleanup_free_ char *path = str_printf("%s/" EVIDENCE_FRAMES_SEALED, dir);

	return access(path, F_OK) == 0 ? seal_key : NULL;
}

int
evidence_lines(const char *dir, const char *seal_key, cJSON **out, struct error *err)
{
	_cleanup_json_ cJSON *all = NULL, *opened = cJSON_CreateArray();
	const cJSON *line;
	struct lines l;
	size_t n = 0;

	if (files_lines(dir, &all, &l, err) < 0)
		return -1;
	if (key_for(dir, seal_key) == NULL) {
		*out = TAKE(all);
		return 0;
	}
	json_for_each(line, all) {
		cJSON *one = files_open_line(line, seal_key, err);

		n++;
		if (one == NULL)
			return error_add(err, EVIDENCE_ITEMS ": line %zu", n);
		cJSON_AddItemToArray(opened, one);
	}
	*out = TAKE(opened);
	return 0;
}

/* ---- frames and files ---- */

struct source {
	const char *dir, *seal_key;
	int frames; /* -1: there is no such file */
};

static int
read_extent(int fd, int64_t at, int64_t bytes, struct buf *out, struct error *err)
{
	if (fd < 0)
		return error_set(err, ERROR_INVALID, "there is no file of frames");
	if (bytes > (int64_t)FRAMES_TEXT_MAX)
		return error_set(err, ERROR_INVALID, "its frames are too many bytes");
	while ((int64_t)out->len < bytes) {
		const size_t left = (size_t)bytes - out->len, piece = left < 65536 ? left : 65536;
		const ssize_t n =
		    pread(fd, buf_reserve(out, piece + 1), piece, at + (int64_t)out->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? error_errno(err, "frames")
				     : error_set(err, ERROR_INVALID, "its frames are cut");
		out->len += (size_t)n;
	}
	buf_add(out, "", 0);
	return 0;
}

static int
unseal_frames(const char *key, struct buf *raw, struct error *err)
{
	struct buf plain = { 0 };

	if (raw->len > 0 && raw->data[raw->len - 1] == '\n')
		raw->data[--raw->len] = '\0';
	if (seal_open(key, buf_str(raw), &plain) < 0) {
		buf_done(&plain);
		return error_set(
		    err, ERROR_DENIED, "frames sealed with another key, or changed since");
	}
	buf_done(raw);
	*raw = plain;
	return 0;
}

static int
take_frames(const struct source *s, const cJSON *line, struct attempt *a, struct error *err)
{
	_cleanup_buf_ struct buf raw = { 0 }, text = { 0 };
	int64_t at, bytes;

	if (files_extent(line, &at, &bytes, err) < 0)
		return -1;
	if (bytes == 0)
		return 0;
	if (read_extent(s->frames, at, bytes, &raw, err) < 0 ||
	    (s->seal_key != NULL && unseal_frames(s->seal_key, &raw, err) < 0) ||
	    gzip_unpack(raw.data, raw.len, FRAMES_TEXT_MAX, &text, err) < 0 ||
	    frames_read(buf_str(&text), text.len, a, err) < 0)
		return error_add(err, "%s", files_frames(s->seal_key != NULL));
	return 0;
}

static int
take_file(const struct source *s, struct attempt_file *f, struct error *err)
{
	char name[HASH_HEX_MAX];
	_cleanup_free_ char *path = str_printf("%s/" EVIDENCE_ARTIFACTS "/%s", s->dir,
				files_artifact(s->seal_key, f->sha256, name)),
			    *bytes = NULL;
	size_t len;

	if (file_read(path, 2 * ARTIFACT_MAX_BYTES, &bytes, &len, err) < 0)
		return -1;
	if (s->seal_key == NULL)
		buf_add(&f->bytes, bytes, len);
	else if (seal_open(s->seal_key, bytes, &f->bytes) < 0)
		return error_set(
		    err, ERROR_DENIED, "%s: sealed with another key, or changed since", path);
	hash_sha256_hex(f->bytes.data != NULL ? f->bytes.data : "", f->bytes.len, name);
	if (strcmp(name, f->sha256) != 0 || (int64_t)f->bytes.len != f->size)
		return error_set(err, ERROR_INVALID, "%s is not the file that came", path);
	return 0;
}

static int
each_line(const struct source *s, const cJSON *sealed, size_t n, evidence_record_fn *fn, void *arg,
    struct error *err)
{
	_cleanup_json_ cJSON *line = files_open_line(sealed, s->seal_key, err);
	struct attempt a = { 0 };
	int rc = line != NULL ? line_attempt(line, &a, err) : -1;

	if (rc == 0)
		rc = take_frames(s, line, &a, err);
	for (size_t i = 0; i < a.nfiles && rc == 0; i++)
		rc = take_file(s, &a.files[i], err);
	if (rc < 0)
		error_add(err, EVIDENCE_ITEMS ": line %zu", n);
	else
		rc = fn(&(struct evidence_record){ n, line, &a }, arg, err);
	attempt_done(&a);
	return rc;
}

int
evidence_each(
    const char *dir, const char *seal_key, evidence_record_fn *fn, void *arg, struct error *err)
{
	const char *key = key_for(dir, seal_key);
	_cleanup_free_ char *path = str_printf("%s/%s", dir, files_frames(key != NULL));
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct source s = { dir, key, fd };
	_cleanup_json_ cJSON *all = NULL;
	const cJSON *line;
	struct lines l;
	size_t n = 0;

	if (fd < 0 && errno != ENOENT)
		return error_errno(err, "%s", path);
	if (files_lines(dir, &all, &l, err) < 0)
		return -1;
	json_for_each(line, all) {
		if (each_line(&s, line, ++n, fn, arg, err) < 0)
			return -1;
	}
	return 0;
}
