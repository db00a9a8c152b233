/*
 * test_static.c - the web UI through a whole gateway: what is served, how, and what is not.
 *
 * Whatever bundle was built, also none: the index is there in any case.
 */
#include "controlplane/gateway/cors.h"
#include "controlplane/gateway/static_files.h"
#include "runtime/base/hash.h"
#include "tests/controlplane/gateway/house.h"

#include <zlib.h>

#define HTML "accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n"

static struct cors *cors;

static void
up(bool anonymous, const char *listen_host)
{
	struct error err = { 0 };

	cors = cors_new("https://app.example", false, &err);
	ck_assert_msg(cors != NULL, "%s", err.text);
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 1 << 20,
		.anonymous = anonymous,
		.cors = cors,
		.listen_host = listen_host };
	house_up();
}

static void
set_up(void)
{
	up(true, "127.0.0.1");
}

static void
set_up_with_keys(void)
{
	up(false, "192.0.2.7");
}

static void
tear_down(void)
{
	house_down();
	cors_free(cors);
}

static struct answer
ask_at(const char *method, const char *host, const char *path, const char *headers)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct peer p = peer_open();

	buf_printf(&out, "%s %s HTTP/1.1\r\nhost: %s\r\n%sconnection: close\r\n\r\n", method, path,
	    host, headers);
	peer_send(&p, out.data);
	struct answer a = peer_answer(&p);
	peer_close(&p);
	return a;
}

static struct answer
get(const char *path, const char *headers)
{
	return ask_at("GET", "localhost", path, headers);
}

/* The value of a header that is there once; NULL if it is not; the caller's. */
static char *
value_of(const struct answer *a, const char *name)
{
	_cleanup_free_ char *begins = str_printf("\r\n%s: ", name);
	const char *at = strcasestr(a->head, begins);

	if (at == NULL)
		return NULL;
	at += strlen(begins);
	ck_assert_msg(strcasestr(at, begins) == NULL, "%s is there twice", name);
	return str_ndup(at, strcspn(at, "\r"));
}

static void
has(const struct answer *a, const char *name, const char *wanted)
{
	_cleanup_free_ char *value = value_of(a, name);

	ck_assert_msg(str_eq(value, wanted), "%s: '%s', not '%s'", name,
	    value != NULL ? value : "(none)", wanted != NULL ? wanted : "(none)");
}

static void
has_within(const struct answer *a, const char *name, const char *part)
{
	_cleanup_free_ char *value = value_of(a, name);

	ck_assert_msg(value != NULL && strstr(value, part) != NULL, "%s: '%s' lacks '%s'", name,
	    value != NULL ? value : "(none)", part);
}

static void
is_error(const struct answer *a, int status, const char *code)
{
	_cleanup_free_ char *said = str_printf("\"code\":\"%s\"", code);

	ck_assert_int_eq(a->status, status);
	has(a, "content-type", "application/json");
	has(a, "cache-control", "no-store");
	ck_assert_msg(strstr(a->body.data, said) != NULL, "%s", a->body.data);
}

/* ---- what is there ---- */

static void
is_file(const struct static_file *f, const char *bytes, size_t len)
{
	char sum[HASH_HEX_MAX];

	ck_assert_uint_eq(len, f->len);
	hash_sha256_hex(bytes, len, sum);
	ck_assert_msg(str_starts(sum, f->etag), "%s", f->path);
}

static void
is_gzip_of(const struct static_file *f, const struct answer *a)
{
	_cleanup_free_ char *out = mem_zalloc((size_t)f->len + 1);
	z_stream z = { .next_in = (Bytef *)a->body.data,
		.avail_in = (uInt)a->body.len,
		.next_out = (Bytef *)out,
		.avail_out = f->len + 1 };

	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	inflateEnd(&z);
	is_file(f, out, z.total_out);
}

static void
has_policy(const struct static_file *f, const struct answer *a)
{
	const bool is_asset = str_starts(f->path, "/assets/"),
		   is_frame = str_starts(f->path, "/frame/");

	has(a, "x-content-type-options", "nosniff");
	has(a, "referrer-policy", "no-referrer");
	has(a, "vary", "accept-encoding");
	has(a, "cache-control", f->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	has(a, "access-control-allow-origin", is_asset || is_frame ? "*" : NULL);
	has(a, "cross-origin-resource-policy",
	    is_asset || is_frame ? "cross-origin" : "same-origin");
	has(a, "x-frame-options", is_frame ? "SAMEORIGIN" : "DENY");
	has_within(a, "content-security-policy",
	    is_frame ? "frame-ancestors 'self'; sandbox allow-scripts" : "frame-ancestors 'none'");
	has_within(
	    a, "content-security-policy", is_frame ? "default-src 'none'" : "default-src 'self'");
	has_within(a, "content-security-policy", "script-src 'self';");
}

START_TEST(test_files) /* each file as it is, as gzip, as br; all as their table says */
{
	static const char *const accepts[STATIC_CODINGS] = { "", "accept-encoding: gzip\r\n",
		"accept-encoding: gzip, deflate, br\r\n" };
	size_t len;
	const struct static_file *all = static_files(&len);

	for (size_t i = 0; i < len; i++)
		for (int c = 0; c < STATIC_CODINGS; c++) {
			const struct static_file *f = &all[i];
			struct answer a = get(f->path, accepts[c]);
			_cleanup_free_ char *coding = value_of(&a, "content-encoding");
			_cleanup_free_ char *tag = str_printf("\"%s%s%s\"", f->etag,
			    coding != NULL ? "-" : "", coding != NULL ? coding : "");

			ck_assert_int_eq(a.status, 200);
			has(&a, "content-type", f->type);
			has(&a, "etag", tag);
			has_policy(f, &a);
			if (coding == NULL)
				is_file(f, a.body.data, a.body.len);
			else if (str_eq(coding, "gzip"))
				is_gzip_of(f, &a);
			else
				ck_assert_uint_eq(a.body.len, f->as[STATIC_BR].len);
			ck_assert(coding == NULL || c != STATIC_IDENTITY);
			answer_done(&a);
		}
}
END_TEST

START_TEST(test_pages) /* a page is the index; what is none is too for a browser, but says 404 */
{
	struct answer a = get("/", HTML);

	ck_assert_int_eq(a.status, 200);
	has(&a, "content-type", "text/html; charset=utf-8");
	has(&a, "cross-origin-opener-policy", "same-origin");
	is_file(static_index(), a.body.data, a.body.len);
	answer_done(&a);
	a = get("/?session=1", "");
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	a = get("/nothing/of/this", HTML);
	ck_assert_int_eq(a.status, 404);
	has(&a, "etag", NULL);
	has(&a, "cache-control", "no-store");
	has(&a, "vary", "accept, accept-encoding");
	is_file(static_index(), a.body.data, a.body.len);
	answer_done(&a);
}
END_TEST

START_TEST(test_api_is_no_page)
{
	static const char *const paths[] = { "/v1", "/v1/nothing", "/v1/bundles", "/api",
		"/api/v1/nothing", "/api/nothing" };
	struct answer a = get("/nothing", "accept: */*\r\n");

	is_error(&a, 404, "resource_not_found");
	answer_done(&a);
	a = get("/nothing", "accept: text/html;q=0\r\n");
	is_error(&a, 404, "resource_not_found");
	answer_done(&a);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		a = get(paths[i], HTML);
		is_error(&a, 404, "resource_not_found");
		answer_done(&a);
	}
	a = get("/apiary", HTML); /* is below neither */
	ck_assert_int_eq(a.status, 404);
	has(&a, "content-type", "text/html; charset=utf-8");
	answer_done(&a);
}
END_TEST

START_TEST(test_unchanged) /* 304 for the tag of the coding that would be sent, and no other */
{
	const struct static_file *f = static_index();
	_cleanup_free_ char *plain = str_printf("if-none-match: \"%s\"\r\n", f->etag);
	_cleanup_free_ char *other =
	    str_printf("if-none-match: \"x\", \"%s-gzip\", \"%s-br\"\r\n", f->etag, f->etag);
	struct answer a = get("/index.html", plain);

	ck_assert_int_eq(a.status, 304);
	ck_assert_uint_eq(a.body.len, 0);
	has_policy(f, &a);
	has(&a, "content-type", NULL);
	has_within(&a, "etag", f->etag);
	answer_done(&a);
	a = get("/", plain);
	ck_assert_int_eq(a.status, 304);
	answer_done(&a);
	a = get("/", other);
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	a = get("/nothing", HTML "if-none-match: *\r\n");
	ck_assert_int_eq(a.status, 404);
	answer_done(&a);
}
END_TEST

START_TEST(test_head) /* the same head without a body, again and again on one connection */
{
	struct peer p = peer_open();
	_cleanup_free_ char *length = str_printf("content-length: %u\r\n", static_index()->len);

	for (int i = 0; i < 20; i++) {
		peer_send(&p, "HEAD / HTTP/1.1\r\nhost: localhost\r\n\r\n");
		ck_assert(peer_until(&p, "\r\n\r\n"));
		ck_assert(str_starts(p.in.data, "HTTP/1.1 200 "));
		ck_assert_ptr_nonnull(strcasestr(p.in.data, length));
		ck_assert_uint_eq(
		    p.in.len, (size_t)(strstr(p.in.data, "\r\n\r\n") + 4 - p.in.data));
		buf_drop(&p.in, p.in.len);
	}
	peer_close(&p);
}
END_TEST

/* ---- what is not ---- */

static const struct {
	const char *name, *path;
	int status;
} others[] = {
	{ "[L11] up and out", "/assets/../index.html", 400 },
	{ "[L11] up and out, in escapes", "/assets/%2e%2e/index.html", 400 },
	{ "[L11] with an escaped slash", "/assets%2findex.html", 400 },
	{ "[L11] with a double escape", "/assets/%252e%252e/index.html", 400 },
	{ "[L11] with a backslash", "/assets\\..\\index.html", 400 },
	{ "[L11] with a NUL", "/index.html%00.js", 400 },
	{ "[L11] two slashes", "//index.html", 400 },
	{ "[L11] a file of the system", "/etc/passwd", 404 },
	{ "[L11] a file of the tree", "/ui/package.json", 404 },
	{ "[L11] a dotfile", "/.git/config", 404 },
	{ "[L11] a dotfile among assets", "/assets/.env", 404 },
	{ "[L11] vite's own", "/.vite/manifest.json", 404 },
	{ "[L11] a directory", "/assets/", 404 },
	{ "[L11] a directory without its slash", "/assets", 404 },
	{ "[L11] in the wrong case", "/INDEX.HTML", 404 },
	{ "[L11] with a slash at its end", "/index.html/", 404 },
	{ "[L11] escaped where it need not be", "/index%2ehtml", 404 },
	{ "[L11] as it was packed", "/index.html.gz", 404 },
	{ "[L11] as it was packed, too", "/index.html.br", 404 },
};

START_TEST(test_not_served)
{
	struct answer a = get(others[_i].path, "accept: */*\r\n");

	ck_assert_msg(a.status == others[_i].status, "%s: %d", others[_i].name, a.status);
	has(&a, "content-type", "application/json");
	answer_done(&a);
}
END_TEST

static const struct {
	const char *name, *range;
} ranges[] = {
	{ "[L11] a huge range", "bytes=0-18446744073709551615" },
	{ "[L11] one beyond every number", "bytes=99999999999999999999999-" },
	{ "[L11] one from the end", "bytes=-99999999999999999999999" },
	{ "[L11] a thousand of them", "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11" },
	{ "[L11] nonsense", "bytes=a-b" },
};

START_TEST(test_ranges) /* are not asked of us: all of it comes */
{
	_cleanup_free_ char *header = str_printf("range: %s\r\n", ranges[_i].range);
	struct answer a = get("/index.html", header);

	ck_assert_msg(a.status == 200, "%s: %d", ranges[_i].name, a.status);
	is_file(static_index(), a.body.data, a.body.len);
	answer_done(&a);
}
END_TEST

START_TEST(test_codings_match) /* [L11] no coding that was not asked for, no bytes of another */
{
	static const char *const refusals[] = { "accept-encoding: gzip;q=0, br;q=0\r\n",
		"accept-encoding: *;q=0\r\n", "accept-encoding: zstd\r\n",
		"accept-encoding: br;q=nonsense\r\n" };

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct answer a = get("/", refusals[i]);

		ck_assert_int_eq(a.status, 200);
		has(&a, "content-encoding", NULL);
		is_file(static_index(), a.body.data, a.body.len);
		answer_done(&a);
	}
}
END_TEST

/* ---- whom it is for ---- */

static const struct {
	const char *name, *method, *path, *headers;
	int status;
	const char *code;
} effects[] = {
	{ "[L07] a form of another site", "POST", "/v1/chat/completions",
	    "origin: https://evil.example\r\ncontent-type: "
	    "application/x-www-form-urlencoded\r\ncontent-length: 0\r\n",
	    403, "missing_scope" },
	{ "[L07] JSON as text/plain, of another site", "POST", "/v1/chat/completions",
	    "origin: https://evil.example\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n",
	    403, "missing_scope" },
	{ "[L07] the same of a sandboxed frame", "POST", "/v1/chat/completions",
	    "origin: null\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n", 403,
	    "missing_scope" },
	{ "[L07] JSON as text/plain, of our own", "POST", "/v1/chat/completions",
	    "origin: http://localhost\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n", 415,
	    "unsupported_media_type" },
	{ "[L07] of another port", "POST", "/v1/chat/completions",
	    "origin: http://localhost:1\r\ncontent-length: 0\r\n", 403, "missing_scope" },
	{ "[L07] a form to a page", "POST", "/chat", "origin: null\r\ncontent-length: 0\r\n", 403,
	    "missing_scope" },
	{ "[L07] one to the first page", "POST", "/", "content-length: 0\r\n", 405,
	    "method_not_allowed" },
	{ "[L07] a chat by GET", "GET", "/v1/chat/completions", "", 405, "method_not_allowed" },
};

START_TEST(test_effects)
{
	struct answer a =
	    ask_at(effects[_i].method, "localhost", effects[_i].path, effects[_i].headers);

	ck_assert_msg(a.status == effects[_i].status, "%s: %d", effects[_i].name, a.status);
	is_error(&a, effects[_i].status, effects[_i].code);
	has(&a, "access-control-allow-origin", NULL);
	ck_assert_int_eq(house_get(&h.requests), 0);
	answer_done(&a);
}
END_TEST

START_TEST(test_other_origins) /* they get what they may load, and no word to their scripts else */
{
	size_t len;
	const struct static_file *all = static_files(&len);
	struct answer a = get("/", "origin: https://app.example\r\n");

	has(&a, "access-control-allow-origin", NULL);
	answer_done(&a);
	for (size_t i = 0; i < len; i++) {
		a = get(all[i].path, "origin: https://app.example\r\n");
		has_policy(&all[i], &a);
		answer_done(&a);
	}
	a = get("/v1/models", "origin: https://app.example\r\n");
	has(&a, "access-control-allow-origin", "https://app.example");
	answer_done(&a);
}
END_TEST

START_TEST(test_without_a_key) /* pages are public, what they show is not */
{
	struct answer a = ask_at("GET", "192.0.2.7:8000", "/", HTML);

	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	a = ask_at("GET", "192.0.2.7:8000", "/nothing", HTML);
	ck_assert_int_eq(a.status, 404);
	answer_done(&a);
	a = ask_at("GET", "192.0.2.7:8000", static_index()->path, "authorization: Bearer x\r\n");
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	a = ask_at("GET", "192.0.2.7:8000", "/v1/models", HTML);
	is_error(&a, 401, "invalid_api_key");
	answer_done(&a);
	a = ask_at("GET", "evil.example", "/", HTML);
	is_error(&a, 421, "misdirected_request");
	answer_done(&a);
}
END_TEST

START_TEST(test_private_replies) /* [L10] what is not public is kept by nobody, errors included */
{
	static const char *const paths[] = { "/v1/models", "/v1/models/none", "/v1/none", "/livez",
		"/health", "/v1/streams/none" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct answer a = get(paths[i], "");

		has(&a, "cache-control", "no-store");
		answer_done(&a);
	}
}
END_TEST

START_TEST(test_no_frame_around_it) /* [L10] no site frames, opens or is told of a page */
{
	static const char *const paths[] = { "/", "/nothing", "/index.html" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct answer a = get(paths[i], HTML);

		has_within(&a, "content-security-policy", "frame-ancestors 'none'");
		has(&a, "x-frame-options", "DENY");
		has(&a, "cross-origin-opener-policy", "same-origin");
		has(&a, "referrer-policy", "no-referrer");
		answer_done(&a);
	}
}
END_TEST

START_TEST(test_counted) /* all of it under one name */
{
	struct answer a = get("/", ""), b = get("/nothing", HTML), c = get("/metrics", "");

	ck_assert_ptr_nonnull(c.body.data);
	ck_assert_ptr_nonnull(strstr(c.body.data,
	    "janus_http_requests_total{surface=\"gateway\",route=\"ui\",method=\"GET\",code="
	    "\"200\"} 1"));
	ck_assert_ptr_nonnull(strstr(c.body.data,
	    "janus_http_requests_total{surface=\"gateway\",route=\"ui\",method=\"GET\",code="
	    "\"404\"} 1"));
	ck_assert_ptr_null(strstr(c.body.data, "nothing"));
	answer_done(&a);
	answer_done(&b);
	answer_done(&c);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("static");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, test_files);
	tcase_add_test(tc, test_pages);
	tcase_add_test(tc, test_api_is_no_page);
	tcase_add_test(tc, test_unchanged);
	tcase_add_test(tc, test_head);
	tcase_add_loop_test(tc, test_not_served, 0, (int)ARRAY_LEN(others));
	tcase_add_loop_test(tc, test_ranges, 0, (int)ARRAY_LEN(ranges));
	tcase_add_test(tc, test_codings_match);
	tcase_add_loop_test(tc, test_effects, 0, (int)ARRAY_LEN(effects));
	tcase_add_test(tc, test_other_origins);
	tcase_add_test(tc, test_private_replies);
	tcase_add_test(tc, test_no_frame_around_it);
	tcase_add_test(tc, test_counted);
	suite_add_tcase(suite, tc);
	tc = tcase_create("keys");
	tcase_add_checked_fixture(tc, set_up_with_keys, tear_down);
	tcase_add_test(tc, test_without_a_key);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
