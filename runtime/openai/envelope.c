/*
 * envelope.c - write the error object.
 */
#include "runtime/openai/envelope.h"

#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/json.h"

static void
add_nullable(struct buf *out, const char *text)
{
	if (text != NULL)
		json_add_quoted(out, text, strlen(text));
	else
		buf_add_str(out, "null");
}

void
envelope_add_as(struct buf *out, enum wire_code code, const char *fault, const char *message,
    const char *param, const char *request_id, const char *details)
{
	const struct wire_code_info *info = wire_code_info(code);

	buf_add_str(out, "{\"error\":{\"message\":");
	json_add_quoted(out, message, strlen(message));
	buf_printf(out, ",\"type\":\"%s\",\"param\":", info->type);
	add_nullable(out, param);
	buf_printf(out, ",\"code\":\"%s\",\"janus\":{\"request_id\":", info->code);
	add_nullable(out, request_id);
	buf_printf(out,
	    ",\"retryable\":%s,\"fault\":\"%s\",\"docs\":\"/docs/errors#%s\",\"details\":%s}}}",
	    info->retryable ? "true" : "false", wire_code_fault(code, fault), info->code,
	    details != NULL ? details : "[]");
}

void
envelope_add(struct buf *out, enum wire_code code, const char *message, const char *param,
    const char *request_id, const char *details)
{
	envelope_add_as(out, code, NULL, message, param, request_id, details);
}

void
envelope_add_event_as(struct buf *out, enum wire_code code, const char *fault, const char *message,
    const char *request_id)
{
	buf_add_str(out, "data: ");
	envelope_add_as(out, code, fault, message, NULL, request_id, NULL);
	buf_add_str(out, "\n\n");
}

void
envelope_add_event(
    struct buf *out, enum wire_code code, const char *message, const char *request_id)
{
	envelope_add_event_as(out, code, NULL, message, request_id);
}
