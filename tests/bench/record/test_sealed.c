/*
 * test_sealed.c - a suite is sealed, opened, committed to and revealed; what is not configured, not its
 * key, or not what was committed to is told apart.
 */
#include "bench/record/sealed.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define KEY "a-key-of-more-than-thirty-two-characters"
#define OTHER "another-key-of-thirty-two-characters-too"
#define PROMPT "a prompt that nobody may read"
#define ITEM                                                                                   \
	"{\"id\":\"secret-1\",\"task_type\":\"chat\",\"prompt\":\"" PROMPT                     \
	"\",\"scorer\":{\"kind\":\"answer\",\"accept\":[\"the right answer\"]},\"reference\":" \
	"{\"text\":\"ANSWER: the right answer\"}}\n"

static char dir[64], plain[96], sealed[96], key_file[96];
static struct error err;

static void
put(const char *in, const char *name, const char *text, unsigned mode)
{
	_cleanup_free_ char *path = str_printf("%s/%s", in, name);

	ck_assert_msg(file_write(path, text, strlen(text), mode, &err) == 0, "%s", err.text);
}

static char *
get(const char *in, const char *name)
{
	_cleanup_free_ char *path = str_printf("%s/%s", in, name);
	char *text;
	size_t len;

	ck_assert_msg(file_read(path, 1 << 20, &text, &len, &err) == 0, "%s", err.text);
	return text;
}

static void
setup(void)
{
	strcpy(dir, "/tmp/janus-sealed-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(plain, sizeof(plain), "%s/plain", dir);
	snprintf(sealed, sizeof(sealed), "%s/sealed", dir);
	snprintf(key_file, sizeof(key_file), "%s/key", dir);
	ck_assert_int_eq(file_mkdirs(plain, 0700, &err), 0);
	put(plain, "suite.json",
	    "{\"name\":\"private/test\",\"version\":\"1\",\"title\":\"t\",\"description\":\"d\","
	    "\"scoring\":\"2026-11\",\"counts\":{\"chat\":1}}",
	    0600);
	put(plain, "chat.jsonl", ITEM, 0600);
	put(dir, "key", KEY "\n", 0600);
	unsetenv("JANUS_BENCH_PRIVATE_DIR");
	unsetenv("JANUS_BENCH_PRIVATE_KEY_FILE");
}

static void
teardown(void)
{
	file_remove_tree(dir, NULL);
}

static cJSON *
seal(void)
{
	cJSON *commit = NULL;

	ck_assert_msg(sealed_seal(plain, KEY, sealed, NULL, &commit, &err) == 0, "%s", err.text);
	return commit;
}

START_TEST(test_sealed_is_opened)
{
	_cleanup_json_ cJSON *commit = seal();
	_cleanup_(suite_done) struct suite s = { 0 }, open = { 0 };

	ck_assert(sealed_is(sealed) && !sealed_is(plain));
	ck_assert_msg(sealed_load(sealed, KEY, NULL, &s, &err) == 0, "%s", err.text);
	ck_assert_int_eq(suite_load(plain, NULL, &open, &err), 0);
	ck_assert_uint_eq(s.len, 1);
	ck_assert_str_eq(s.items[0].id, "secret-1");
	ck_assert_str_eq(s.digest, json_str(commit, "digest"));
	ck_assert_str_ne(s.digest, open.digest); /* a digest without salt would confirm a guess */
	ck_assert_int_eq(json_int(commit, "items", 0), 1);
	ck_assert_str_eq(json_str(commit, "name"), "private/test");
}
END_TEST

/* [G11] references on disk: nothing of an item is in what is kept. */
START_TEST(test_nothing_is_in_clear)
{
	static const char *const secrets[] = { PROMPT, "the right answer", "secret-1", "chat.jsonl",
		"salt\"", KEY };
	_cleanup_json_ cJSON *commit = seal();
	_cleanup_free_ char *file = get(sealed, SEALED_FILE), *about = get(sealed, SEALED_COMMIT);

	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		ck_assert_ptr_null(strstr(file, secrets[i]));
		ck_assert_ptr_null(strstr(about, secrets[i]));
	}
}
END_TEST

START_TEST(test_twice_differ)
{
	_cleanup_json_ cJSON *first = seal();

	ck_assert_int_lt(sealed_seal(plain, KEY, sealed, NULL, NULL, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	file_remove_tree(sealed, NULL);
	_cleanup_json_ cJSON *second = seal();
	ck_assert_str_ne(json_str(first, "digest"), json_str(second, "digest"));
}
END_TEST

static int
load(const char *key)
{
	struct suite s;
	const int rc = sealed_load(sealed, key, NULL, &s, &err);

	if (rc == 0)
		suite_done(&s);
	return rc;
}

START_TEST(test_not_opened)
{
	_cleanup_json_ cJSON *commit = seal();
	_cleanup_free_ char *text = get(sealed, SEALED_FILE);

	ck_assert_int_lt(load(OTHER), 0);
	ck_assert_int_eq(err.kind, ERROR_DENIED);
	text[40] = text[40] == '0' ? '1' : '0';
	put(sealed, SEALED_FILE, text, 0600);
	ck_assert_int_lt(load(KEY), 0);
	ck_assert_int_eq(err.kind, ERROR_DENIED);
	put(sealed, SEALED_FILE, "", 0600);
	ck_assert_int_lt(load(KEY), 0);
	file_remove_tree(sealed, NULL);
	ck_assert_int_lt(load(KEY), 0);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
}
END_TEST

/* Who has the key cannot change the suite after it was committed to. */
START_TEST(test_commit_binds)
{
	_cleanup_json_ cJSON *commit = seal();
	_cleanup_free_ char *about = get(sealed, SEALED_COMMIT);

	file_remove_tree(sealed, NULL);
	put(plain, "chat.jsonl", "", 0600);
	put(plain, "more.jsonl", ITEM, 0600);
	_cleanup_json_ cJSON *other = seal();
	ck_assert_int_eq(load(KEY), 0);
	put(sealed, SEALED_COMMIT, about, 0644);
	ck_assert_int_lt(load(KEY), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "commits to another suite"));
	put(sealed, SEALED_COMMIT, "[", 0644);
	ck_assert_int_lt(load(KEY), 0);
}
END_TEST

START_TEST(test_reveal)
{
	_cleanup_json_ cJSON *commit = seal(), *reveal = NULL;
	_cleanup_(suite_done) struct suite open = { 0 };

	ck_assert_int_eq(suite_load(plain, NULL, &open, &err), 0);
	ck_assert_msg(sealed_reveal(sealed, KEY, &reveal, &err) == 0, "%s", err.text);
	ck_assert_msg(sealed_reveal_check(commit, reveal, open.digest, &err) == 0, "%s", err.text);
	ck_assert_int_eq(sealed_reveal_check(commit, reveal, NULL, &err), 0);
	ck_assert_int_lt(sealed_reveal_check(commit, reveal, "sha256:00", &err), 0);
	cJSON_ReplaceItemInObjectCaseSensitive(
	    reveal, "suite_digest", cJSON_CreateString("sha256:00"));
	ck_assert_int_lt(sealed_reveal_check(commit, reveal, "sha256:00", &err), 0);
	cJSON_ReplaceItemInObjectCaseSensitive(reveal, "salt", cJSON_CreateString("00"));
	ck_assert_int_lt(sealed_reveal_check(commit, reveal, NULL, &err), 0);
	ck_assert_int_lt(sealed_reveal_check(commit, commit, NULL, &err), 0);
	ck_assert_int_lt(sealed_reveal(sealed, OTHER, &reveal, &err), 0);
}
END_TEST

START_TEST(test_unsound_is_not_sealed)
{
	put(plain, "chat.jsonl", "{\"id\":\"a\"}\n", 0600);
	ck_assert_int_lt(sealed_seal(plain, KEY, sealed, NULL, NULL, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert(!sealed_is(sealed));
}
END_TEST

START_TEST(test_place)
{
	struct sealed_place p;

	ck_assert_int_lt(sealed_place(NULL, NULL, &p, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "JANUS_BENCH_PRIVATE_DIR"));
	ck_assert_int_lt(sealed_place(sealed, NULL, &p, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "JANUS_BENCH_PRIVATE_KEY_FILE"));
	ck_assert_int_lt(sealed_place(sealed, key_file, &p, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, SEALED_FILE));
	_cleanup_json_ cJSON *commit = seal();
	ck_assert_int_lt(sealed_place(sealed, "/nowhere", &p, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	setenv("JANUS_BENCH_PRIVATE_DIR", sealed, 1);
	setenv("JANUS_BENCH_PRIVATE_KEY_FILE", key_file, 1);
	ck_assert_msg(sealed_place(NULL, NULL, &p, &err) == 0, "%s", err.text);
	ck_assert_str_eq(p.dir, sealed);
	ck_assert_str_eq(p.key_file, key_file);
}
END_TEST

START_TEST(test_keys)
{
	_cleanup_free_ char *key = NULL, *none = NULL;

	ck_assert_msg(sealed_key_read(key_file, sealed, &key, &err) == 0, "%s", err.text);
	ck_assert_str_eq(key, KEY);
	ck_assert_int_lt(sealed_key_read(key_file, dir, &none, &err), 0); /* beside what it opens */
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	chmod(key_file, 0644);
	ck_assert_int_lt(sealed_key_read(key_file, NULL, &none, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_DENIED);
	put(dir, "key", "short\n", 0600);
	ck_assert_int_lt(sealed_key_read(key_file, NULL, &none, &err), 0);
	put(dir, "key", KEY "\n" KEY "\n", 0600);
	ck_assert_int_lt(sealed_key_read(key_file, NULL, &none, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_null(strstr(err.text, KEY));
	ck_assert_int_lt(sealed_key_read("/nowhere", NULL, &none, &err), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sealed");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_sealed_is_opened);
	tcase_add_test(t, test_nothing_is_in_clear);
	tcase_add_test(t, test_twice_differ);
	tcase_add_test(t, test_not_opened);
	tcase_add_test(t, test_commit_binds);
	tcase_add_test(t, test_reveal);
	tcase_add_test(t, test_unsound_is_not_sealed);
	tcase_add_test(t, test_place);
	tcase_add_test(t, test_keys);
	suite_add_tcase(s, t);
	return run_suite(s);
}
