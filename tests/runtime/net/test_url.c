/*
 * test_url.c - URLs as configuration and users write them, and as attackers do.
 */
#include "runtime/net/url.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "tests/run.h"

static const struct {
	const char *text, *host; /* host NULL: refused */
	bool tls;
	int port;
	const char *path;
} rows[] = {
	{ "http://localhost", "localhost", false, 80, "/" },
	{ "https://localhost", "localhost", true, 443, "/" },
	{ "HTTPS://Example.COM/", "example.com", true, 443, "/" },
	{ "http://127.0.0.1:8000/v1", "127.0.0.1", false, 8000, "/v1" },
	{ "http://h/v1/", "h", false, 80, "/v1" },
	{ "http://h/v1//", "h", false, 80, "/v1" },
	{ "http://h//", "h", false, 80, "/" },
	{ "http://h/a%20b", "h", false, 80, "/a%20b" },
	{ "http://[::1]:9/x", "::1", false, 9, "/x" },
	{ "http://[FE80::1]", "fe80::1", false, 80, "/" },
	{ "http://a-b.c_d.example:65535", "a-b.c_d.example", false, 65535, "/" },
	{ "", NULL, 0, 0, NULL },
	{ "localhost", NULL, 0, 0, NULL },
	{ "ftp://h", NULL, 0, 0, NULL },
	{ "http:/h", NULL, 0, 0, NULL },
	{ "http://", NULL, 0, 0, NULL },
	{ "http:///path", NULL, 0, 0, NULL },
	{ " http://h", NULL, 0, 0, NULL },
	{ "http://h ", NULL, 0, 0, NULL },
	{ "http://user@h", NULL, 0, 0, NULL },
	{ "http://user:pw@h", NULL, 0, 0, NULL },
	{ "http://h@evil/", NULL, 0, 0, NULL },
	{ "http://h\\@evil/", NULL, 0, 0, NULL },
	{ "http://h?q", NULL, 0, 0, NULL },
	{ "http://h/p?q", NULL, 0, 0, NULL },
	{ "http://h#f", NULL, 0, 0, NULL },
	{ "http://h/p#f", NULL, 0, 0, NULL },
	{ "http://h:0", NULL, 0, 0, NULL },
	{ "http://h:080", NULL, 0, 0, NULL },
	{ "http://h:65536", NULL, 0, 0, NULL },
	{ "http://h:99999999999999999999", NULL, 0, 0, NULL },
	{ "http://h:", NULL, 0, 0, NULL },
	{ "http://h:8x", NULL, 0, 0, NULL },
	{ "http://h:+8", NULL, 0, 0, NULL },
	{ "http://[::1", NULL, 0, 0, NULL },
	{ "http://[::1]x", NULL, 0, 0, NULL },
	{ "http://[1.2.3.4]", NULL, 0, 0, NULL },
	{ "http://[fe80::1%25eth0]", NULL, 0, 0, NULL },
	{ "http://::1/", NULL, 0, 0, NULL },
	{ "http://127.1", NULL, 0, 0, NULL },
	{ "http://2130706433", NULL, 0, 0, NULL },
	{ "http://0x7f000001", NULL, 0, 0, NULL },
	{ "http://0177.0.0.1", NULL, 0, 0, NULL },
	{ "http://256.1.1.1", NULL, 0, 0, NULL },
	{ "http://a..b", NULL, 0, 0, NULL },
	{ "http://.a", NULL, 0, 0, NULL },
	{ "http://a.", NULL, 0, 0, NULL },
	{ "http://h%2ecom", NULL, 0, 0, NULL },
	{ "http://h\xc3\xa4", NULL, 0, 0, NULL },
	{ "http://h/\xc3\xa4", NULL, 0, 0, NULL },
	{ "http://h/a b", NULL, 0, 0, NULL },
	{ "http://h/a\r\nb", NULL, 0, 0, NULL },
	{ "http://h/a\\b", NULL, 0, 0, NULL },
	{ "http://h/%zz", NULL, 0, 0, NULL },
	{ "http://h/%2", NULL, 0, 0, NULL },
};

START_TEST(test_parse)
{
	struct url url = { .port = -7 };
	struct error err = { 0 };
	const int result = url_parse(rows[_i].text, &url, &err);

	if (rows[_i].host == NULL) {
		ck_assert_msg(result == -1, "%s", rows[_i].text);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
		ck_assert_int_eq(url.port, -7);
		return;
	}
	ck_assert_msg(result == 0, "%s: %s", rows[_i].text, err.text);
	ck_assert_str_eq(url.host, rows[_i].host);
	ck_assert(url.tls == rows[_i].tls);
	ck_assert_int_eq(url.port, rows[_i].port);
	ck_assert_str_eq(url.path, rows[_i].path);
}
END_TEST

START_TEST(test_too_long)
{
	_cleanup_buf_ struct buf host = { 0 }, path = { 0 };
	struct url url;
	struct error err;

	buf_add_str(&host, "http://");
	for (int i = 0; i < 200; i++)
		buf_add_str(&host, "ab.");
	buf_add_str(&host, "c");
	ck_assert_int_eq(url_parse(host.data, &url, &err), -1);
	buf_add_str(&path, "http://h/");
	for (size_t i = 0; i < sizeof(url.path) - 2; i++)
		buf_add_char(&path, 'a');
	ck_assert_int_eq(url_parse(path.data, &url, &err), 0);
	buf_add_char(&path, 'a');
	ck_assert_int_eq(url_parse(path.data, &url, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_TOO_BIG);
}
END_TEST

static const struct {
	const char *plain, *encoded;
} codes[] = {
	{ "", "" },
	{ "aZ09-._~", "aZ09-._~" },
	{ "a b+c", "a%20b%2Bc" },
	{ "/?#%&=\\", "%2F%3F%23%25%26%3D%5C" },
	{ "\xc3\xa4\n\x7f", "%C3%A4%0A%7F" },
};

START_TEST(test_encode)
{
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_free_ char *back = NULL;

	url_encode(&out, codes[_i].plain);
	ck_assert_str_eq(buf_str(&out), codes[_i].encoded);
	ck_assert_int_eq(url_decode(buf_str(&out), out.len, &back), 0);
	ck_assert_str_eq(back, codes[_i].plain);
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	const char *decoded; /* NULL: refused */
} decodings[] = {
	{ "a+b", 3, "a+b" },
	{ "%41%62", 6, "Ab" },
	{ "%2541", 5, "%41" },
	{ "%411", 3, "A" },
	{ "%", 1, NULL },
	{ "%4", 2, NULL },
	{ "%41", 2, NULL },
	{ "%4g", 3, NULL },
	{ "%g4", 3, NULL },
	{ "%00", 3, NULL },
	{ "a\0b", 3, NULL },
};

START_TEST(test_decode)
{
	_cleanup_free_ char *out = NULL;
	const int result = url_decode(decodings[_i].text, decodings[_i].len, &out);

	ck_assert_int_eq(result, decodings[_i].decoded == NULL ? -1 : 0);
	ck_assert_pstr_eq(out, decodings[_i].decoded);
}
END_TEST

static const struct {
	const char *url;
	bool is_allowed;
} endpoints[] = {
	{ "http://127.0.0.1:9001", true },
	{ "http://10.1.2.3", true },
	{ "https://models.example", true },
	{ "http://[::1]:8080", true },
	{ "http://169.254.169.254", false },
	{ "http://0.0.0.0", false },
	{ "http://224.0.0.1", false },
	{ "http://255.255.255.255", false },
	{ "http://[fe80::1]", false },
	{ "http://[::]", false },
	{ "http://[ff02::1]", false },
	{ "http://[::ffff:169.254.169.254]", false },
};

START_TEST(test_endpoint)
{
	struct error err = { 0 };
	struct url url;

	ck_assert_int_eq(url_parse(endpoints[_i].url, &url, &err), 0);
	ck_assert_int_eq(url_endpoint_check(&url, &err), endpoints[_i].is_allowed ? 0 : -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("url");
	TCase *tcase = tcase_create("url");

	tcase_add_loop_test(tcase, test_parse, 0, (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, test_too_long);
	tcase_add_loop_test(tcase, test_encode, 0, (int)ARRAY_LEN(codes));
	tcase_add_loop_test(tcase, test_decode, 0, (int)ARRAY_LEN(decodings));
	tcase_add_loop_test(tcase, test_endpoint, 0, (int)ARRAY_LEN(endpoints));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
