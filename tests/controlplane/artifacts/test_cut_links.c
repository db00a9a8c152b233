/*
 * test_cut_links.c - links that are cut over events.
 */
#include "controlplane/artifacts/cut_links.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"
#include "tests/run.h"

#define PLOT "http://127.0.0.1:8080/files/plot.png"
#define TABLE "http://127.0.0.1:8080/files/t"
#define OURS "/v1/artifacts/artf_1?sig=a"
#define THEIRS "/v1/artifacts/artf_2?sig=b"

static struct cut_links links;

static void
set_up(void)
{
	cut_links_know(&links, PLOT, OURS);
	cut_links_know(&links, TABLE, THEIRS);
}

static void
tear_down(void)
{
	cut_links_done(&links);
}

/* An event with that content, its slashes escaped or not. */
static void
feed(const char *content, bool escape, struct buf *out)
{
	_cleanup_buf_ struct buf literal = { 0 }, raw = { 0 };
	const char *before = "{\"choices\":[{\"index\":0,\"delta\":{\"content\":";
	_cleanup_buf_ struct buf quoted = { 0 };

	json_add_quoted(&quoted, content, strlen(content));
	for (size_t i = 0; i < quoted.len; i++) {
		if (escape && quoted.data[i] == '/')
			buf_add_char(&literal, '\\');
		buf_add_char(&literal, quoted.data[i]);
	}
	buf_printf(&raw, "data: %s%s}}]}\n\n", before, buf_str(&literal));
	cut_links_event(&links, raw.data, raw.len, raw.data + 6, raw.len - 8,
	    (struct spot){ strlen(before), literal.len }, out);
}

struct heard {
	struct buf text;
	size_t events;
};

static void
on_event(const struct sse_event *ev, void *arg)
{
	struct heard *h = arg;
	_cleanup_json_ cJSON *json = NULL;
	const char *text;

	ck_assert_int_eq(json_parse(ev->data, ev->data_len, &json, NULL), 0);
	text = cJSON_GetStringValue(json_path(json, "choices.0.delta.content"));
	ck_assert_ptr_nonnull(text);
	buf_add_str(&h->text, text);
	h->events++;
}

static void
hear(const struct buf *out, struct heard *h)
{
	struct sse_parser sse = { .max_bytes = 1 << 20 };

	*h = (struct heard){ 0 };
	if (out->len > 0)
		ck_assert_int_eq(sse_feed(&sse, out->data, out->len, on_event, h, NULL), 0);
	ck_assert_uint_eq(sse_pending(&sse), 0);
	sse_done(&sse);
}

static void
is(const char *const *cuts, const char *wanted)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct heard h;
	size_t n = 0;

	for (; cuts[n] != NULL; n++)
		feed(cuts[n], false, &out);
	cut_links_end(&links, &out);
	hear(&out, &h);
	ck_assert_str_eq(buf_str(&h.text), wanted);
	ck_assert_uint_eq(h.events, n);
	buf_done(&h.text);
}
#define IS(wanted, ...) is((const char *const[]){ __VA_ARGS__, NULL }, wanted)

START_TEST(test_by_hand)
{
	IS("![p](" OURS ") is it", "![p](http", "://127.0.0.1:8080/fi", "les/plot.png", ") is it");
	IS("see " OURS, "see " PLOT);
	IS("see " OURS ".", "see ", PLOT, ".");
	IS("see " PLOT ".gz", "see ", PLOT, ".", "gz");
	IS("see " THEIRS " and " OURS "\n", "see http://127.0.0.1:8080/files/", "t and http",
	    "://127.0.0.1:8080/files/plot.png\n");
	IS("http://127.0.0.1:8080/files/table", "http://127.0.0.1:8080/files/t", "able");
	IS("with http://127.0.0.1:8080/files/", "wit", "h http://127.0.0.1:8080/files/");
	IS(PLOT "/x", PLOT, "/x");
	IS("", "");
}
END_TEST

START_TEST(test_at_once) /* what cannot be the begin of a link does not wait */
{
	_cleanup_buf_ struct buf out = { 0 };
	struct heard h;

	feed("nothing of it", false, &out);
	hear(&out, &h);
	ck_assert_str_eq(buf_str(&h.text), "nothing of it");
	buf_done(&h.text);
	buf_clear(&out);
	feed("and a ht", false, &out);
	ck_assert_uint_eq(out.len, 0);
	feed("oms are not", false, &out);
	hear(&out, &h);
	ck_assert_str_eq(buf_str(&h.text), "and a htoms are not");
	ck_assert_uint_eq(links.nheld, 0);
	buf_done(&h.text);
}
END_TEST

START_TEST(test_bounded)
{
	_cleanup_buf_ struct buf out = { 0 };

	feed(" http", false, &out);
	for (int i = 0; i < 2 * CUT_EVENTS_MAX; i++) {
		feed("", false, &out);
		ck_assert_uint_le(links.nheld, CUT_EVENTS_MAX);
	}
	ck_assert_uint_gt(out.len, 0);
}
END_TEST

static void
cut_anyhow(unsigned seed)
{
	static const char *const words[] = { PLOT, TABLE, "http", "://", " ", ").", "plot", ".png",
		"\n", "\"", "\xC3\xA4", "http://127.0.0.1:8080/", "files/", "t", "-", "![x](", "/",
		"\\" };
	_cleanup_buf_ struct buf text = { 0 }, whole = { 0 }, cut = { 0 };
	struct heard a, b;
	size_t events = 0;

	for (int n = rand_r(&seed) % 24; n >= 0; n--)
		buf_add_str(&text, words[(size_t)rand_r(&seed) % (sizeof(words) / sizeof(*words))]);
	feed(buf_str(&text), false, &whole);
	cut_links_end(&links, &whole);
	for (const char *p = buf_str(&text); *p != '\0'; events++) {
		size_t n = 1 + (size_t)rand_r(&seed) % 9;

		n = n < strlen(p) ? n : strlen(p);
		while (((unsigned char)p[n] & 0xC0) == 0x80)
			n++;
		_cleanup_free_ char *piece = str_ndup(p, n);
		feed(piece, rand_r(&seed) % 2 == 0, &cut);
		p += n;
	}
	cut_links_end(&links, &cut);
	hear(&whole, &a);
	hear(&cut, &b);
	ck_assert_str_eq(buf_str(&a.text), buf_str(&b.text));
	ck_assert_uint_eq(b.events, events);
	buf_done(&a.text);
	buf_done(&b.text);
}

#define TEXTS 50 /* a process: to fork costs more than all of it */

/* However a text is cut, what comes out reads as the text in one piece would. */
START_TEST(test_any_cut)
{
	for (int i = _i * TEXTS; i < (_i + 1) * TEXTS; i++) {
		cut_anyhow((unsigned)i * 7919 + 1);
		tear_down();
		set_up();
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cut_links");
	TCase *tc = tcase_create("cut_links");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_by_hand);
	tcase_add_test(tc, test_at_once);
	tcase_add_test(tc, test_bounded);
	tcase_add_loop_test(tc, test_any_cut, 0, 2000 / TEXTS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
