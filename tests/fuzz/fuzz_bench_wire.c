/*
 * fuzz_bench_wire.c - what a target may answer, as the harness reads it: errors, descriptors, links, records, calls.
 *
 * The first byte says which.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/calculate.h"
#include "bench/fetch.h"
#include "bench/record/attempt.h"
#include "bench/tools.h"
#include "bench/verdict.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DATA_MAX 4096

static void
answer(const char *bytes, size_t len, bool is_stream)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
	struct frame frames[2] = { { .kind = FRAME_HEAD }, { .kind = FRAME_BODY } };
	const struct attempt a = { .frames = frames, .nframes = 2 };
	const struct wire_seen seen = { .is_stream = is_stream };
	struct answer_error error;

	buf_add(&frames[0].bytes, head, is_stream ? sizeof(head) - 1 : 15);
	buf_add(&frames[1].bytes, bytes, len);
	answer_error_find(&a, 0, &seen, &error);
	_cleanup_json_ cJSON *list = fetch_descriptors(&a);
	if (cJSON_GetArraySize(list) > FETCH_FILES_MAX)
		abort();
	buf_done(&frames[0].bytes);
	buf_done(&frames[1].bytes);
}

static void
link_of(const char *text)
{
	static const char *const targets[] = { "http://a:8000", "https://[::1]/v1", "unix:///s" };
	_cleanup_buf_ struct buf out = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		struct target t;

		if (target_init(&t, targets[i], NULL, NULL) < 0)
			abort();
		_cleanup_free_ char *path = fetch_path(&t, text);
		/* Nothing that would leave the target, or end its line. */
		if (path != NULL &&
		    (path[0] != '/' || path[1] == '/' || strpbrk(path, " \r\n") != NULL))
			abort();
		target_done(&t);
	}
	if (fetch_data_url(text, DATA_MAX, &out) == 0 && out.len > DATA_MAX)
		abort();
}

static void
record(const char *bytes, size_t len)
{
	struct target_record r;
	char model[TARGET_MODEL_MAX], value[16];
	bool is_janus;

	target_record_parse(bytes, len, &r);
	target_models_parse(bytes, len, model, &is_janus);
	wire_header(bytes, len, "x-request-id", value, sizeof(value));
	if (strlen(value) >= sizeof(value))
		abort();
}

static void
call(const char *text)
{
	static const char simulator[] = "{\"tools\":{\"f\":{\"replies\":[{\"arguments\":{\"a\":1,"
					"\"b\":\"x y\"},\"reply\":1}]},\"c\":{\"function\":"
					"\"calculate\"},\"l\":{\"function\":\"lookup\",\"by\":"
					"\"k\",\"table\":{\"1\":2}},\"s\":{\"function\":\"select\","
					"\"rows\":[{\"k\":1}]}}}";
	static const char *const names[] = { "f", "c", "l", "s" };
	_cleanup_json_ cJSON *json = NULL, *calls = cJSON_CreateArray();
	double v;

	if (json_parse(simulator, sizeof(simulator) - 1, &json, NULL) < 0)
		abort();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		cJSON *c = cJSON_CreateObject();

		json_add_str(c, "name", names[i]);
		json_add_str(c, "arguments", text);
		cJSON_AddItemToArray(calls, c);
		free(tools_answer(json, calls, i));
	}
	calculate(text, &v);
}

/* A simulator of anybody's own. */
static void
simulator_of(const char *bytes, size_t len)
{
	_cleanup_json_ cJSON *json = NULL, *calls = cJSON_CreateArray();
	cJSON *c;

	if (json_parse(bytes, len, &json, NULL) < 0 || tools_check(json, NULL) < 0)
		return;
	c = cJSON_CreateObject();
	json_add_str(c, "name", json_get(json, "tools")->child->string);
	json_add_str(c, "arguments", "{\"k\":1}");
	cJSON_AddItemToArray(calls, c);
	free(tools_answer(json, calls, 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	_cleanup_free_ char *text = str_ndup((const char *)data + 1, size - 1);
	const size_t len = size - 1;

	switch (data[0] % 6) {
	case 0: answer(text, len, true); break;
	case 1: answer(text, len, false); break;
	case 2: link_of(text); break;
	case 3: record(text, len); break;
	case 4: call(text); break;
	case 5: simulator_of(text, len); break;
	}
	return 0;
}
