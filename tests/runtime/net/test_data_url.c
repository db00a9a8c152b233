/*
 * test_data_url.c - runtime/net/data_url.c: what any decoder reads the same passes, nothing else.
 */
#include "runtime/net/data_url.h"

#include <check.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define MAX 12

static const struct {
	const char *name, *url, *wrong; /* NULL: nothing */
} urls[] = {
	{ "an image", "data:image/png;base64,AAAA", NULL },
	{ "of as many bytes as may be", "data:image/png;base64,AAAAAAAAAAAAAAAA", NULL },
	{ "one more", "data:image/png;base64,AAAAAAAAAAAAAAAAAA==", "holds too much" },
	{ "nothing in it", "data:,", NULL },
	{ "nothing in base64", "data:;base64,", NULL },
	{ "no type", "data:;base64,AAAA", NULL },
	{ "no type, and text", "data:,hello", NULL },
	{ "scheme and marker in capitals", "DATA:image/png;BASE64,AAAA", NULL },
	{ "a parameter", "data:text/plain;charset=utf-8;base64,AAAA", NULL },
	{ "one that only looks like base64", "data:text/plain;base64;x=y,****", NULL },
	{ "nested", "data:text/plain,data:,", NULL },
	{ "nested in base64", "data:text/plain;base64,ZGF0YTosYQ==", NULL },
	{ "no comma", "data:image/png;base64", "has no comma before its data" },
	{ "the scheme alone", "data:", "has no comma before its data" },
	{ "padding", "data:;base64,AA==", NULL },
	{ "padding left out", "data:;base64,AA", NULL },
	{ "half of it", "data:;base64,AA=", "is not valid base64" },
	{ "too much", "data:;base64,AAA==", "is not valid base64" },
	{ "padding alone", "data:;base64,====", "is not valid base64" },
	{ "padding inside", "data:;base64,AA==AAAA", "is not valid base64" },
	{ "one character", "data:;base64,AAAAA", "is not valid base64" },
	{ "another alphabet", "data:;base64,-_-_", "is not valid base64" },
	{ "a comma", "data:;base64,AA,A", "is not valid base64" },
	{ "a byte beyond ASCII", "data:;base64,AAA\xc3\xa9", "is not valid base64" },
	{ "line breaks", "data:;base64,AA\r\nAA \t\n", NULL },
	{ "escaped", "data:;base64,%41%41%3d%3D", NULL },
	{ "escaped as nothing good", "data:;base64,AAA%2D", "is not valid base64" },
	{ "a cut escape in base64", "data:;base64,AAA%4", "has a '%' without two hex digits" },
	{ "escaped text", "data:text/plain,a%20b%00%ff", NULL },
	{ "escapes count once", "data:,%41%41%41%41%41%41%41%41%41%41%41%41", NULL },
	{ "text that is too long", "data:,1234567890123", "holds too much" },
	{ "a bad escape", "data:,a%2xb", "has a '%' without two hex digits" },
	{ "a cut escape", "data:,a%2", "has a '%' without two hex digits" },
	{ "a lone percent sign", "data:,%", "has a '%' without two hex digits" },
};

START_TEST(test_urls) /* [H05] a data: URL is sound and within the limit, or it is said why not */
{
	const size_t len = strlen(urls[_i].url);
	_cleanup_free_ char *exact = malloc(len); /* ASan sees a step too far */

	memcpy(exact, urls[_i].url, len);
	ck_assert_msg(data_url_is(exact, len), "%s", urls[_i].name);
	const char *wrong = data_url_wrong(exact, len, MAX);
	ck_assert_msg(str_eq(wrong, urls[_i].wrong), "%s: it %s", urls[_i].name,
	    wrong != NULL ? wrong : "is fine");
}
END_TEST

START_TEST(test_others)
{
	static const char *const others[] = { "", "d", "data", "date:", "https://x/data:,a",
		" data:,a" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		ck_assert_msg(!data_url_is(others[i], strlen(others[i])), "%s", others[i]);
}
END_TEST

START_TEST(test_every_byte) /* wherever it stands among digits */
{
	static const char spaces[] = " \t\n\f\r";
	const char c = (char)_i;

	for (size_t at = 0; at < 24; at++) {
		char url[64] = "data:;base64,AZaz09+/AZaz09+/AZaz09+/";
		const size_t head = strlen("data:;base64,"), len = strlen(url);

		url[head + at] = c;
		const bool fine = memchr("AZaz09+/", c, 8) != NULL || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    (c != '\0' && strchr(spaces, c) != NULL) || (c == '=' && at == 23);
		const char *wrong = data_url_wrong(url, len, 100);
		ck_assert_msg((wrong == NULL) == fine, "%d at %zu: %s", _i, at, url);
	}
}
END_TEST

START_TEST(test_any_bytes) /* [H05] whatever was encoded is found to be as large as it was */
{
	unsigned char bytes[64];
	char url[200] = "data:application/octet-stream;base64,";
	const size_t head = strlen(url);

	srandom((unsigned)_i);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		for (size_t i = 0; i < n; i++)
			bytes[i] = (unsigned char)random();
		const size_t len =
		    head + (size_t)EVP_EncodeBlock((unsigned char *)url + head, bytes, (int)n);
		ck_assert_ptr_null(data_url_wrong(url, len, n));
		if (n == 0)
			continue;
		ck_assert_str_eq(data_url_wrong(url, len, n - 1), "holds too much");
		url[head + (size_t)random() % (len - head)] = '!';
		ck_assert_str_eq(data_url_wrong(url, len, n), "is not valid base64");
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("data_url");
	TCase *tc = tcase_create("core");

	tcase_add_loop_test(tc, test_urls, 0, (int)ARRAY_LEN(urls));
	tcase_add_test(tc, test_others);
	tcase_add_loop_test(tc, test_every_byte, 0, 256);
	tcase_add_loop_test(tc, test_any_bytes, 0, 20);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
