/*
 * test_backup.c - a backup has what the state had, is refused with any bit of it changed, and takes the
 * state's place whole, killed at any moment.
 */
#include "controlplane/backup/backup.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/artifacts/blobs.h"
#include "controlplane/backup/core.h"
#include "controlplane/config.h"
#include "controlplane/daemon.h"
#include "controlplane/store/artifacts.h"
#include "controlplane/store/check.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/ed25519.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/controlplane/store/house.h"
#include "tests/run.h"

static struct ed25519_key *key;
static char sums[2][HASH_HEX_MAX];

static void
on_stored(const struct error *err, void *arg)
{
	(void)arg;
	ck_assert_msg(err == NULL, "%s", err != NULL ? err->text : "");
	loop_stop(loop);
}

static void
commit(struct store_batch *b)
{
	store_commit(store, b, on_stored, NULL);
	loop_run(loop);
}

static void
put(const char *name, const char *text)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	struct error err = { 0 };

	ck_assert_msg(file_write(path, text, strlen(text), 0600, &err) == 0, "%s", err.text);
}

static char *
get(const char *name)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	char *text = NULL;

	return file_read(path, 1 << 20, &text, NULL, NULL) == 0 ? text : str_dup("(gone)");
}

static void
is(const char *name, const char *wanted)
{
	_cleanup_free_ char *found = get(name);

	ck_assert_msg(strcmp(found, wanted) == 0, "%s: '%s'", name, found);
}

static void
add_competitor(const char *id, const char *slug)
{
	struct store_batch *b = store_batch_new();
	struct competitor c = { 0 };

	str_copy(c.id, sizeof(c.id), id);
	str_copy(c.slug, sizeof(c.slug), slug);
	store_put_competitor(b, &c);
	commit(b);
}

static void
add_artifact(int n, const char *text)
{
	_cleanup_free_ char *blobs = str_printf("%s/blobs", dir);
	struct error err = { 0 };
	struct blob_writer *w;
	struct store_batch *b = store_batch_new();
	struct artifact a = { .size = (int64_t)strlen(text) };

	ck_assert_int_eq(blobs_prepare(blobs, &err), 0);
	w = blob_begin(blobs, &err);
	ck_assert_int_eq(blob_write(w, text, strlen(text), &err), 0);
	blob_sum(w, a.sha256);
	ck_assert_int_eq(blob_keep(w, &err), 0);
	blob_drop(w);
	snprintf(a.id, sizeof(a.id), "artf_%d", n);
	memcpy(sums[n], a.sha256, sizeof(a.sha256));
	store_put_artifact(b, &a);
	commit(b);
}

static void
begin(void)
{
	_cleanup_free_ char *runs = NULL;
	struct error err = { 0 };

	set_up();
	runs = str_printf("%s/runs/run_1", dir);
	ck_assert_int_eq(file_mkdirs(runs, 0700, &err), 0);
	put("artifact.key", "thirty-two bytes of a secret key");
	put("runs/run_1/items.jsonl", "{}\n");
	put("runs/run_1.log", "it ran\n");
	put("runs/run_1.key", "of a worker that is gone");
	put("vectors.db", "is not ours to keep");
	_cleanup_free_ char *path = str_printf("%s/signing.key", dir);
	key = ed25519_open(path, &err);
	ck_assert_ptr_nonnull(key);
	add_competitor("cpt_1", "owl");
	add_artifact(0, "first");
	add_artifact(1, "second");
}

static void
finish(void)
{
	ed25519_free(key);
	tear_down();
}

static void
make(struct backup *b)
{
	struct error err = { 0 };

	ck_assert_msg(backup_make(dir, store, key, b, &err) == 0, "%s", err.text);
}

/* The daemon ends, what was staged is taken, and it is there again. */
static void
restart(char kept[BACKUP_PATH_MAX])
{
	struct error err = { 0 };

	store_close(store);
	store = NULL;
	ck_assert_msg(backup_take(dir, kept, &err) == 0, "%s", err.text);
	store = store_open(dir, loop, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
}

static void
count_competitor(const struct competitor *c, void *arg)
{
	str_copy(arg, SLUG_MAX, c->slug);
}
static void
no_version(const struct version *v, void *arg)
{
	(void)v;
	(void)arg;
}
static void
no_submission(const struct submission *s, void *arg)
{
	(void)s;
	(void)arg;
}
static void
no_instance(const struct instance *i, void *arg)
{
	(void)i;
	(void)arg;
}

/* The name of the last competitor. */
static void
last_is(const char *slug)
{
	static const struct store_rows rows = { count_competitor, no_version, no_submission,
		no_instance };
	struct error err = { 0 };
	char found[SLUG_MAX] = "";

	ck_assert_int_eq(store_load(store, &rows, found, &err), 0);
	ck_assert_str_eq(found, slug);
}

START_TEST(test_there_and_back)
{
	_cleanup_(backup_done) struct backup b = { 0 }, found = { 0 };
	struct error err = { 0 };
	char kept[BACKUP_PATH_MAX];
	struct stat st;

	make(&b);
	ck_assert_int_eq(json_int(json_get(b.manifest, "counts"), "artifacts", -1), 2);
	ck_assert_int_eq(json_int(b.manifest, "artifacts_lost", -1), 0);
	ck_assert_ptr_null(signed_file(b.manifest, "runs/run_1.key"));
	ck_assert_ptr_null(signed_file(b.manifest, "vectors.db"));
	ck_assert_int_eq(stat(b.path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	ck_assert_msg(backup_check(&b, dir, &err) == 0, "%s", err.text);
	ck_assert_int_eq(backup_find(dir, b.id, &found, &err), 0);
	ck_assert_str_eq(found.path, b.path);

	add_competitor("cpt_2", "crow");
	put("artifact.key", "another key that came after it..");
	put("runs/run_1/items.jsonl", "{}\n{}\n");
	ck_assert_msg(backup_stage(dir, &b, &err) == 0, "%s", err.text);
	ck_assert_int_ne(backup_staged(dir), 0);
	last_is("crow"); /* nothing has changed yet */
	restart(kept);
	ck_assert_str_ne(kept, "");
	last_is("owl");
	is("artifact.key", "thirty-two bytes of a secret key");
	is("runs/run_1/items.jsonl", "{}\n");
	is("vectors.db", "is not ours to keep");
	ck_assert_int_eq(backup_staged(dir), 0);
	_cleanup_free_ char *blobs = str_printf("%s/blobs", dir);
	_cleanup_close_ int fd = blob_open(blobs, sums[1], 6, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert(blob_is_true(fd, sums[1]));
	/* What was there is whole in its place. */
	_cleanup_free_ char *aside = str_printf("%s/artifact.key", kept + strlen(dir) + 1);
	is(aside, "another key that came after it..");
	restart(kept); /* and once is once */
	ck_assert_str_eq(kept, "");
	last_is("owl");
}
END_TEST

START_TEST(test_unstaged)
{
	_cleanup_(backup_done) struct backup b = { 0 };
	struct error err = { 0 };
	char kept[BACKUP_PATH_MAX];

	make(&b);
	add_competitor("cpt_2", "crow");
	ck_assert_int_eq(backup_stage(dir, &b, &err), 0);
	backup_unstage(dir);
	restart(kept);
	ck_assert_str_eq(kept, "");
	last_is("crow");
}
END_TEST

/* An artifact whose bytes are gone, or are others: the backup is of all the rest. [I10] */
START_TEST(test_lost_artifact)
{
	_cleanup_free_ char *path =
	    str_printf("%s/blobs/sha256/%.2s/%s", dir, sums[0], sums[0] + 2);
	_cleanup_(backup_done) struct backup b = { 0 };
	struct error err = { 0 };

	if (_i == 0)
		unlink(path);
	else
		ck_assert_int_eq(file_write(path, "fIrst", 5, 0600, &err), 0);
	make(&b);
	ck_assert_int_eq(json_int(json_get(b.manifest, "counts"), "artifacts", -1), 1);
	ck_assert_int_eq(json_int(b.manifest, "artifacts_lost", -1), 1);
	ck_assert_int_eq(backup_check(&b, dir, &err), 0);
}
END_TEST

/* An artifact that cannot be read now is not lost: there is no backup without it. */
START_TEST(test_unread_artifact)
{
	_cleanup_free_ char *path =
	    str_printf("%s/blobs/sha256/%.2s/%s", dir, sums[0], sums[0] + 2);
	_cleanup_(backup_done) struct backup b = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("elsewhere", path), 0); /* refused with ELOOP */
	ck_assert_int_eq(backup_make(dir, store, key, &b, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, path));
}
END_TEST

/* Any byte of it changed, or its end missing: it is refused, and the state is as it was. */
START_TEST(test_damage)
{
	_cleanup_(backup_done) struct backup b = { 0 }, broken = { 0 };
	_cleanup_free_ char *whole = NULL, *path = str_printf("%s/broken.tar", dir);
	struct error err = { 0 };
	char kept[BACKUP_PATH_MAX];
	size_t len = 0;
	int refused = 0, harmless = 0;

	make(&b);
	ck_assert_int_eq(file_read(b.path, 64 << 20, &whole, &len, &err), 0);
	for (size_t i = 0; i < 60; i++) {
		const size_t at = (len - 1) * i / 59;
		_cleanup_free_ char *copy = mem_zalloc(len);

		memcpy(copy, whole, len);
		copy[at] ^= 0x20;
		ck_assert_int_eq(file_write(path, copy, i % 6 == 5 ? at : len, 0600, &err), 0);
		const int rc =
		    backup_at(path, &broken, &err) < 0 ? -1 : backup_stage(dir, &broken, &err);
		backup_done(&broken);
		refused += rc < 0;
		harmless += rc == 0; /* between the files of an archive, or behind its end */
		if (rc < 0)
			ck_assert(err.text[0] != '\0');
		else
			backup_unstage(dir);
		ck_assert_int_eq(backup_staged(dir), 0);
	}
	ck_assert_int_gt(refused, 45);
	ck_assert_int_lt(harmless, 15);
	restart(kept);
	ck_assert_str_eq(kept, "");
	last_is("owl");
}
END_TEST

static const struct alien {
	const char *name, *words;
} aliens[] = {
	{ "../janus.db", "" },
	{ "lock", "nothing a backup has" },
	{ "runs/../../x", "" },
	{ "blobs/x", "nothing a backup has" },
};

/* A bundle of ours that wants more than a backup may. */
START_TEST(test_aliens)
{
	_cleanup_free_ char *path = str_printf("%s/alien.tar", dir);
	_cleanup_json_ cJSON *manifest = signed_manifest("backup", 1);
	_cleanup_(backup_done) struct backup b = { 0 };
	struct error err = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	struct bundle_writer *w = bundle_writer_new(BUNDLE_TAR, bundle_to_fd, &fd);
	char digest[HASH_HEX_MAX];

	json_add_str(manifest, "id", "bkp_alien");
	signed_add(manifest, aliens[_i].name, 2, hash_sha256_hex("hi", 2, digest));
	int rc = signed_begin(w, manifest, key, &err);
	if (rc == 0)
		rc = bundle_add_bytes(w, aliens[_i].name, "hi", 2, &err);
	if (rc == 0)
		rc = bundle_end(w, &err);
	bundle_writer_free(w);
	close(fd);
	if (rc == 0 && backup_at(path, &b, &err) == 0)
		rc = backup_stage(dir, &b, &err);
	ck_assert_int_eq(rc, -1);
	ck_assert_msg(strstr(err.text, aliens[_i].words) != NULL, "%s", err.text);
	ck_assert_int_eq(backup_staged(dir), 0);
}
END_TEST

/* [I01] [I08] Killed between any two renames of a restore, the next start goes on with it. */
START_TEST(test_killed)
{
	static const char *const order[] = { "janus.db-wal", "janus.db-shm", "janus.db", "blobs",
		"runs", "artifact.key", "signing.key" };
	_cleanup_(backup_done) struct backup b = { 0 };
	_cleanup_free_ char *ready = str_printf("%s/restore.ready", dir),
			    *aside = str_printf("%s/half", dir);
	struct error err = { 0 };
	char kept[BACKUP_PATH_MAX];

	make(&b);
	add_competitor("cpt_2", "crow");
	put("artifact.key", "another key that came after it..");
	ck_assert_int_eq(backup_stage(dir, &b, &err), 0);
	store_close(store);
	store = NULL;
	/* So far it had come: what is before step _i / 2 is taken; with an odd one the old is aside. */
	ck_assert_int_eq(file_mkdirs(aside, 0700, &err), 0);
	for (int i = 0; i <= _i / 2; i++) {
		_cleanup_free_ char *old = str_printf("%s/%s", dir, order[i]),
				    *new = str_printf("%s/%s", ready, order[i]),
				    *to = str_printf("%s/%s", aside, order[i]);

		if (i < _i / 2 || _i % 2 == 1)
			rename(old, to); /* the log may not be there */
		if (i < _i / 2)
			rename(new, old);
	}
	ck_assert_msg(backup_take(dir, kept, &err) == 0, "%s", err.text);
	store = store_open(dir, loop, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
	last_is("owl");
	is("artifact.key", "thirty-two bytes of a secret key");
	is("runs/run_1/items.jsonl", "{}\n");
}
END_TEST

START_TEST(test_nothing_in_it) /* [N05] an archive of no files is refused in words */
{
	_cleanup_free_ char *path = str_printf("%s/empty.tar", dir);
	_cleanup_(backup_done) struct backup b = { 0 };
	struct error err = { 0 };
	const char zeros[10240] = "";

	ck_assert_int_eq(file_write(path, zeros, sizeof(zeros), 0600, &err), 0);
	ck_assert_int_eq(backup_at(path, &b, &err), -1);
	ck_assert_msg(err.kind == ERROR_INVALID, "%d %s", (int)err.kind, err.text);
}
END_TEST

START_TEST(test_half_made) /* [I08] what a kill left goes at the next start, and that alone */
{
	static const char *const left[] = { "backups/.bkp_1.db", "backups/.bkp_1.db-wal",
		"backups/.bkp_1.part", ".check-bkp_1/runs/x", "restore.part/at" };
	_cleanup_free_ char *check = str_printf("%s/.check-bkp_1/runs", dir),
			    *part = str_printf("%s/restore.part", dir);
	_cleanup_(backup_done) struct backup b = { 0 }, found = { 0 };
	struct error err = { 0 };

	make(&b);
	ck_assert_int_eq(backup_stage(dir, &b, &err), 0);
	ck_assert_int_eq(file_mkdirs(check, 0700, &err), 0);
	ck_assert_int_eq(file_mkdirs(part, 0700, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(left); i++)
		put(left[i], "half");
	backup_clear(dir);
	for (size_t i = 0; i < ARRAY_LEN(left); i++)
		is(left[i], "(gone)");
	ck_assert_int_ne(access(part, F_OK), 0);
	ck_assert_msg(backup_find(dir, b.id, &found, &err) == 0, "%s", err.text);
	ck_assert_int_gt(backup_staged(dir), 0);
	is("runs/run_1/items.jsonl", "{}\n");
}
END_TEST

START_TEST(test_copy_of_a_migration)
{
	_cleanup_free_ char *path = str_printf("%s/janus.db.before-20", dir);
	_cleanup_(backup_done) struct backup b = { 0 };
	struct error err = { 0 };
	char kept[BACKUP_PATH_MAX];

	ck_assert_int_eq(store_copy(store, path, &err), 0);
	add_competitor("cpt_2", "crow");
	ck_assert_msg(backup_find(dir, "before-20", &b, &err) == 0, "%s", err.text);
	ck_assert(b.is_database);
	ck_assert_int_gt(b.schema, 18);
	ck_assert_int_eq(backup_stage(dir, &b, &err), 0);
	restart(kept);
	last_is("owl");
	is("artifact.key", "thirty-two bytes of a secret key"); /* that alone was replaced */
}
END_TEST

START_TEST(
    test_damaged_copy) /* [I05] a damaged copy is found to be one: its reading does not fail */
{
	_cleanup_free_ char *path = str_printf("%s/janus.db.before-20", dir);
	_cleanup_(backup_done) struct backup b = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(store_copy(store, path, &err), 0);
	ck_assert_msg(backup_find(dir, "before-20", &b, &err) == 0, "%s", err.text);
	ck_assert_msg(backup_check(&b, dir, &err) == 0, "%s", err.text);
	ck_assert_int_eq(truncate(path, 5 * 4096), 0);
	ck_assert_int_eq(backup_check(&b, dir, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

START_TEST(test_lost_database) /* [I05] a database that was there and is gone is not a new one */
{
	_cleanup_free_ char *path = str_printf("%s/janus.db", dir);
	struct error err = { 0 };
	char kept[BACKUP_PATH_MAX], advice[800];

	store_close(store);
	store = NULL;
	unlink(path);
	ck_assert_int_eq(backup_take(dir, kept, &err), -1);
	ck_assert_msg(strstr(err.text, "missing") != NULL, "%s", err.text);
	ck_assert_msg(strstr(err.text, path) != NULL, "%s", err.text);
	backup_advice(dir, advice, sizeof(advice));
	ck_assert_msg(strstr(advice, "janusd --restore FILE") != NULL, "%s", advice);
}
END_TEST

#define OWNER 1234
#define GROUP 4321

static int
is_given(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	ck_assert_msg(st->st_uid == OWNER && st->st_gid == GROUP, "%s", path);
	return 0;
}

START_TEST(test_owner) /* [I05] restored by root, and not of the wrong owner */
{
	_cleanup_(backup_done) struct backup b = { 0 };
	struct config config = { .state_dir = dir };
	struct error err = { 0 };
	struct stat st;

	if (geteuid() != 0)
		return;
	_cleanup_free_ char *outside = str_printf("%s.outside", dir),
			    *link = str_printf("%s/runs/link", dir),
			    *second = str_printf("%s/runs/second", dir),
			    *lock = str_printf("%s/lock", dir),
			    *ours = str_printf("%s/vectors.db", dir);

	make(&b);
	store_close(store);
	store = NULL;
	/* What its owner may have put there, to be given what is not its. */
	ck_assert_int_eq(file_write(outside, "", 0, 0600, &err), 0);
	ck_assert_int_eq(symlink(outside, link), 0);
	ck_assert_int_eq(linkat(AT_FDCWD, outside, AT_FDCWD, second, 0), 0);
	ck_assert_int_eq(chown(dir, OWNER, GROUP), 0);
	ck_assert_msg(daemon_restore(&config, b.path, &err) == 0, "%s", err.text);
	ck_assert_int_eq(stat(outside, &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
	ck_assert_int_eq(unlink(outside), 0);
	/* All else of it is: the old one was root's here, and is not any more. */
	_cleanup_free_ char *backups = str_printf("%s/backups", dir);
	ck_assert_int_eq(file_remove_tree(backups, &err), 0);
	ck_assert_int_eq(unlink(ours), 0);
	_cleanup_(globfree) glob_t kept = { 0 };
	_cleanup_free_ char *pattern = str_printf("%s/replaced-*/runs", dir);
	ck_assert_int_eq(glob(pattern, 0, NULL, &kept), 0);
	_cleanup_free_ char *kept_link = str_printf("%s/link", kept.gl_pathv[0]),
			    *kept_second = str_printf("%s/second", kept.gl_pathv[0]);
	ck_assert_int_eq(unlink(kept_link), 0);
	ck_assert_int_eq(unlink(kept_second), 0);
	ck_assert_int_eq(access(lock, F_OK), 0);
	ck_assert_int_eq(nftw(dir, is_given, 16, FTW_PHYS), 0);
	/* It can use it. */
	ck_assert_int_eq(setegid(GROUP), 0);
	ck_assert_int_eq(seteuid(OWNER), 0);
	store = store_open(dir, loop, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
	last_is("owl");
	add_competitor("cpt_2", "crow");
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backup");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, begin, finish);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_there_and_back);
	tcase_add_test(tc, test_unstaged);
	tcase_add_loop_test(tc, test_lost_artifact, 0, 2);
	tcase_add_test(tc, test_unread_artifact);
	tcase_add_test(tc, test_damage);
	tcase_add_loop_test(tc, test_aliens, 0, (int)ARRAY_LEN(aliens));
	tcase_add_loop_test(tc, test_killed, 0, 14);
	tcase_add_test(tc, test_nothing_in_it);
	tcase_add_test(tc, test_half_made);
	tcase_add_test(tc, test_copy_of_a_migration);
	tcase_add_test(tc, test_damaged_copy);
	tcase_add_test(tc, test_lost_database);
	tcase_add_test(tc, test_owner);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
