/*
 * test_keys.c - texts of keys, the list, and snapshots that outlive a change.
 */
#include "controlplane/registry/keys.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "tests/run.h"

static struct key
row(const char *id, const char *name, const char *secret)
{
	struct key k = { .scopes = SCOPE(CHAT), .limits.concurrency = 2 };

	snprintf(k.id, sizeof(k.id), "%s", id);
	snprintf(k.name, sizeof(k.name), "%s", name);
	key_set_secret(&k, secret);
	return k;
}

static const struct key_entry *
look(const struct keys *k, const char *secret, int64_t now_ms)
{
	unsigned char sha256[32];

	hash_sha256(secret, strlen(secret), sha256);
	return keys_find(k, sha256, now_ms);
}

START_TEST(test_text) /* [L01] any one wrong character is found without asking anybody */
{
	char text[KEY_TEXT_LEN + 1], other[KEY_TEXT_LEN + 1];

	for (int kind = 0; kind < KEY_KIND_COUNT; kind++) {
		key_text_new((enum key_kind)kind, text);
		ck_assert_uint_eq(strlen(text), KEY_TEXT_LEN);
		ck_assert_int_eq(strncmp(text, "jns_", 4), 0);
		ck_assert_int_eq(strncmp(text + 4, key_kind_name((enum key_kind)kind), 2), 0);
		ck_assert(key_text_valid(text));
		for (int i = 0; i < KEY_TEXT_LEN; i++) {
			memcpy(other, text, sizeof(other));
			other[i] = other[i] == 'x' ? 'y' : 'x';
			ck_assert_msg(!key_text_valid(other), "character %d", i);
		}
		memcpy(other, text, sizeof(other));
		other[KEY_TEXT_LEN - 1] = '\0';
		ck_assert(!key_text_valid(other));
	}
	ck_assert(!key_text_valid(""));
	ck_assert(!key_text_valid("jns_"));
}
END_TEST

START_TEST(test_secret)
{
	struct key k = { 0 };
	char text[KEY_TEXT_LEN + 1], hex[HASH_HEX_MAX];

	key_text_new(KEY_SECRET, text);
	key_set_secret(&k, text);
	ck_assert_str_eq(k.sha256, hash_sha256_hex(text, KEY_TEXT_LEN, hex));
	ck_assert_int_eq(strncmp(k.prefix, text, strlen(k.prefix)), 0);
	ck_assert_uint_eq(strlen(k.prefix), 11);
	ck_assert_str_eq(k.last_four, text + KEY_TEXT_LEN - 4);
}
END_TEST

START_TEST(test_snapshot)
{
	struct key_ring ring = { 0 };
	struct key a = row("key_aaaaaaa1", "a", "the-one"), b = row("key_aaaaaab2", "b", "the-two");
	struct held_key *ha, *hb;
	struct error err = { 0 };

	ha = key_ring_add(&ring, &a);
	hb = key_ring_add(&ring, &b);
	struct keys *first = key_ring_snapshot(&ring);
	ck_assert_str_eq(look(first, "the-one", 0)->id, a.id);
	ck_assert_ptr_eq(look(first, "the-two", 0)->meter, hb->meter);
	ck_assert_ptr_null(look(first, "the-three", 0));
	ck_assert_ptr_null(look(first, "", 0));

	/* Rotated: the old secret for a while. */
	strcpy(ha->row.old_sha256, ha->row.sha256);
	ha->row.old_until_ms = 1000;
	key_set_secret(&ha->row, "the-new");
	struct keys *second = key_ring_snapshot(&ring);
	ck_assert_str_eq(look(second, "the-new", 5000)->id, a.id);
	ck_assert_str_eq(look(second, "the-one", 999)->id, a.id);
	ck_assert_ptr_null(look(second, "the-one", 1000));
	ck_assert_str_eq(look(first, "the-one", 5000)->id, a.id); /* a snapshot never changes */
	ck_assert_ptr_null(look(first, "the-new", 5000));
	ck_assert_ptr_eq(look(second, "the-new", 0)->meter, look(first, "the-one", 0)->meter);

	/* Revoked: gone from the next one, and its name is free. */
	hb->row.revoked_at_ms = 7;
	struct keys *third = keys_ref(key_ring_snapshot(&ring));
	ck_assert_ptr_null(look(third, "the-two", 0));
	ck_assert_ptr_nonnull(look(third, "the-new", 0));
	ck_assert_ptr_null(key_ring_live(&ring, "b"));
	ck_assert_ptr_eq(key_ring_find(&ring, "b", &err), hb);
	ck_assert_ptr_eq(key_ring_find(&ring, "key_aaaaaab", &err), hb);
	ck_assert_ptr_null(key_ring_find(&ring, "key_aaaaaa", &err));
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_null(key_ring_find(&ring, "nobody", &err));
	ck_assert_int_eq(err.kind, ERROR_NOT_FOUND);
	keys_unref(third);
	key_ring_done(&ring);
	ck_assert_str_eq(look(third, "the-new", 0)->id, a.id);
	keys_unref(third);
	keys_unref(second);
	keys_unref(first);
}
END_TEST

START_TEST(test_many)
{
	struct key_ring ring = { 0 };
	char text[40];

	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "key_%06d", i);
		struct key k = row(text, text, text);
		key_ring_add(&ring, &k);
	}
	struct keys *keys = key_ring_snapshot(&ring);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "key_%06d", i);
		ck_assert_str_eq(look(keys, text, 0)->id, text);
		snprintf(text, sizeof(text), "nokey_%06d", i);
		ck_assert_ptr_null(look(keys, text, 0));
	}
	keys_unref(keys);
	key_ring_done(&ring);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keys");
	TCase *tc = tcase_create("keys");

	tcase_add_test(tc, test_text);
	tcase_add_test(tc, test_secret);
	tcase_add_test(tc, test_snapshot);
	tcase_add_test(tc, test_many);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
