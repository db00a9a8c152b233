/*
 * test_store.c - what was acknowledged is there, whole, after whatever comes.
 */
#include "controlplane/store/store.h"

#include <check.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controlplane/store/core.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/owls.h"
#include "tests/run.h"
#include "tests/wall_clock.h"

/* ---- the store's time, and somebody else at its file ---- */

/* Nothing of what the store does once a second with nothing to write comes between. */
static void
nothing_by_itself(void)
{
	monotonic_ahead_s = 1800;
}

/* Who finds the database held sleeps here until it is let go, and not for as long as he has patience. */
static atomic_bool is_held;

int store_usleep(useconds_t) __asm__("usleep");

int
store_usleep(useconds_t us)
{
	const struct timespec pause = { .tv_nsec = (long)us * 1000 };

	do
		nanosleep(&pause, NULL);
	while (is_held);
	return 0;
}

static sqlite3 *
hold(void)
{
	sqlite3 *other = look();

	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	is_held = true;
	return other;
}

static void
let_go(sqlite3 *other)
{
	ck_assert_int_eq(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	is_held = false;
}

/* ---- done comes after the commit, in order ---- */

static struct {
	int done, failed, until;
	enum error_kind kinds[4096];
	int order[4096];
} seen;

static void
on_done(const struct error *err, void *arg)
{
	const int n = (int)(intptr_t)arg;

	seen.kinds[n] = err != NULL ? err->kind : ERROR_NONE;
	seen.failed += err != NULL;
	seen.order[seen.done++] = n;
	if (seen.done == seen.until)
		loop_stop(loop);
}

static void
commit(struct store_batch *b, int n)
{
	store_commit(store, b, on_done, (void *)(intptr_t)n);
}

static void
wait_for(int until)
{
	seen.until = until;
	if (seen.done < until)
		loop_run(loop);
}

static void
on_done_is_stored(const struct error *err, void *arg)
{
	_cleanup_free_ char *text =
	    str_printf("SELECT count(*) FROM versions WHERE id = 'ver_%022d'", (int)(intptr_t)arg);

	ck_assert_int_eq(number(text), 1);
	on_done(err, arg);
}

START_TEST(test_commit_before_done)
{
	for (int i = 0; i < 20; i++)
		store_commit(store, batch(i), on_done_is_stored, (void *)(intptr_t)i);
	wait_for(20);
	ck_assert_int_eq(seen.failed, 0);
}
END_TEST

START_TEST(test_order)
{
	struct store_stats stats;
	enum { N = 1500 };

	for (int i = 0; i < N; i++)
		commit(batch(i), i);
	wait_for(N);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(seen.order[i], i);
	ck_assert_int_eq(seen.failed, 0);
	ck_assert_int_eq(number("SELECT count(*) FROM events"), N);
	store_stats(store, &stats);
	ck_assert_uint_eq(stats.batches, N);
	ck_assert(!stats.failing);
	ck_assert_int_gt(stats.db_bytes + stats.wal_bytes, 100000);
}
END_TEST

START_TEST(test_close_writes_what_is_queued)
{
	for (int i = 0; i < 300; i++)
		store_commit(store, batch(i), i % 2 != 0 ? on_done : NULL, (void *)(intptr_t)i);
	store_close(store);
	store = NULL;
	ck_assert_int_eq(seen.done, 0); /* nothing calls back before the loop runs */
	loop_run_posted(loop);
	ck_assert_int_eq(seen.done, 150);
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 300);
}
END_TEST

START_TEST(test_a_bad_row_undoes_its_batch) /* [I01] a batch is whole or not there */
{
	struct store_batch *b[5];
	struct store_stats stats;
	struct competitor twin = competitor(9);
	struct version orphan = version(77);

	nothing_by_itself();
	for (int i = 0; i < 5; i++)
		b[i] = batch(i);
	store_put_version(b[1], &orphan); /* of a competitor that is not there */
	snprintf(twin.slug, sizeof(twin.slug), "owl-2");
	store_put_competitor(b[3], &twin); /* a name that is taken by batch 2 */
	for (int i = 0; i < 5; i++)
		commit(b[i], i);
	wait_for(5);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(seen.kinds[i], i == 1 || i == 3 ? ERROR_CONFLICT : ERROR_NONE);
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 3);
	ck_assert_int_eq(number("SELECT count(*) FROM versions"), 3);
	ck_assert_int_eq(number("SELECT count(*) FROM events"), 3);

	/* The failure is known until something is written again. */
	b[0] = batch(1);
	store_put_version(b[0], &orphan);
	commit(b[0], 0);
	wait_for(6);
	store_stats(store, &stats);
	ck_assert(stats.failing);
	ck_assert_msg(strstr(stats.why, "FOREIGN KEY") != NULL, "%s", stats.why);
	commit(batch(1), 1);
	wait_for(7);
	store_stats(store, &stats);
	ck_assert(!stats.failing);
	is_whole();
}
END_TEST

/* The limit of a file's size stands for a full disk. */
static void
disk_is_full(bool full)
{
	_cleanup_free_ char *wal = str_printf("%s/janus.db-wal", dir);
	struct rlimit limit;
	struct stat st;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	if (full) {
		ck_assert_int_eq(stat(wal, &st), 0);
		limit.rlim_cur = (rlim_t)st.st_size + 1;
	}
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(test_full_disk) /* [I03] what is told to be stored is, and what is not is not */
{
	struct store_stats stats;

	signal(SIGXFSZ, SIG_IGN);
	nothing_by_itself();
	for (int i = 0; i < 10; i++)
		commit(batch(i), i);
	wait_for(10);
	disk_is_full(true);
	for (int i = 10; i < 20; i++)
		commit(batch(i), i);
	wait_for(20);
	store_stats(store, &stats);
	ck_assert(stats.failing);
	ck_assert_int_eq(seen.failed, 10);
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 10);
	disk_is_full(false);
	for (int i = 10; i < 30; i++)
		commit(batch(i), i);
	wait_for(40);
	ck_assert_int_eq(seen.failed, 10);
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 30);
	ck_assert_int_eq(number("SELECT count(*) FROM events"), 30);
	is_whole();
}
END_TEST

/* ---- the files under it ---- */

START_TEST(test_taken_away) /* [I05] its files removed while it is used */
{
	_cleanup_free_ char *file = str_printf("%s/janus.db%s", dir, _i == 0 ? "" : "-wal"),
			    *aside = str_printf("%s/aside", dir);
	struct store_stats stats;

	nothing_by_itself();
	commit(batch(0), 0);
	wait_for(1);
	ck_assert_int_eq(rename(file, aside), 0);
	commit(batch(1), 1);
	wait_for(2);
	ck_assert_int_eq(seen.kinds[1], ERROR_IO);
	store_stats(store, &stats);
	ck_assert(stats.failing);
	ck_assert_msg(strstr(stats.why, file) != NULL, "%s", stats.why);
	ck_assert_int_eq(rename(aside, file), 0);
	commit(batch(2), 2);
	wait_for(3);
	ck_assert_int_eq(seen.kinds[2], ERROR_NONE);
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 2);
	is_whole();
}
END_TEST

static struct timer looking;

static void
until_log_is_empty(struct timer *t, void *arg)
{
	struct store_stats stats;

	store_stats(store, &stats);
	if (stats.wal_bytes == 0)
		loop_stop(loop);
	else
		timer_set(loop, t, 20, until_log_is_empty, arg);
}

START_TEST(test_idle) /* [I06] with nothing to do the log is emptied, and is told of until then */
{
	struct store_stats stats;

	nothing_by_itself();
	for (int i = 0; i < 200; i++)
		commit(batch(i), i);
	wait_for(200);
	store_stats(store, &stats);
	ck_assert_int_gt(stats.wal_bytes, 10000);
	monotonic_ahead_s = 0;
	commit(batch(200), 200); /* who waited for half an hour waits for a second from now on */
	wait_for(201);
	timer_set(loop, &looking, 20, until_log_is_empty, NULL);
	loop_run(loop);
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 201);
	commit(batch(201), 201);
	wait_for(202);
	ck_assert_int_eq(seen.failed, 0);
}
END_TEST

static void
until_it_waits(struct timer *t, void *other)
{
	struct store_stats stats;

	store_stats(store, &stats);
	if (stats.busy > 0)
		let_go(other);
	else
		timer_set(loop, t, 5, until_it_waits, other);
}

START_TEST(test_two_writers) /* [I07] somebody else writes: ours waits for him, and it is counted */
{
	sqlite3 *other = hold();

	for (int i = 0; i < 10; i++)
		commit(batch(i), i);
	timer_set(loop, &looking, 5, until_it_waits, other);
	wait_for(10);
	ck_assert_int_eq(seen.failed, 0);
	ck_assert(!timer_is_set(&looking)); /* none was written before he let go */
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 10);
}
END_TEST

/* ---- what is loaded is what was stored ---- */

static const char *
random_text(char *out, size_t cap)
{
	static const char *const pieces[] = { "'", "''", "\"", "\\", "; DROP TABLE instances; --",
		"%s%n", "\xe2\x98\x83", "\xf0\x9f\xa6\x89", "\n", "\t", "\x1b[31m", "a", "Zz", "0",
		" ", "NULL", "\xff\xc3", "{\"a\":1}", "?1", ":x" };
	size_t len = 0;

	out[0] = '\0';
	for (uint64_t n = draw() % 40; n > 0; n--) {
		const char *piece = pieces[draw() % ARRAY_LEN(pieces)];

		if (len + strlen(piece) >= cap)
			break;
		strcpy(out + len, piece);
		len += strlen(piece);
	}
	return out;
}
#define TEXT(at) random_text((at), sizeof(at))

static int64_t
random_number(void)
{
	return (int64_t)(draw() >> draw() % 64) * (draw() % 8 != 0 ? 1 : -1);
}

static char *
random_long_text(void)
{
	struct buf b = { 0 };
	char piece[200];

	for (uint64_t n = draw() % 4 == 0 ? 20000 : draw() % 10; n > 0; n--)
		buf_add_str(&b, TEXT(piece));
	return buf_take(&b);
}

enum { ROWS = 60 };
static struct {
	struct competitor competitors[ROWS];
	struct version versions[ROWS];
	struct submission submissions[ROWS];
	struct instance instances[ROWS];
} made;
static struct {
	size_t competitors, versions, submissions, instances;
} loaded;

/* What a row is at first, and what of it may change later. */
static void
change(int i)
{
	struct competitor *c = &made.competitors[i];
	struct version *v = &made.versions[i];
	struct submission *s = &made.submissions[i];
	struct instance *in = &made.instances[i];

	c->wanted = draw() % 2 != 0;
	TEXT(c->version_id);
	c->updated_at_ms = random_number();

	TEXT(v->image_id);
	v->accepted_at_ms = random_number();
	v->retired_at_ms = random_number();
	v->updated_at_ms = random_number();

	s->state = (enum submission_state)(draw() % SUBMISSION_STATE_COUNT);
	TEXT(s->reason);
	TEXT(s->detail);
	s->since_ms = random_number();
	TEXT(s->digest);
	s->is_local = draw() % 2 != 0;
	TEXT(s->image_id);
	TEXT(s->version_id);
	TEXT(s->competitor_id);
	TEXT(s->instance_id);
	TEXT(s->fault);
	free(s->manifest);
	s->manifest = random_long_text();
	free(s->evidence);
	s->evidence = random_long_text();
	s->attempts = (int)(draw() % 1000);
	s->updated_at_ms = random_number();

	in->state = (enum instance_state)(draw() % INSTANCE_STATE_COUNT);
	TEXT(in->reason);
	TEXT(in->detail);
	in->since_ms = random_number();
	TEXT(in->token_sha256);
	TEXT(in->spec_hash);
	in->restarts = (int)(draw() % 1000);
	in->failures = (int)(draw() % 1000);
	in->next_try_ms = random_number();
	free(in->evidence);
	in->evidence = random_long_text();
	in->updated_at_ms = random_number();
}

static void
make(int i)
{
	struct competitor *c = &made.competitors[i];
	struct version *v = &made.versions[i];
	struct submission *s = &made.submissions[i];
	struct instance *in = &made.instances[i];

	*c = competitor(i);
	*v = version(i);
	v->is_url = s->is_url = draw() % 2 != 0;
	TEXT(v->reference);
	TEXT(v->digest);
	v->manifest = random_long_text();
	snprintf(s->id, sizeof(s->id), "sub_%022d", i);
	TEXT(s->slug);
	TEXT(s->reference);
	snprintf(in->id, sizeof(in->id), "ins_%022d", i);
	memcpy(in->competitor_id, c->id, sizeof(c->id));
	memcpy(in->version_id, v->id, sizeof(v->id));
	in->uid = (unsigned)draw();
	s->created_at_ms = in->created_at_ms = 1000 + i;
}

static void
put_all(void)
{
	for (int i = 0; i < ROWS; i++) {
		struct store_batch *b = store_batch_new();

		store_put_competitor(b, &made.competitors[i]);
		store_put_version(b, &made.versions[i]);
		store_put_submission(b, &made.submissions[i]);
		store_put_instance(b, &made.instances[i]);
		commit(b, i);
	}
	wait_for(seen.done + ROWS);
	ck_assert_int_eq(seen.failed, 0);
}

#define SAME_INT(field) ck_assert_int_eq(a->field, e->field)
#define SAME_TEXT(field) ck_assert_str_eq(a->field, e->field)

static void
on_competitor(const struct competitor *a, void *arg)
{
	const struct competitor *e = &made.competitors[loaded.competitors++];

	(void)arg;
	SAME_TEXT(id);
	SAME_TEXT(slug);
	SAME_INT(wanted);
	SAME_TEXT(version_id);
	SAME_INT(created_at_ms);
	SAME_INT(updated_at_ms);
	SAME_INT(removed_at_ms);
}

static void
on_version(const struct version *a, void *arg)
{
	const struct version *e = &made.versions[loaded.versions++];
	struct version own = *a;

	(void)arg;
	SAME_TEXT(id);
	SAME_TEXT(competitor_id);
	SAME_INT(is_url);
	SAME_TEXT(reference);
	SAME_TEXT(digest);
	SAME_TEXT(image_id);
	SAME_TEXT(manifest);
	SAME_INT(accepted_at_ms);
	SAME_INT(retired_at_ms);
	SAME_INT(created_at_ms);
	SAME_INT(updated_at_ms);
	version_done(&own);
}

static void
on_submission(const struct submission *a, void *arg)
{
	const struct submission *e = &made.submissions[loaded.submissions++];
	struct submission own = *a;

	(void)arg;
	SAME_TEXT(id);
	SAME_TEXT(slug);
	SAME_INT(is_url);
	SAME_TEXT(reference);
	SAME_TEXT(manifest);
	SAME_INT(state);
	SAME_TEXT(reason);
	SAME_TEXT(detail);
	SAME_INT(since_ms);
	SAME_TEXT(digest);
	SAME_INT(is_local);
	SAME_TEXT(image_id);
	SAME_TEXT(version_id);
	SAME_TEXT(competitor_id);
	SAME_TEXT(instance_id);
	SAME_TEXT(fault);
	SAME_TEXT(evidence);
	SAME_INT(attempts);
	SAME_INT(created_at_ms);
	SAME_INT(updated_at_ms);
	submission_done(&own);
}

static void
on_instance(const struct instance *a, void *arg)
{
	const struct instance *e = &made.instances[loaded.instances++];
	struct instance own = *a;

	(void)arg;
	SAME_TEXT(id);
	SAME_TEXT(competitor_id);
	SAME_TEXT(version_id);
	SAME_INT(state);
	SAME_TEXT(reason);
	SAME_TEXT(detail);
	SAME_INT(since_ms);
	ck_assert_uint_eq(a->uid, e->uid);
	SAME_TEXT(token_sha256);
	SAME_TEXT(spec_hash);
	SAME_INT(restarts);
	SAME_INT(failures);
	SAME_INT(next_try_ms);
	SAME_TEXT(evidence);
	SAME_INT(created_at_ms);
	SAME_INT(updated_at_ms);
	SAME_INT(removed_at_ms);
	instance_done(&own);
}

static const struct store_rows rows = { on_competitor, on_version, on_submission, on_instance };

static void
load_is_same(void)
{
	struct error err = { 0 };

	memset(&loaded, 0, sizeof(loaded));
	ck_assert_msg(store_load(store, &rows, NULL, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(loaded.competitors, ROWS);
	ck_assert_uint_eq(loaded.versions, ROWS);
	ck_assert_uint_eq(loaded.submissions, ROWS);
	ck_assert_uint_eq(loaded.instances, ROWS);
}

START_TEST(test_reload) /* [I12] text of all kinds comes back as it went in */
{
	for (int i = 0; i < ROWS; i++) {
		make(i);
		change(i);
	}
	put_all();
	load_is_same();
	reopen();
	load_is_same();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < ROWS; i++)
			change(i);
		put_all();
		load_is_same();
	}
	is_whole();
	for (int i = 0; i < ROWS; i++) {
		version_done(&made.versions[i]);
		submission_done(&made.submissions[i]);
		instance_done(&made.instances[i]);
	}
}
END_TEST

START_TEST(test_removed_stay_out)
{
	struct store_batch *b = batch(0);
	struct competitor c = competitor(1);
	struct instance in = { .removed_at_ms = 5, .uid = 1 };
	struct error err = { 0 };

	c.removed_at_ms = 7;
	store_put_competitor(b, &c);
	snprintf(in.id, sizeof(in.id), "ins_0");
	snprintf(in.competitor_id, sizeof(in.competitor_id), "cpt_%022d", 0);
	snprintf(in.version_id, sizeof(in.version_id), "ver_%022d", 0);
	store_put_instance(b, &in);
	/* The name of a removed one is free again. */
	snprintf(c.id, sizeof(c.id), "cpt_again");
	c.removed_at_ms = 8;
	store_put_competitor(b, &c);
	commit(b, 0);
	wait_for(1);
	ck_assert_int_eq(seen.failed, 0);
	made.competitors[0] = competitor(0);
	made.versions[0] = version(0);
	made.versions[0].manifest = "";
	ck_assert_int_eq(store_load(store, &rows, NULL, &err), 0);
	ck_assert_uint_eq(loaded.competitors, 1);
	ck_assert_uint_eq(loaded.versions, 1);
	ck_assert_uint_eq(loaded.instances, 0);
	ck_assert_int_eq(number("SELECT count(*) FROM competitors"), 3);
	ck_assert_int_eq(number("SELECT count(*) FROM instances"), 1);
}
END_TEST

enum { SUBMISSIONS = 1100, KEPT = 1000, OPEN = 3 };

static struct submission
nth_submission(int i)
{
	struct submission s = { .state = i == OPEN ? SUBMISSION_PULLING : SUBMISSION_READY,
		.created_at_ms = 1000000 - i * 3600 };

	snprintf(s.id, sizeof(s.id), "sub_%06d", SUBMISSIONS - i);
	return s;
}

static void
on_nth(const struct submission *s, void *arg)
{
	int *n = arg;
	struct submission own = *s;

	ck_assert_str_eq(s->id, nth_submission(*n).id);
	*n = *n == OPEN ? SUBMISSIONS - KEPT : *n + 1;
	submission_done(&own);
}

START_TEST(test_newest_submissions) /* [J01] hidden by no clock that goes back: as they came */
{
	const struct store_rows newest = { on_competitor, on_version, on_nth, on_instance };
	struct store_batch *b = store_batch_new();
	_cleanup_(submission_done) struct submission found = { 0 };
	struct error err = { 0 };
	int n = OPEN;

	for (int i = 0; i < SUBMISSIONS; i++) {
		const struct submission s = nth_submission(i);

		store_put_submission(b, &s);
	}
	commit(b, 0);
	wait_for(1);
	ck_assert_int_eq(seen.failed, 0);
	ck_assert_msg(store_load(store, &newest, &n, &err) == 0, "%s", err.text);
	ck_assert_int_eq(n, SUBMISSIONS);
	ck_assert_int_eq(store_find_submission(store, nth_submission(50).id, &found, &err), 1);
	ck_assert_str_eq(found.id, nth_submission(50).id);
	ck_assert_int_eq(found.created_at_ms, nth_submission(50).created_at_ms);
	ck_assert_int_eq(store_find_submission(store, "sub_none", &found, &err), 0);
	ck_assert_int_eq(store_find_submission(store, "", &found, &err), 0);
}
END_TEST

static void
on_event(const struct event_row *e, void *arg)
{
	int *n = arg;

	ck_assert_int_eq(strncmp(e->id, "evt_", 4), 0);
	ck_assert_str_eq(e->actor, "test");
	ck_assert_str_eq(e->action, "owl.hatched");
	ck_assert_int_eq(atoi(e->object_id + 4), --*n);
	ck_assert_int_gt(e->at_ms, 0);
}

START_TEST(test_events_and_node)
{
	char first[NOUN_ID_MAX] = "", again[NOUN_ID_MAX] = "";
	struct error err = { 0 };
	int n = 30;

	for (int i = 0; i < 30; i++)
		commit(batch(i), i);
	wait_for(30);
	ck_assert_int_eq(
	    store_events(store, &(struct event_query){ .limit = 10 }, on_event, &n, &err), 0);
	ck_assert_int_eq(n, 20); /* the newest ten, the newest first */
	ck_assert_int_eq(store_node_id(store, first, &err), 0);
	reopen();
	ck_assert_int_eq(store_node_id(store, again, &err), 0);
	ck_assert_str_eq(first, again);
	ck_assert_int_eq(strncmp(first, "node_", 5), 0);
}
END_TEST

static void
on_link(const struct event_row *e, void *arg)
{
	char *head = arg, at[CLOCK_TEXT_MAX], hash[AUDIT_HASH_MAX];
	const struct audit_entry entry = { e->prev, e->id, clock_format(e->at_ms, at), e->actor,
		e->action, e->object_id, e->request_id, e->detail, e->before, e->after };

	ck_assert_str_eq(e->prev, head);
	ck_assert_str_eq(e->hash, audit_hash(&entry, hash));
	snprintf(head, AUDIT_HASH_MAX, "%s", e->hash);
}

static int told;
static void
on_told(void *arg)
{
	(void)arg;
	told++;
}

/* Each event seals the one before, over batches that failed and over a restart. */
START_TEST(test_events_are_a_chain)
{
	char head[AUDIT_HASH_MAX] = "", text[400];
	struct error err = { 0 };
	struct event_query all = { .limit = 1000, .oldest_first = true };

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	store_watch_events(store, on_told, NULL);
	for (int i = 0; i < 20; i++)
		commit(batch(i), i);
	wait_for(20);
	ck_assert_int_eq(told, 20);
	reopen();
	for (int i = 20; i < 23; i++) {
		struct store_batch *b = store_batch_new();

		store_add_event(b,
		    &(struct store_event){ .who = { "key_1", "req_\"\\\n" },
			.action = "owl.moved",
			.object_id = "x",
			.reason = text,
			.before = "\xff",
			.after = "" });
		commit(b, i);
	}
	wait_for(23);
	ck_assert_int_eq(store_events(store, &all, on_link, head, &err), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM events WHERE hash != ''"), 23);
	ck_assert_int_eq(number("SELECT count(*) FROM events WHERE object_id = 'x'"), 3);
}
END_TEST

/* ---- usage ---- */

START_TEST(test_usage_beyond_the_queue) /* [I11] [I07] dropped and counted; nobody waits */
{
	const struct usage_row row = { .request_id = "req_'\"",
		.competitor = "owl",
		.status = 200,
		.prompt_tokens = 3,
		.ttft_ms = -1,
		.stream = true };
	struct store_stats stats;
	sqlite3 *other;
	uint64_t kept;

	/* While somebody else writes nothing is written here, and nobody waits. */
	other = hold();
	for (int i = 0; i < 20000; i++)
		store_add_usage(store, &row);
	store_stats(store, &stats);
	let_go(other);
	ck_assert_uint_gt(stats.usage_dropped, 5000);
	ck_assert_uint_lt(stats.usage_dropped, 20000);
	kept = 20000 - stats.usage_dropped;
	commit(batch(0), 0); /* not dropped, and behind all of it */
	wait_for(1);
	ck_assert_int_eq(seen.failed, 0);
	ck_assert_int_eq(number("SELECT count(*) FROM usage WHERE request_id = 'req_''\"' AND "
				"prompt_tokens = 3 AND ttft_ms = -1 AND stream = 1"),
	    (int64_t)kept);
	store_add_usage(store, &row); /* room again */
	commit(batch(1), 1);
	wait_for(2);
	ck_assert_int_eq(number("SELECT count(*) FROM usage"), (int64_t)kept + 1);
}
END_TEST

START_TEST(test_chats_of_a_day)
{
	const int64_t day = INT64_C(86400000), noon = 20000 * day + day / 2;
	struct tally t = { .day = 20000 };

	tally_add(&t, noon);
	tally_add(&t, noon - day); /* began before midnight, and is over now */
	tally_add(&t, 20000 * day);
	ck_assert_int_eq(tally_of(&t, noon), 2);
	ck_assert_int_eq(tally_of(&t, noon + day), 0); /* nobody chatted yet */
	tally_add(&t, noon + day);
	ck_assert_int_eq(tally_of(&t, noon + day), 1);
}
END_TEST

START_TEST(test_chats_of_today) /* only what is stored counts, and a restart forgets none of it */
{
	struct usage_row row = { .request_id = "req_1", .at_ms = 1 };
	struct store_stats stats;

	wall_is_noon();
	store_add_usage(store, &row);
	row.at_ms = clock_wall_ms();
	store_add_usage(store, &row);
	store_add_usage(store, &row);
	commit(batch(0), 0); /* behind them */
	wait_for(1);
	store_stats(store, &stats);
	ck_assert_int_eq(stats.chats_today, 2);
	reopen();
	store_stats(store, &stats);
	ck_assert_int_eq(stats.chats_today, 2);
}
END_TEST

static void
keep_row(const struct usage_row *u, void *arg)
{
	*(struct usage_row *)arg = *u;
}

static const char *
row_text(const struct usage_row *u, char out[400])
{
	const int64_t numbers[] = { u->at_ms, u->prompt_tokens, u->completion_tokens,
		u->cost_micro_usd, u->duration_ms, u->ttft_ms, u->max_gap_ms, u->queue_ms,
		u->bytes_in, u->bytes_out, u->status, u->attempts, u->stream, u->is_estimated };
	int n = snprintf(out, 400, "%s %s %s %s %s %s", u->request_id, u->competitor, u->version_id,
	    u->instance_id, u->code, u->fault);

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		n += snprintf(out + n, 400 - (size_t)n, " %lld", (long long)numbers[i]);
	return out;
}

START_TEST(test_usage_read_back)
{
	const struct usage_row row = { .request_id = "req_1",
		.competitor = "cpt_1",
		.version_id = "ver_1",
		.instance_id = "ins_1",
		.code = "upstream_died",
		.fault = "miner",
		.at_ms = 1,
		.prompt_tokens = 2,
		.completion_tokens = 3,
		.cost_micro_usd = 4,
		.duration_ms = 5,
		.ttft_ms = 6,
		.max_gap_ms = 7,
		.queue_ms = 8,
		.bytes_in = 9,
		.bytes_out = 10,
		.status = 502,
		.attempts = 11,
		.stream = true,
		.is_estimated = true };
	const struct request_query wanted = { .id = "req_1" }, newest = { .limit = 1 };
	struct usage_row one = { 0 }, last = { 0 };
	struct error err = { 0 };
	char wrote[400], read[400];

	store_add_usage(store, &row);
	commit(batch(0), 0); /* behind it */
	wait_for(1);
	ck_assert_int_eq(store_requests(store, &wanted, keep_row, &one, &err), 0);
	ck_assert_int_eq(store_requests(store, &newest, keep_row, &last, &err), 0);
	ck_assert_str_eq(row_text(&one, read), row_text(&row, wrote));
	ck_assert_str_eq(row_text(&last, read), wrote);
}
END_TEST

/* ---- kill -9 ---- */

struct writer { /* in the child: one batch after another, each told when it is stored */
	int fd, next;
};

static void
acknowledge(const struct error *err, void *arg)
{
	struct writer *w = arg;
	int n = w->next++;

	if (err != NULL || write(w->fd, &n, sizeof(n)) != sizeof(n))
		_exit(1);
	store_commit(store, batch(w->next), acknowledge, w);
	store_commit(store, batch(1000000 + w->next), NULL, NULL);
}

static void
write_for_ever(struct writer *w)
{
	struct error err = { 0 };
	int n = -1;

	loop = loop_new(NULL);
	if (write(w->fd, &n, sizeof(n)) != sizeof(n)) /* about to open */
		_exit(1);
	store = store_open(dir, loop, &err);
	if (store == NULL) {
		fprintf(stderr, "after a kill: %s\n", err.text);
		_exit(2);
	}
	store_commit(store, batch(w->next), acknowledge, w);
	loop_run(loop);
	_exit(3);
}

/* Start a writer at batch `from` and kill it after `acks`; the first batch not acknowledged. */
static int
one_life(int from, int acks)
{
	int pipes[2], status, n = -1, last = from - 1;

	ck_assert_int_eq(pipe(pipes), 0);
	const pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(pipes[0]);
		write_for_ever(&(struct writer){ pipes[1], from });
	}
	close(pipes[1]);
	for (int i = 0; i <= acks; i++) {
		ck_assert_int_eq(read(pipes[0], &n, sizeof(n)), sizeof(n));
		last = n >= 0 ? n : last;
	}
	for (uint64_t i = draw() % 3000; i > 0; i--) /* at any moment of what it does now */
		sched_yield();
	kill(child, SIGKILL);
	while (read(pipes[0], &n, sizeof(n)) == sizeof(n))
		last = n >= 0 ? n : last;
	close(pipes[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status), "it ended by itself: %#x", (unsigned)status);
	return last + 1;
}

#define KILLS 30

static int
kills(void)
{
	const char *n = getenv("JANUS_TEST_KILLS"); /* for who has the time */

	return n != NULL && atoi(n) > 0 ? atoi(n) : KILLS;
}

START_TEST(test_kill) /* [I01] killed thirty times, also while the database is made */
{
	int next = 0;

	store_close(store);
	store = NULL;
	file_remove_tree(dir, NULL);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	for (int round = 0; round < kills(); round++) {
		next = one_life(next, round < 8 ? 0 : (int)(draw() % 25));
		if (next == 0) /* it was killed while the database was made */
			continue;
		is_whole();
		are_there(next);
	}
	/* Every batch is whole or not there: what was not acknowledged, too. */
	ck_assert_int_eq(
	    number("SELECT count(*) FROM competitors"), number("SELECT count(*) FROM versions"));
	ck_assert_int_eq(
	    number(
		"SELECT count(*) FROM competitors WHERE id NOT IN (SELECT object_id FROM events)"),
	    0);
	if (kills() >= KILLS) /* most lives tell of some */
		ck_assert_int_gt(next, kills());
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store");
	TCase *tc = tcase_create("all"), *killed = tcase_create("killed");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_commit_before_done);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_close_writes_what_is_queued);
	tcase_add_test(tc, test_a_bad_row_undoes_its_batch);
	tcase_add_test(tc, test_full_disk);
	tcase_add_loop_test(tc, test_taken_away, 0, 2);
	tcase_add_test(tc, test_idle);
	tcase_add_test(tc, test_two_writers);
	tcase_add_test(tc, test_reload);
	tcase_add_test(tc, test_removed_stay_out);
	tcase_add_test(tc, test_newest_submissions);
	tcase_add_test(tc, test_events_and_node);
	tcase_add_test(tc, test_events_are_a_chain);
	tcase_add_test(tc, test_usage_beyond_the_queue);
	tcase_add_test(tc, test_chats_of_a_day);
	tcase_add_test(tc, test_chats_of_today);
	tcase_add_test(tc, test_usage_read_back);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(killed, set_up, tear_down);
	tcase_set_timeout(killed, 90 + kills());
	tcase_add_test(killed, test_kill);
	suite_add_tcase(suite, killed);
	return run_suite(suite);
}
