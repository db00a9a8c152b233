/*
 * fuzz_chat_request.c - parse(spliced) equals edit(parse(original)).
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/json.h"
#include "runtime/openai/chat_request.h"
#include "runtime/openai/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
assert_same(const cJSON *a, const cJSON *b)
{
	char *x = json_print(a), *y = json_print(b);

	assert(strcmp(x, y) == 0);
	free(x);
	free(y);
}

/* Take stream_options out of both; they must differ in include_usage alone. */
static void
check_options(cJSON *was, cJSON *is)
{
	cJSON *a = cJSON_DetachItemFromObjectCaseSensitive(was, "stream_options");
	cJSON *b = cJSON_DetachItemFromObjectCaseSensitive(is, "stream_options");

	assert(json_bool(b, "include_usage", false));
	if (a == NULL || cJSON_IsNull(a)) {
		cJSON_Delete(a);
		a = cJSON_CreateObject();
	}
	cJSON_DeleteItemFromObjectCaseSensitive(a, "include_usage");
	cJSON_DeleteItemFromObjectCaseSensitive(b, "include_usage");
	assert_same(a, b);
	cJSON_Delete(a);
	cJSON_Delete(b);
}

static void
check(const struct dialect *dialect, const char *body, size_t len)
{
	struct chat_request r;
	struct chat_fault fault = { 0 };
	struct iovec parts[CHAT_PARTS_MAX + 2];
	struct buf spliced = { 0 };
	cJSON *was = NULL, *is = NULL;
	size_t total;

	if (dialect_request_scan(dialect, body, len, &r, NULL, &fault) < 0) {
		assert(fault.code != CODE_NONE && fault.text[0] != '\0');
		return;
	}
	const size_t n = chat_request_parts(&r, body, len, parts, &total);
	for (size_t i = 0; i < n; i++)
		buf_add(&spliced, parts[i].iov_base, parts[i].iov_len);
	assert(spliced.len == total);
	if (json_parse(body, len, &was, NULL) == 0) { /* cJSON reads no number of 64 digits */
		assert(json_parse(spliced.data, spliced.len, &is, NULL) == 0);
		assert(strcmp(json_str(was, "model"), r.model) == 0);
		cJSON_DeleteItemFromObjectCaseSensitive(was, "competitor_id");
		cJSON_DeleteItemFromObjectCaseSensitive(was, "chutes_access_token");
		if (r.stream && dialect->asks_usage)
			check_options(was, is);
		assert_same(was, is);
	}
	cJSON_Delete(was);
	cJSON_Delete(is);
	buf_done(&spliced);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	for (int i = 0; i < DIALECT_COUNT; i++)
		check(&dialects[i], (const char *)bytes, len);
	return 0;
}
