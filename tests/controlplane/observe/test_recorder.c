/*
 * test_recorder.c - which chats are recorded, what is kept of them, and what goes.
 */
#include "controlplane/observe/recorder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/gateway/gateway.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/openai/relay_tap.h"
#include "tests/run.h"

static char dir[64];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_recorder.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
	file_remove_tree(dir, NULL);
}

static struct recorder_config
config(void)
{
	return (struct recorder_config){ .enabled = true,
		.competitors = "owl, cat",
		.keys = "key_1",
		.max_bytes = 1000,
		.total_bytes = 1 << 20,
		.count = 100,
		.age_ms = 3600000,
		.state_dir = dir };
}

static struct recorder *
start(const struct recorder_config *c)
{
	struct error err = { 0 };
	struct recorder *o = recorder_new(c, &err);

	ck_assert_msg(o != NULL, "%s", err.text);
	return o;
}

static struct gateway_capture
chat(const char *id)
{
	return (struct gateway_capture){ .request_id = id,
		.competitor = "owl",
		.model = "janus",
		.key_id = "",
		.accepted_us = clock_now_us(),
		.accepted_at_ms = clock_wall_ms(),
		.random = UINT64_MAX };
}

/* Record one chat of len bytes in pieces of 100. */
static void
record(struct recorder *o, const char *id, size_t len)
{
	static const char event[] = "data: {\"content\":\"my private words\"}\n\n";
	const struct gateway_capture about = chat(id);
	const struct chat_result result = { .ttft_us = 5 };
	const struct gateway_usage usage = { .slug = "owl",
		.competitor = "cpt_1",
		.instance = "ins_1",
		.digest = "sha256:0",
		.result = &result,
		.status = 200,
		.duration_us = 77 };
	struct relay_tap *tap = recorder_begin(o, &about);

	ck_assert_ptr_nonnull(tap);
	for (size_t at = 0; at < len; at += sizeof(event) - 1)
		tap->frame(tap, RELAY_UPSTREAM, event, sizeof(event) - 1);
	tap->frame(tap, RELAY_PING, ": ping\n\n", 8);
	recorder_settle(tap, &usage);
	tap->end(tap);
}

static const struct rule {
	const char *what;
	const char *competitor, *key;
	bool asked;
	double share;
	uint64_t random;
	bool wanted;
} rules[] = {
	{ "one of the list", "cat", "", false, 0, UINT64_MAX, true },
	{ "one whose name only begins like it", "owlet", "", false, 0, UINT64_MAX, false },
	{ "a part of one", "ow", "", false, 0, UINT64_MAX, false },
	{ "none at all", "", "", false, 0, UINT64_MAX, false },
	{ "a key of the list", "dog", "key_1", false, 0, UINT64_MAX, true },
	{ "another key", "dog", "key_12", false, 0, UINT64_MAX, false },
	{ "asked for", "dog", "", true, 0, UINT64_MAX, true },
	{ "a lot that wins", "dog", "", false, 0.5, UINT64_MAX / 4, true },
	{ "a lot that does not", "dog", "", false, 0.5, UINT64_MAX / 4 * 3, false },
	{ "a share of nothing", "dog", "", false, 0, 0, false },
	{ "a share of all", "dog", "", false, 1, UINT64_MAX, true },
};

START_TEST(test_which)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct recorder_config c = config();
		struct gateway_capture about = chat("chat-0001");

		c.share = rules[i].share;
		about.competitor = rules[i].competitor;
		about.key_id = rules[i].key;
		about.asked = rules[i].asked;
		about.random = rules[i].random;
		for (int enabled = 0; enabled < 2; enabled++) {
			c.enabled = enabled;
			struct recorder *o = start(&c);
			struct relay_tap *tap = recorder_begin(o, &about);

			ck_assert_msg(
			    (tap != NULL) == (enabled && rules[i].wanted), "%s", rules[i].what);
			if (tap != NULL)
				tap->end(tap);
			recorder_free(o);
		}
	}
}
END_TEST

static void
count(const struct capture_frame *f, void *arg)
{
	(void)f;
	(*(unsigned *)arg)++;
}

static void
check_file(struct recorder *o, const char *id, unsigned frames, uint64_t skipped)
{
	_cleanup_free_ char *bytes = NULL;
	struct capture_head head;
	struct capture_file file;
	struct stat st;
	char path[512], cut[120];
	unsigned n = 0;
	size_t len;

	ck_assert(recorder_find(o, id, &file));
	ck_assert_str_eq(file.head.request_id, id);
	ck_assert_uint_eq(file.head.skipped, skipped);
	recorder_path(o, file.head.id, path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(st.st_size, file.file_bytes);
	ck_assert_int_eq(file_read(path, 1 << 20, &bytes, &len, NULL), 0);
	ck_assert_int_eq(capture_read(bytes, len, &head, count, &n, cut, NULL), 0);
	ck_assert_str_eq(cut, "");
	ck_assert_uint_eq(n, frames);
	ck_assert(head.complete && head.status == 200 && head.duration_us == 77);
}

/* The same after a restart; more than may be of one chat is left out, and counted. */
START_TEST(test_kept)
{
	const struct recorder_config c = config();
	struct recorder *o = start(&c);

	record(o, "small-chat-1", 300);
	record(o, "large-chat-1", 20000);
	recorder_free(o);
	o = start(&c);
	check_file(o, "small-chat-1", 9, 0);
	check_file(o, "large-chat-1", 26, 502);
	struct capture_file *list;
	ck_assert_uint_eq(recorder_list(o, &list), 2);
	ck_assert_str_eq(list[0].head.request_id, "small-chat-1");
	ck_assert_int_eq(recorder_remove(o, list[0].head.id, NULL), 0);
	ck_assert_int_eq(recorder_remove(o, list[0].head.id, NULL), -1);
	free(list);
	ck_assert_uint_eq(recorder_list(o, &list), 1);
	free(list);
	recorder_free(o);
}
END_TEST

START_TEST(test_limits)
{
	struct recorder_config c = config();
	struct capture_file *list = NULL;
	struct recorder *o;
	char id[32];

	c.count = 5;
	o = start(&c);
	for (int i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "chat-%06d", i);
		record(o, id, 200);
	}
	recorder_free(o);
	o = start(&c);
	ck_assert_uint_eq(recorder_list(o, &list), 5);
	ck_assert_str_eq(list[4].head.request_id, "chat-000019");
	ck_assert_str_eq(list[0].head.request_id, "chat-000015");
	const int64_t bytes = list[0].file_bytes;
	free(list);
	recorder_free(o);
	c.total_bytes = 2 * bytes + bytes / 2;
	o = start(&c);
	ck_assert_uint_eq(recorder_list(o, &list), 2);
	free(list);
	recorder_free(o);
	c.age_ms = -1000;
	o = start(&c);
	ck_assert_uint_eq(recorder_list(o, &list), 0);
	free(list);
	recorder_free(o);
}
END_TEST

START_TEST(test_no_disk) /* [I03] a capture that cannot be written blocks nobody, and is counted */
{
	const struct recorder_config c = config();
	struct recorder *o = start(&c);
	_cleanup_free_ char *captures = str_printf("%s/captures", dir);
	_cleanup_buf_ struct buf out = { 0 };
	struct capture_file *list;

	ck_assert_int_eq(rmdir(captures), 0);
	record(o, "chat-0001", 300);
	for (int tries = 0; tries < 12000 && strstr(buf_str(&out), "dropped_total 1\n") == NULL;
	     tries++) {
		buf_clear(&out);
		usleep(5000); /* for the writer, at most a minute */
		recorder_metrics(o, &out);
	}
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "janus_captures_dropped_total 1\n"));
	ck_assert_uint_eq(recorder_list(o, &list), 0);
	free(list);
	recorder_free(o);
}
END_TEST

/* Others' files in the directory are left alone, and one that was cut is known. */
START_TEST(test_strangers)
{
	const struct recorder_config c = config();
	struct recorder *o = start(&c);
	_cleanup_free_ char *other = str_printf("%s/captures/notes.txt", dir);
	struct capture_file file;
	char path[512];

	record(o, "chat-0001", 300);
	recorder_free(o);
	ck_assert_int_eq(file_write(other, "x", 1, 0600, NULL), 0);
	o = start(&c);
	ck_assert(recorder_find(o, "chat-0001", &file));
	ck_assert_int_eq(truncate(recorder_path(o, file.head.id, path), 2048), 0);
	recorder_free(o);
	o = start(&c);
	ck_assert(recorder_find(o, "chat-0001", &file));
	ck_assert_int_eq(file.file_bytes, 2048);
	recorder_free(o);
	ck_assert_int_eq(access(other, F_OK), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("recorder");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_which);
	tcase_add_test(tc, test_kept);
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_no_disk);
	tcase_add_test(tc, test_strangers);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
