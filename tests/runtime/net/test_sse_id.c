/*
 * test_sse_id.c - runtime/net/sse_id.c: our id is the one that counts, in every framing.
 */
#include "runtime/net/sse_id.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "tests/run.h"

static const struct row {
	const char *name, *raw, *with_id;
} rows[] = {
	{ "an event", "data: a\n\n", "id: 7\ndata: a\n\n" },
	{ "CRLF", "data: a\r\n\r\n", "id: 7\ndata: a\r\n\r\n" },
	{ "CR", "data: a\r\r", "id: 7\ndata: a\r\r" },
	{ "a comment", ": ping\n\n", "id: 7\n: ping\n\n" },
	{ "a blank line alone", "\n", "id: 7\n\n" },
	{ "the LF of the event before", "\ndata: a\r\r", "\nid: 7\ndata: a\r\r" },
	{ "that LF and a blank line", "\n\n", "\nid: 7\n\n" },
	{ "an id of its own", "id: x\ndata: a\n\n", "id: x\ndata: a\nid: 7\n\n" },
	{ "one with CRLF", "id: x\r\ndata: a\r\n\r\n", "id: x\r\ndata: a\r\nid: 7\n\r\n" },
	{ "one with CR", "data: a\rid:x\r\r", "data: a\rid:x\rid: 7\n\r" },
	{ "an id without a value", "id\ndata: a\n\n", "id\ndata: a\nid: 7\n\n" },
	{ "words that begin so", "identity: 1\ndata: id: 2\n\n",
	    "id: 7\nidentity: 1\ndata: id: 2\n\n" },
	{ "an id after the LF", "\nid: x\n\n", "\nid: x\nid: 7\n\n" },
};

START_TEST(place)
{
	const struct row *row = &rows[_i];
	const size_t len = strlen(row->raw), at = sse_id_place(row->raw, len);
	_cleanup_buf_ struct buf out = { 0 };

	buf_add(&out, row->raw, at);
	buf_add_str(&out, "id: 7\n");
	buf_add(&out, row->raw + at, len - at);
	ck_assert_msg(strcmp(buf_str(&out), row->with_id) == 0, "%s: %s", row->name, buf_str(&out));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sse_id");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, place, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
