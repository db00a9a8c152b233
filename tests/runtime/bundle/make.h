/*
 * make.h - archives byte by byte, as no honest program writes them.
 */
#ifndef JANUS_TESTS_BUNDLE_MAKE_H
#define JANUS_TESTS_BUNDLE_MAKE_H
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/bundle/bundle.h"

/* A descriptor that holds those bytes. */
__attribute__((unused)) static int
file_of(const void *bytes, size_t len)
{
	const int fd = memfd_create("archive", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

struct tar_head {
	const char *name;
	char type; /* 0: a file */
	unsigned mode; /* 0: 0644 */
	const char *link, *size; /* size: the field's text, else of len */
};

__attribute__((unused)) static void
tar_add(struct buf *out, const struct tar_head *h, const void *bytes, size_t len)
{
	char b[512] = { 0 };
	unsigned sum = 0;

	snprintf(b, 100, "%s", h->name);
	snprintf(b + 100, 8, "%07o", h->mode != 0 ? h->mode : 0644);
	snprintf(b + 108, 8, "%07o", 0);
	snprintf(b + 116, 8, "%07o", 0);
	if (h->size != NULL)
		memcpy(b + 124, h->size, strlen(h->size) < 12 ? strlen(h->size) : 12);
	else
		snprintf(b + 124, 12, "%011zo", len);
	snprintf(b + 136, 12, "%011o", 0);
	b[156] = h->type != 0 ? h->type : '0';
	if (h->link != NULL)
		snprintf(b + 157, 100, "%s", h->link);
	memcpy(b + 257, "ustar\00000", 8);
	memset(b + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(b); i++)
		sum += (unsigned char)b[i];
	snprintf(b + 148, 8, "%06o", sum);
	buf_add(out, b, sizeof(b));
	buf_add(out, bytes, len);
	while (out->len % 512 != 0)
		buf_add_char(out, '\0');
}

__attribute__((unused)) static void
tar_file(struct buf *out, const char *name, const char *text)
{
	tar_add(out, &(struct tar_head){ .name = name }, text, strlen(text));
}

/* "NN key=value\n", whose length counts itself. */
__attribute__((unused)) static void
pax_record(struct buf *out, const char *key, const char *value, size_t value_len)
{
	const size_t bare = strlen(key) + value_len + 3;
	size_t len = bare + 1;

	while (len != bare + (size_t)snprintf(NULL, 0, "%zu", len))
		len++;
	buf_printf(out, "%zu %s=", len, key);
	buf_add(out, value, value_len);
	buf_add_char(out, '\n');
}

__attribute__((unused)) static void
tar_pax(struct buf *out, const char *key, const char *value, size_t value_len)
{
	_cleanup_buf_ struct buf record = { 0 };

	pax_record(&record, key, value, value_len);
	tar_add(
	    out, &(struct tar_head){ .name = "PaxHeader/x", .type = 'x' }, record.data, record.len);
}

__attribute__((unused)) static void
tar_end(struct buf *out)
{
	static const char zeros[1024];

	buf_add(out, zeros, sizeof(zeros));
}

__attribute__((unused)) static void
gzip(const void *bytes, size_t len, struct buf *out)
{
	z_stream z = { 0 };
	const size_t room = len + len / 100 + 1000;

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)buf_reserve(out, room);
	z.avail_out = (uInt)room;
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	deflateEnd(&z);
}

/* Read it all and forget it: 0, or -1 with err. *bytes: what files held. */
__attribute__((unused)) static int
read_through(int fd, const struct bundle_limits *limits, int64_t *bytes, struct error *err)
{
	_cleanup_bundle_ struct bundle_reader *r = bundle_open(fd, limits, err);
	struct bundle_entry e;
	char some[4096];
	int rc;

	*bytes = 0;
	if (r == NULL)
		return -1;
	while ((rc = bundle_next(r, &e, err)) > 0) {
		ssize_t n;

		while ((n = bundle_read(r, some, sizeof(some), err)) > 0)
			*bytes += n;
		if (n < 0)
			return -1;
	}
	return rc;
}

/* Extract: "" if it went well, else what the refusal said; nothing may be left then. */
__attribute__((unused)) static char *
extract_all(const struct buf *archive, const struct bundle_limits *limits)
{
	char place[] = "/tmp/bundle.XXXXXX";
	struct error err = { 0 };
	char *said;

	ck_assert_ptr_nonnull(mkdtemp(place));
	_cleanup_close_ int dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = file_of(buf_str(archive), archive->len);
	struct bundle_reader *r = bundle_open(fd, limits, &err);
	const int rc = r == NULL ? -1 : bundle_extract(r, dir, "out", &err);

	bundle_close(r);
	if (rc < 0) {
		ck_assert_int_ne(err.kind, ERROR_NONE);
		ck_assert_int_eq(faccessat(dir, "out", F_OK, AT_SYMLINK_NOFOLLOW), -1);
		said = str_dup(err.text);
		ck_assert_uint_gt(strlen(said), 0);
		for (const char *c = said; *c != '\0'; c++) /* as it may be shown anywhere */
			ck_assert(*c >= ' ' && *c < 0x7f);
	} else {
		said = str_dup("");
	}
	_cleanup_free_ char *rm = str_printf("rm -rf %s", place);
	ck_assert_int_eq(system(rm), 0);
	return said;
}
#endif
