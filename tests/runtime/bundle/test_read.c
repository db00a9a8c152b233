/*
 * test_read.c - hostile archives: each refused with its entry, and nothing of it left.
 */
#include <archive.h>
#include <archive_entry.h>

#include "tests/run.h"
#include "tests/runtime/bundle/make.h"

static void
refused(const struct buf *archive, const char *why)
{
	_cleanup_free_ char *said = extract_all(archive, &bundle_limits_default);

	ck_assert_msg(said[0] != '\0', "taken, and should be refused: %s", why);
	ck_assert_msg(strstr(said, why) != NULL, "'%s' is not in '%s'", why, said);
}

static void
taken(const struct buf *archive)
{
	_cleanup_free_ char *said = extract_all(archive, &bundle_limits_default);

	ck_assert_str_eq(said, "");
}

/* ---- names ---- */

START_TEST(
    test_names) /* [K01] names in tar heads, in a PAX record over a harmless one, and with a NUL */
{
	static const char *const names[] = { "../a", "a/../../b", "/etc/x", "a//b", "a\\b", "c:/x",
		"a\nb", "a\033[1m", "\xff\xfe", "a.", "nul" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_buf_ struct buf plain = { 0 }, pax = { 0 };

		tar_file(&plain, "fine", "x");
		tar_file(&plain, names[i], "x");
		tar_end(&plain);
		refused(&plain, "entry '");
		tar_pax(&pax, "path", names[i], strlen(names[i]));
		tar_file(&pax, "harmless", "x");
		tar_end(&pax);
		refused(&pax, "");
	}
	_cleanup_buf_ struct buf nul = { 0 };
	tar_pax(&nul, "path", "a\0../../b", 9);
	tar_file(&nul, "harmless", "x");
	tar_end(&nul);
	taken(&nul); /* as "a": what was judged is what is written */
}
END_TEST

START_TEST(test_root) /* "tar -C DIR ." is what people make */
{
	_cleanup_buf_ struct buf b = { 0 }, twice = { 0 };

	tar_add(&b, &(struct tar_head){ .name = "./", .type = '5', .mode = 0755 }, "", 0);
	tar_file(&b, "./a", "x");
	tar_end(&b);
	taken(&b);
	tar_file(&twice, "./a", "x");
	tar_file(&twice, "a", "x");
	tar_end(&twice);
	refused(&twice, "entry 'a': there twice");
}
END_TEST

/* ---- kinds ---- */

static const struct {
	struct tar_head head;
	const char *why;
} kinds[] = {
	{ { .name = "l", .type = '2', .link = "/etc/passwd" }, "entry 'l': a symbolic link" },
	{ { .name = "l", .type = '2', .link = "a" }, "a symbolic link" },
	{ { .name = "h", .type = '1', .link = "/etc/passwd" }, "entry 'h': a hard link" },
	{ { .name = "h", .type = '1', .link = "a" }, "a hard link" },
	{ { .name = "h", .type = '1', .link = "../a" }, "a hard link" },
	{ { .name = "d", .type = '3' }, "neither a file nor a directory" },
	{ { .name = "d", .type = '4' }, "neither a file nor a directory" },
	{ { .name = "d", .type = '6' }, "neither a file nor a directory" },
	{ { .name = "s", .mode = 04755 }, "setuid" },
	{ { .name = "s", .mode = 02755 }, "setgid" },
	{ { .name = "s", .mode = 01755 }, "sticky" },
	{ { .name = "s", .type = '5', .mode = 01777 }, "sticky" },
};

START_TEST(test_kinds) /* [K02] [K03] links, devices, pipes and setuid bits */
{
	_cleanup_buf_ struct buf b = { 0 };

	tar_file(&b, "a", "x");
	tar_add(&b, &kinds[_i].head, "", 0);
	tar_end(&b);
	refused(&b, kinds[_i].why);
}
END_TEST

START_TEST(
    test_link_then_file) /* [K02] a link that is then written through, or replaced by a file */
{
	_cleanup_buf_ struct buf through = { 0 }, replaced = { 0 };

	tar_add(&through, &(struct tar_head){ .name = "d", .type = '2', .link = "/tmp" }, "", 0);
	tar_file(&through, "d/x", "x");
	tar_end(&through);
	refused(&through, "entry 'd'");
	tar_add(&replaced, &(struct tar_head){ .name = "d", .type = '2', .link = "/tmp/x" }, "", 0);
	tar_file(&replaced, "d", "x");
	tar_end(&replaced);
	refused(&replaced, "entry 'd'");
}
END_TEST

START_TEST(test_modes) /* [K03] modes, owners, attributes and times are ours */
{
	_cleanup_buf_ struct buf b = { 0 };
	char place[] = "/tmp/bundle.XXXXXX";
	struct error err = { 0 };
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(place));
	tar_pax(
	    &b, "SCHILY.xattr.security.capability", "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	tar_add(&b, &(struct tar_head){ .name = "none", .mode = 0100000 }, "x", 1);
	tar_pax(&b, "mtime", "253402300799", 12);
	tar_add(&b, &(struct tar_head){ .name = "run", .mode = 0777 }, "x", 1);
	tar_pax(
	    &b, "SCHILY.acl.access", "user::rwx,user:root:rwx,group::rwx,mask::rwx,other::rwx", 55);
	tar_add(&b, &(struct tar_head){ .name = "dir", .type = '5', .mode = 0700 }, "", 0);
	tar_end(&b);
	_cleanup_close_ int dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = file_of(b.data, b.len);
	struct bundle_reader *r = bundle_open(fd, &bundle_limits_default, &err);
	ck_assert_ptr_nonnull(r);
	ck_assert_msg(bundle_extract(r, dir, "out", &err) == 0, "%s", err.text);
	bundle_close(r);
	ck_assert_int_eq(fstatat(dir, "out/none", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0644);
	ck_assert_uint_eq(st.st_uid, geteuid());
	ck_assert_int_eq(fstatat(dir, "out/run", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0755);
	ck_assert_int_lt(st.st_mtime, 4102444800); /* 2100 */
	ck_assert_int_eq(fstatat(dir, "out/dir", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0755);
	_cleanup_free_ char *rm = str_printf("rm -rf %s", place);
	ck_assert_int_eq(system(rm), 0);
}
END_TEST

/* ---- bombs ---- */

START_TEST(test_bombs) /* [K04] ratio, filters within filters, bytes, entries, sparse files */
{
	_cleanup_buf_ struct buf big = { 0 }, bomb = { 0 }, twice = { 0 }, many = { 0 },
				 sparse = { 0 };
	_cleanup_free_ char *zeros = mem_zalloc(20 << 20);
	struct bundle_limits small = bundle_limits_default;
	struct error err = { 0 };
	int64_t bytes;

	tar_add(&big, &(struct tar_head){ .name = "zeros" }, zeros, 20 << 20);
	tar_end(&big);
	gzip(big.data, big.len, &bomb);
	refused(&bomb, "times its size");
	_cleanup_close_ int fd = file_of(bomb.data, bomb.len);
	ck_assert_int_eq(read_through(fd, &bundle_limits_default, &bytes, &err), -1);
	ck_assert_int_lt(bytes, 4 << 20); /* stopped soon after it was clear */

	_cleanup_buf_ struct buf little = { 0 }, once = { 0 };
	tar_file(&little, "a", "x");
	tar_end(&little);
	gzip(little.data, little.len, &once);
	taken(&once);
	gzip(once.data, once.len, &twice);
	refused(&twice, "not a tar");

	small.bytes = 1 << 20;
	_cleanup_free_ char *said = extract_all(&big, &small);
	ck_assert_ptr_nonnull(strstr(said, "entry 'zeros'"));
	small = bundle_limits_default;
	small.entries = 10;
	for (int i = 0; i < 11; i++) {
		char name[8];

		snprintf(name, sizeof(name), "n%d", i);
		tar_file(&many, name, "");
	}
	tar_end(&many);
	_cleanup_free_ char *too_many = extract_all(&many, &small);
	ck_assert_ptr_nonnull(strstr(too_many, "more than 10 entries"));
	taken(&many);

	tar_pax(&sparse, "GNU.sparse.size", "1099511627776", 13);
	tar_pax(&sparse, "GNU.sparse.map", "0,1", 3);
	tar_file(&sparse, "holes", "x");
	tar_end(&sparse);
	refused(&sparse, "");
}
END_TEST

START_TEST(test_gnu_sparse) /* [K04] a terabyte of nothing in the old form */
{
	_cleanup_buf_ struct buf b = { 0 };
	char head[512];
	unsigned sum = 0;

	tar_add(&b, &(struct tar_head){ .name = "holes", .type = 'S' }, "x", 1);
	memcpy(head, b.data, sizeof(head));
	memcpy(head + 257, "ustar  ", 8);
	snprintf(head + 386, 12, "%011o", 0); /* one part of one byte */
	snprintf(head + 398, 12, "%011o", 1);
	memset(head + 410, 0, 12 * 6);
	memcpy(head + 483, "\x80\0\0\0\0\0\1\0\0\0\0\0", 12); /* of 2^40 bytes in all */
	memset(head + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(head); i++)
		sum += (unsigned char)head[i];
	snprintf(head + 148, 8, "%06o", sum);
	memcpy(b.data, head, sizeof(head));
	tar_end(&b);
	refused(&b, "entry 'holes'");
}
END_TEST

/* ---- damage ---- */

START_TEST(test_sizes) /* [K05] sizes that lie, in the head and in a PAX record */
{
	_cleanup_buf_ struct buf head = { 0 }, pax = { 0 }, negative = { 0 };

	tar_add(&head, &(struct tar_head){ .name = "a", .size = "77777777777" }, "x", 1);
	tar_end(&head);
	refused(&head, "entry 'a'");
	tar_pax(&pax, "size", "999999999999", 12);
	tar_file(&pax, "a", "x");
	tar_end(&pax);
	refused(&pax, "entry 'a'");
	tar_add(&negative,
	    &(struct tar_head){
		.name = "a", .size = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" },
	    "x", 1);
	tar_end(&negative);
	refused(&negative, "");
}
END_TEST

static void
cut_everywhere(const struct buf *whole)
{
	taken(whole);
	for (size_t i = 0; i < whole->len; i++) {
		struct error err = { 0 };
		_cleanup_close_ int fd = file_of(whole->data, i);
		int64_t bytes;

		ck_assert_msg(read_through(fd, &bundle_limits_default, &bytes, &err) < 0,
		    "cut at %zu of %zu it passes as whole", i, whole->len);
		ck_assert_uint_gt(strlen(err.text), 0);
	}
}

static void small_bundle(enum bundle_format format, struct buf *out);

START_TEST(test_cut) /* [K05] cut off at every byte: tar, tar.gz, tar.zst, tar.xz, zip */
{
	static const enum bundle_format formats[] = { BUNDLE_TAR, BUNDLE_TAR_GZ, BUNDLE_ZIP };
	_cleanup_buf_ struct buf b = { 0 };

	small_bundle(formats[_i], &b);
	cut_everywhere(&b);
}
END_TEST

static void
compressed(int filter, struct buf *out)
{
	_cleanup_buf_ struct buf tar = { 0 };
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	size_t used = 0;

	small_bundle(BUNDLE_TAR, &tar);
	archive_write_set_format_raw(a);
	archive_write_add_filter(a, filter);
	ck_assert_int_eq(
	    archive_write_open_memory(a, buf_reserve(out, 65536), 65536, &used), ARCHIVE_OK);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_write_header(a, e);
	ck_assert_int_eq(archive_write_data(a, tar.data, tar.len), (la_ssize_t)tar.len);
	ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
	out->len = used;
	archive_write_free(a);
	archive_entry_free(e);
}

/* libarchive fills up to whole records of zeros, which xz and zstd do not know. */
static void
trim(struct buf *b)
{
	while (b->len > 0 && b->data[b->len - 1] == '\0')
		b->len--;
}

START_TEST(test_cut_compressed) /* [K05] the same in zstd and xz */
{
	static const int filters[] = { ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_XZ };
	_cleanup_buf_ struct buf b = { 0 };

	compressed(filters[_i], &b);
	trim(&b);
	cut_everywhere(&b);
}
END_TEST

START_TEST(test_behind) /* [K05] [K07] something behind the end: garbage, a second archive, a zip */
{
	_cleanup_buf_ struct buf tar = { 0 }, gz = { 0 }, zip = { 0 }, b = { 0 };

	small_bundle(BUNDLE_TAR, &tar);
	small_bundle(BUNDLE_TAR_GZ, &gz);
	small_bundle(BUNDLE_ZIP, &zip);
	buf_add(&b, tar.data, tar.len);
	buf_add(&b, tar.data, tar.len);
	refused(&b, "behind its end");
	buf_clear(&b);
	buf_add(&b, tar.data, tar.len);
	buf_add(&b, zip.data, zip.len);
	refused(&b, "behind its end");
	buf_clear(&b);
	buf_add(&b, gz.data, gz.len);
	buf_add_str(&b, "garbage");
	refused(&b, "behind its compressed part");
	buf_clear(&b);
	buf_add(&b, gz.data, gz.len);
	buf_add(&b, gz.data, gz.len);
	refused(&b, "behind its end");
	buf_clear(&b);
	buf_add(&b, zip.data, zip.len);
	buf_add_str(&b, "x");
	refused(&b, "cut off");
	buf_clear(&b);
	buf_add(&b, "PK\3\4", 4);
	buf_add(&b, zip.data, zip.len);
	refused(&b, "zip");
	buf_clear(&b); /* zeros, as tar pads its last record */
	buf_add(&b, tar.data, tar.len);
	for (int i = 0; i < 20 * 512; i++)
		buf_add_char(&b, '\0');
	taken(&b);
}
END_TEST

START_TEST(test_pax_huge) /* [K05] a PAX head of two megabytes */
{
	_cleanup_buf_ struct buf b = { 0 };
	_cleanup_free_ char *text = mem_zalloc((2 << 20) + 1);

	memset(text, 'x', 2 << 20);
	tar_pax(&b, "comment", text, 2 << 20);
	tar_file(&b, "a", "x");
	tar_end(&b);
	refused(&b, "");
}
END_TEST

START_TEST(
    test_flipped) /* [K05] each byte of a zip, wrong: refused, or what comes out is the same */
{
	_cleanup_buf_ struct buf zip = { 0 };

	small_bundle(BUNDLE_ZIP, &zip);
	for (size_t i = 0; i < zip.len; i++) {
		struct error err = { 0 };
		int64_t bytes;

		zip.data[i] ^= 0x55;
		_cleanup_close_ int fd = file_of(zip.data, zip.len);
		const int rc = read_through(fd, &bundle_limits_default, &bytes, &err);
		ck_assert(rc < 0 || bytes == 5 + 3000);
		ck_assert(rc == 0 || err.text[0] != '\0');
		zip.data[i] ^= 0x55;
	}
}
END_TEST

/* ---- zip ---- */

START_TEST(test_zip_lies) /* [K04] [K05] overlapping entries, encryption, parts, ZIP64, two names */
{
	_cleanup_buf_ struct buf zip = { 0 };
	size_t central = 0;

	small_bundle(BUNDLE_ZIP, &zip);
	for (size_t i = 0; i + 4 < zip.len && central == 0; i++)
		if (memcmp(zip.data + i, "PK\1\2", 4) == 0)
			central = i;
	ck_assert_uint_gt(central, 0);
	const struct {
		size_t at;
		char to;
		const char *why;
	} edits[] = {
		{ central + 8, 0x09, "encrypted" },
		{ central + 10, 14, "method" },
		{ central + 34, 1, "another part" },
		{ central + 42, 1, "before the first" },
		{ central + 46, 'X', "another name" },
		{ central + 46, '\0', "NUL" },
		{ 30, 'X', "another name" },
		{ zip.len - 2, 1, "does not end" },
		{ zip.len - 18, 1, "several parts" },
		{ zip.len - 6, 1, "not where it should be" },
	};
	for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
		const char was = zip.data[edits[i].at];

		zip.data[edits[i].at] = edits[i].to;
		refused(&zip, edits[i].why);
		zip.data[edits[i].at] = was;
	}
	/* The second entry's record points at the first. */
	size_t second = central + 4;
	while (memcmp(zip.data + second, "PK\1\2", 4) != 0)
		second++;
	memset(zip.data + second + 42, 0, 4);
	refused(&zip, "over another entry");
}
END_TEST

START_TEST(test_zip_link) /* [K02] a link in a zip */
{
	_cleanup_buf_ struct buf zip = { 0 };

	small_bundle(BUNDLE_ZIP, &zip);
	for (size_t i = 0; i + 46 < zip.len; i++)
		if (memcmp(zip.data + i, "PK\1\2", 4) == 0) {
			zip.data[i + 5] = 3;
			zip.data[i + 41] = (char)0xa1; /* 0120777 */
			zip.data[i + 40] = (char)0xff;
			break;
		}
	refused(&zip, "a symbolic link");
}
END_TEST

/* ---- formats ---- */

static const struct {
	const char *bytes;
	size_t len;
} others[] = {
	{ "Rar!\x1a\7\0", 7 },
	{ "7z\xbc\xaf\x27\x1c\0\4", 8 },
	{ "MSCF\0\0\0\0", 8 },
	{ "#mtree\n/set type=file\na contents=/etc/passwd\n", 45 },
	{ "xar!\0\x1c\0\1", 8 },
	{ "WARC/1.0\r\n", 10 },
	{ "\x21\0-lh0-", 7 },
	{ "!<arch>\na               0           0     0     644     1         `\nx\n", 70 },
	{ "070701", 6 },
	{ "BZh91AY&SY", 10 },
	{ "begin 644 a\n", 12 },
	{ "hello", 5 },
	{ "", 0 },
};

START_TEST(test_formats) /* [K07] what is neither tar nor zip is not read */
{
	_cleanup_buf_ struct buf b = { 0 }, gz = { 0 };
	static const char zeros[4096];

	buf_add(&b, others[_i].bytes, others[_i].len);
	refused(&b, others[_i].len == 0 ? "empty" : "");
	if (others[_i].len == 0)
		return;
	buf_add(&b, zeros, sizeof(zeros));
	refused(&b, "");
	gzip(b.data, b.len, &gz);
	refused(&gz, "");
}
END_TEST

START_TEST(test_iso) /* [K07] nor a disk image */
{
	_cleanup_buf_ struct buf b = { 0 };
	char *at = buf_reserve(&b, 40000);

	memset(at, 0, 40000);
	memcpy(at + 32768, "\1CD001\1", 7);
	b.len = 40000;
	refused(&b, "");
}
END_TEST

/* ---- what is written is read ---- */

static int
to_buf(const void *bytes, size_t len, void *arg, struct error *err)
{
	(void)err;
	buf_add(arg, bytes, len);
	return 0;
}

static void
small_bundle(enum bundle_format format, struct buf *out)
{
	_cleanup_bundle_writer_ struct bundle_writer *w = bundle_writer_new(format, to_buf, out);
	const struct bundle_file dir = { .name = "dir", .is_dir = true };
	const struct bundle_file f = {
		.name = "dir/r\xc3\xa9sum\xc3\xa9", .size = 3000, .is_executable = true
	};
	struct error err = { 0 };
	char bytes[3000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 13);
	ck_assert_msg(bundle_add_bytes(w, "a.txt", "hello", 5, &err) == 0, "%s", err.text);
	ck_assert_msg(bundle_add(w, &dir, &err) == 0, "%s", err.text);
	ck_assert_msg(bundle_add(w, &f, &err) == 0, "%s", err.text);
	ck_assert_int_eq(bundle_write(w, bytes, 1000, &err), 0);
	ck_assert_int_eq(bundle_write(w, bytes + 1000, 2000, &err), 0);
	ck_assert_msg(bundle_end(w, &err) == 0, "%s", err.text);
}

START_TEST(test_round) /* what is written is read again, and is the same each time */
{
	static const enum bundle_format formats[] = { BUNDLE_TAR, BUNDLE_TAR_GZ, BUNDLE_ZIP };
	_cleanup_buf_ struct buf b = { 0 }, again = { 0 };
	_cleanup_bundle_ struct bundle_reader *r = NULL;
	_cleanup_free_ char *text = NULL;
	struct bundle_entry e;
	struct error err = { 0 };
	size_t len;

	small_bundle(formats[_i], &b);
	setenv("TZ", "Asia/Kathmandu", 1);
	tzset();
	small_bundle(formats[_i], &again);
	ck_assert_uint_eq(b.len, again.len);
	ck_assert_mem_eq(b.data, again.data, b.len);
	_cleanup_close_ int fd = file_of(b.data, b.len);
	r = bundle_open(fd, &bundle_limits_default, &err);
	ck_assert_msg(r != NULL, "%s", err.text);
	ck_assert_int_eq(bundle_next(r, &e, &err), 1);
	ck_assert_str_eq(e.name, "a.txt");
	ck_assert(!e.is_dir && !e.is_executable);
	ck_assert_int_eq(bundle_read_all(r, 100, &text, &len, &err), 0);
	ck_assert_str_eq(text, "hello");
	ck_assert_int_eq(bundle_next(r, &e, &err), 1);
	ck_assert(e.is_dir);
	ck_assert_str_eq(e.name, "dir");
	ck_assert_int_eq(bundle_next(r, &e, &err), 1);
	ck_assert_str_eq(e.name, "dir/r\xc3\xa9sum\xc3\xa9");
	ck_assert(e.is_executable);
	free(TAKE(text));
	ck_assert_int_eq(bundle_read_all(r, 2999, &text, &len, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_TOO_BIG);
}
END_TEST

START_TEST(test_writer_refuses)
{
	_cleanup_buf_ struct buf b = { 0 };
	_cleanup_bundle_writer_ struct bundle_writer *w = bundle_writer_new(BUNDLE_TAR, to_buf, &b);
	const struct bundle_file five = { .name = "five", .size = 5 };
	struct error err = { 0 };

	ck_assert_int_eq(bundle_add_bytes(w, "../a", "", 0, &err), -1);
	ck_assert_int_eq(bundle_add_bytes(w, "a", "", 0, &err), 0);
	ck_assert_int_eq(bundle_add_bytes(w, "A", "", 0, &err), -1);
	ck_assert_int_eq(bundle_add(w, &five, &err), 0);
	ck_assert_int_eq(bundle_write(w, "123456", 6, &err), -1);
	ck_assert_int_eq(bundle_write(w, "1234", 4, &err), 0);
	ck_assert_int_eq(bundle_add_bytes(w, "b", "", 0, &err), -1);
	ck_assert_int_eq(bundle_end(w, &err), -1);
}
END_TEST

static int
full(const void *bytes, size_t len, void *arg, struct error *err)
{
	(void)bytes;
	(void)len;
	(void)arg;
	return error_set(err, ERROR_IO, "no space");
}

START_TEST(test_writer_full) /* what the sink says is what the writer says */
{
	_cleanup_bundle_writer_ struct bundle_writer *w =
	    bundle_writer_new(BUNDLE_TAR_GZ, full, NULL);
	struct error err = { 0 };

	bundle_add_bytes(w, "a", "x", 1, &err);
	ck_assert_int_eq(bundle_end(w, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_str_eq(err.text, "no space");
}
END_TEST

START_TEST(test_tree) /* a directory is packed in the order of its names; links are refused */
{
	char place[] = "/tmp/bundle.XXXXXX";
	_cleanup_buf_ struct buf b = { 0 };
	struct error err = { 0 };
	struct bundle_entry e;

	ck_assert_ptr_nonnull(mkdtemp(place));
	_cleanup_free_ char *make = str_printf(
	    "cd %s && mkdir d && echo x > d/z && echo y > d/a && chmod +x d/a && echo > B", place);
	ck_assert_int_eq(system(make), 0);
	_cleanup_close_ int dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct bundle_writer *w = bundle_writer_new(BUNDLE_TAR, to_buf, &b);
	ck_assert_msg(bundle_add_tree(w, dir, &bundle_limits_default, &err) == 0, "%s", err.text);
	ck_assert_int_eq(bundle_end(w, &err), 0);
	bundle_writer_free(w);
	_cleanup_close_ int fd = file_of(b.data, b.len);
	struct bundle_reader *r = bundle_open(fd, &bundle_limits_default, &err);
	static const char *const names[] = { "B", "d", "d/a", "d/z" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		ck_assert_int_eq(bundle_next(r, &e, &err), 1);
		ck_assert_str_eq(e.name, names[i]);
		ck_assert(e.is_executable == (i == 1 || i == 2));
	}
	ck_assert_int_eq(bundle_next(r, &e, &err), 0);
	ck_assert_int_eq(bundle_next(r, &e, &err), 0);
	bundle_close(r);
	ck_assert_int_eq(symlinkat("/etc/passwd", dir, "l"), 0);
	w = bundle_writer_new(BUNDLE_TAR, to_buf, &b);
	ck_assert_int_eq(bundle_add_tree(w, dir, &bundle_limits_default, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "l: a symbolic link"));
	bundle_writer_free(w);
	_cleanup_free_ char *rm = str_printf("rm -rf %s", place);
	ck_assert_int_eq(system(rm), 0);
}
END_TEST

START_TEST(test_extract_there) /* never over what is there */
{
	_cleanup_buf_ struct buf b = { 0 };
	char place[] = "/tmp/bundle.XXXXXX";
	struct error err = { 0 };

	ck_assert_ptr_nonnull(mkdtemp(place));
	small_bundle(BUNDLE_TAR, &b);
	_cleanup_close_ int dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(symlinkat("/tmp", dir, "out"), 0);
	_cleanup_close_ int fd = file_of(b.data, b.len);
	struct bundle_reader *r = bundle_open(fd, &bundle_limits_default, &err);
	ck_assert_int_eq(bundle_extract(r, dir, "out", &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	bundle_close(r);
	_cleanup_free_ char *rm = str_printf("rm -rf %s", place);
	ck_assert_int_eq(system(rm), 0);
}
END_TEST

START_TEST(test_pipe) /* a tar may come through a pipe, a zip may not */
{
	_cleanup_buf_ struct buf b = { 0 };
	static const enum bundle_format formats[] = { BUNDLE_TAR, BUNDLE_TAR_GZ, BUNDLE_ZIP };
	struct error err = { 0 };
	int64_t bytes;
	int ends[2];

	small_bundle(formats[_i], &b);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], b.data, b.len), (ssize_t)b.len);
	close(ends[1]);
	const int rc = read_through(ends[0], &bundle_limits_default, &bytes, &err);
	ck_assert_int_eq(rc, formats[_i] == BUNDLE_ZIP ? -1 : 0);
	close(ends[0]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bundle");
	TCase *t = tcase_create("read");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_names);
	tcase_add_test(t, test_root);
	tcase_add_loop_test(t, test_kinds, 0, (int)ARRAY_LEN(kinds));
	tcase_add_test(t, test_link_then_file);
	tcase_add_test(t, test_modes);
	tcase_add_test(t, test_bombs);
	tcase_add_test(t, test_gnu_sparse);
	tcase_add_test(t, test_sizes);
	tcase_add_loop_test(t, test_cut, 0, 3);
	tcase_add_loop_test(t, test_cut_compressed, 0, 2);
	tcase_add_test(t, test_behind);
	tcase_add_test(t, test_pax_huge);
	tcase_add_test(t, test_flipped);
	tcase_add_test(t, test_zip_lies);
	tcase_add_test(t, test_zip_link);
	tcase_add_loop_test(t, test_formats, 0, (int)ARRAY_LEN(others));
	tcase_add_test(t, test_iso);
	tcase_add_loop_test(t, test_round, 0, 3);
	tcase_add_test(t, test_writer_refuses);
	tcase_add_test(t, test_writer_full);
	tcase_add_test(t, test_tree);
	tcase_add_test(t, test_extract_there);
	tcase_add_loop_test(t, test_pipe, 0, 3);
	suite_add_tcase(s, t);
	return run_suite(s);
}
