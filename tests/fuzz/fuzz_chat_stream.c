/*
 * fuzz_chat_stream.c - any bytes as events: no crash, sane usage, nothing after [DONE].
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/net/sse.h"
#include "runtime/openai/chat_stream.h"
#include "runtime/openai/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Events are separated by NUL, so that no parser stands between the fuzzer and the target. */
static void
check(const struct dialect *dialect, const uint8_t *bytes, size_t len)
{
	struct chat_stream s = { .dialect = dialect, .want_usage = len % 2 == 0 };
	struct chat_usage usage = { 0 };
	char why[240];

	for (size_t at = 0; at < len;) {
		const uint8_t *nul = memchr(bytes + at, 0, len - at);
		const size_t n = nul != NULL ? (size_t)(nul - bytes) - at : len - at;
		char *data = malloc(n + 1);
		bool content;

		memcpy(data, bytes + at, n);
		data[n] = '\0';
		const bool was_done = s.done_seen;
		const enum chat_verdict v = chat_stream_event(&s,
		    &(struct sse_event){ .raw = data,
			.raw_len = n,
			.data = data,
			.data_len = n,
			.has_data = true,
			.name = "" },
		    &content);
		assert(!was_done || v == CHAT_DROP);
		assert((v == CHAT_ERROR) <= (s.error_text[0] != '\0'));
		assert(s.usage.prompt_tokens >= 0 && s.usage.completion_tokens >= 0);
		chat_answer_read(dialect, data, n, &usage, NULL, why);
		free(data);
		at += n + 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	for (int i = 0; i < DIALECT_COUNT; i++)
		check(&dialects[i], bytes, len);
	return 0;
}
