/*
 * test_capture.c - a file is read as it was written, and of one that was cut or damaged what is whole.
 */
#include "runtime/capture/capture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

#define FRAMES 40

static const struct capture_head head = { .id = "cap_1",
	.request_id = "my-own-id-1",
	.competitor = "owl",
	.model = "say \"it\"",
	.accepted_at_ms = 1700000000000,
	.duration_us = 2500,
	.ttft_us = -1,
	.status = 200,
	.stream = true,
	.complete = true,
	.frames = FRAMES,
	.bytes = 77 };

static void
squeeze(struct buf *out, z_stream *z, const struct buf *plain, int flush)
{
	z->next_in = (Bytef *)plain->data;
	z->avail_in = (uInt)plain->len;
	do {
		z->next_out = (Bytef *)buf_reserve(out, 4096);
		z->avail_out = 4096;
		deflate(z, flush);
		out->len += 4096 - z->avail_out;
	} while (z->avail_out == 0);
}

/* Frame i is i bytes long and comes 1000 * i us after the one before; flushed at each tenth. */
static void
make(struct buf *out)
{
	_cleanup_buf_ struct buf plain = { 0 };
	char bytes[FRAMES];
	z_stream z = { 0 };

	memset(bytes, 'x', sizeof(bytes));
	capture_head_add(out, &head);
	deflateInit(&z, 6);
	for (size_t i = 0; i < FRAMES; i++) {
		const struct capture_frame f = { (enum capture_kind)(i % CAPTURE_KIND_COUNT),
			1000 * i, bytes, i };

		capture_frame_add(&plain, &f);
		if (i % 10 == 9) {
			squeeze(out, &z, &plain, Z_SYNC_FLUSH);
			buf_clear(&plain);
		}
	}
	buf_add_char(&plain, (char)CAPTURE_END);
	squeeze(out, &z, &plain, Z_FINISH);
	deflateEnd(&z);
}

struct seen {
	size_t n;
	uint64_t t_us;
	bool wrong;
};

static void
on_frame(const struct capture_frame *f, void *arg)
{
	struct seen *s = arg;

	s->t_us += 1000 * s->n;
	s->wrong |= f->len != s->n || f->t_us != s->t_us ||
	    f->kind != (enum capture_kind)(s->n % CAPTURE_KIND_COUNT);
	s->n++;
}

START_TEST(test_whole)
{
	_cleanup_buf_ struct buf file = { 0 };
	struct capture_head found;
	struct seen seen = { 0 };
	char cut[120];

	make(&file);
	ck_assert_int_eq(capture_read(file.data, file.len, &found, on_frame, &seen, cut, NULL), 0);
	ck_assert_str_eq(cut, "");
	ck_assert_uint_eq(seen.n, FRAMES);
	ck_assert(!seen.wrong);
	ck_assert_str_eq(found.model, head.model);
	ck_assert_str_eq(found.request_id, head.request_id);
	ck_assert_int_eq(found.accepted_at_ms, head.accepted_at_ms);
	ck_assert(found.complete && found.stream && !found.content);
	ck_assert_int_eq(found.ttft_us, -1);
	ck_assert_uint_eq(found.bytes, 77);
}
END_TEST

START_TEST(test_cut_at_every_byte) /* [I03] of a capture that was cut, what came before is whole */
{
	_cleanup_buf_ struct buf file = { 0 };
	size_t most = 0;

	make(&file);
	for (size_t len = 0; len < file.len; len++) {
		struct capture_head found;
		struct seen seen = { 0 };
		struct error err = { 0 };
		char cut[120];
		const int rc = capture_read(file.data, len, &found, on_frame, &seen, cut, &err);

		ck_assert(!seen.wrong);
		if (rc < 0) {
			ck_assert_uint_lt(len, CAPTURE_HEAD_BYTES);
			ck_assert_int_eq(err.kind, ERROR_INVALID);
			continue;
		}
		ck_assert_msg(cut[0] != '\0', "cut at %zu", len);
		ck_assert_str_eq(found.id, "cap_1");
		ck_assert_uint_ge(seen.n, most); /* more bytes, not fewer frames */
		most = seen.n;
	}
	ck_assert_uint_eq(most, FRAMES);
}
END_TEST

START_TEST(test_damaged)
{
	_cleanup_buf_ struct buf file = { 0 };

	make(&file);
	for (size_t at = CAPTURE_HEAD_BYTES; at < file.len; at++)
		for (int bit = 0; bit < 8; bit++) {
			struct capture_head found;
			struct seen seen = { 0 };
			char cut[120];

			file.data[at] ^= (char)(1 << bit);
			ck_assert_int_eq(
			    capture_read(file.data, file.len, &found, on_frame, &seen, cut, NULL),
			    0);
			/* Some bits are padding: then nothing is wrong. */
			ck_assert_msg(cut[0] != '\0' || (seen.n == FRAMES && !seen.wrong),
			    "byte %zu, bit %d", at, bit);
			file.data[at] ^= (char)(1 << bit);
		}
	buf_add_str(&file, "more");
	struct capture_head found;
	struct seen seen = { 0 };
	char cut[120];
	ck_assert_int_eq(capture_read(file.data, file.len, &found, on_frame, &seen, cut, NULL), 0);
	ck_assert_ptr_nonnull(strstr(cut, "bytes follow"));
}
END_TEST

/* A head always fits, whatever its texts hold. */
START_TEST(test_largest_head)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct capture_head h = head, found;

	memset(h.model, 1, sizeof(h.model) - 1);
	memset(h.request_id, 'a', sizeof(h.request_id) - 1);
	memset(h.competitor, 2, sizeof(h.competitor) - 1);
	memset(h.digest, 3, sizeof(h.digest) - 1);
	capture_head_add(&out, &h);
	ck_assert_uint_eq(out.len, CAPTURE_HEAD_BYTES);
	ck_assert_int_eq(capture_head_read(out.data, out.len, &found, NULL), 0);
	ck_assert_int_eq(capture_head_read("something else entirely", 23, &found, NULL), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("capture");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_whole);
	tcase_add_test(tc, test_cut_at_every_byte);
	tcase_add_test(tc, test_damaged);
	tcase_add_test(tc, test_largest_head);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
