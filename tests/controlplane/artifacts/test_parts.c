/*
 * test_parts.c - the pure parts: links, ranges, names, types, sources, data: URLs, forms, places and splices.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/artifacts/inline.h"
#include "controlplane/artifacts/descriptor.h"
#include "controlplane/artifacts/label.h"
#include "controlplane/artifacts/multipart.h"
#include "controlplane/artifacts/range.h"
#include "controlplane/artifacts/sign.h"
#include "controlplane/artifacts/source.h"
#include "controlplane/artifacts/splice.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define ID "artf_01k9x2w6h0e5v8t3m7q4r1n2pa"

START_TEST(a_seal_is_of_all_that_it_names) /* [K09] [L13] another's: not its link */
{
	const unsigned char key[SIGN_KEY_LEN] = { 1, 2, 3 }, other[SIGN_KEY_LEN] = { 1, 2, 4 };
	char sig[SIGN_TEXT_MAX];

	sign_text(key, ID, "key_a", 1000, sig);
	ck_assert_int_eq(sign_check(key, ID, "key_a", sig, "1000", 999), SIGN_GOOD);
	ck_assert_int_eq(sign_check(key, ID, "key_a", sig, "1000", 1000), SIGN_EXPIRED);
	ck_assert_int_eq(sign_check(key, ID, "key_a", NULL, "1000", 999), SIGN_MISSING);
	ck_assert_int_eq(sign_check(key, ID, "key_a", sig, NULL, 999), SIGN_MISSING);
	ck_assert_int_eq(sign_check(other, ID, "key_a", sig, "1000", 999), SIGN_WRONG);
	ck_assert_int_eq(sign_check(key, "artf_x", "key_a", sig, "1000", 999), SIGN_WRONG);
	ck_assert_int_eq(sign_check(key, ID, "key_b", sig, "1000", 999), SIGN_WRONG);
	ck_assert_int_eq(sign_check(key, ID, "", sig, "1000", 999), SIGN_WRONG);
	ck_assert_int_eq(sign_check(key, ID, "key_a", sig, "1001", 999), SIGN_WRONG);
	ck_assert_int_eq(sign_check(key, ID, "key_a", sig, "-1", 999), SIGN_WRONG);
	ck_assert_int_eq(sign_check(key, ID, "key_a", sig, "x", 999), SIGN_WRONG);
	ck_assert_int_eq(sign_check(key, ID, "key_a", "", "1000", 999), SIGN_WRONG);
	sig[0] ^= 1;
	ck_assert_int_eq(sign_check(key, ID, "key_a", sig, "1000", 999), SIGN_WRONG);
}
END_TEST

static const struct {
	const char *header, *seen; /* "W" whole, "R" refused, or at+len of each */
} range_cases[] = {
	{ NULL, "W" },
	{ "bytes=0-0", "0+1 " },
	{ "BYTES=9-9", "9+1 " },
	{ "bytes= 0-1 ,\t3-4", "0+2 3+2 " },
	{ "bytes=,0-1,,2-3,", "0+2 2+2 " },
	{ "bytes=0-1,20-30", "0+2 " },
	{ "bytes=20-30", "R" },
	{ "bytes=-0", "R" },
	{ "bytes=-3", "7+3 " },
	{ "bytes=", "W" },
	{ "bytes=,", "W" },
	{ "bytes=5", "W" },
	{ "bytes=-", "W" },
	{ "bytes=1-0", "W" },
	{ "bytes=0-1;2-3", "W" },
	{ "bytes=0-1 2-3", "W" },
	{ "bytes=99999999999999999999-", "R" },
	{ "bytes=0-99999999999999999999", "0+10 " },
	{ "bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", "0+1 0+1 0+1 0+1 0+1 0+1 0+1 0+1 " },
	{ "bytes=0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0,0-0", "R" },
	{ "items=0-1", "W" },
};

START_TEST(ranges) /* [K09] */
{
	for (size_t i = 0; i < ARRAY_LEN(range_cases); i++) {
		_cleanup_buf_ struct buf seen = { 0 };
		struct ranges r;
		const enum range_verdict v = ranges_parse(range_cases[i].header, 10, &r);

		if (v == RANGE_WHOLE)
			buf_add_str(&seen, "W");
		if (v == RANGE_REFUSED)
			buf_add_str(&seen, "R");
		for (size_t k = 0; v == RANGE_SOME && k < r.len; k++)
			buf_printf(
			    &seen, "%lld+%lld ", (long long)r.at[k].at, (long long)r.at[k].len);
		ck_assert_msg(strcmp(buf_str(&seen), range_cases[i].seen) == 0, "%s: %s",
		    range_cases[i].header, buf_str(&seen));
	}
}
END_TEST

static const struct {
	const char *said, *name;
} names[] = {
	{ "plot.png", "plot.png" },
	{ "../../etc/passwd", "passwd" },
	{ "C:\\Windows\\x.exe", "x.exe" },
	{ "C:x", "x" },
	{ "a/", "artifact" },
	{ "", "artifact" },
	{ NULL, "artifact" },
	{ ".bashrc", "bashrc" },
	{ "..", "artifact" },
	{ "nul", "artifact" },
	{ "NUL.txt", "artifact" },
	{ "null.txt", "null.txt" },
	{ "a\r\nb", "ab" },
	{ "\x1b[31mred", "[31mred" },
	{ "ab\xe2\x80\xae"
	  "gpj.exe",
	    "abgpj.exe" },
	{ "\xef\xbb\xbfx", "x" },
	{ "bad\xff", "artifact" },
	{ "x. . ", "x" },
	{ "a<b>:c|d?*\"e", "a_b__c_d___e" },
	{ "\xe6\x97\xa5\xe6\x9c\xac.csv", "\xe6\x97\xa5\xe6\x9c\xac.csv" },
};

START_TEST(names_are_harmless) /* [K10] [G13] */
{
	char out[LABEL_NAME_MAX], longer[1000];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		label_name(names[i].said, out);
		ck_assert_msg(strcmp(out, names[i].name) == 0, "%zu: %s", i, out);
	}
	for (size_t i = 0; i + 2 < sizeof(longer); i += 2)
		memcpy(longer + i, "\xc3\xa4", 3);
	label_name(longer, out);
	ck_assert_uint_lt(strlen(out), LABEL_NAME_MAX);
	ck_assert(str_utf8_valid(out, strlen(out)));
}
END_TEST

START_TEST(types_that_are_active_are_bytes) /* [K10] */
{
	static const char *const active[] = { "text/html", "application/xhtml+xml", "image/svg+xml",
		"text/xml", "application/xml", "text/javascript", "application/javascript",
		"text/css", "application/x-shockwave-flash", "multipart/related", "message/rfc822",
		"x/y" };
	char out[LABEL_TYPE_MAX];

	for (size_t i = 0; i < ARRAY_LEN(active); i++)
		ck_assert_str_eq(label_type_served(active[i]), "application/octet-stream");
	ck_assert_str_eq(label_type_served("image/png"), "image/png");
	ck_assert(label_type("Text/CSV; charset=utf-8", out));
	ck_assert_str_eq(out, "text/csv");
	ck_assert(!label_type("text", out));
	ck_assert(!label_type("text/", out));
	ck_assert(!label_type("/csv", out));
	ck_assert(!label_type("te xt/csv", out));
	ck_assert(!label_type("text/c\nsv", out));
	ck_assert(!label_type(NULL, out));
}
END_TEST

static const struct {
	const char *url;
	bool pod, origin;
	int port;
	const char *path;
} sources[] = {
	{ "/artifacts/x", true, true, 8080, "/artifacts/x" },
	{ "/a?b=c#d", true, true, 8080, "/a?b=c" },
	{ "http://127.0.0.1:8080/a", true, false, 8080, "/a" },
	{ "http://localhost:5173/a", true, false, 5173, "/a" },
	{ "http://127.0.0.1/a", true, false, 80, "/a" },
	{ "http://127.0.0.1:8600/a", false, false, 0, NULL },
	{ "https://127.0.0.1:8080/a", false, false, 0, NULL },
	{ "http://127.0.0.2:8080/a", false, false, 0, NULL },
	{ "http://[::1]:8080/a", false, false, 0, NULL },
	{ "http://owl.example:9000/a", false, true, 9000, "/a" },
	{ "http://OWL.example:9000", false, true, 9000, "/" },
	{ "http://owl.example:9000?x", false, true, 9000, "/?x" },
	{ "http://owl.example/a", false, false, 0, NULL },
	{ "http://owl.example:9000@evil.example/a", false, false, 0, NULL },
	{ "//owl.example:9000/a", false, false, 0, NULL },
	{ "artifacts/x", false, false, 0, NULL },
	{ "file:///etc/passwd", false, false, 0, NULL },
	{ "javascript:alert(1)", false, false, 0, NULL },
	{ "ftp://127.0.0.1:8080/a", false, false, 0, NULL },
	{ "/a b", false, false, 0, NULL },
	{ "/a\r\nx: y", false, false, 0, NULL },
	{ "", false, false, 0, NULL },
};

START_TEST(only_the_competitor_itself_is_asked) /* [G13] [K08] */
{
	static const struct source_home pod = { .is_pod = true, .port = 8080 },
					origin = { .host = "owl.example", .port = 9000 };
	struct source s;

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		ck_assert_msg(source_parse(sources[i].url, &pod, &s) == sources[i].pod, "pod %s",
		    sources[i].url);
		if (sources[i].pod) {
			ck_assert_int_eq(s.port, sources[i].port);
			ck_assert_str_eq(s.path, sources[i].path);
		}
		ck_assert_msg(source_parse(sources[i].url, &origin, &s) == sources[i].origin,
		    "origin %s", sources[i].url);
	}
}
END_TEST

static const struct {
	const char *url, *bytes; /* NULL: none */
} data_urls[] = {
	{ "data:,", "" },
	{ "data:,hi%20there", "hi there" },
	{ "DATA:text/plain,a+b", "a+b" },
	{ "data:text/plain;charset=utf-8;base64,aGVsbG8=", "hello" },
	{ "data:;BASE64,aGVsbG8", "hello" },
	{ "data:;base64,aGVs%62G8%3D", "hello" },
	{ "data:;base64,a", NULL },
	{ "data:;base64,!!!!", NULL },
	{ "data:;base64,aGVsbG8=aGVsbG8=", NULL },
	{ "data:text/plain", NULL },
	{ "data:,%4", NULL },
	{ "data:,%zz", NULL },
	{ "data:,01234567890", NULL }, /* more than 10 */
	{ "data:;base64,MDEyMzQ1Njc4OTA=", NULL },
	{ "http://x/,", NULL },
};

START_TEST(data_urls_of_at_most_ten_bytes) /* [H05] */
{
	for (size_t i = 0; i < ARRAY_LEN(data_urls); i++) {
		_cleanup_buf_ struct buf out = { 0 };
		const int rc = inline_decode(data_urls[i].url, 10, &out);

		ck_assert_msg((rc == 0) == (data_urls[i].bytes != NULL), "%s", data_urls[i].url);
		if (rc == 0)
			ck_assert_str_eq(buf_str(&out), data_urls[i].bytes);
	}
}
END_TEST

START_TEST(forms)
{
	static const char form[] =
	    "preamble\r\n--b \r\n"
	    "Content-Disposition: form-data; name=\"file\"; "
	    "filename=\"a\\\"b.txt\"\r\nContent-Type: text/plain\r\n\r\n"
	    "--b is no boundary\r\n--b\r\n"
	    "content-disposition: form-data; name=purpose\r\n\r\n\r\n--b--\r\n";
	struct multipart m;
	char boundary[72];

	ck_assert_int_eq(multipart_parse(form, sizeof(form) - 1, "b", &m), 0);
	ck_assert_uint_eq(m.len, 2);
	ck_assert_str_eq(m.at[0].filename, "a\"b.txt");
	ck_assert_str_eq(m.at[0].type, "text/plain");
	ck_assert_int_eq(strncmp(m.at[0].bytes, "--b is no boundary", m.at[0].len), 0);
	ck_assert_ptr_eq(multipart_find(&m, "purpose"), &m.at[1]);
	ck_assert_uint_eq(m.at[1].len, 0);
	ck_assert(!m.at[1].is_file);
	for (size_t len = 0; len < sizeof(form) - 5; len++) /* cut anywhere */
		ck_assert_int_eq(multipart_parse(form, len, "b", &m), -1);
	ck_assert(multipart_boundary("Multipart/Form-Data; charset=x; boundary=\"a b\"", boundary));
	ck_assert_str_eq(boundary, "a b");
	ck_assert(!multipart_boundary("multipart/form-data; boundary=", boundary));
	ck_assert(!multipart_boundary("multipart/form-datax; boundary=a", boundary));
	ck_assert(!multipart_boundary("application/json", boundary));
	ck_assert(!multipart_boundary(NULL, boundary));
}
END_TEST

START_TEST(what_is_no_announcement)
{
	static const char *const texts[] = {
		"{\"choices\":[{\"delta\":{\"janus\":{\"event\":\"progress\",\"payload\":{\"url\":"
		"\"/"
		"artifact\"}}}}]}",
		"{\"choices\":[{\"delta\":{\"janus\":{\"event\":\"artifacts\",\"payload\":{"
		"\"items\":"
		"[]}}}}]}",
		"{\"choices\":[{\"delta\":{\"content\":\"{\\\"artifacts\\\":[{}]}\"}}]}",
		"{\"artifacts\":[{\"url\":\"/a\"}]}",
		"{\"choices\":[{\"delta\":{\"artifacts\":[\"/a\",7,null]}}]}",
		"{\"choices\":{\"delta\":{\"artifacts\":[{}]}}}",
		"[{\"delta\":{\"artifacts\":[{\"url\":\"/a\"}]}}]",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct descriptors d = { 0 };

		ck_assert_int_eq(descriptors_find(texts[i], strlen(texts[i]), &d), 0);
		ck_assert_msg(d.len == 0, "%s", texts[i]);
		descriptors_done(&d);
	}
	struct descriptors d = { 0 };
	ck_assert_int_eq(descriptors_find("{\"choices\":[", 12, &d), -1);
}
END_TEST

START_TEST(test_may_be)
{
	static const struct {
		const char *text;
		bool may_be;
	} cases[] = {
		{ "artifact", true },
		{ "{\"fact\":\"artefact artifact", true },
		{ "fffartifacts", true },
		{ "{\"type\":\"\\u0061rtifact\"}", true },
		{ "{\"type\":\"artif\\u0061ct\"}", true },
		{ "", false },
		{ "f", false },
		{ "tifact", false },
		{ "artifac", false },
		{ "{\"finish_reason\":null,\"text\":\"a\\nfact, arti fact\"}", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(
		    descriptors_may_be(cases[i].text, strlen(cases[i].text)) == cases[i].may_be,
		    "%s", cases[i].text);
}
END_TEST

static char *
linked(const char *json, const char *from, const char *to)
{
	struct splices splices = { 0 };
	const struct spot whole = { 0, strlen(json) };
	struct buf out = { 0 };

	splices_links(&splices, json, &whole, 1, from, to);
	splices_write(&splices, json, strlen(json), &out);
	splices_done(&splices);
	return buf_take(&out);
}

START_TEST(a_link_is_replaced_once_and_whole) /* however its slashes are spelled */
{
	static const struct {
		const char *json, *from, *wanted;
	} rows[] = {
		{ "\"[t](\\/a)\"", "/a", "\"[t](NEW)\"" },
		{ "\"[t](/a)\"", "/a", "\"[t](NEW)\"" },
		{ "\"\\/a\\/b and /a/b\"", "/a/b", "\"NEW and NEW\"" },
		{ "\"/a-2 /a.png /a.\"", "/a", "\"/a-2 /a.png NEW.\"" },
		{ "\"\\/a\\/a\"", "/a", "\"\\/aNEW\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_free_ char *seen = linked(rows[i].json, rows[i].from, "NEW");

		ck_assert_str_eq(seen, rows[i].wanted);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("parts");
	TCase *t = tcase_create("pure");

	tcase_add_test(t, a_seal_is_of_all_that_it_names);
	tcase_add_test(t, test_may_be);
	tcase_add_test(t, ranges);
	tcase_add_test(t, names_are_harmless);
	tcase_add_test(t, types_that_are_active_are_bytes);
	tcase_add_test(t, only_the_competitor_itself_is_asked);
	tcase_add_test(t, data_urls_of_at_most_ten_bytes);
	tcase_add_test(t, forms);
	tcase_add_test(t, what_is_no_announcement);
	tcase_add_test(t, a_link_is_replaced_once_and_whole);
	suite_add_tcase(s, t);
	return run_suite(s);
}
