/*
 * test_artifacts.c - what is stored stays, what is over goes, and a kill at any moment leaves neither
 * names without bytes nor bytes without a name.
 */
#include "controlplane/artifacts/artifacts.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controlplane/artifacts/blobs.h"
#include "controlplane/artifacts/intake.h"
#include "controlplane/store/store.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "tests/run.h"

static char dir[64], blobs[96];
static struct artifacts_config config;
static struct loop *loop;
static struct workers *workers;
static struct store *store;
static struct artifacts *artifacts;

static void
open_all(void)
{
	struct error err = { 0 };

	config.dir = dir;
	loop = loop_new(&err);
	store = store_open(dir, loop, &err);
	workers = workers_new(2);
	artifacts = artifacts_open(&config, store, loop, workers, &err);
	ck_assert_msg(artifacts != NULL, "%s", err.text);
}

static void
close_all(void)
{
	artifacts_stop(artifacts);
	workers_free(workers);
	store_close(store);
	loop_free(loop);
	artifacts_free(artifacts);
}

static void
set_up(void)
{
	strcpy(dir, "/tmp/test-artifacts.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(blobs, sizeof(blobs), "%s/blobs", dir);
	log_set_levels("error");
	config = artifacts_defaults;
	open_all();
}

static void
tear_down(void)
{
	close_all();
	ck_assert_int_eq(file_remove_tree(dir, NULL), 0);
}

/* ---- one intake, waited for ---- */

struct outcome {
	bool done;
	enum artifact_reason reason;
	struct artifact row;
	const char *bytes;
	size_t len, at;
	struct intake *intake;
};

static void
on_done(const struct artifact *row, enum artifact_reason reason, void *arg)
{
	struct outcome *o = arg;

	o->done = true;
	o->reason = reason;
	if (row != NULL)
		o->row = *row;
	loop_stop(loop);
}

static void
feed(void *arg)
{
	struct outcome *o = arg;

	while (o->at < o->len) {
		const size_t n = o->len - o->at < 10000 ? o->len - o->at : 10000;

		o->at += n;
		if (!intake_feed(o->intake, o->bytes + o->at - n, n) && o->at < o->len)
			return;
	}
	intake_end(o->intake);
}

static const struct intake_events events = { feed, on_done };

static struct artifact
wanted(int64_t size, const char *sha256)
{
	struct artifact a = { .size = size, .created_at_ms = clock_wall_ms() };

	strcpy(a.competitor, "owl");
	strcpy(a.request_id, "req_1");
	strcpy(a.name, "x");
	strcpy(a.type, "text/plain");
	strcpy(a.sha256, sha256);
	a.expires_at_ms = a.created_at_ms + 3600000;
	return a;
}

static struct outcome
take_row(const char *bytes, size_t len, const struct artifact *row)
{
	struct outcome o = { .bytes = bytes, .len = len };

	o.intake = intake_begin(artifacts, loop, row, &events, &o, &o.reason);
	if (o.intake == NULL)
		return o;
	feed(&o);
	loop_run(loop);
	ck_assert(o.done);
	return o;
}

static struct outcome
take(const char *bytes)
{
	const struct artifact row = wanted((int64_t)strlen(bytes), "");

	return take_row(bytes, strlen(bytes), &row);
}

static void
stop(const struct error *err, void *arg)
{
	ck_assert_ptr_null(err);
	(void)arg;
	loop_stop(loop);
}

static void
stop_timer(struct timer *t, void *arg)
{
	(void)t;
	(void)arg;
	loop_stop(loop);
}

static void
count_blob(const char *sha256, int64_t size, void *arg)
{
	(void)sha256;
	(void)size;
	++*(int *)arg;
}

static int
blobs_there(void)
{
	int n = 0;

	ck_assert_int_eq(blobs_each(blobs, count_blob, &n, NULL), 0);
	return n;
}

/* Turn the loop until so many blobs are left: whoever collects them takes his time. */
static void
wait_blobs(int n)
{
	for (int tries = 0; blobs_there() != n; tries++) {
		struct timer t = { 0 };

		ck_assert_int_lt(tries, 6000);
		timer_set(loop, &t, 10, stop_timer, NULL);
		loop_run(loop);
	}
}

static int
temps_there(void)
{
	_cleanup_free_ char *path = str_printf("%s/tmp", blobs);
	DIR *d = opendir(path);
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

/* ---- tests ---- */

START_TEST(bytes_come_back)
{
	_cleanup_free_ char *big = mem_zalloc(3000001);
	struct artifact row, found;
	struct error err = { 0 };
	char byte;

	for (size_t i = 0; i < 3000000; i++)
		big[i] = (char)('a' + i % 26);
	row = wanted(3000000, "");
	const struct outcome o = take_row(big, 3000000, &row);
	ck_assert_int_eq(o.reason, ARTIFACT_NONE);
	ck_assert(artifacts_get(artifacts, o.row.id, &found));
	for (int i = 0; i < 2; i++) { /* read through, then known */
		_cleanup_close_ int fd = artifacts_read(artifacts, &found, &err);

		ck_assert_msg(fd >= 0, "%s", err.text);
		ck_assert_int_eq(pread(fd, &byte, 1, 2999999), 1);
		ck_assert_int_eq(byte, 'a' + 2999999 % 26);
	}
}
END_TEST

START_TEST(a_lie_leaves_nothing) /* [K08] nothing is left of what was refused */
{
	struct artifact row = wanted(5, "");

	ck_assert_int_eq(take_row("hell", 4, &row).reason, ARTIFACT_SIZE);
	ck_assert_int_eq(take_row("hello, world", 12, &row).reason, ARTIFACT_SIZE);
	row = wanted(5, "0000000000000000000000000000000000000000000000000000000000000000");
	ck_assert_int_eq(take_row("hello", 5, &row).reason, ARTIFACT_HASH);
	row.size = config.max_bytes + 1;
	ck_assert_int_eq(take_row("hello", 5, &row).reason, ARTIFACT_SIZE_DECLARED);
	ck_assert_int_eq(blobs_there(), 0);
	ck_assert_int_eq(temps_there(), 0);
}
END_TEST

START_TEST(the_same_bytes_are_stored_once) /* [I10] and go with the last who names them */
{
	struct outcome a, b;

	a = take("hello");
	b = take("hello");
	ck_assert_str_ne(a.row.id, b.row.id);
	ck_assert_str_eq(a.row.sha256, b.row.sha256);
	ck_assert_int_eq(blobs_there(), 1);
	artifacts_remove(artifacts, a.row.id, loop, stop, NULL);
	loop_run(loop);
	ck_assert_int_eq(blobs_there(), 1);
	artifacts_remove(artifacts, b.row.id, loop, stop, NULL);
	loop_run(loop);
	wait_blobs(0);
}
END_TEST

static const struct harm {
	const char *what;
	enum error_kind kind;
} harms[] = {
	{ "missing", ERROR_NOT_FOUND },
	{ "cut", ERROR_INTERNAL },
	{ "one bit of it is another", ERROR_INTERNAL },
	{ "others under its name", ERROR_INTERNAL },
};

START_TEST(never_wrong_bytes) /* [I10] missing, cut, flipped or others */
{
	const struct outcome a = take("hello"), b = take("world");
	_cleanup_free_ char *path =
	    str_printf("%s/sha256/%.2s/%s", blobs, a.row.sha256, a.row.sha256 + 2);
	struct error err = { 0 };
	char bytes[6] = "";

	/* Read once: what is known to be true is looked at again when it has changed. */
	_cleanup_close_ int before = artifacts_read(artifacts, &a.row, &err);
	ck_assert_int_ge(before, 0);
	unlink(path);
	if (_i > 0)
		ck_assert_int_eq(
		    file_write(path, _i == 2 ? "hellp" : "world", _i == 1 ? 3 : 5, 0600, &err), 0);
	ck_assert_int_eq(artifacts_read(artifacts, &a.row, &err), -1);
	ck_assert_msg(err.kind == harms[_i].kind, "%s: %s", harms[_i].what, err.text);
	/* Who reads it already reads what it was; others do not notice. */
	ck_assert_int_eq(pread(before, bytes, 5, 0), 5);
	ck_assert_str_eq(bytes, "hello");
	_cleanup_close_ int other = artifacts_read(artifacts, &b.row, &err);
	ck_assert_int_ge(other, 0);
}
END_TEST

START_TEST(left_over) /* [I10] what a crash left in tmp is gone, and what nobody names */
{
	_cleanup_free_ char *temp = str_printf("%s/tmp/blob_x", blobs),
			    *orphan = str_printf("%s/sha256/ab/%060d", blobs, 0),
			    *two = str_printf("%s/sha256/ab", blobs);
	struct error err = { 0 };

	take("hello");
	close_all();
	ck_assert_int_eq(file_write(temp, "half", 4, 0600, &err), 0);
	ck_assert_int_eq(file_mkdirs(two, 0700, &err), 0);
	_cleanup_free_ char *whole = str_printf("%s00", orphan);
	ck_assert_int_eq(file_write(whole, "x", 1, 0600, &err), 0);
	open_all();
	ck_assert_int_eq(temps_there(), 0);
	wait_blobs(1);
}
END_TEST

START_TEST(what_another_writes_stays) /* [M06] a second one opens while the first still stores */
{
	struct error err = { 0 };
	char sum[HASH_HEX_MAX];

	struct blob_writer *w = blob_begin(blobs, &err);
	ck_assert_int_eq(blob_write(w, "hello", 5, &err), 0);
	close_all();
	config.shared = true;
	open_all();
	ck_assert_int_eq(temps_there(), 1);
	blob_sum(w, sum);
	ck_assert_msg(blob_keep(w, &err) == 0, "%s", err.text);
	blob_drop(w);
	ck_assert_int_eq(blobs_there(), 1);
}
END_TEST

START_TEST(space_is_limited)
{
	struct artifact row;

	close_all();
	config.competitor_bytes = 12;
	config.total_bytes = 15;
	config.owner_bytes = 6;
	open_all();
	ck_assert_int_eq(take("hello").reason, ARTIFACT_NONE);
	ck_assert_int_eq(take("other").reason, ARTIFACT_NONE);
	ck_assert_int_eq(take("third").reason, ARTIFACT_QUOTA); /* of the competitor */
	row = wanted(5, "");
	row.competitor[0] = '\0';
	strcpy(row.purpose, "user_data");
	ck_assert_int_eq(take_row("upper", 5, &row).reason, ARTIFACT_NONE);
	ck_assert_int_eq(take_row("lower", 5, &row).reason, ARTIFACT_QUOTA); /* of the owner */
	strcpy(row.owner, "key_2");
	ck_assert_int_eq(take_row("lower", 5, &row).reason, ARTIFACT_QUOTA); /* of all */
	config.total_bytes = INT64_C(1) << 30;
	config.count = 3;
	close_all();
	open_all();
	ck_assert_int_eq(take_row("lower", 5, &row).reason, ARTIFACT_QUOTA); /* of their number */
}
END_TEST

START_TEST(what_is_over_goes)
{
	struct artifact row = wanted(5, ""), found;

	close_all();
	config.sweep_ms = 10;
	open_all();
	row.expires_at_ms = row.created_at_ms + 200;
	const struct outcome o = take_row("hello", 5, &row);
	ck_assert_int_eq(o.reason, ARTIFACT_NONE);
	wait_blobs(0);
	ck_assert(!artifacts_get(artifacts, o.row.id, &found));
	close_all();
	open_all();
	ck_assert(!artifacts_get(artifacts, o.row.id, &found));
}
END_TEST

START_TEST(it_survives_a_restart_and_so_does_its_link) /* [L13] */
{
	_cleanup_buf_ struct buf before = { 0 }, after = { 0 };
	struct artifact found;
	const struct outcome o = take("hello");

	artifacts_url(artifacts, &o.row, &before);
	close_all();
	open_all();
	ck_assert(artifacts_get(artifacts, o.row.id, &found));
	artifacts_url(artifacts, &found, &after);
	ck_assert_str_eq(buf_str(&before), buf_str(&after));
	ck_assert_str_eq(found.name, "x");
	_cleanup_close_ int fd = artifacts_read(artifacts, &found, NULL);
	ck_assert_int_ge(fd, 0);
}
END_TEST

static void
collect_names(const struct artifact *row, void *arg)
{
	buf_add_str(arg, row->sha256 + HASH_HEX_MAX - 5);
}

START_TEST(those_of_a_request_in_order)
{
	_cleanup_buf_ struct buf names = { 0 };
	const struct outcome a = take("one"), b = take("two"), c = take("three");

	artifacts_remove(artifacts, b.row.id, loop, stop, NULL);
	loop_run(loop);
	artifacts_of_request(artifacts, "req_1", collect_names, &names);
	_cleanup_free_ char *expected =
	    str_printf("%s%s", a.row.sha256 + HASH_HEX_MAX - 5, c.row.sha256 + HASH_HEX_MAX - 5);
	ck_assert_str_eq(buf_str(&names), expected);
	artifacts_of_request(artifacts, "req_2", collect_names, &names);
	ck_assert_str_eq(buf_str(&names), expected);
}
END_TEST

/* ---- killed ---- */

enum moment { IN_A_TEMP, AFTER_THE_BLOB, AFTER_THE_ROW, IN_A_REMOVAL, ANYWHERE };

static void
die_stored(const struct artifact *row, enum artifact_reason reason, void *arg)
{
	(void)row;
	(void)reason;
	(void)arg;
	_exit(7);
}

static void *
killer(void *arg)
{
	usleep((unsigned)(uintptr_t)arg);
	_exit(7);
}

static void
many(const struct artifact *row, enum artifact_reason reason, void *arg)
{
	static const struct intake_events again = { NULL, many };
	static int n;
	enum artifact_reason why;
	char text[32];

	(void)reason;
	(void)arg;
	if (row != NULL && n % 3 == 0)
		artifacts_remove(artifacts, row->id, loop, NULL, NULL);
	snprintf(text, sizeof(text), "number %d", n++ % 50);
	const struct artifact next = wanted((int64_t)strlen(text), "");
	struct intake *in = intake_begin(artifacts, loop, &next, &again, NULL, &why);
	intake_feed(in, text, strlen(text));
	intake_end(in);
}

/* In a process of its own, which does not come back. */
static void
die(enum moment moment, unsigned after_us)
{
	static const struct intake_events dying = { NULL, die_stored };
	const struct artifact row = wanted(5, "");
	struct artifact kept = row;
	enum artifact_reason why;
	struct intake *in;
	struct blob_writer *w;
	pthread_t t;

	open_all();
	switch (moment) {
	case IN_A_TEMP:
		w = blob_begin(blobs, NULL);
		blob_write(w, "hello", 5, NULL);
		break;
	case AFTER_THE_BLOB:
		w = blob_begin(blobs, NULL);
		blob_write(w, "hello", 5, NULL);
		blob_sum(w, kept.sha256);
		artifacts_keep_blob(artifacts, w, &kept, NULL);
		break;
	case AFTER_THE_ROW:
		in = intake_begin(artifacts, loop, &row, &dying, NULL, &why);
		intake_feed(in, "hello", 5);
		intake_end(in);
		loop_run(loop);
		break;
	case IN_A_REMOVAL: {
		const struct outcome o = take("hello");

		blob_set_aside(blobs, o.row.sha256); /* the file first: worse than it can be */
		break;
	}
	case ANYWHERE:
		pthread_create(&t, NULL, killer, (void *)(uintptr_t)after_us);
		many(NULL, ARTIFACT_NONE, NULL);
		loop_run(loop);
		break;
	}
	_exit(7);
}

/* Every row has its bytes, and all bytes have a row */
static void
check_whole(void)
{
	const struct artifact_query all = { 0 };
	_cleanup_free_ struct artifact *rows = NULL;
	_cleanup_free_ char *seen = NULL;
	const size_t n = artifacts_list(artifacts, &all, &rows);
	int distinct = 0;

	for (size_t i = 0; i < n; i++) {
		_cleanup_close_ int fd = artifacts_read(artifacts, &rows[i], NULL);
		bool before = false;

		ck_assert_int_ge(fd, 0);
		for (size_t k = 0; k < i; k++)
			before |= strcmp(rows[k].sha256, rows[i].sha256) == 0;
		distinct += !before;
	}
	ck_assert_int_eq(blobs_there(), distinct);
	ck_assert_int_eq(temps_there(), 0);
}

static void
kill_and_look(enum moment moment, unsigned after_us, int rows)
{
	const struct artifact_query all = { 0 };
	_cleanup_free_ struct artifact *list = NULL;
	int status;
	pid_t pid;

	close_all();
	pid = fork();
	if (pid == 0)
		die(moment, after_us);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	open_all();
	check_whole();
	if (rows >= 0)
		ck_assert_int_eq((int)artifacts_list(artifacts, &all, &list), rows);
}

START_TEST(killed_between_fetch_store_reference_and_rewrite) /* [K11] */
{
	kill_and_look(IN_A_TEMP, 0, 0);
	kill_and_look(AFTER_THE_BLOB, 0, 0);
	kill_and_look(AFTER_THE_ROW, 0, 1);
	kill_and_look(IN_A_REMOVAL, 0, 0);
}
END_TEST

START_TEST(killed_anywhere) /* [K11] */
{
	for (unsigned i = 0; i < 12; i++)
		kill_and_look(ANYWHERE, 1000 + i * 7919 % 40000, -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("artifacts");
	TCase *t = tcase_create("store");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, bytes_come_back);
	tcase_add_test(t, a_lie_leaves_nothing);
	tcase_add_test(t, the_same_bytes_are_stored_once);
	tcase_add_loop_test(t, never_wrong_bytes, 0, (int)ARRAY_LEN(harms));
	tcase_add_test(t, left_over);
	tcase_add_test(t, what_another_writes_stays);
	tcase_add_test(t, space_is_limited);
	tcase_add_test(t, what_is_over_goes);
	tcase_add_test(t, it_survives_a_restart_and_so_does_its_link);
	tcase_add_test(t, those_of_a_request_in_order);
	tcase_add_test(t, killed_between_fetch_store_reference_and_rewrite);
	tcase_add_test(t, killed_anywhere);
	suite_add_tcase(s, t);
	return run_suite(s);
}
