/*
 * test_frames_list.c - recorded frames as a list that an answer can have.
 */
#include "controlplane/api/frames_list.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "tests/run.h"

static cJSON *
listed(const char *text, size_t len, struct frames_seen *seen)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct error err = { 0 };
	cJSON *json = NULL;

	buf_add_char(&out, '[');
	ck_assert_msg(frames_list(text, len, &out, seen, &err) == 0, "%s", err.text);
	buf_add_char(&out, ']');
	ck_assert_int_eq(json_parse(out.data, out.len, &json, &err), 0);
	return json;
}

START_TEST(test_list)
{
	static const char text[] = "{\"attempt\":\"itm_a\",\"turn\":0,\"t_ms\":0.000,\"kind\":"
				   "\"request\",\"bytes\":\"{}\"}\n"
				   "{\"attempt\":\"itm_a\",\"turn\":1,\"t_ms\":213.954,\"kind\":"
				   "\"body\",\"base64\":\"/wA=\"}\n";
	struct frames_seen seen;
	_cleanup_json_ cJSON *json = listed(text, strlen(text), &seen);
	const cJSON *second = cJSON_GetArrayItem(json, 1);

	ck_assert_int_eq(cJSON_GetArraySize(json), 2);
	ck_assert_str_eq(json_str(cJSON_GetArrayItem(json, 0), "bytes"), "{}");
	ck_assert_str_eq(json_str(second, "base64"), "/wA=");
	ck_assert_double_eq(json_num(second, "t_ms", 0), 213.954);
	ck_assert_double_eq(json_num(second, "size", 0), 2);
	ck_assert_double_eq(json_num(second, "turn", 0), 1);
	ck_assert_uint_eq(seen.frames, 2);
	ck_assert_int_eq(seen.bytes, 4);
	ck_assert(!seen.is_cut);
}
END_TEST

START_TEST(test_nothing) /* an item that was never asked */
{
	struct frames_seen seen;
	_cleanup_json_ cJSON *json = listed("", 0, &seen);

	ck_assert_int_eq(cJSON_GetArraySize(json), 0);
	ck_assert(!seen.is_cut);
}
END_TEST

START_TEST(test_limits) /* a flood is told of, and not passed on */
{
	_cleanup_buf_ struct buf text = { 0 }, big = { 0 };
	struct frames_seen seen;

	for (int i = 0; i < FRAMES_LIST_MAX + 5; i++)
		buf_printf(&text, "{\"turn\":0,\"t_ms\":%d,\"kind\":\"body\",\"bytes\":\"\"}\n", i);
	_cleanup_json_ cJSON *many = listed(text.data, text.len, &seen);
	ck_assert_int_eq(cJSON_GetArraySize(many), FRAMES_LIST_MAX);
	ck_assert_uint_eq(seen.frames, FRAMES_LIST_MAX + 5);
	ck_assert(seen.is_cut);

	buf_add_str(&big, "{\"turn\":0,\"t_ms\":1,\"kind\":\"body\",\"bytes\":\"");
	memset(buf_reserve(&big, FRAMES_LIST_BYTES_MAX), 'x', FRAMES_LIST_BYTES_MAX);
	big.len += FRAMES_LIST_BYTES_MAX;
	buf_add_str(&big, "\"}\n{\"turn\":0,\"t_ms\":2,\"kind\":\"body\",\"bytes\":\"y\"}\n");
	_cleanup_json_ cJSON *large = listed(big.data, big.len, &seen);
	ck_assert_int_eq(cJSON_GetArraySize(large), 2);
	ck_assert_ptr_nonnull(json_get(cJSON_GetArrayItem(large, 0), "bytes"));
	ck_assert_ptr_null(json_get(cJSON_GetArrayItem(large, 1), "bytes"));
	ck_assert_double_eq(json_num(cJSON_GetArrayItem(large, 1), "size", 0), 1);
	ck_assert(seen.is_cut);
}
END_TEST

static const char *const bad[] = {
	"{\"turn\":0,\"t_ms\":1,\"kind\":\"body\",\"bytes\":\"\"}", /* cut */
	"not json\n",
	"[]\n",
	"{\"turn\":0,\"t_ms\":1,\"kind\":\"body\"}\n",
	"{\"turn\":0,\"t_ms\":1,\"bytes\":\"\"}\n",
	"{\"turn\":0.5,\"t_ms\":1,\"kind\":\"body\",\"bytes\":\"\"}\n",
	"{\"turn\":0,\"t_ms\":-1,\"kind\":\"body\",\"bytes\":\"\"}\n",
	"{\"turn\":0,\"t_ms\":1e300,\"kind\":\"body\",\"bytes\":\"\"}\n",
	"{\"turn\":0,\"t_ms\":1,\"kind\":\"body\",\"bytes\":\"\",\"base64\":\"\"}\n",
};

START_TEST(test_refused) /* evidence that was damaged says so by its line */
{
	_cleanup_buf_ struct buf out = { 0 };
	struct frames_seen seen;
	struct error err = { 0 };

	ck_assert_int_lt(frames_list(bad[_i], strlen(bad[_i]), &out, &seen, &err), 0);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "line 1"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("frames_list");
	TCase *tc = tcase_create("frames_list");

	tcase_add_test(tc, test_list);
	tcase_add_test(tc, test_nothing);
	tcase_add_test(tc, test_limits);
	tcase_add_loop_test(tc, test_refused, 0, sizeof(bad) / sizeof(*bad));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
