/*
 * resume.c - a relay's sink that is a stream.
 */
#include "controlplane/gateway/resume.h"

#include <stdio.h>
#include <stdlib.h>

#include "controlplane/gateway/core.h"
#include "controlplane/gateway/follow.h"
#include "controlplane/gateway/streams.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/openai/chat_relay.h"

#define IDLE_CHECK_MS 10 /* at most so often */

struct resume {
	struct chat_sink sink; /* first: the two are cast into each other */
	struct gateway *gw;
	struct chat_relay *relay;
	struct stream *stream; /* a reference */
	struct auth *auth; /* of the chat */
	struct timer idle;
	struct resume *next, **prev; /* gw->resumes */
};

static void
fail_alone(struct resume *r, int64_t alone_ms)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "Nobody has followed this stream for %lld s, so it was cancelled.",
	    (long long)alone_ms / 1000);
	chat_relay_fail(r->relay, CODE_STREAM_ABANDONED, text, NULL);
}

static void
on_idle(struct timer *t, void *arg)
{
	struct resume *r = arg;
	const int64_t idle_ms = streams_limits(r->gw->config.streams)->idle_ms;
	const int64_t alone_ms = stream_alone_ms(r->stream);
	const int64_t left_ms = alone_ms > 0 ? idle_ms - alone_ms : idle_ms;

	if (alone_ms >= 0 && left_ms <= 0)
		fail_alone(r, alone_ms);
	else
		timer_set(
		    r->gw->loop, t, left_ms > IDLE_CHECK_MS ? left_ms : IDLE_CHECK_MS, on_idle, r);
}

static void
on_drain(void *arg)
{
	chat_relay_drained(((struct resume *)arg)->relay);
}

static void
on_stop(void *arg)
{
	struct resume *r = arg;

	chat_relay_fail(
	    r->relay, CODE_STREAM_STOPPED, "The stream was stopped by its owner.", NULL);
}

static const struct stream_events stream_events = { on_stop, on_drain };

/* ---- the sink ---- */

static void
begin(struct chat_sink *sink, struct http_request *client, const struct http_header *headers)
{
	struct resume *r = (struct resume *)sink;

	timer_set(
	    r->gw->loop, &r->idle, streams_limits(r->gw->config.streams)->idle_ms, on_idle, r);
	if (client != NULL)
		follow_begin(r->gw, client, stream_ref(r->stream), r->auth, headers);
	else
		stream_begin_alone(r->stream);
}

static bool
write_events(struct chat_sink *sink, const char *bytes, size_t len)
{
	return stream_write(((struct resume *)sink)->stream, bytes, len);
}

static void
on_sweep(struct timer *t, void *arg)
{
	struct gateway *gw = arg;
	const int64_t wait_ms = streams_sweep(gw->config.streams);

	if (wait_ms >= 0)
		timer_set(gw->loop, t, wait_ms + 1, on_sweep, gw);
}

static void
end(struct chat_sink *sink, enum wire_code code)
{
	struct resume *r = (struct resume *)sink;
	struct gateway *gw = r->gw;

	stream_end(r->stream, code);
	if (!timer_is_set(&gw->sweep))
		timer_set(gw->loop, &gw->sweep, streams_limits(gw->config.streams)->ttl_ms + 1,
		    on_sweep, gw);
}

/* ---- the chat's side ---- */

bool
resume_wanted(const struct gateway *gw, const struct http_request *req)
{
	return gw->config.streams != NULL && str_eq(http_header_get(req, "x-janus-resume"), "1");
}

struct resume *
resume_open(struct gateway *gw, struct http_request *req, struct chat_relay *relay,
    const char *request_id, const char *model, struct auth *auth)
{
	struct resume *r = mem_zalloc(sizeof(*r));

	r->sink = (struct chat_sink){ request_id, begin, write_events, end };
	r->gw = gw;
	r->relay = relay;
	r->auth = auth;
	r->stream = stream_open(
	    gw->config.streams, follow_owner(req), request_id, model, gw->loop, &stream_events, r);
	if (r->stream == NULL) {
		free(r);
		return NULL;
	}
	r->next = gw->resumes;
	r->prev = &gw->resumes;
	if (r->next != NULL)
		r->next->prev = &r->next;
	gw->resumes = r;
	gw->nresumes++;
	chat_relay_into(relay, &r->sink);
	return r;
}

void
resume_competitor(struct resume *r, const char *slug)
{
	stream_set_competitor(r->stream, slug);
}

unsigned
resume_header(const struct resume *r, struct http_header *out)
{
	if (!chat_relay_result(r->relay)->committed)
		return 0;
	*out = (struct http_header){ "x-janus-stream-id", stream_id(r->stream) };
	return 1;
}

unsigned
resume_close(struct resume *r)
{
	const unsigned resumed = stream_close(r->stream);

	timer_cancel(&r->idle);
	*r->prev = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	r->gw->nresumes--;
	free(r);
	return resumed;
}

void
resume_end_alone(struct gateway *gw)
{
	for (struct resume *r = gw->resumes, *next; r != NULL; r = next) {
		next = r->next;
		if (stream_alone_ms(r->stream) >= 0)
			chat_relay_fail(r->relay, CODE_DRAINING, "Janus is stopping.", NULL);
	}
}
