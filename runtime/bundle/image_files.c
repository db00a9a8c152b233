/*
 * image_files.c - each entry of an image archive: its digest, and the digest of what it unpacks to.
 */
#include "runtime/bundle/image_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/bundle/inflow.h"
#include "runtime/bundle/name.h"

#define TEXT_MAX ((size_t)1 << 20)
#define TEXTS_MAX ((size_t)16 << 20)

struct bundle_limits
image_limits(int64_t max_bytes)
{
	struct bundle_limits l = bundle_limits_default;

	l.bytes = max_bytes + (64 << 20); /* manifests, and what is packed badly */
	l.links = true;
	return l;
}

/* One entry on its way through. */
struct pass {
	struct bundle_reader *reader;
	struct hasher *packed, *unpacked;
	struct buf text;
	bool keep_text;
	int64_t size, unpacked_size, most;
	struct error read_error; /* of the archive, not of what is in it */
};

static ssize_t
source(void *arg, void *out, size_t len, struct error *err)
{
	struct pass *p = arg;
	const ssize_t n = bundle_read(p->reader, out, len, err);

	if (n < 0) {
		p->read_error = *err;
		return n;
	}
	hasher_add(p->packed, out, (size_t)n);
	p->size += n;
	if (p->text.len + (size_t)n > TEXT_MAX)
		p->keep_text = false;
	if (p->keep_text)
		buf_add(&p->text, out, (size_t)n);
	return n;
}

static int
sink(const void *bytes, size_t len, void *arg, struct error *err)
{
	struct pass *p = arg;

	hasher_add(p->unpacked, bytes, len);
	p->unpacked_size += (int64_t)len;
	if (p->unpacked_size > p->most)
		return error_set(err, ERROR_TOO_BIG, "the image unpacks to more than is taken");
	return 0;
}

static int
pass_through(
    struct pass *p, const struct bundle_limits *limits, struct image_file *file, struct error *err)
{
	char rest[16384];
	struct error why = { 0 };
	const int rc = inflow_each(source, p, limits, sink, p, &why);
	char shown[NAME_SHOWN_MAX];
	ssize_t n = 1;

	if (why.kind == ERROR_TOO_BIG && p->read_error.kind == ERROR_NONE)
		return error_set(
		    err, ERROR_TOO_BIG, "entry '%s': %s", name_show(file->name, shown), why.text);
	while (p->read_error.kind == ERROR_NONE && n > 0)
		n = source(p, rest, sizeof(rest), &why);
	if (p->read_error.kind != ERROR_NONE) {
		*err = p->read_error;
		return -1;
	}
	if (rc < 0)
		snprintf(file->why, sizeof(file->why), "%s", why.text);
	file->size = p->size;
	file->unpacked_size = rc == 0 ? p->unpacked_size : 0;
	return rc == 0 ? 1 : 0;
}

static int
read_file(struct image_files *f, struct bundle_reader *r, const struct bundle_limits *limits,
    struct image_file *file, struct error *err)
{
	struct pass p = { .reader = r,
		.packed = hasher_new(),
		.unpacked = hasher_new(),
		.keep_text = f->kept < TEXTS_MAX,
		.most = limits->bytes - f->unpacked };
	char unpacked[HASH_HEX_MAX];
	const int rc = pass_through(&p, limits, file, err);

	hasher_hex(p.packed, file->digest);
	hasher_free(p.packed);
	hasher_hex(p.unpacked, unpacked);
	hasher_free(p.unpacked);
	if (rc > 0)
		memcpy(file->unpacked, unpacked, sizeof(unpacked));
	f->unpacked += file->unpacked_size;
	const char first = p.text.len > 0 ? p.text.data[strspn(buf_str(&p.text), " \t\r\n")] : '\0';
	if (p.keep_text && (first == '{' || first == '[')) {
		f->kept += p.text.len;
		file->text = buf_take(&p.text);
	}
	buf_done(&p.text);
	return rc < 0 ? -1 : 0;
}

/* "docker save" writes a layer that is there already as a link to it: "../<id>/layer.tar". */
static char *
link_target(const char *name, const char *link)
{
	const char *rest = str_starts(link, "../") ? link + 3 : "";
	const size_t id = strspn(rest, "0123456789abcdef");
	const char *slash = strchr(name, '/');

	return slash != NULL && strcmp(slash, "/layer.tar") == 0 && id == 64 &&
		strcmp(rest + id, "/layer.tar") == 0
	    ? str_dup(rest)
	    : NULL;
}

static int
add(struct image_files *f, struct bundle_reader *r, const struct bundle_limits *limits,
    const struct bundle_entry *e, struct error *err)
{
	struct image_file *file = mem_zalloc(sizeof(*file));
	char shown[NAME_SHOWN_MAX];

	file->name = str_dup(e->name);
	map_put(&f->files, e->name, file);
	if (e->link == NULL)
		return read_file(f, r, limits, file, err);
	file->link = link_target(e->name, e->link);
	if (file->link == NULL)
		return error_set(
		    err, ERROR_INVALID, "entry '%s': a symbolic link", name_show(e->name, shown));
	return 0;
}

int
image_files_read(struct image_files *f, int fd, struct error *err)
{
	const struct bundle_limits limits = image_limits(f->max_bytes);
	_cleanup_bundle_ struct bundle_reader *r = NULL;
	struct bundle_entry e;
	int rc;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "the archive");
	r = bundle_open(fd, &limits, err);
	if (r == NULL)
		return -1;
	while ((rc = bundle_next(r, &e, err)) > 0)
		if (!e.is_dir && add(f, r, &limits, &e, err) < 0)
			return -1;
	return rc;
}

const struct image_file *
image_files_find(const struct image_files *f, const char *name)
{
	const struct image_file *file = map_get(&f->files, name);

	if (file != NULL && file->link != NULL)
		file = map_get(&f->files, file->link);
	return file != NULL && file->link == NULL ? file : NULL;
}

void
image_files_done(struct image_files *f)
{
	size_t at = 0;
	const char *key;
	void *value;

	while (map_next(&f->files, &at, &key, &value)) {
		struct image_file *file = value;

		free(file->name);
		free(file->link);
		free(file->text);
		free(file);
	}
	map_done(&f->files);
}
