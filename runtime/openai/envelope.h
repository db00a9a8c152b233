/*
 * envelope.h - the error object that every surface answers with.
 */
#ifndef JANUS_OPENAI_ENVELOPE_H
#define JANUS_OPENAI_ENVELOPE_H
#include "runtime/openai/codes.h"
struct buf;

/**
 * envelope_add - append {"error":{message,type,param,code,"janus":{...}}}.
 *
 * param may be NULL; details is the text of a JSON array, or NULL for []; status and type come
 * from the table.  docs is "/docs/errors#<code>".
 */
void envelope_add(struct buf *out, enum wire_code, const char *message, const char *param,
    const char *request_id, const char *details);
/** envelope_add_as - the same, with fault in the place that wire_code_fault gives it; NULL: as the
 *  table says. */
void envelope_add_as(struct buf *out, enum wire_code, const char *fault, const char *message,
    const char *param, const char *request_id, const char *details);
/** envelope_add_event - the same as one server-sent event, without a [DONE]. */
void envelope_add_event(
    struct buf *out, enum wire_code, const char *message, const char *request_id);
/** envelope_add_event_as - with a fault as envelope_add_as. */
void envelope_add_event_as(struct buf *out, enum wire_code, const char *fault, const char *message,
    const char *request_id);
#endif
