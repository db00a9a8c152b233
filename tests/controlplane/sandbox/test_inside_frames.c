/*
 * test_inside_frames.c - frames of an agent that may be anybody's.
 */
#include "controlplane/sandbox/inside_frames.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/inside/protocol.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

struct seen {
	struct buf text;
	int frames;
	bool stop;
};

static int
note(const struct inside_frame *f, void *arg)
{
	struct seen *s = arg;

	s->frames++;
	buf_add_char(&s->text, f->type);
	buf_add(&s->text, f->payload, f->len);
	return s->stop ? -1 : 0;
}

static void
add_end(struct buf *out, unsigned char exit_code)
{
	char end[INSIDE_END_BYTES] = { 0 };

	end[7] = (char)exit_code;
	inside_add_frame(out, INSIDE_END, end, sizeof(end));
}

START_TEST(test_any_cut)
{
	_cleanup_buf_ struct buf answer = { 0 };

	inside_add_frame(&answer, INSIDE_STDOUT, "hello", 5);
	inside_add_frame(&answer, INSIDE_STDERR, "", 0);
	inside_add_frame(&answer, INSIDE_DATA, "a\0b", 3);
	add_end(&answer, 3);
	for (size_t step = 1; step <= answer.len; step++) {
		struct inside_reader r = { 0 };
		struct seen s = { 0 };
		struct error err = { 0 };

		for (size_t at = 0; at < answer.len; at += step)
			ck_assert_int_eq(
			    inside_feed(&r, answer.data + at,
				step < answer.len - at ? step : answer.len - at, note, &s, &err),
			    0);
		ck_assert(r.ended);
		ck_assert_int_eq(s.frames, 4);
		ck_assert_int_eq(memcmp(s.text.data, "OhelloeDa\0bZ", 12), 0);
		inside_reader_done(&r);
		buf_done(&s.text);
	}
}
END_TEST

START_TEST(test_large_data_is_several_frames)
{
	_cleanup_free_ char *bytes = calloc(1, 3 * INSIDE_FRAME_MAX_BYTES);
	_cleanup_buf_ struct buf out = { 0 };

	inside_add_frame(&out, INSIDE_DATA, bytes, 2 * INSIDE_FRAME_MAX_BYTES + 1);
	ck_assert_uint_eq(out.len, 2 * INSIDE_FRAME_MAX_BYTES + 1 + 3 * INSIDE_HEAD_BYTES);
}
END_TEST

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
} wrong[] = {
	{ "[G14] no known type", "Q\0\0\0\1x", 6 },
	{ "[G14] a request instead of an answer", "X\0\0\0\1x", 6 },
	{ "[G14] text of another protocol", "HTTP/1.1 200 OK\r\n", 17 },
	{ "[G14] a length beyond all limits, refused before its bytes come", "O\377\377\377\377",
	    5 },
	{ "[G14] one more than a frame may have", "O\0\1\0\1", 5 },
	{ "[G14] an end of another length", "Z\0\0\0\2", 5 },
	{ "[G14] goes on after the end",
	    "Z\0\0\0\40"
	    "01234567890123456789012345678901"
	    "O",
	    38 },
};

START_TEST(test_wrong)
{
	struct inside_reader r = { 0 };
	struct seen s = { 0 };
	struct error err = { 0 };

	ck_assert_msg(inside_feed(&r, wrong[_i].bytes, wrong[_i].len, note, &s, &err) == -1 &&
		err.kind == ERROR_UPSTREAM,
	    "%s", wrong[_i].name);
	inside_reader_done(&r);
	buf_done(&s.text);
}
END_TEST

START_TEST(test_end)
{
	struct error err = { 0 };
	struct inside_end end;
	char bytes[INSIDE_END_BYTES] = { 0 };
	struct inside_frame f = { INSIDE_END, bytes, sizeof(bytes) };

	bytes[3] = 2;
	bytes[15] = INSIDE_FLAG_TIMED_OUT;
	bytes[22] = 1;
	bytes[31] = 9;
	ck_assert_int_eq(inside_end_parse(&f, &end, &err), 0);
	ck_assert_int_eq(end.error, 2);
	ck_assert(end.timed_out && !end.cut);
	ck_assert_uint_eq(end.total[0], 256);
	ck_assert_uint_eq(end.total[1], 9);
	bytes[4] = 1; /* an exit code of 2^24 */
	ck_assert_int_eq(inside_end_parse(&f, &end, &err), -1);
	bytes[4] = 0;
	bytes[11] = 65; /* no such signal */
	ck_assert_int_eq(inside_end_parse(&f, &end, &err), -1);
}
END_TEST

START_TEST(test_entry) /* [G14] lists with names that are none */
{
	char bytes[INSIDE_ENTRY_HEAD_BYTES + 8] = "f";
	struct inside_frame f = { INSIDE_DATA, bytes, sizeof(bytes) };
	struct inside_entry e;

	bytes[8] = 5;
	memcpy(bytes + INSIDE_ENTRY_HEAD_BYTES, "a\nb.text", 8);
	ck_assert_int_eq(inside_entry_parse(&f, &e, NULL), 0);
	ck_assert_str_eq(e.name, "a\nb.text");
	ck_assert_int_eq(e.size, 5);
	bytes[INSIDE_ENTRY_HEAD_BYTES + 2] = '\0';
	ck_assert_int_eq(inside_entry_parse(&f, &e, NULL), -1);
	bytes[INSIDE_ENTRY_HEAD_BYTES + 2] = 'b';
	bytes[1] = (char)0x80; /* a negative size */
	ck_assert_int_eq(inside_entry_parse(&f, &e, NULL), -1);
	bytes[1] = 0;
	bytes[0] = '\0';
	ck_assert_int_eq(inside_entry_parse(&f, &e, NULL), -1);
	bytes[0] = 'f';
	f.len = INSIDE_ENTRY_HEAD_BYTES;
	ck_assert_int_eq(inside_entry_parse(&f, &e, NULL), -1);
}
END_TEST

START_TEST(test_stopped)
{
	_cleanup_buf_ struct buf answer = { 0 };
	struct inside_reader r = { 0 };
	struct seen s = { .stop = true };

	inside_add_frame(&answer, INSIDE_STDOUT, "1", 1);
	inside_add_frame(&answer, INSIDE_STDOUT, "2", 1);
	ck_assert_int_eq(inside_feed(&r, answer.data, answer.len, note, &s, NULL), -1);
	ck_assert_int_eq(s.frames, 1);
	inside_reader_done(&r);
	buf_done(&s.text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("inside frames");
	TCase *t = tcase_create("frames");

	tcase_add_test(t, test_any_cut);
	tcase_add_test(t, test_large_data_is_several_frames);
	tcase_add_loop_test(t, test_wrong, 0, (int)ARRAY_LEN(wrong));
	tcase_add_test(t, test_end);
	tcase_add_test(t, test_entry);
	tcase_add_test(t, test_stopped);
	suite_add_tcase(s, t);
	return run_suite(s);
}
