/*
 * dialect.c - the rows, and how each tells an error.
 */
#include "runtime/openai/dialect.h"

#include <stddef.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/openai/envelope.h"

#define DONE "data: [DONE]\n\n"

const struct dialect dialects[DIALECT_COUNT] = {
	[DIALECT_CHAT] = {
		.at = DIALECT_CHAT,
		.path = "/v1/chat/completions",
		.operation = "chat",
		.required = "messages",
		.streams = true,
		.asks_usage = true,
		.answer = "a chat completion",
		.list = "choices",
		.item = "message",
		.unfolds = true,
		.done = DONE,
		.ending = "a finish reason",
	},
	[DIALECT_COMPLETIONS] = {
		.at = DIALECT_COMPLETIONS,
		.path = "/v1/completions",
		.operation = "text_completion",
		.required = "prompt",
		.streams = true,
		.asks_usage = true,
		.answer = "a completion",
		.list = "choices",
		.item = "text",
		.done = DONE,
		.ending = "a finish reason",
	},
	[DIALECT_RESPONSES] = {
		.at = DIALECT_RESPONSES,
		.path = "/v1/responses",
		.operation = "chat",
		.required = "input",
		.streams = true,
		.answer = "a response",
		.list = "output",
		.may_be_empty = true,
		.named = true,
		.ending = "its last event",
	},
	[DIALECT_EMBEDDINGS] = {
		.at = DIALECT_EMBEDDINGS,
		.path = "/v1/embeddings",
		.operation = "embeddings",
		.required = "input",
		.answer = "a list of embeddings",
		.list = "data",
		.item = "embedding",
	},
};

const struct dialect *
dialect_of_path(const char *path)
{
	for (int i = 0; i < DIALECT_COUNT; i++)
		if (strcmp(dialects[i].path, path) == 0)
			return &dialects[i];
	return NULL;
}

void
dialect_add_error(const struct dialect *d, struct buf *out, enum wire_code code, const char *fault,
    const char *message, const char *request_id, int64_t sequence)
{
	_cleanup_buf_ struct buf envelope = { 0 };

	if (!d->named) {
		envelope_add_event_as(out, code, fault, message, request_id);
		return;
	}
	/* As that endpoint's own error event, with the envelope of all others in it. */
	buf_printf(out, "event: error\ndata: {\"type\":\"error\",\"code\":\"%s\",\"message\":",
	    wire_code_info(code)->code);
	json_add_quoted(out, message, strlen(message));
	envelope_add_as(&envelope, code, fault, message, NULL, request_id, NULL);
	buf_printf(out, ",\"param\":null,\"sequence_number\":%lld,%s\n\n", (long long)sequence,
	    envelope.data + 1);
}
