/*
 * zip_check.c - a zip's two stories, compared.
 */
#include "runtime/bundle/zip_check.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/bundle/name.h"

#define END_SIGN 0x06054b50u
#define CENTRAL_SIGN 0x02014b50u
#define LOCAL_SIGN 0x04034b50u
#define DESCRIPTOR_SIGN 0x08074b50u
#define END_LEN 22
#define CENTRAL_LEN 46
#define LOCAL_LEN 30
#define FLAG_ENCRYPTED 0x0001u
#define FLAG_DESCRIPTOR 0x0008u
#define FLAG_UTF8 0x0800u
#define FLAGS_KNOWN (0x0006u | FLAG_DESCRIPTOR | FLAG_UTF8)
#define EXTRA_ZIP64 0x0001u
#define EXTRA_NAME 0x7075u
#define NAME_MAX_BYTES 4096
#define DIRECTORY_MAX (64u << 20)

static unsigned
u16(const unsigned char *p)
{
	return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static uint32_t
u32(const unsigned char *p)
{
	return u16(p) | (uint32_t)u16(p + 2) << 16;
}

static int
read_at(int fd, void *out, size_t len, int64_t at, struct error *err)
{
	char *p = out;

	while (len > 0) {
		const ssize_t n = pread(fd, p, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "read the archive");
		if (n == 0)
			return error_set(err, ERROR_INVALID, "the zip is cut off");
		p += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

struct part { /* one entry, as the directory has it */
	char name[NAME_MAX_BYTES + 1];
	size_t name_len;
	unsigned flags, method;
	uint32_t crc, packed, size, offset, mode;
};

static int
refuse(struct error *err, const struct part *p, const char *why)
{
	char shown[NAME_SHOWN_MAX];

	return error_set(err, ERROR_INVALID, "entry '%s': %s", name_show(p->name, shown), why);
}

/* Extra fields that would change what was checked. */
static const char *
odd_extra(const unsigned char *p, size_t len)
{
	while (len >= 4) {
		const unsigned id = u16(p), n = u16(p + 2);

		if (n > len - 4)
			return "a damaged extra field";
		if (id == EXTRA_ZIP64)
			return "ZIP64 is not read: more than 4 GiB need a tar";
		if (id == EXTRA_NAME)
			return "a second name in an extra field";
		p += 4 + n;
		len -= 4 + n;
	}
	return len > 0 ? "a damaged extra field" : NULL;
}

static int
check_name(const struct part *p, struct error *err)
{
	if (memchr(p->name, '\0', p->name_len) != NULL)
		return refuse(err, p, "a NUL in its name");
	for (size_t i = 0; i < p->name_len; i++)
		if ((p->name[i] & 0x80) != 0 && (p->flags & FLAG_UTF8) == 0)
			return refuse(err, p, "a name that is not said to be UTF-8");
	return 0;
}

static const char *
odd_part(const struct part *p)
{
	const bool is_dir = p->name_len > 0 && p->name[p->name_len - 1] == '/';

	if ((p->flags & FLAG_ENCRYPTED) != 0)
		return "it is encrypted";
	if ((p->flags & ~FLAGS_KNOWN) != 0)
		return "flags that are not known here";
	if (p->method != 0 && p->method != 8)
		return "a method other than stored and deflated";
	if (p->packed == UINT32_MAX || p->size == UINT32_MAX || p->offset == UINT32_MAX)
		return "ZIP64 is not read: more than 4 GiB need a tar";
	if (p->method == 0 && p->packed != p->size)
		return "stored, with two sizes";
	if (is_dir && p->size != 0)
		return "a directory with content";
	if (p->mode != 0 && (p->mode & S_IFMT) != 0 &&
	    (p->mode & S_IFMT) != (is_dir ? S_IFDIR : S_IFREG))
		return S_ISLNK(p->mode) ? "a symbolic link" : "neither a file nor a directory";
	if ((p->mode & (S_ISUID | S_ISGID | S_ISVTX)) != 0)
		return "a setuid, setgid or sticky bit";
	return NULL;
}

/* One record of the directory; returns its length, or -1. */
static int64_t
read_central(const unsigned char *at, size_t left, struct part *p, struct error *err)
{
	if (left < CENTRAL_LEN || u32(at) != CENTRAL_SIGN)
		return error_set(err, ERROR_INVALID, "the zip's directory is damaged");
	const size_t extra = u16(at + 30), comment = u16(at + 32);
	p->name_len = u16(at + 28);
	if (p->name_len > NAME_MAX_BYTES)
		return error_set(
		    err, ERROR_INVALID, "the zip's directory: a name that is too long");
	if (left - CENTRAL_LEN < p->name_len + extra + comment)
		return error_set(err, ERROR_INVALID, "the zip's directory is damaged");
	memcpy(p->name, at + CENTRAL_LEN, p->name_len);
	p->name[p->name_len] = '\0';
	p->flags = u16(at + 8);
	p->method = u16(at + 10);
	p->crc = u32(at + 16);
	p->packed = u32(at + 20);
	p->size = u32(at + 24);
	p->offset = u32(at + 42);
	p->mode = at[5] == 3 ? u32(at + 38) >> 16 : 0; /* 3: made on a Unix */
	const char *why = odd_part(p);
	if (why == NULL)
		why = odd_extra(at + CENTRAL_LEN + p->name_len, extra);
	if (why == NULL && u16(at + 34) != 0)
		why = "it is in another part";
	if (why != NULL)
		return refuse(err, p, why);
	return check_name(p, err) < 0 ? -1 : (int64_t)(CENTRAL_LEN + p->name_len + extra + comment);
}

/* The record behind an entry whose sizes were not known before it. */
static int
check_descriptor(int fd, const struct part *p, int64_t at, int64_t len, struct error *err)
{
	unsigned char d[16];
	const unsigned char *f = d;

	if (read_at(fd, d, (size_t)len, at, err) < 0)
		return -1;
	if (len == 16) {
		if (u32(d) != DESCRIPTOR_SIGN)
			return refuse(err, p, "a damaged data descriptor");
		f += 4;
	}
	if (u32(f) != p->crc || u32(f + 4) != p->packed || u32(f + 8) != p->size)
		return refuse(err, p, "its data descriptor says otherwise than the directory");
	return 0;
}

/* The entry itself, which ends where the next begins. */
static int
check_local(int fd, const struct part *p, int64_t next, struct error *err)
{
	unsigned char h[LOCAL_LEN];
	_cleanup_free_ unsigned char *rest = NULL;
	const bool later = (p->flags & FLAG_DESCRIPTOR) != 0;

	if (read_at(fd, h, sizeof(h), p->offset, err) < 0)
		return -1;
	const size_t name_len = u16(h + 26), extra = u16(h + 28);
	if (u32(h) != LOCAL_SIGN || u16(h + 6) != p->flags || u16(h + 8) != p->method ||
	    name_len != p->name_len)
		return refuse(err, p, "its head says otherwise than the directory");
	rest = mem_zalloc(name_len + extra + 1);
	if (read_at(fd, rest, name_len + extra, (int64_t)p->offset + LOCAL_LEN, err) < 0)
		return -1;
	const char *why = odd_extra(rest + name_len, extra);
	if (why != NULL)
		return refuse(err, p, why);
	if (memcmp(rest, p->name, name_len) != 0)
		return refuse(err, p, "its head has another name");
	for (size_t i = 0; i < 3; i++) {
		const uint32_t said = u32(h + 14 + 4 * i),
			       is = i == 0 ? p->crc
		    : i == 1               ? p->packed
					   : p->size;

		if (said != is && !(later && said == 0))
			return refuse(err, p, "its head says otherwise than the directory");
	}
	const int64_t end =
	    (int64_t)p->offset + LOCAL_LEN + (int64_t)(name_len + extra) + (int64_t)p->packed;
	if (later && (next - end == 12 || next - end == 16))
		return check_descriptor(fd, p, end, next - end, err);
	if (end != next || later)
		return refuse(err, p, "it does not end where the next begins");
	return 0;
}

static int
check_entries(
    int fd, const unsigned char *directory, size_t len, unsigned n, int64_t end, struct error *err)
{
	_cleanup_free_ struct part *now = mem_zalloc(sizeof(*now)),
				   *before = mem_zalloc(sizeof(*now));
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		const int64_t used = read_central(directory + at, len - at, now, err);

		if (used < 0)
			return -1;
		at += (size_t)used;
		if (i == 0 && now->offset != 0)
			return refuse(err, now, "something stands before the first entry");
		if (i > 0 && now->offset <= before->offset)
			return refuse(err, now, "it lies over another entry");
		if (i > 0 && check_local(fd, before, now->offset, err) < 0)
			return -1;
		struct part *t = before;
		before = now;
		now = t;
	}
	if (at != len)
		return error_set(err, ERROR_INVALID, "the zip's directory is damaged");
	return n > 0 ? check_local(fd, before, end, err) : 0;
}

int
zip_check(int fd, int64_t max_entries, struct error *err)
{
	unsigned char e[END_LEN];
	_cleanup_free_ unsigned char *directory = NULL;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(err, "the archive");
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "a zip must be a regular file");
	if (st.st_size < END_LEN || read_at(fd, e, sizeof(e), st.st_size - END_LEN, err) < 0 ||
	    u32(e) != END_SIGN || u16(e + 20) != 0)
		return error_set(err, ERROR_INVALID,
		    "the zip does not end with its directory: it is cut off, or something stands "
		    "behind it");
	const unsigned n = u16(e + 10);
	const int64_t len = u32(e + 12), offset = u32(e + 16);
	if (u16(e + 4) != 0 || u16(e + 6) != 0 || u16(e + 8) != n)
		return error_set(err, ERROR_INVALID, "a zip in several parts");
	if (n == 0xffff || offset == UINT32_MAX)
		return error_set(err, ERROR_INVALID, "ZIP64 is not read: use a tar");
	if (n > max_entries)
		return error_set(
		    err, ERROR_TOO_BIG, "more than %lld entries", (long long)max_entries);
	if (offset + len != st.st_size - END_LEN || len > DIRECTORY_MAX || (n == 0 && offset != 0))
		return error_set(
		    err, ERROR_INVALID, "the zip's directory is not where it should be");
	directory = mem_zalloc((size_t)len + 1);
	if (read_at(fd, directory, (size_t)len, offset, err) < 0)
		return -1;
	return check_entries(fd, directory, (size_t)len, n, offset, err);
}
