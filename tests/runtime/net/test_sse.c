/*
 * test_sse.c - runtime/net/sse.c: every framing, split anywhere.
 */
#include "runtime/net/sse.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

static void
sse_donep(struct sse_parser *p)
{
	sse_done(p);
}
#define _cleanup_sse_ _cleanup_(sse_donep)

/* Events written down: "<name|data>" for one with data, "-" for one without. */
struct record {
	struct buf seen;
	struct buf raw;
	size_t events;
};

static void
record_done(struct record *r)
{
	buf_done(&r->seen);
	buf_done(&r->raw);
}

static void
note(const struct sse_event *e, void *arg)
{
	struct record *r = arg;

	ck_assert_uint_eq(e->data[e->data_len], '\0');
	if (e->has_data)
		buf_printf(&r->seen, "<%s|", e->name);
	buf_add(&r->seen, e->data, e->data_len);
	buf_add_char(&r->seen, e->has_data ? '>' : '-');
	buf_add(&r->raw, e->raw, e->raw_len);
	r->events++;
}

struct row {
	const char *name;
	const char *bytes;
	const char *seen;
	size_t pending;
};

static const struct row rows[] = {
	{ "nothing", "", "", 0 },
	{ "one event", "data: a\n\n", "<|a>", 0 },
	{ "CRLF", "data: a\r\n\r\n", "<|a>", 0 },
	{ "CR", "data: a\r\r", "<|a>", 0 },
	{ "mixed line ends", "data: a\rdata: b\ndata: c\r\n\n", "<|a\nb\nc>", 0 },
	{ "LF then CRLF", "data: a\n\r\ndata: b\n\n", "<|a><|b>", 0 },
	{ "BOM",
	    "\xEF\xBB\xBF"
	    "data: a\n\n",
	    "<|a>", 0 },
	{ "BOM only at the start",
	    "data: a\n\n\xEF\xBB\xBF"
	    "data: b\n\n",
	    "<|a>-", 0 },
	{ "BOM and a blank line", "\xEF\xBB\xBF\ndata: a\n\n", "-<|a>", 0 },
	{ "lone comment", ": ping\n\n", "-", 0 },
	{ "comment inside an event", ": x\ndata: a\n: y\n\n", "<|a>", 0 },
	{ "no blank after the colon", "data:a\n\n", "<|a>", 0 },
	{ "one blank is taken off", "data:  a\n\n", "<| a>", 0 },
	{ "data without colon", "data\n\n", "<|>", 0 },
	{ "two without colon", "data\ndata\n\n", "<|\n>", 0 },
	{ "empty data", "data:\n\n", "<|>", 0 },
	{ "multi-line", "data: a\ndata:\ndata: b\n\n", "<|a\n\nb>", 0 },
	{ "named", "event: x\ndata: a\n\ndata: b\n\n", "<x|a><|b>", 0 },
	{ "last name wins", "event: x\nevent: y\ndata: a\n\n", "<y|a>", 0 },
	{ "name without data", "event: x\n\ndata: a\n\n", "-<|a>", 0 },
	{ "unknown fields", "id: 7\nretry: 5\nfoo: b\ndatum: x\ndata : y\n\n", "-", 0 },
	{ "longer field name", "data2: x\ndat: y\ndata: z\n\n", "<|z>", 0 },
	{ "blank lines", "\n\n\ndata: a\n\n", "---<|a>", 0 },
	{ "not ended", "data: a\n\ndata: bc\n", "<|a>", 9 },
	{ "cut in a line", "data: a\n\ndat", "<|a>", 3 },
	{ "colons in the value", "data: a:b: c\n\n", "<|a:b: c>", 0 },
	{ "done mark", "data: {\"x\":1}\n\ndata: [DONE]\n\n", "<|{\"x\":1}><|[DONE]>", 0 },
};

/* Feed in two pieces, or byte by byte when at is -1; checks the raw rule of the header. */
static void
run(const char *name, const char *bytes, size_t len, long at, struct record *r, size_t *pending)
{
	_cleanup_sse_ struct sse_parser p = { .max_bytes = 1000 };
	struct error err = { 0 };

	for (size_t i = 0; i < len;) {
		const size_t n = at < 0 ? 1 : i == 0 && at > 0 ? (size_t)at : len - i;
		/* On the heap, so that a byte too far is seen. */
		_cleanup_free_ char *piece = malloc(n);

		memcpy(piece, bytes + i, n);
		ck_assert_msg(sse_feed(&p, piece, n, note, r, &err) == 0, "%s: %s", name, err.text);
		i += n;
	}
	*pending = sse_pending(&p);
	ck_assert_msg(r->raw.len <= len && memcmp(buf_str(&r->raw), bytes, r->raw.len) == 0,
	    "%s, split at %ld: raw bytes differ", name, at);
	const size_t rest = len - r->raw.len;
	ck_assert_msg(rest == *pending || (rest == 1 && bytes[len - 1] == '\n' && *pending == 0),
	    "%s, split at %ld: %zu bytes left, %zu pending", name, at, rest, *pending);
}

START_TEST(framings)
{
	const struct row *row = &rows[_i];
	const long len = (long)strlen(row->bytes);

	for (long at = -1; at <= len; at++) {
		_cleanup_(record_done) struct record r = { 0 };
		size_t pending;

		run(row->name, row->bytes, (size_t)len, at, &r, &pending);
		ck_assert_msg(strcmp(buf_str(&r.seen), row->seen) == 0, "%s, split at %ld: %s",
		    row->name, at, buf_str(&r.seen));
		ck_assert_msg(pending == row->pending, "%s, split at %ld: %zu pending", row->name,
		    at, pending);
	}
}
END_TEST

/* What the standard says, written as simply as possible. */
static void
expect(const char *b, size_t len, struct buf *seen)
{
	_cleanup_buf_ struct buf data = { 0 };
	char name[64] = "";
	bool has_data = false;
	size_t at = len >= 3 && memcmp(b, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

	while (at < len) {
		size_t n = 0;

		while (at + n < len && b[at + n] != '\n' && b[at + n] != '\r')
			n++;
		if (at + n == len)
			return;
		if (n == 0) {
			if (has_data)
				buf_printf(seen, "<%s|%s>", name, buf_str(&data));
			else
				buf_add_char(seen, '-');
			buf_clear(&data);
			name[0] = '\0';
			has_data = false;
		}
		const char *colon = n > 0 ? memchr(b + at, ':', n) : NULL;
		const size_t field = colon != NULL ? (size_t)(colon - b) - at : n;
		size_t value = colon != NULL ? at + field + 1 : at + n;
		if (value < at + n && b[value] == ' ')
			value++;
		if (field == 4 && memcmp(b + at, "data", 4) == 0) {
			if (has_data)
				buf_add_char(&data, '\n');
			buf_add(&data, b + value, at + n - value);
			has_data = true;
		}
		if (field == 5 && memcmp(b + at, "event", 5) == 0) {
			ck_assert_uint_lt(at + n - value, sizeof(name));
			memcpy(name, b + value, at + n - value);
			name[at + n - value] = '\0';
		}
		at += n;
		at += b[at] == '\r' && at + 1 < len && b[at + 1] == '\n' ? 2 : 1;
	}
}

static void
random_stream(struct buf *out)
{
	static const char *const lines[] = { "data: x", "data", "data:y z", ": ping", "event: e",
		"id: 3", "", "", "", "data:  q", "unknown", "event", "data: \xC3\xA4" };
	static const char *const ends[] = { "\n", "\r\n", "\r" };
	const int only = rand() % 4; /* 3: mixed */

	if (rand() % 4 == 0)
		buf_add_str(out, "\xEF\xBB\xBF");
	for (int n = rand() % 12; n > 0; n--) {
		buf_add_str(out, lines[(size_t)rand() % ARRAY_LEN(lines)]);
		buf_add_str(out, ends[only < 3 ? only : rand() % 3]);
	}
}

START_TEST(random_streams)
{
	srand(7);
	for (int round = 0; round < 3000; round++) {
		_cleanup_buf_ struct buf stream = { 0 }, seen = { 0 };

		random_stream(&stream);
		/* A CR and an LF that meet by chance are one line end, in both readings. */
		expect(buf_str(&stream), stream.len, &seen);
		for (long at = -1; at <= (long)stream.len; at++) {
			_cleanup_(record_done) struct record r = { 0 };
			size_t pending;

			run("random", buf_str(&stream), stream.len, at, &r, &pending);
			ck_assert_str_eq(buf_str(&r.seen), buf_str(&seen));
		}
	}
}
END_TEST

START_TEST(cr_at_the_end_of_a_read_ends_the_event)
{
	_cleanup_sse_ struct sse_parser p = { .max_bytes = 100 };
	_cleanup_(record_done) struct record r = { 0 };

	ck_assert_int_eq(sse_feed(&p, "data: a\r\n\r", 10, note, &r, NULL), 0);
	ck_assert_uint_eq(r.events, 1);
	ck_assert_int_eq(sse_feed(&p, "\n", 1, note, &r, NULL), 0);
	ck_assert_uint_eq(sse_pending(&p), 0);
	ck_assert_int_eq(sse_feed(&p, "data: b\r\n\r\n", 11, note, &r, NULL), 0);
	ck_assert_uint_eq(r.events, 2);
	ck_assert_str_eq(buf_str(&r.seen), "<|a><|b>");
	ck_assert_str_eq(buf_str(&r.raw), "data: a\r\n\r\ndata: b\r\n\r\n");
}
END_TEST

START_TEST(nul_in_data)
{
	_cleanup_sse_ struct sse_parser p = { .max_bytes = 100 };
	_cleanup_(record_done) struct record r = { 0 };

	ck_assert_int_eq(sse_feed(&p, "data: a\0b\n\n", 11, note, &r, NULL), 0);
	ck_assert_uint_eq(r.seen.len, 6);
	ck_assert_mem_eq(r.seen.data, "<|a\0b>", 6);
}
END_TEST

static const struct size_row {
	const char *name;
	const char *bytes;
	size_t max;
	size_t events; /* before it fails, or all */
	bool fails;
} sizes[] = {
	{ "exactly the limit", "data: a\n\ndata: b\n\n", 9, 2, false },
	{ "one over", "data: a\n\ndata: bc\n\n", 9, 1, true },
	{ "a line that never ends", "data: aaaaaaaaaaaaaaa", 9, 0, true },
	{ "comments count", ": aaaaaaa\ndata: b\n\n", 12, 0, true },
	{ "each event for itself", ": a\n\n: b\n\n: c\n\n", 5, 3, false },
};

START_TEST(limits) /* [N06] an event of exactly the limit, and one byte more */
{
	const struct size_row *row = &sizes[_i];
	const size_t len = strlen(row->bytes);

	for (size_t step = 1; step <= len; step++) {
		_cleanup_sse_ struct sse_parser p = { .max_bytes = row->max };
		_cleanup_(record_done) struct record r = { 0 };
		struct error err = { 0 };
		int result = 0;

		for (size_t i = 0; i < len && result == 0; i += step)
			result = sse_feed(
			    &p, row->bytes + i, step < len - i ? step : len - i, note, &r, &err);
		ck_assert_msg((result < 0) == row->fails, "%s, by %zu", row->name, step);
		ck_assert_int_eq(err.kind, row->fails ? ERROR_TOO_BIG : ERROR_NONE);
		ck_assert_msg(
		    r.events == row->events, "%s, by %zu: %zu", row->name, step, r.events);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sse");
	TCase *tc = tcase_create("sse");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, framings, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, limits, 0, ARRAY_LEN(sizes));
	tcase_add_test(tc, random_streams);
	tcase_add_test(tc, cr_at_the_end_of_a_read_ends_the_event);
	tcase_add_test(tc, nul_in_data);
	suite_add_tcase(suite, tc);

	return run_suite(suite);
}
