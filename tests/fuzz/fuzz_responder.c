/*
 * fuzz_responder.c - any prompt is answered to its end, with well-formed JSON unless told otherwise.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/json.h"
#include "runtime/openai/responder.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	cJSON *request = cJSON_CreateObject(), *message = cJSON_CreateObject();
	char *prompt = malloc(len + 1);
	const bool stream = len % 2 == 0;
	struct buf out = { 0 };
	enum responder_step step;
	int64_t delay_ms;
	int status;

	memcpy(prompt, bytes, len);
	prompt[len] = '\0';
	json_add_str(message, "role", "user");
	json_add_str(message, "content", prompt);
	cJSON_AddItemToArray(json_add_arr(request, "messages"), message);
	if (len % 3 == 0)
		json_add_int(request, "max_tokens", 3);
	struct responder *r = responder_new(request, "chatcmpl-x", 1, stream);
	for (int steps = 0;; steps++) {
		cJSON *json = NULL;

		buf_clear(&out);
		step = responder_next(r, &out, &delay_ms, &status);
		assert(steps < 500000);
		if (step == RESPONDER_STATUS) {
			assert(json_parse(out.data, out.len, &json, NULL) == 0);
			cJSON_Delete(json);
			break;
		}
		assert(delay_ms >= 0);
		if (step != RESPONDER_BYTES && step != RESPONDER_WAIT)
			break;
	}
	responder_free(r);
	cJSON_Delete(request);
	buf_done(&out);
	free(prompt);
	return 0;
}
