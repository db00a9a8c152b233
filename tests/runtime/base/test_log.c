/*
 * test_log.c - whatever a value holds, an event is one line of JSON.
 */
#include "runtime/base/log.h"

#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static char path[64];

/* Everything on stderr goes to a file; what check itself has to say comes after. */
static void
set_up(void)
{
	snprintf(path, sizeof(path), "/tmp/janus_log_XXXXXX");
	const int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup2(fd, 2), 2);
	close(fd);
	unsetenv("JOURNAL_STREAM");
	log_init("test");
}

static void
tear_down(void)
{
	unlink(path);
}

static char *
lines(void)
{
	struct error err = { 0 };
	char *text = NULL;

	ck_assert_msg(file_read(path, 64 << 20, &text, NULL, &err) == 0, "%s", err.text);
	return text;
}

/* The only line there is, as JSON. */
static cJSON *
line(void)
{
	_cleanup_free_ char *text = lines();
	const size_t len = strlen(text);
	struct error err = { 0 };
	cJSON *json = NULL;

	ck_assert_uint_gt(len, 0);
	ck_assert_ptr_eq(strchr(text, '\n'), text + len - 1);
	ck_assert_uint_le(len, 16384);
	ck_assert_msg(json_parse(text, len - 1, &json, &err) == 0, "%s: %s", err.text, text);
	return json;
}

START_TEST(test_fields)
{
	log_warn("owl.seen", F_STR("name", "owl"), F_INT("n", INT64_MIN), F_NUM("x", 0.5),
	    F_BOOL("yes", true), F_BOOL("no", false), F_STR("missing", NULL), F_STR("empty", ""));
	_cleanup_json_ cJSON *json = line();

	ck_assert_str_eq(json_str(json, "level"), "warn");
	ck_assert_str_eq(json_str(json, "msg"), "owl.seen");
	ck_assert_str_eq(json_str(json, "component"), "test");
	ck_assert_int_eq(json_int(json, "pid", 0), getpid());
	ck_assert_uint_eq(strlen(json_str(json, "ts")), strlen("2026-01-02T03:04:05.678Z"));
	ck_assert_str_eq(json_str(json, "name"), "owl");
	ck_assert_double_eq(json_num(json, "x", 0), 0.5);
	ck_assert_double_eq(json_num(json, "n", 0), -9223372036854775808.0);
	ck_assert(json_bool(json, "yes", false) && !json_bool(json, "no", true));
	ck_assert_ptr_null(json_get(json, "missing"));
	ck_assert_str_eq(json_str(json, "empty"), "");
}
END_TEST

static const char *const values[][2] = {
	{ "two\nlines\r\n", "two\nlines\r\n" },
	{ "\"quoted\" \\ ", "\"quoted\" \\ " },
	{ "\x1b[31mred\x1b[0m\x07\x7f", "\x1b[31mred\x1b[0m\x07\x7f" },
	{ "\xe2\x98\x83 \xf0\x9f\xa6\x89", "\xe2\x98\x83 \xf0\x9f\xa6\x89" },
	{ "a\xff\xfe"
	  "b",
	    "a\xef\xbf\xbd\xef\xbf\xbd"
	    "b" },
	{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\"}{\"level\":\"error\"", "\"}{\"level\":\"error\"" },
	{ "%s%n%d", "%s%n%d" },
	{ "\xc2\x9b"
	  "31m",
	    "\xc2\x9b"
	    "31m" },
};

START_TEST(
    test_values) /* [L06] line ends, escapes and bytes that are no text are written escaped, in one line */
{
	log_info("owl.seen", F_STR("value", values[_i][0]), F_STR("after", "x"));
	_cleanup_json_ cJSON *json = line();
	_cleanup_free_ char *text = lines();

	ck_assert_str_eq(json_str(json, "value"), values[_i][1]);
	ck_assert_str_eq(json_str(json, "after"), "x");
	for (const unsigned char *p = (unsigned char *)text; *p != '\0' && p[1] != '\0'; p++)
		ck_assert_msg(
		    *p >= 0x20 && *p != 0x7f, "a control byte %#x reaches the terminal", *p);
	ck_assert_ptr_null(strstr(text, "\xc2\x9b")); /* one in two bytes */
}
END_TEST

START_TEST(test_no_number)
{
	log_info("owl.seen", F_NUM("nan", NAN), F_NUM("inf", -INFINITY), F_NUM("big", 1e300));
	_cleanup_json_ cJSON *json = line();

	ck_assert(cJSON_IsNull(json_get(json, "nan")));
	ck_assert(cJSON_IsNull(json_get(json, "inf")));
	ck_assert_double_eq(json_num(json, "big", 0), 1e300);
}
END_TEST

/* Bytes of each width when escaped, a mebibyte of them, several times over. */
START_TEST(test_huge_values) /* [L06] a mebibyte, five times over, is cut to one line of 16 KiB */
{
	static const char fills[] = { 'a', '"', '\n', '\x01', '\xff' };
	char *huge = mem_zalloc((1 << 20) + 1);

	memset(huge, fills[_i], 1 << 20);
	log_info("owl.seen", F_STR("a", huge), F_STR("b", huge), F_STR("c", huge), F_STR("d", huge),
	    F_STR("e", huge), F_INT("z", 1));
	_cleanup_json_ cJSON *json = line();

	ck_assert_uint_gt(strlen(json_str(json, "a")), 2000);
	free(huge);
}
END_TEST

static void *
log_much(void *arg)
{
	char value[64];

	for (int i = 0; i < 2000; i++) {
		snprintf(value, sizeof(value), "%s\n%d", (const char *)arg, i);
		log_info("owl.seen", F_STR("value", value));
	}
	return NULL;
}

START_TEST(test_threads)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	pthread_t ids[4];
	int n = 0;

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&ids[i], NULL, log_much, (void *)names[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	_cleanup_free_ char *text = lines();
	for (char *save = NULL, *at = strtok_r(text, "\n", &save); at != NULL;
	     at = strtok_r(NULL, "\n", &save)) {
		_cleanup_json_ cJSON *json = NULL;

		ck_assert_msg(json_parse(at, strlen(at), &json, NULL) == 0, "%s", at);
		n++;
	}
	ck_assert_int_eq(n, 8000);
}
END_TEST

static const struct levels {
	const char *spec;
	int level; /* the lowest that is written; -1: refused */
} specs[] = {
	{ "debug", LOG_DEBUG },
	{ "info", LOG_INFO },
	{ "warn", LOG_WARN },
	{ "error", LOG_ERROR },
	{ "info,test=debug", LOG_DEBUG },
	{ "test=error,debug", LOG_ERROR },
	{ "warn,other=debug", LOG_WARN },
	{ "warn,tester=debug", LOG_WARN },
	{ "warn,te=debug", LOG_WARN },
	{ "", -1 },
	{ "loud", -1 },
	{ "info,test=loud", -1 },
	{ "other=debug", -1 },
	{ "INFO", -1 },
	{ "inf", -1 },
	{ "information", -1 },
};

START_TEST(test_levels)
{
	const struct levels *s = &specs[_i];
	int n = 0;

	ck_assert_int_eq(log_set_levels("warn"), 0);
	ck_assert_msg(log_set_levels(s->spec) == (s->level < 0 ? -1 : 0), "'%s'", s->spec);
	log_debug("a");
	log_info("b");
	log_warn("c");
	log_error("d");
	_cleanup_free_ char *text = lines();
	for (const char *p = text; *p != '\0'; p++)
		n += *p == '\n';
	ck_assert_msg(
	    n == 4 - (s->level < 0 ? (int)LOG_WARN : s->level), "'%s': %d lines", s->spec, n);
}
END_TEST

START_TEST(test_journal)
{
	struct stat st;
	char stream[64];

	ck_assert_int_eq(fstat(2, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init("test");
	log_error("a");
	log_info("b");
	_cleanup_free_ char *text = lines();
	ck_assert_int_eq(strncmp(text, "<3>{", 4), 0);
	ck_assert_int_eq(strncmp(strchr(text, '\n') + 1, "<6>{", 4), 0);
}
END_TEST

static size_t
line_count(void)
{
	_cleanup_free_ char *text = lines();
	size_t n = 0;

	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		n++;
	return n;
}

START_TEST(test_gathered)
{
	char long_value[6000];

	log_gather();
	log_info("a");
	log_info("b");
	ck_assert_uint_eq(line_count(), 0);
	log_flush();
	ck_assert_uint_eq(line_count(), 2);
	log_info("c"); /* at once again */
	ck_assert_uint_eq(line_count(), 3);

	/* What is bad takes what came before it along. */
	log_gather();
	log_info("d");
	log_warn("e");
	ck_assert_uint_eq(line_count(), 5);

	/* No more waits than one write to a pipe holds, and order is kept. */
	for (int i = 0; i < 1000; i++)
		log_info("f", F_INT("i", i));
	const size_t so_far = line_count();
	ck_assert_uint_gt(so_far, 5 + 1000 - 100);
	ck_assert_uint_lt(so_far, 5 + 1000);
	memset(long_value, 'x', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	log_info("g", F_STR("long", long_value), F_STR("and", long_value));
	ck_assert_uint_eq(line_count(), 5 + 1000 + 1);
	log_flush();
	_cleanup_free_ char *text = lines();
	const char *at = text;
	for (int i = 0; i < 1000; i++) {
		char want[32];

		snprintf(want, sizeof(want), "\"i\":%d}", i);
		at = strstr(at, want);
		ck_assert_ptr_nonnull(at);
	}
	ck_assert_ptr_nonnull(strstr(at, "\"msg\":\"g\""));
}
END_TEST

START_TEST(test_gathered_at_exit)
{
	const pid_t child = fork();

	if (child == 0) {
		log_gather();
		log_info("last words");
		exit(0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_uint_eq(line_count(), 1);
}
END_TEST

START_TEST(test_dropped) /* [M08] [N03] nobody takes the log: it goes on, and counts what is lost */
{
	const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(full, 0);
	ck_assert_uint_eq(log_dropped(), 0);
	ck_assert_int_eq(dup2(full, 2), 2);
	log_info("a");
	log_info("b");
	ck_assert_uint_eq(log_dropped(), 2);
	close(full);
}
END_TEST

enum reader { READER_PIPE, READER_SOCKET, READER_TERMINAL, READER_LEN };

/* Stderr goes to somebody who reads from what is returned, when they like. */
static int
stderr_to(enum reader kind)
{
	int ends[2];

	if (kind == READER_PIPE) {
		ck_assert_int_eq(pipe(ends), 0);
	} else if (kind == READER_SOCKET) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	} else {
		ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
		ck_assert_int_ge(ends[0], 0);
		ck_assert(grantpt(ends[0]) == 0 && unlockpt(ends[0]) == 0);
		ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY);
		ck_assert_int_ge(ends[1], 0);
	}
	ck_assert_int_eq(dup2(ends[1], 2), 2);
	close(ends[1]);
	log_init("test");
	return ends[0];
}

struct seen {
	int whole, cut; /* lines; one is whole that ends as its value does */
	char last[16];
};

/* All up to where that is, or until nothing comes. */
static struct seen
read_lines(int from, const char *up_to)
{
	struct pollfd p = { .fd = from, .events = POLLIN };
	_cleanup_buf_ struct buf all = { 0 };
	struct seen seen = { 0 };
	char bytes[4096];

	while ((up_to == NULL || strstr(buf_str(&all), up_to) == NULL) &&
	    poll(&p, 1, up_to != NULL ? 20000 : 100) == 1) {
		const ssize_t len = read(from, bytes, sizeof(bytes));

		ck_assert_int_gt(len, 0);
		buf_add(&all, bytes, (size_t)len);
	}
	ck_assert_uint_gt(all.len, 0);
	for (char *save = NULL, *at = strtok_r(all.data, "\r\n", &save); at != NULL;
	     at = strtok_r(NULL, "\r\n", &save)) {
		const char *end = strchr(at, '!');
		const bool is_first = strstr(at, "owl.seen") != NULL;

		ck_assert_msg(
		    strstr(is_first ? strstr(at, "owl.seen") + 1 : at, "owl.seen") == NULL,
		    "two in one line: %s", at);
		if (end == NULL || !is_first) {
			seen.cut++;
			continue;
		}
		seen.whole++;
		snprintf(
		    seen.last, sizeof(seen.last), "%.*s", (int)strcspn(end + 1, "\""), end + 1);
	}
	return seen;
}

static void
log_value(size_t len, const char *end)
{
	_cleanup_free_ char *value = mem_zalloc(len + 1);

	memset(value, 'x', len);
	log_info("owl.seen", F_STR("value", value), F_STR("end", end));
}

static void *
log_two_thousand(void *arg)
{
	for (int i = 0; i < 2000; i++)
		log_value(*(const size_t *)arg, "!");
	return NULL;
}

static const struct stuck {
	enum reader reader;
	size_t len; /* of a value */
	bool gathers;
} stuck[] = {
	{ READER_PIPE, 100, false },
	{ READER_PIPE, 100, true },
	{ READER_PIPE, 4096, false },
	{ READER_PIPE, 4096, true },
	{ READER_SOCKET, 100, true },
	{ READER_SOCKET, 4096, false },
	{ READER_TERMINAL, 100, false },
	{ READER_TERMINAL, 100, true },
	{ READER_TERMINAL, 4096, false },
};

START_TEST(test_stuck) /* [M08] its reader stops: nobody waits, and later lines are whole */
{
	const struct stuck *s = &stuck[_i];
	const int from = stderr_to(s->reader);
	pthread_t other;

	ck_assert_int_eq(pthread_create(&other, NULL, log_two_thousand, (void *)&s->len), 0);
	if (s->gathers)
		log_gather();
	log_two_thousand((void *)&s->len);
	log_flush();
	pthread_join(other, NULL);
	ck_assert_int_eq(fcntl(2, F_GETFL) & O_NONBLOCK, 0); /* that is others' stderr too */

	/* A terminal makes room while it is full, so lines are cut more than once; one of which only
	 * the end is missing is whole when the next one comes. */
	const int few = s->reader == READER_TERMINAL ? 100 : 0;
	struct seen seen = read_lines(from, NULL);
	const int dropped = (int)log_dropped();
	ck_assert_int_le(seen.cut, 1 + few);
	ck_assert_int_gt(seen.whole, 0);
	ck_assert_int_ge(dropped, 4000 - seen.whole);
	ck_assert_int_le(dropped, 4000 - seen.whole + few);

	log_value(s->len, "!after");
	seen = read_lines(from, s->reader == READER_TERMINAL ? "!after\"\r\n" : "!after\"}\n");
	ck_assert_int_ge(seen.whole, 1);
	ck_assert_str_eq(seen.last, "after");
	ck_assert_int_eq((int)log_dropped(), dropped);
	close(from);
}
END_TEST

START_TEST(test_kept)
{
	_cleanup_buf_ struct buf all = { 0 }, troubles = { 0 };
	char text[64];

	log_keep(2000);
	log_warn("kept.trouble", F_STR("what", "a \n in it"));
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "line %d of all", i);
		log_info("kept.line", F_STR("text", text));
	}
	log_kept(false, &all);
	log_kept(true, &troubles);
	ck_assert_uint_le(all.len, 2000);
	ck_assert(str_starts(buf_str(&all), "{\"ts\":")); /* only whole lines */
	ck_assert_int_eq(all.data[all.len - 1], '\n');
	ck_assert_ptr_nonnull(strstr(buf_str(&all), "line 99 of all"));
	ck_assert_ptr_null(strstr(buf_str(&all), "line 10 of all"));
	ck_assert_ptr_nonnull(strstr(buf_str(&troubles), "kept.trouble"));
	ck_assert_ptr_null(strstr(buf_str(&troubles), "kept.line"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_fields);
	tcase_add_loop_test(tc, test_values, 0, (int)ARRAY_LEN(values));
	tcase_add_test(tc, test_no_number);
	tcase_add_loop_test(tc, test_huge_values, 0, 5);
	tcase_add_test(tc, test_threads);
	tcase_add_loop_test(tc, test_levels, 0, (int)ARRAY_LEN(specs));
	tcase_add_test(tc, test_journal);
	tcase_add_test(tc, test_gathered);
	tcase_add_test(tc, test_gathered_at_exit);
	tcase_add_test(tc, test_dropped);
	tcase_add_loop_test(tc, test_stuck, 0, (int)ARRAY_LEN(stuck));
	tcase_add_test(tc, test_kept);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
