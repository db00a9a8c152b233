/*
 * fuzz_json_scan.c - what json_scan accepts, cJSON reads too, and every reported value stands by
 * itself.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct seen {
	const char *text;
	size_t longest_number;
};

static int
check_value(const struct json_value *v, void *arg)
{
	struct seen *seen = arg;

	if (v->type == JSON_NUMBER && v->len > seen->longest_number)
		seen->longest_number = v->len;
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		assert(json_scan(seen->text + v->at, v->len, NULL, NULL, NULL) == 0);
	if (v->type == JSON_STRING) {
		char *text = json_unquote(seen->text + v->at, v->len);
		cJSON *json = cJSON_ParseWithLength(seen->text + v->at, v->len);

		assert(strcmp(cJSON_GetStringValue(json), text) == 0);
		cJSON_Delete(json);
		free(text);
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct seen seen = { .text = (const char *)bytes };
	struct error err = { 0 };

	if (json_scan(seen.text, len, check_value, &seen, &err) < 0) {
		assert(err.text[0] != '\0');
		return 0;
	}
	if (seen.longest_number > 60) /* cJSON reads no longer ones */
		return 0;
	cJSON *json = cJSON_ParseWithLengthOpts(seen.text, len, NULL, 0);
	assert(json != NULL);
	cJSON_Delete(json);
	return 0;
}
