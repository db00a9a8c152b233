/*
 * chat_request.h - what routing needs from a chat request, and the bytes that are forwarded.
 *
 * Pure: one scan over the bytes, no tree.  The types of all known fields are checked; unknown
 * fields are left alone.  A body is never serialised again: what must go or come is spliced.
 */
#ifndef JANUS_OPENAI_CHAT_REQUEST_H
#define JANUS_OPENAI_CHAT_REQUEST_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "runtime/openai/codes.h"
struct dialect;

#define CHAT_NAME_MAX 256
#define CHAT_PARTS_MAX 8

struct chat_edit { /* replace len bytes at `at` by text (borrowed) */
	size_t at, len;
	const char *text;
};
struct chat_request {
	char model[CHAT_NAME_MAX]; /* decoded */
	char competitor_id[CHAT_NAME_MAX]; /* decoded; "" if absent */
	bool stream;
	bool include_usage; /* the client asked for a usage chunk */
	size_t messages; /* how many; of other dialects, how many inputs */
	size_t text_bytes; /* of its texts, as quoted: what an estimate of its tokens rests on */
	size_t model_at, model_len; /* the value of model, with its quotes */
	/* In the order of the bytes: removals, include_usage set to true on streams, the model. */
	struct chat_edit edits[4];
	size_t nedits;
};
struct chat_params;
struct chat_fault { /* why a request is refused */
	enum wire_code code;
	char param[64]; /* "messages[2].role"; "" if none */
	char text[240];
	bool quotes; /* param and text name a member that the body named: not for logs */
};

/**
 * chat_request_scan - check a body and find what routing needs.
 *
 * Returns 0, or -1 with fault: INVALID_JSON (with the byte), MISSING_PARAMETER or INVALID_VALUE
 * naming the field.  Removed when forwarding: competitor_id, chutes_access_token.
 */
int chat_request_scan(const char *body, size_t len, struct chat_request *out, struct chat_fault *);
/** dialect_request_scan - the same for a request of any dialect; and what else it asks for, unless
 *  params is NULL. */
int dialect_request_scan(const struct dialect *, const char *body, size_t len,
    struct chat_request *out, struct chat_params *, struct chat_fault *);
/** chat_request_set_model - forward another model name: literal is a JSON string with its quotes,
 *  borrowed until the parts are sent. At most once. */
void chat_request_set_model(struct chat_request *, const char *literal);
/** chat_request_parts - the forwarded body as spans of body and static text; returns how many.
 *  total gets the content-length. */
size_t chat_request_parts(const struct chat_request *, const char *body, size_t len,
    struct iovec parts[CHAT_PARTS_MAX + 2], size_t *total);
#endif
