/*
 * test_image.c - PNGs of every kind that is read, PNGs that are none, and what is on them.
 */
#include "bench/score/png.h"

#include <zlib.h>

#include "tests/bench/score/judged.h"

/* ---- a writer of PNGs ---- */

static void
add_number(struct buf *out, size_t n)
{
	const unsigned char be[] = { (unsigned char)(n >> 24), (unsigned char)(n >> 16),
		(unsigned char)(n >> 8), (unsigned char)n };

	buf_add(out, be, 4);
}

static void
add_chunk(struct buf *out, const char *type, const void *bytes, size_t len)
{
	add_number(out, len);
	const size_t from = out->len;
	buf_add(out, type, 4);
	buf_add(out, bytes, len);
	add_number(out, crc32(0, (const Bytef *)out->data + from, (uInt)(len + 4)));
}

struct header {
	int width, height, bits, colour, interlace;
};

static void
begin(struct buf *out, struct header h)
{
	const char more[] = { (char)h.bits, (char)h.colour, 0, 0, (char)h.interlace };
	struct buf b = { 0 };

	buf_add(out, "\x89PNG\r\n\x1a\n", 8);
	add_number(&b, (size_t)h.width);
	add_number(&b, (size_t)h.height);
	buf_add(&b, more, 5);
	add_chunk(out, "IHDR", b.data, b.len);
	buf_done(&b);
}

static void
end(struct buf *out, const void *rows, size_t len)
{
	unsigned char packed[65536];
	uLongf n = sizeof(packed);

	ck_assert_int_eq(compress(packed, &n, rows, len), Z_OK);
	add_chunk(out, "IDAT", packed, n / 2); /* data may be in pieces */
	add_chunk(out, "IDAT", packed + n / 2, n - n / 2);
	add_chunk(out, "IEND", "", 0);
}

/* Two by two: red, green, blue, white. */
static const struct kind {
	struct header header;
	const char *rows;
	size_t len;
	const char *palette, *transparent;
	size_t npalette, ntransparent;
	unsigned char first[3], last[3];
} kinds[] = {
	{ { 2, 2, 8, 2, 0 }, "\0\xff\0\0\0\xff\0\0\0\0\xff\xff\xff\xff", 14, NULL, NULL, 0, 0,
	    { 255, 0, 0 }, { 255, 255, 255 } },
	{ { 2, 2, 8, 6, 0 }, "\0\xff\0\0\xff\0\xff\0\xff\0\0\0\xff\xff\0\0\0\0", 18, NULL, NULL, 0,
	    0, { 255, 0, 0 }, { 255, 255, 255 } }, /* transparent black is white */
	{ { 2, 2, 8, 0, 0 }, "\0\x10\x20\0\x30\x40", 6, NULL, NULL, 0, 0, { 16, 16, 16 },
	    { 64, 64, 64 } },
	{ { 2, 2, 8, 4, 0 }, "\0\x10\xff\x20\xff\0\x30\xff\x40\x80", 10, NULL, NULL, 0, 0,
	    { 16, 16, 16 }, { 159, 159, 159 } },
	{ { 2, 2, 8, 3, 0 }, "\0\0\1\0\1\1", 6, "\xff\0\0\1\2\3", NULL, 6, 0, { 255, 0, 0 },
	    { 1, 2, 3 } },
	{ { 2, 2, 1, 3, 0 }, "\0\x40\0\xc0", 4, "\xff\0\0\1\2\3", "\xff\0", 6, 2, { 255, 0, 0 },
	    { 255, 255, 255 } },
	{ { 2, 2, 4, 0, 0 }, "\0\x0f\0\xf8", 4, NULL, NULL, 0, 0, { 0, 0, 0 }, { 136, 136, 136 } },
	{ { 2, 2, 8, 2, 0 }, "\0\xff\0\0\0\xff\0\0\0\0\xff\1\2\3", 14, NULL, "\0\1\0\2\0\3", 0, 6,
	    { 255, 0, 0 }, { 255, 255, 255 } },
	/* filters: Sub, then Up */
	{ { 2, 2, 8, 2, 0 }, "\1\x0a\x0a\x0a\1\1\1\2\1\1\1\1\1\1", 14, NULL, NULL, 0, 0,
	    { 10, 10, 10 }, { 12, 12, 12 } },
	/* Average, then Paeth */
	{ { 2, 2, 8, 0, 0 }, "\3\x0a\5\4\1\1", 6, NULL, NULL, 0, 0, { 10, 10, 10 },
	    { 12, 12, 12 } },
};

static void
write_kind(struct buf *out, const struct kind *k)
{
	begin(out, k->header);
	if (k->palette != NULL)
		add_chunk(out, "PLTE", k->palette, k->npalette);
	if (k->transparent != NULL)
		add_chunk(out, "tRNS", k->transparent, k->ntransparent);
	end(out, k->rows, k->len);
}

START_TEST(test_kinds)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct png p;
	struct error err;

	write_kind(&b, &kinds[_i]);
	ck_assert_msg(png_read(b.data, b.len, &p, &err) == 0, "%d: %s", _i, err.text);
	ck_assert_int_eq(p.width, 2);
	ck_assert_int_eq(p.height, 2);
	ck_assert_mem_eq(p.rgb, kinds[_i].first, 3);
	ck_assert_msg(memcmp(p.rgb + 9, kinds[_i].last, 3) == 0, "%d: %d %d %d", _i, p.rgb[9],
	    p.rgb[10], p.rgb[11]);
	png_done(&p);
}
END_TEST

/* Cut at every byte, and with every byte changed: refused, or read in bounds. */
START_TEST(test_broken)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct png p;
	struct error err;

	write_kind(&b, &kinds[_i]);
	for (size_t cut = 0; cut < b.len; cut++)
		ck_assert_int_lt(png_read(b.data, cut, &p, &err), 0);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] ^= 0x55;
		ck_assert_int_lt(png_read(b.data, b.len, &p, &err), 0);
		b.data[i] ^= 0x55;
	}
}
END_TEST

static const struct {
	struct header header;
	const char *rows;
	size_t len;
	const char *says;
} refused[] = {
	{ { 4096, 1, 8, 0, 0 }, "\0\0", 2, "2048" },
	{ { 0, 1, 8, 0, 0 }, "\0\0", 2, "2048" },
	{ { 1, 1, 16, 0, 0 }, "\0\0\0", 3, "depth" },
	{ { 1, 1, 8, 5, 0 }, "\0\0", 2, "depth" },
	{ { 1, 1, 4, 2, 0 }, "\0\0\0", 3, "depth" },
	{ { 1, 1, 8, 0, 1 }, "\0\0", 2, "interlaced" },
	{ { 1, 1, 8, 3, 0 }, "\0\0", 2, "no palette" },
	{ { 1, 1, 8, 0, 0 }, "\5\0", 2, "filter" },
	{ { 1, 1, 8, 0, 0 }, "\0\0\0", 3, "not those of its size" },
	{ { 1, 1, 8, 0, 0 }, "\0", 1, "not those of its size" },
};

START_TEST(test_refused)
{
	_cleanup_buf_ struct buf b = { 0 };
	struct png p;
	struct error err;

	begin(&b, refused[_i].header);
	end(&b, refused[_i].rows, refused[_i].len);
	ck_assert_int_lt(png_read(b.data, b.len, &p, &err), 0);
	ck_assert_msg(strstr(err.text, refused[_i].says) != NULL, "%d: %s", _i, err.text);
}
END_TEST

/* ---- pictures of answers ---- */

#define SCORER                                                                                     \
	"{\"kind\":\"image\",\"png\":{\"width\":2,\"height\":2,\"colour_at\":[{\"x\":0,\"y\":0,"   \
	"\"rgb\":"                                                                                 \
	"[250,5,5],\"tolerance\":5},{\"x\":1,\"y\":1,\"rgb\":[255,255,255]}],\"share\":[{\"rgb\":" \
	"["                                                                                        \
	"0,0,255],\"min\":0.2,\"max\":0.3}],\"min_colours\":4}}"

static void
add_file(struct attempt *a, const char *type, const struct buf *bytes)
{
	a->files = realloc(a->files, (a->nfiles + 1) * sizeof(*a->files));
	struct attempt_file *f = &a->files[a->nfiles++];

	*f = (struct attempt_file){ .size = (int64_t)bytes->len, .said_size = -1 };
	str_copy(f->mime_type, sizeof(f->mime_type), type);
	str_copy(f->sha256, sizeof(f->sha256), "00ff");
	buf_add(&f->bytes, bytes->data, bytes->len);
}

START_TEST(test_pictures)
{
	_cleanup_buf_ struct buf right = { 0 }, wrong = { 0 };
	struct judged j;

	write_kind(&right, &kinds[0]);
	write_kind(&wrong, &kinds[2]);
	judged_init(&j, "p", SCORER, ",\"modality\":\"image_out\"");
	ck_assert(judge(&j) == 0);
	ck_assert(j.result.has[SCORE_MODALITY]);
	add_file(&j.attempt, "image/png", &right);
	ck_assert_msg(judge(&j) == 1, "%s", j.result.why);
	ck_assert(j.result.score[SCORE_MODALITY] == 1);
	str_copy(
	    j.attempt.files[0].said_sha256, sizeof(j.attempt.files[0].said_sha256), "sha256:00FF");
	ck_assert(judge(&j) == 1);
	/* [G12] a descriptor that lies */
	str_copy(j.attempt.files[0].said_sha256, sizeof(j.attempt.files[0].said_sha256), "00fe");
	ck_assert(judge(&j) == 0);
	j.attempt.files[0].said_sha256[0] = '\0';
	j.attempt.files[0].said_size = 5;
	ck_assert(judge(&j) == 0);
	j.attempt.files[0].said_size = -1;
	/* two pictures: which one is the answer? */
	add_file(&j.attempt, "image/png", &right);
	ck_assert(judge(&j) == 0);
	judged_done(&j);
	judged_init(&j, "p", SCORER, "");
	add_file(&j.attempt, "image/png", &wrong);
	ck_assert(judge(&j) == 0);
	judged_done(&j);
}
END_TEST

#define ITEM(png)                                                                           \
	"{\"id\":\"a\",\"task_type\":\"multimodal\",\"prompt\":\"p\",\"scorer\":{\"kind\":" \
	"\"image\","                                                                        \
	"\"png\":" png "},\"reference\":{\"text\":\"\"}}"

static const struct checked checks[] = {
	{ ITEM("{\"share\":[{\"rgb\":[1,2,3],\"min\":0.5}]}"), "" },
	{ ITEM("{\"width\":2}"), "something must be on it" },
	{ ITEM("{\"colour_at\":[{\"x\":0,\"y\":0,\"rgb\":[1,2,3]}]}"), "needs width and height" },
	{ ITEM("{\"width\":2,\"height\":2,\"colour_at\":[{\"x\":2,\"y\":0,\"rgb\":[1,2,3]}]}"),
	    "x: a whole number from 0 to 1" },
	{ ITEM("{\"share\":[{\"rgb\":[1,2]}]}"), "rgb: three numbers" },
	{ ITEM("{\"share\":[{\"rgb\":[1,2,300]}]}"), "rgb: three numbers" },
	{ ITEM("{\"share\":1}"), "arrays" },
	{ ITEM("{\"width\":9999}"), "width: a whole number" },
};

START_TEST(test_checks)
{
	assert_checked(&checks[_i]);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, test_kinds, 0, ARRAY_LEN(kinds));
	tcase_add_loop_test(t, test_broken, 0, ARRAY_LEN(kinds));
	tcase_add_loop_test(t, test_refused, 0, ARRAY_LEN(refused));
	tcase_add_test(t, test_pictures);
	tcase_add_loop_test(t, test_checks, 0, ARRAY_LEN(checks));
	return run_tests("image", t);
}
