/*
 * test_tools.c - bench/tools.c: the simulator says the same to the same, and nothing of its own.
 */
#include "bench/tools.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bench/calculate.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static const char simulator_text[] =
    "{\"tools\":{"
    "\"get_weather\":{\"replies\":["
    "{\"arguments\":{\"city\":\"Brno\",\"unit\":\"celsius\"},\"reply\":{\"t\":21}},"
    "{\"arguments\":{\"city\":\"Oslo\"},\"reply\":\"cold\",\"then\":[\"colder\",\"dark\"]},"
    "{\"arguments\":{\"days\":3,\"at\":{\"lat\":49.2}},\"reply\":{\"t\":[1,2,3]}}]},"
    "\"calculator\":{\"function\":\"calculate\"},"
    "\"get_order\":{\"function\":\"lookup\",\"by\":\"order_id\",\"table\":{\"A-17\":{\"state\":"
    "\"sent\"}}},"
    "\"list_orders\":{\"function\":\"select\",\"rows\":["
    "{\"customer\":\"Eva\",\"id\":1},{\"customer\":\"Jan\",\"id\":2},{\"customer\":\"Eva\",\"id\":"
    "3}]},"
    "\"send_mail\":{\"reply\":{\"sent\":true}}},\"max_turns\":5}";

static const struct row {
	const char *name, *arguments, *says;
} rows[] = {
	{ "get_weather", "{\"city\":\"Brno\",\"unit\":\"celsius\"}", "{\"t\":21}" },
	{ "get_weather", "{\"unit\":\"Celsius\",\"city\":\"  BRNO \",\"more\":1}", "{\"t\":21}" },
	{ "get_weather", "{\"city\":\"Oslo\"}", "cold" },
	{ "get_weather", "{\"days\":\"3\",\"at\":{\"lat\":49.20}}", "{\"t\":[1,2,3]}" },
	{ "get_weather", "{\"days\":3,\"at\":{\"lat\":49.2,\"lon\":16}}", "\"not_found\"" },
	{ "get_weather", "{\"city\":\"Brno\"}", "\"not_found\"" },
	{ "get_weather", "{\"city\":", "\"invalid_arguments\"" },
	{ "get_weather", "[1]", "\"invalid_arguments\"" },
	{ "get_weather", "", "\"not_found\"" },
	{ "nothing", "{}", "\"unknown_tool\"" },
	{ "calculator", "{\"expression\":\"(12.5 - 2) * 4 / 3\"}", "{\"result\":14}" },
	{ "calculator", "{\"expression\":\"1/0\"}", "\"invalid_arguments\"" },
	{ "calculator", "{\"expression\":\"system(1)\"}", "\"invalid_arguments\"" },
	{ "calculator", "{}", "\"invalid_arguments\"" },
	{ "get_order", "{\"order_id\":\"a-17\"}", "{\"state\":\"sent\"}" },
	{ "get_order", "{\"order_id\":\"A-18\"}", "\"not_found\"" },
	{ "get_order", "{\"id\":\"A-17\"}", "\"invalid_arguments\"" },
	{ "list_orders", "{\"customer\":\"eva\"}",
	    "{\"rows\":[{\"customer\":\"Eva\",\"id\":1},{\"customer\":\"Eva\",\"id\":3}],\"count\":"
	    "2}" },
	{ "list_orders", "{\"customer\":\"Ida\"}", "{\"rows\":[],\"count\":0}" },
	{ "send_mail", "{\"to\":\"x\"}", "{\"sent\":true}" },
};

static cJSON *
parsed(const char *text)
{
	cJSON *json = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &json, NULL), 0);
	return json;
}

static void
add_call(cJSON *calls, const char *name, const char *arguments)
{
	cJSON *call = cJSON_CreateObject();

	json_add_str(call, "name", name);
	json_add_str(call, "arguments", arguments);
	cJSON_AddItemToArray(calls, call);
}

START_TEST(answers)
{
	const struct row *row = &rows[_i];
	_cleanup_json_ cJSON *simulator = parsed(simulator_text), *calls = cJSON_CreateArray();

	ck_assert_int_eq(tools_check(simulator, NULL), 0);
	ck_assert_int_eq(tools_max_turns(simulator), 5);
	add_call(calls, row->name, row->arguments);
	_cleanup_free_ char *once = tools_answer(simulator, calls, 0);
	_cleanup_free_ char *twice = tools_answer(simulator, calls, 0);
	ck_assert_str_eq(once, twice);
	if (row->says[0] == '"')
		ck_assert_msg(strstr(once, row->says) != NULL, "%s", once);
	else
		ck_assert_str_eq(once, row->says);
}
END_TEST

/* What a row says later depends on the calls that it answered, not on others. */
START_TEST(then)
{
	static const char *const said[] = { "cold", "{\"sent\":true}", "colder", "dark", "dark" };
	_cleanup_json_ cJSON *simulator = parsed(simulator_text), *calls = cJSON_CreateArray();

	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		add_call(calls, i == 1 ? "send_mail" : "get_weather", "{\"city\":\"oslo\"}");
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		_cleanup_free_ char *text = tools_answer(simulator, calls, i);

		ck_assert_str_eq(text, said[i]);
	}
}
END_TEST

static const char *const bad[] = {
	"[]",
	"{}",
	"{\"tools\":{}}",
	"{\"tools\":{\"a\":{}}}",
	"{\"tools\":{\"a\":{\"reply\":1,\"x\":1}}}",
	"{\"tools\":{\"a\":{\"replies\":{}}}}",
	"{\"tools\":{\"a\":{\"replies\":[{\"reply\":1}]}}}",
	"{\"tools\":{\"a\":{\"replies\":[{\"arguments\":{},\"reply\":1,\"then\":2}]}}}",
	"{\"tools\":{\"a\":{\"function\":\"run\"}}}",
	"{\"tools\":{\"a\":{\"function\":\"lookup\",\"table\":{}}}}",
	"{\"tools\":{\"a\":{\"function\":\"select\"}}}",
	"{\"tools\":{\"a\":{\"function\":7}}}",
	"{\"tools\":{\"a\":{\"reply\":1}},\"max_turns\":0}",
	"{\"tools\":{\"a\":{\"reply\":1}},\"max_turns\":65}",
	"{\"tools\":{\"a\":{\"reply\":1}},\"more\":1}",
};

START_TEST(malformed)
{
	_cleanup_json_ cJSON *simulator = parsed(bad[_i]);
	struct error err = { 0 };

	ck_assert_msg(tools_check(simulator, &err) == -1, "%s", bad[_i]);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
}
END_TEST

static const struct {
	const char *text;
	int rc;
	double value;
} sums[] = {
	{ "6*7", 0, 42 },
	{ " 1 + 2 * 3 ", 0, 7 },
	{ "-(2+3)*-2", 0, 10 },
	{ "0.5/0.25", 0, 2 },
	{ "8/4/2", 0, 1 },
	{ "8-4-2", 0, 2 },
	{ ".5", 0, 0.5 },
	{ "", -1, 0 },
	{ "1+", -1, 0 },
	{ "(1", -1, 0 },
	{ "1)", -1, 0 },
	{ "1 2", -1, 0 },
	{ "0x10", -1, 0 },
	{ "1e3", -1, 0 },
	{ "1..2", -1, 0 },
	{ "1/(1-1)", -1, 0 },
	{ "nan", -1, 0 },
};

START_TEST(calculations)
{
	double v = 0;

	ck_assert_msg(calculate(sums[_i].text, &v) == sums[_i].rc, "%s", sums[_i].text);
	ck_assert_double_eq(v, sums[_i].value);
}
END_TEST

START_TEST(deep)
{
	_cleanup_buf_ struct buf text = { 0 };
	double v;

	for (int i = 0; i < 100000; i++)
		buf_add_char(&text, '(');
	ck_assert_int_eq(calculate(buf_str(&text), &v), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tools");
	TCase *t = tcase_create("tools");

	tcase_add_loop_test(t, answers, 0, ARRAY_LEN(rows));
	tcase_add_test(t, then);
	tcase_add_loop_test(t, malformed, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(t, calculations, 0, ARRAY_LEN(sums));
	tcase_add_test(t, deep);
	suite_add_tcase(s, t);

	return run_suite(s);
}
