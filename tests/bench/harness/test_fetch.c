/*
 * test_fetch.c - bench/fetch.c: descriptors in answers, and where their bytes may be.
 */
#include "bench/fetch.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/record/attempt.h"
#include "bench/session.h"
#include "bench/verdict.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/http_client.h"
#include "tests/bench/harness/answers.h"
#include "tests/run.h"

#define STREAM "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n"
#define WHOLE "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"

static void
add_frame(struct attempt *a, enum frame_kind kind, const char *text)
{
	a->frames = realloc(a->frames, (a->nframes + 1) * sizeof(*a->frames));
	a->frames[a->nframes] = (struct frame){ .kind = kind };
	buf_add_str(&a->frames[a->nframes++].bytes, text);
}

static const struct {
	const char *name, *head, *body, *urls; /* of what is found, with spaces */
} rows[] = {
	{ "an event", STREAM,
	    "data: "
	    "{\"choices\":[{\"delta\":{\"janus\":{\"event\":\"artifact\",\"payload\":{\"url\":\"/"
	    "a\"}}}}]}\n\n",
	    "/a " },
	{ "a list in an event", STREAM,
	    "data: "
	    "{\"choices\":[{\"delta\":{\"janus\":{\"event\":\"artifacts\",\"payload\":{\"items\":[{"
	    "\"url\":\"/a\"},"
	    "{\"url\":\"/b\"}]}}}}]}\n\n",
	    "/a /b " },
	{ "of another event", STREAM,
	    "data: "
	    "{\"choices\":[{\"delta\":{\"janus\":{\"event\":\"tool\",\"payload\":{\"url\":\"/"
	    "x\",\"artifact\":"
	    "{\"url\":\"/a\"},\"artifacts\":[{\"url\":\"/b\"}]}}}}]}\n\n",
	    "/a /b " },
	{ "in the delta, twice the same", STREAM,
	    "data: "
	    "{\"choices\":[{\"delta\":{\"artifacts\":[{\"url\":\"/a\"},{\"url\":\"/"
	    "a\"},{\"url\":1}]}}]}\n\n"
	    "data: {\"choices\":[{\"delta\":{\"artifacts\":[{\"url\":\"/a\"}]}}]}\n\n",
	    "/a " },
	{ "in a whole answer", WHOLE,
	    "{\"choices\":[{\"message\":{\"content\":\"x\",\"artifacts\":[{\"url\":\"/a\"}]}}]}",
	    "/a " },
	{ "only spoken of", STREAM,
	    "data: "
	    "{\"choices\":[{\"delta\":{\"content\":\"{\\\"artifacts\\\":[{\\\"url\\\":\\\"/"
	    "a\\\"}]}\"}}]}\n\n",
	    "" },
	{ "an error in its place", STREAM,
	    "data: "
	    "{\"choices\":[{\"delta\":{\"artifacts\":[{\"id\":\"artf_1\",\"error\":{\"code\":"
	    "\"artifact_unavailable\"}}]}}]}\n\n",
	    "" },
	{ "no JSON", STREAM, "data: {\"artifacts\":\n\n", "" },
};

START_TEST(descriptors)
{
	struct attempt a = { 0 };
	_cleanup_buf_ struct buf urls = { 0 };
	const cJSON *d;

	add_frame(&a, FRAME_REQUEST, "{}");
	add_frame(&a, FRAME_HEAD, rows[_i].head);
	for (const char *c = rows[_i].body; *c != '\0'; c++) {
		const char one[2] = { *c, '\0' };

		add_frame(&a, FRAME_BODY, one);
	}
	add_frame(&a, FRAME_END, "complete");
	_cleanup_json_ cJSON *list = fetch_descriptors(&a);
	json_for_each(d, list) {
		buf_printf(&urls, "%s ", json_str(d, "url"));
	}
	ck_assert_msg(
	    str_eq(buf_str(&urls), rows[_i].urls), "%s: %s", rows[_i].name, buf_str(&urls));
	attempt_done(&a);
}
END_TEST

static const struct {
	const char *target, *url, *path; /* NULL: not there */
} paths[] = {
	{ "http://a:8000", "/v1/artifacts/x?sig=1&exp=2", "/v1/artifacts/x?sig=1&exp=2" },
	{ "http://a:8000", "http://a:8000/x", "/x" },
	{ "http://a:8000", "http://a/x", NULL },
	{ "http://a:8000", "http://a:80001/x", NULL },
	{ "http://a:8000", "https://a:8000/x", NULL },
	{ "http://a", "http://a/x", "/x" },
	{ "http://a", "http://a.evil/x", NULL },
	{ "http://a", "http://169.254.169.254/x", NULL },
	{ "http://a", "//evil/x", NULL },
	{ "http://a", "file:///etc/passwd", NULL },
	{ "http://a", "x", NULL },
	{ "http://a", "", NULL },
	{ "http://a", "/x y", NULL },
	{ "http://a", "/x\r\nhost: b", NULL },
	{ "http://[::1]:9", "http://[::1]:9/x", "/x" },
	{ "unix:///run/s", "/x", "/x" },
	{ "unix:///run/s", "http://localhost/x", NULL },
};

START_TEST(places)
{
	struct target t;

	ck_assert_int_eq(target_init(&t, paths[_i].target, NULL, NULL), 0);
	_cleanup_free_ char *path = fetch_path(&t, paths[_i].url);
	ck_assert_msg(
	    str_eq(path, paths[_i].path), "%s: %s", paths[_i].url, path == NULL ? "-" : path);
	target_done(&t);
}
END_TEST

static const struct {
	const char *url, *bytes; /* NULL: none */
} datas[] = {
	{ "data:text/plain;base64,aGVsbG8=", "hello" },
	{ "data:text/plain;base64,aGVsbG8", "hello" },
	{ "data:;BASE64,aGVs bG8=", "hello" },
	{ "data:,a%20b+c", "a b+c" },
	{ "data:text/plain,", "" },
	{ "data:text/plain;base64,@@@", NULL },
	{ "data:text/plain", NULL },
	{ "data:,%zz", NULL },
	{ "data:,0123456789abcdef0", NULL }, /* over 16 bytes */
	{ "http://a/", NULL },
};

START_TEST(data_urls)
{
	_cleanup_buf_ struct buf out = { 0 };
	const int rc = fetch_data_url(datas[_i].url, 16, &out);

	ck_assert_msg((rc == 0) == (datas[_i].bytes != NULL), "%s", datas[_i].url);
	if (rc == 0)
		ck_assert_str_eq(buf_str(&out), datas[_i].bytes);
}
END_TEST

/* What is behind the descriptors of an answer, and what of it is said and true. */
static void
fetch_from(const char *const *texts, size_t n, bool is_janus, struct attempt *a, struct verdict *v)
{
	struct answers server;
	struct target target;
	struct session s = { .target = &target };
	char url[64];

	answers_start(&server, NULL, texts, n);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", server.peer.port);
	ck_assert_int_eq(target_init(&target, url, "key", NULL), 0);
	target.is_janus = is_janus;
	add_frame(a, FRAME_HEAD, WHOLE);
	add_frame(a, FRAME_BODY,
	    "{\"choices\":[{\"message\":{\"artifacts\":[{\"url\":\"/"
	    "a\",\"display_name\":\"t.csv\",\"mime_type\":"
	    "\"text/csv\",\"size_bytes\":9,\"sha256\":\"sha256:00\"},{\"url\":\"http://evil/"
	    "x\"}]}}]}");
	fetch_files(&s, 1, a, v);
	target_done(&target);
	answers_done(&server);
}

START_TEST(fetched)
{
	static const char *const texts[] = {
		"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc"
	};
	struct attempt a = { 0 };
	struct verdict v = { .what = VERDICT_GO_ON };

	fetch_from(texts, 1, false, &a, &v);
	ck_assert_int_eq(v.what, VERDICT_GO_ON);
	ck_assert_uint_eq(a.nfiles, 1);
	ck_assert_str_eq(a.files[0].name, "t.csv");
	ck_assert_str_eq(a.files[0].mime_type, "text/csv");
	/* a lie about size and digest is kept beside the truth [G12] */
	ck_assert_int_eq(a.files[0].size, 3);
	ck_assert_int_eq(a.files[0].said_size, 9);
	ck_assert_str_eq(a.files[0].said_sha256, "00");
	ck_assert_str_eq(
	    a.files[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	attempt_done(&a);
}
END_TEST

START_TEST(not_fetched)
{
	static const char *const gone[] = {
		"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
	};
	static const char *const broken[] = {
		"HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
	};
	struct attempt a = { 0 };
	struct verdict v = { .what = VERDICT_GO_ON };

	fetch_from(gone, 1, true, &a, &v);
	ck_assert(v.what == VERDICT_GO_ON && a.nfiles == 0);
	attempt_done(&a);
	/* a target's own failure is its own; that of Janus is the platform's */
	fetch_from(broken, 1, false, &a, &v);
	ck_assert(v.what == VERDICT_GO_ON && a.nfiles == 0);
	attempt_done(&a);
	fetch_from(broken, 1, true, &a, &v);
	ck_assert(v.what == VERDICT_ERROR && v.again);
	ck_assert_str_eq(v.fault, "platform");
	attempt_done(&a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fetch");
	TCase *t = tcase_create("fetch");

	http_client_setup();
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, descriptors, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(t, places, 0, ARRAY_LEN(paths));
	tcase_add_loop_test(t, data_urls, 0, ARRAY_LEN(datas));
	tcase_add_test(t, fetched);
	tcase_add_test(t, not_fetched);
	suite_add_tcase(s, t);

	return run_suite(s);
}
