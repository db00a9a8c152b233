/*
 * test_history.c - a past is taken as it was signed, for the image it is of, or not at all.
 */
#include "controlplane/supervise/history.h"

#include <check.h>
#include <unistd.h>

#include "tests/controlplane/supervise/history.h"
#include "tests/run.h"

static struct ed25519_key *key, *other;

static int
read_text(const char *text, struct histories *out, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &json, NULL), 0);
	return histories_read(json, IMAGE_DIGEST, out, err);
}

START_TEST(test_whole) /* what two told, oldest first, with every byte they signed */
{
	_cleanup_(histories_done) struct histories first = { 0 }, both = { 0 };
	_cleanup_json_ cJSON *one = history_made(key, "competitor", STORY, NULL);
	_cleanup_json_ cJSON *list = cJSON_CreateArray(), *two = NULL;
	char a[ED25519_PUBLIC_MAX], b[ED25519_PUBLIC_MAX];
	struct error err = { 0 };

	ck_assert_msg(histories_read(one, IMAGE_DIGEST, &first, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(first.len, 1);
	ck_assert_str_eq(first.at[0].signer, ed25519_public(key, a));
	ck_assert_str_eq(first.at[0].story, STORY);
	ck_assert_int_eq(first.at[0].exported_at_ms, 1800000000000);

	cJSON_AddItemToArray(list, history_pack(&first.at[0]));
	_cleanup_free_ char *earlier = json_print(list);
	two = history_made(other, "competitor", STORY, earlier);
	ck_assert_msg(histories_read(two, IMAGE_DIGEST, &both, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(both.len, 2);
	ck_assert_str_eq(both.at[0].signer, a);
	ck_assert_str_eq(both.at[0].manifest, json_str(one, "manifest"));
	ck_assert_str_eq(both.at[0].signature, json_str(one, "signature"));
	ck_assert_str_eq(both.at[1].signer, ed25519_public(other, b));
	ck_assert_int_eq(both.at[0].place, 0);
	ck_assert_int_eq(both.at[1].place, 1);
}
END_TEST

static const struct {
	const char *text, *why;
} forms[] = {
	/* [E13] */
	{ "[]", "it must be an object" },
	{ "\"text\"", "it must be an object" },
	{ "{}", "'manifest' is missing" },
	{ "{\"manifest\":\"\",\"signature\":\"\"}", "'competitor' is missing" },
	{ "{\"manifest\":{}}", "'manifest' must be a string" },
	{ "{\"manifest\":\"\",\"image\":\"\"}", "'image' is not known" },
	{ "{\"manifest\":\"{}\",\"signature\":\"{}\",\"competitor\":\"{}\"}", "not an ed25519" },
};

START_TEST(test_forms)
{
	struct histories all = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(read_text(forms[_i].text, &all, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_msg(strstr(err.text, forms[_i].why) != NULL, "%s", err.text);
	ck_assert_uint_eq(all.len, 0);
}
END_TEST

#define DEEP16 "[[[[[[[[[[[[[[[["
#define FLAT16 "]]]]]]]]]]]]]]]]"
#define NOT_OWL "{\"competitor\":{\"name\":\"hen\"},\"versions\":[],\"submissions\":[]}"
static const struct {
	const char *kind, *story, *earlier;
	enum error_kind error;
	const char *why;
} said[] = {
	/* [E13] signed, and no history all the same */
	{ "artifacts", STORY, NULL, ERROR_INVALID, "manifest.json is not of a competitor" },
	{ "competitor", NOT_OWL, NULL, ERROR_CONFLICT, "of another competitor" },
	{ "competitor", "{\"competitor\":{\"name\":\"owl\"},\"versions\":[1],\"submissions\":[]}",
	    NULL, ERROR_INVALID, "no versions and submissions" },
	{ "competitor", "{\"versions\":[]}", NULL, ERROR_INVALID, "no versions and submissions" },
	{ "competitor",
	    "{\"versions\":[],\"submissions\":[],\"x\":" DEEP16 DEEP16 DEEP16
	    "[[[[[[[[" FLAT16 FLAT16 FLAT16 "]]]]]]]]}",
	    NULL, ERROR_INVALID, "no versions and submissions" },
	{ "competitor", "{", NULL, ERROR_INVALID, "competitor.json: " },
	{ "competitor", STORY, "{}", ERROR_INVALID, "histories.json: it must be an array" },
	{ "competitor", STORY, "[", ERROR_INVALID, "histories.json: " },
	{ "competitor", STORY, "[7]", ERROR_INVALID,
	    "histories.json: entry 0: it must be an object" },
	{ "competitor", STORY, "[{\"manifest\":\"\",\"histories\":\"\"}]", ERROR_INVALID,
	    "'histories' is not known" },
};

START_TEST(test_said)
{
	_cleanup_json_ cJSON *json =
	    history_made(key, said[_i].kind, said[_i].story, said[_i].earlier);
	struct histories all = { 0 };
	struct error err = { 0 };

	ck_assert_int_eq(histories_read(json, IMAGE_DIGEST, &all, &err), -1);
	ck_assert_msg(err.kind == said[_i].error, "%s", err.text);
	ck_assert_msg(strstr(err.text, said[_i].why) != NULL, "%s", err.text);
	ck_assert_uint_eq(all.len, 0);
}
END_TEST

/* Of a whole one, that text replaced (or, with NULL, taken away). */
static const struct {
	const char *key, *text;
	enum error_kind error;
	const char *why;
} altered[] = {
	/* [E13] */
	{ "competitor", NOT_OWL, ERROR_CONFLICT, "competitor.json is not the one that was signed" },
	{ "histories", "[ ]", ERROR_CONFLICT, "histories.json is not the one that was signed" },
	{ "histories", NULL, ERROR_CONFLICT, "histories.json is not the one that was signed" },
	{ "manifest", "{\"files\":[]}", ERROR_CONFLICT, "the signature is not of this manifest" },
};

START_TEST(test_altered)
{
	_cleanup_json_ cJSON *json = history_made(key, "competitor", STORY, "[]");
	struct histories all = { 0 };
	struct error err = { 0 };

	cJSON_DeleteItemFromObjectCaseSensitive(json, altered[_i].key);
	if (altered[_i].text != NULL)
		json_add_str(json, altered[_i].key, altered[_i].text);
	ck_assert_int_eq(histories_read(json, IMAGE_DIGEST, &all, &err), -1);
	ck_assert_msg(err.kind == altered[_i].error, "%s", err.text);
	ck_assert_msg(strstr(err.text, altered[_i].why) != NULL, "%s", err.text);
}
END_TEST

START_TEST(test_image) /* of another image it is no history */
{
	static const char *const digests[] = { "sha256:2222", IMAGE_HASH, "", "sha256:" };
	_cleanup_json_ cJSON *json = history_made(key, "competitor", STORY, NULL);

	for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
		struct histories all = { 0 };
		struct error err = { 0 };

		ck_assert_int_eq(histories_read(json, digests[i], &all, &err), -1);
		ck_assert_int_eq(err.kind, ERROR_CONFLICT);
		ck_assert_ptr_nonnull(strstr(err.text, "of another image"));
	}
}
END_TEST

START_TEST(test_bounds) /* [E13] not larger, and not of more moves, than is kept */
{
	_cleanup_json_ cJSON *one = history_made(key, "competitor", STORY, NULL);
	_cleanup_json_ cJSON *list = cJSON_CreateArray(), *many = NULL;
	_cleanup_buf_ struct buf b = { 0 };
	struct histories all = { 0 };
	struct error err = { 0 };

	for (size_t i = 1; i < HISTORIES_MAX; i++)
		cJSON_AddItemToArray(list, cJSON_Duplicate(one, true));
	_cleanup_free_ char *most = json_print(list);
	many = history_made(other, "competitor", STORY, most);
	ck_assert_msg(histories_read(many, IMAGE_DIGEST, &all, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(all.len, HISTORIES_MAX);
	histories_done(&all);

	cJSON_AddItemToArray(list, cJSON_Duplicate(one, true));
	_cleanup_free_ char *more = json_print(list);
	_cleanup_json_ cJSON *too_many = history_made(other, "competitor", STORY, more);
	ck_assert_int_eq(histories_read(too_many, IMAGE_DIGEST, &all, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_TOO_BIG);

	buf_add_str(&b, STORY);
	while (b.len < SIGNED_TEXTS_MAX)
		buf_add_str(&b, "                                                                ");
	_cleanup_json_ cJSON *large = history_made(key, "competitor", buf_str(&b), NULL);
	ck_assert_int_eq(histories_read(large, IMAGE_DIGEST, &all, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_TOO_BIG);
	ck_assert_uint_eq(all.len, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("history");
	TCase *t = tcase_create("history");

	key = key_new();
	other = key_new();
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_whole);
	tcase_add_loop_test(t, test_forms, 0, (int)ARRAY_LEN(forms));
	tcase_add_loop_test(t, test_said, 0, (int)ARRAY_LEN(said));
	tcase_add_loop_test(t, test_altered, 0, (int)ARRAY_LEN(altered));
	tcase_add_test(t, test_image);
	tcase_add_test(t, test_bounds);
	suite_add_tcase(s, t);
	const int failed = run_suite(s);
	ed25519_free(key);
	ed25519_free(other);
	return failed;
}
