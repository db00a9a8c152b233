/*
 * sse_id.h - where an `id:` line of ours goes in a server-sent event that somebody else wrote.
 *
 * Pure.  The event's own bytes stay as they are.
 */
#ifndef JANUS_NET_SSE_ID_H
#define JANUS_NET_SSE_ID_H
#include <stddef.h>

/**
 * sse_id_place - the offset in a whole event (raw, as sse.h cuts it) for a line "id: N\n".
 *
 * It is the first line of the event, or its last if the event has an id of its own: the last one
 * counts, and that is ours.  The LF of a CRLF whose CR ended the event before stays in front of it.
 * A byte order mark at the beginning of the stream must be gone.
 */
size_t sse_id_place(const char *raw, size_t len);
#endif
