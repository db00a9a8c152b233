/*
 * streams_json.c - what a client sees of its streams.
 */
#include "controlplane/gateway/streams.h"

#include <string.h>

#include "controlplane/gateway/streams_core.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"

static const char *const state_names[] = {
#define X(name, text) [STREAM_##name] = text,
	STREAM_STATES(X)
#undef X
};

static void
add_json(struct buf *out, const struct stream *s)
{
	char text[CLOCK_TEXT_MAX];
	const bool stopping = s->stopping && s->ended_ms == 0;
	unsigned readers = 0;

	for (const struct stream_reader *r = s->readers; r != NULL; r = r->newer)
		readers++;
	buf_printf(out,
	    "{\"id\":\"%s\",\"object\":\"stream\",\"request_id\":\"%s\",\"model\":", s->id,
	    s->request_id);
	json_add_quoted(out, s->model, strlen(s->model));
	if (s->slug[0] != '\0')
		buf_printf(out, ",\"competitor\":\"%s\"", s->slug);
	else
		buf_add_str(out, ",\"competitor\":null");
	buf_printf(out, ",\"state\":\"%s\"", state_names[stopping ? STREAM_STOPPED : s->state]);
	if (s->ring.oldest != NULL)
		buf_printf(out, ",\"first_seq\":%llu,\"last_seq\":%llu",
		    (unsigned long long)event_ring_first(&s->ring),
		    (unsigned long long)s->ring.last);
	else
		buf_add_str(out, ",\"first_seq\":null,\"last_seq\":null");
	buf_printf(out, ",\"readers\":%u,\"resumed\":%u,\"created_at\":\"%s\"", readers, s->resumed,
	    clock_format(s->created_at_ms, text));
	if (s->ended_ms != 0)
		buf_printf(out, ",\"expires_at\":\"%s\"}",
		    clock_format(s->ended_at_ms + s->table->limits.ttl_ms, text));
	else
		buf_add_str(out, ",\"expires_at\":null}");
}

void
stream_json(struct buf *out, struct stream *s)
{
	streams_lock(s->table);
	add_json(out, s);
	streams_unlock(s->table);
}

void
streams_json(struct buf *out, struct streams *t, const char *owner, size_t limit, const char *after)
{
	const struct stream *first = NULL, *last = NULL;
	bool skip = after != NULL, more = false;
	size_t n = 0;

	buf_add_str(out, "{\"object\":\"list\",\"data\":[");
	streams_lock(t);
	streams_expire(t, clock_now_ms());
	for (const struct stream *s = t->newest; s != NULL && !more; s = s->older) {
		if (skip || strcmp(s->owner, owner) != 0) {
			skip = skip && strcmp(s->id, after) != 0;
			continue;
		}
		more = n == limit;
		if (more)
			break;
		if (n++ > 0)
			buf_add_char(out, ',');
		add_json(out, s);
		first = first != NULL ? first : s;
		last = s;
	}
	buf_add_str(out, "],\"first_id\":");
	buf_printf(out, first != NULL ? "\"%s\"" : "null", first != NULL ? first->id : "");
	buf_add_str(out, ",\"last_id\":");
	buf_printf(out, last != NULL ? "\"%s\"" : "null", last != NULL ? last->id : "");
	streams_unlock(t);
	buf_printf(out, ",\"has_more\":%s}", more ? "true" : "false");
}
