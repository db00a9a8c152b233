/*
 * test_str.c - what people write (units, names, times), and digests.
 */
#include "runtime/base/str.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "tests/run.h"

enum unit { DURATION, SIZE, INT };

static const struct parsed {
	enum unit unit;
	const char *text;
	int64_t value; /* -1: refused */
} parsed[] = {
	{ DURATION, "250ms", 250 },
	{ DURATION, "30s", 30000 },
	{ DURATION, "5m", 300000 },
	{ DURATION, "2h", 7200000 },
	{ DURATION, "7d", 604800000 },
	{ DURATION, "0s", 0 },
	{ DURATION, "9223372036854775807ms", INT64_MAX },
	{ DURATION, "9223372036854775808ms", -1 },
	{ DURATION, "9223372036854775807s", -1 },
	{ DURATION, "30", -1 },
	{ DURATION, "", -1 },
	{ DURATION, "s", -1 },
	{ DURATION, "1.5s", -1 },
	{ DURATION, "-1s", -1 },
	{ DURATION, "+1s", -1 },
	{ DURATION, " 1s", -1 },
	{ DURATION, "1 s", -1 },
	{ DURATION, "1s ", -1 },
	{ DURATION, "1S", -1 },
	{ DURATION, "1m30s", -1 },
	{ SIZE, "0", 0 },
	{ SIZE, "512", 512 },
	{ SIZE, "512B", 512 },
	{ SIZE, "64KiB", 65536 },
	{ SIZE, "2GiB", INT64_C(2) << 30 },
	{ SIZE, "1TiB", INT64_C(1) << 40 },
	{ SIZE, "5kB", 5000 },
	{ SIZE, "5MB", 5000000 },
	{ SIZE, "8388608TiB", -1 },
	{ SIZE, "5mb", -1 },
	{ SIZE, "5K", -1 },
	{ SIZE, "-5", -1 },
	{ INT, "0", 0 },
	{ INT, "007", 7 },
	{ INT, "100", 100 },
	{ INT, "101", -1 },
	{ INT, "", -1 },
	{ INT, " 1", -1 },
	{ INT, "+1", -1 },
	{ INT, "1 ", -1 },
	{ INT, "0x10", -1 },
	{ INT, "1e1", -1 },
	{ INT, "99999999999999999999", -1 },
};

START_TEST(test_find)
{
	static const char *const words[] = { "a", "ab", "b" };

	ck_assert_uint_eq(str_find(words, 3, "a"), 0);
	ck_assert_uint_eq(str_find(words, 3, "b"), 2);
	ck_assert_uint_eq(str_find(words, 3, "c"), 3);
	ck_assert_uint_eq(str_find(words, 2, "b"), 2);
}
END_TEST

START_TEST(test_parsed)
{
	const struct parsed *p = &parsed[_i];
	struct error err = { 0 };
	int64_t value = -7;
	int rc;

	switch (p->unit) {
	case DURATION: rc = str_parse_duration(p->text, &value, &err); break;
	case SIZE: rc = str_parse_size(p->text, &value, &err); break;
	default: rc = str_parse_int(p->text, 0, 100, &value, &err); break;
	}
	ck_assert_msg(rc == (p->value < 0 ? -1 : 0), "'%s'", p->text);
	ck_assert_msg(
	    value == (p->value < 0 ? -7 : p->value), "'%s': %lld", p->text, (long long)value);
	ck_assert_int_eq(err.kind, p->value < 0 ? ERROR_INVALID : ERROR_NONE);
}
END_TEST

START_TEST(test_negative_int_and_bool)
{
	struct error err = { 0 };
	bool truth = true;
	int64_t n = 0;

	ck_assert_int_eq(str_parse_int("-9223372036854775808", INT64_MIN, 0, &n, &err), 0);
	ck_assert_int_eq(n, INT64_MIN);
	ck_assert_int_eq(str_parse_bool("false", &truth, &err), 0);
	ck_assert(!truth);
	ck_assert_int_eq(str_parse_bool("yes", &truth, &err), -1);
	ck_assert_int_eq(str_parse_bool("", &truth, &err), -1);
	ck_assert(!truth);
}
END_TEST

START_TEST(test_formatted)
{
	static const struct {
		int64_t value;
		const char *size, *duration;
	} cases[] = {
		{ 0, "0 B", "0ms" },
		{ 999, "999 B", "999ms" },
		{ 1000, "1000 B", "1s" },
		{ 1536, "1.5 KiB", "1.5s" },
		{ 60000, "58.6 KiB", "1m" },
		{ 90000, "87.9 KiB", "1m30s" },
		{ 3600000, "3.4 MiB", "1h" },
		{ 5400000, "5.1 MiB", "1h30m" },
		{ 90000000, "85.8 MiB", "1d1h" },
		{ INT64_C(1) << 32, "4 GiB", "49d17h" },
		{ INT64_C(1) << 40, "1 TiB", "12725d19h" },
	};
	char text[24];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_str_eq(
		    str_format_size(cases[i].value, text, sizeof(text)), cases[i].size);
		ck_assert_str_eq(
		    str_format_duration(cases[i].value, text, sizeof(text)), cases[i].duration);
	}
	str_format_size(INT64_MAX, text, sizeof(text));
	str_format_duration(INT64_MAX, text, sizeof(text));
	ck_assert_uint_lt(strlen(text), sizeof(text));
}
END_TEST

START_TEST(test_glob)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "?", "", false },
		{ "?", "ab", false },
		{ "a*c", "abbbc", true },
		{ "a*c", "abbbcd", false },
		{ "*.example.com", "a.b.example.com", true },
		{ "*.example.com", "example.com", false },
		{ "a*b*c", "aXbYbZc", true },
		{ "**a**", "bab", true },
		{ "[a]", "a", false },
		{ "*aaaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(str_glob(cases[i].pattern, cases[i].text) == cases[i].matches,
		    "'%s' '%s'", cases[i].pattern, cases[i].text);
}
END_TEST

START_TEST(test_slug)
{
	static const char *const good[] = { "a", "0", "swift-owl", "a--b", "1a",
		"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd" };
	static const char *const bad[] = { "", "-", "-a", "a-", "A", "a_b", "a b", "a.b", "a/b",
		"\xc3\xa9", "a\n", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde" };

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ck_assert_msg(str_slug_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!str_slug_valid(bad[i]), "%s", bad[i]);
}
END_TEST

static const struct utf8 {
	const char *bytes;
	bool valid;
	const char *escaped;
} utf8[] = {
	{ "", true, "" }, { "plain", true, "plain" },
	{ "\xc2\xa0\xdf\xbf", true, "\xc2\xa0\xdf\xbf" },
	{ "\xe0\xa0\x80\xef\xbf\xbf", true, "\xe0\xa0\x80\xef\xbf\xbf" },
	{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true, "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
	{ "\xed\x9f\xbf\xee\x80\x80", true, "\xed\x9f\xbf\xee\x80\x80" },
	{ "\x80", false, "\\x80" }, { "\xc0\x80", false, "\\xc0\\x80" }, /* overlong */
	{ "\xc1\xbf", false, "\\xc1\\xbf" }, { "\xe0\x9f\xbf", false, "\\xe0\\x9f\\xbf" },
	{ "\xf0\x8f\xbf\xbf", false, "\\xf0\\x8f\\xbf\\xbf" },
	{ "\xed\xa0\x80", false, "\\xed\\xa0\\x80" }, /* a surrogate */
	{ "\xf4\x90\x80\x80", false, "\\xf4\\x90\\x80\\x80" }, /* past the last character */
	{ "\xf5", false, "\\xf5" }, { "\xff", false, "\\xff" },
	{ "a\xe2\x98", false, "a\\xe2\\x98" }, /* cut */
	{ "a\xe2\x98z", false, "a\\xe2\\x98z" },
	{ "\x1b[31m\r\n\t\x7f", true, "\\x1b[31m\\x0d\\x0a\\x09\\x7f" },
	{ "\xc2\x9b", true, "\\xc2\\x9b" }, /* a control in two bytes */
};

START_TEST(test_utf8)
{
	const struct utf8 *u = &utf8[_i];
	_cleanup_free_ char *exact = malloc(strlen(u->bytes) + 1); /* ASan sees a step too far */
	_cleanup_buf_ struct buf out = { 0 };

	memcpy(exact, u->bytes, strlen(u->bytes) + 1);
	ck_assert_msg(str_utf8_valid(exact, strlen(exact)) == u->valid, "case %d", _i);
	str_add_escaped(&out, exact, strlen(exact));
	ck_assert_msg(strcmp(buf_str(&out), u->escaped) == 0, "case %d: %s", _i, buf_str(&out));
	ck_assert(str_utf8_valid(buf_str(&out), out.len));
}
END_TEST

START_TEST(test_utf8_cut)
{
	ck_assert_uint_eq(str_utf8_len("", 0), 0);
	ck_assert_uint_eq(str_utf8_len(NULL, 0), 0);
	ck_assert_uint_eq(str_utf8_len("owl", 2), 2);
	for (size_t cut = 0; cut <= 4; cut++) /* inside the character, or after it */
		ck_assert_uint_eq(str_utf8_len("owl\xf0\x9f\xa6\x89!", 3 + cut), cut < 4 ? 3 : 7);
	ck_assert_uint_eq(str_utf8_len("\xff owl", 5), 0);
	ck_assert_uint_eq(str_utf8_len("owl\xff owl", 8), 3);
}
END_TEST

START_TEST(test_small)
{
	_cleanup_free_ char *s = str_printf("%s-%d", "owl", 7), *null = str_dup(NULL);

	ck_assert_str_eq(s, "owl-7");
	ck_assert_ptr_null(null);
	str_replace(&s, s + 4); /* of itself */
	ck_assert_str_eq(s, "7");
	str_replace(&s, NULL);
	ck_assert_ptr_null(s);
	ck_assert(str_eq(NULL, NULL) && !str_eq(NULL, "") && !str_eq("", NULL) && str_eq("a", "a"));
	ck_assert(str_starts("owl", "") && str_starts("owl", "ow") && !str_starts("ow", "owl"));
	ck_assert(str_ends("owl", "") && str_ends("owl", "wl") && !str_ends("wl", "owl"));
	ck_assert_uint_eq(str_distance("start", "start"), 0);
	ck_assert_uint_eq(str_distance("strat", "start"), 1); /* two letters that changed places */
	ck_assert_uint_eq(str_distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(str_distance("", "abc"), 3);
	ck_assert_uint_ge(
	    str_distance(
		"a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	    60);
}
END_TEST

/* ---- times ---- */

START_TEST(test_clock)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ INT64_C(951827696789), "2000-02-29T12:34:56.789Z" },
		{ INT64_C(2147483648000), "2038-01-19T03:14:08.000Z" },
		{ INT64_C(4102444800000), "2100-01-01T00:00:00.000Z" },
		{ INT64_C(253402300799999), "9999-12-31T23:59:59.999Z" },
	};
	static const char *const bad[] = { "", "x", "2026-01-02", "2026-01-02T03:04:05",
		"2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05.5", "2026-13-02T03:04:05Z",
		"2026-01-02T03:04:05Zx" };
	char text[CLOCK_TEXT_MAX];
	const int64_t a_us = clock_now_us(), b_ms = clock_now_ms();

	setenv("TZ", "America/New_York", 1); /* times are UTC wherever this runs */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_str_eq(clock_format(cases[i].ms, text), cases[i].text);
		ck_assert_int_eq(clock_parse(text), cases[i].ms);
	}
	ck_assert_int_eq(clock_parse("2000-02-29T12:34:56Z"), INT64_C(951827696000));
	ck_assert_int_eq(clock_parse("2000-02-29T12:34:56.7Z"), INT64_C(951827696700));
	ck_assert_int_eq(clock_parse("2000-02-29T12:34:56.789123456Z"), INT64_C(951827696789));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(clock_parse(bad[i]) == -1, "%s", bad[i]);
	ck_assert_int_ge(b_ms, a_us / 1000);
	ck_assert_int_ge(clock_now_us(), a_us);
	ck_assert_int_gt(clock_wall_ms(), INT64_C(1700000000000));
}
END_TEST

/* ---- digests ---- */

START_TEST(test_hash)
{
	char hex[HASH_HEX_MAX];
	unsigned char a[64] = { 0 }, b[64] = { 0 };

	ck_assert_str_eq(hash_sha256_hex("abc", 3, hex),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_str_eq(hash_sha256_hex("", 0, hex),
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ck_assert(hash_equal("abc", "abd", 2) && !hash_equal("abc", "abd", 3));
	hash_random(a, sizeof(a));
	hash_random(b, sizeof(b));
	ck_assert(!hash_equal(a, b, sizeof(a)));
}
END_TEST

/* Random bytes are kept in store: neither a large wish nor a fork may see any of them twice. */
START_TEST(test_random)
{
	unsigned char many[1000] = { 0 }, mine[16], childs[16];
	int ends[2];

	hash_random(many, sizeof(many));
	for (size_t i = 0; i + 32 <= sizeof(many); i += 16)
		for (size_t k = i + 16; k + 16 <= sizeof(many); k += 16)
			ck_assert(!hash_equal(many + i, many + k, 16));
	hash_random(mine, 1); /* there is a store now */
	ck_assert_int_eq(pipe(ends), 0);
	const pid_t child = fork();
	if (child == 0) {
		hash_random(childs, sizeof(childs));
		_exit(write(ends[1], childs, sizeof(childs)) != sizeof(childs));
	}
	hash_random(mine, sizeof(mine));
	ck_assert_int_eq(read(ends[0], childs, sizeof(childs)), sizeof(childs));
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert(!hash_equal(mine, childs, sizeof(mine)));
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(test_copy)
{
	char out[6] = "xxxxx";

	str_copy(out, sizeof(out), "abc");
	ck_assert_str_eq(out, "abc");
	str_copy(out, sizeof(out), "abcdefgh");
	ck_assert_str_eq(out, "abcde");
	str_copy(out, sizeof(out), NULL);
	ck_assert_str_eq(out, "");
	str_copy(out, 1, "abc");
	ck_assert_str_eq(out, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("str");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_parsed, 0, (int)ARRAY_LEN(parsed));
	tcase_add_test(tc, test_find);
	tcase_add_test(tc, test_negative_int_and_bool);
	tcase_add_test(tc, test_formatted);
	tcase_add_test(tc, test_glob);
	tcase_add_test(tc, test_slug);
	tcase_add_loop_test(tc, test_utf8, 0, (int)ARRAY_LEN(utf8));
	tcase_add_test(tc, test_utf8_cut);
	tcase_add_test(tc, test_small);
	tcase_add_test(tc, test_clock);
	tcase_add_test(tc, test_hash);
	tcase_add_test(tc, test_random);
	tcase_add_test(tc, test_copy);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
