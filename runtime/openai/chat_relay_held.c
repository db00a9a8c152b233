/*
 * chat_relay_held.c - an event, or a whole answer, that the owner has taken: what comes behind it waits;
 * and usage, which waits for the end.
 */
#include "runtime/base/cleanup.h"
#include "runtime/net/http_exchange.h"
#include "runtime/openai/chat_relay_internal.h"

bool
relay_taken(
    struct chat_relay *r, const char *raw, size_t raw_len, const char *data, size_t data_len)
{
	if (r->events->on_passing == NULL)
		return false;
	r->held = r->asking = true;
	const bool taken = r->events->on_passing(r, raw, raw_len, data, data_len, r->arg);
	r->asking = false;
	if (!taken) {
		r->held = false;
		return false;
	}
	if (r->held && r->exchange != NULL)
		http_exchange_pause(r->exchange, true);
	return true;
}

bool
relay_keeps(struct chat_relay *r, const struct sse_event *ev)
{
	if (r->held)
		buf_add(&r->kept, ev->raw, ev->raw_len);
	return r->held;
}

bool
relay_keeps_end(struct chat_relay *r, enum exchange_end end, const struct error *err)
{
	if (!r->held)
		return false;
	r->ended = true;
	r->end = end;
	r->end_error = err != NULL ? *err : (struct error){ 0 };
	return true;
}

void
relay_forget_kept(struct chat_relay *r)
{
	buf_done(&r->kept);
	buf_clear(&r->usage);
	r->held = r->ended = r->is_usage = false;
}

void
relay_keep_usage(struct chat_relay *r, const char *raw, size_t len)
{
	r->is_usage = false;
	buf_clear(&r->usage);
	buf_add(&r->usage, raw, len);
}

/* What waited behind it. */
static void
go_on(struct chat_relay *r)
{
	struct sse_parser sse = { .max_bytes = r->limits->event_bytes };
	struct http_exchange *x = r->exchange;
	struct buf kept = r->kept;

	r->kept = (struct buf){ 0 };
	relay_waited(r);
	if (kept.len > 0)
		sse_feed(&sse, kept.data, kept.len, relay_on_event, r, NULL);
	sse_done(&sse);
	buf_done(&kept);
	if (r->done_here && x != NULL) {
		http_exchange_pause(x, false);
		if (!r->extra && sse_pending(&r->sse) == 0)
			http_exchange_finish(x);
		else
			http_exchange_close(x);
	}
	if (r->over || r->held || timer_is_set(&r->failed))
		return;
	if (r->ended) {
		r->ended = false;
		timer_cancel(&r->silence);
		relay_upstream_ended(r, r->end, &r->end_error);
	} else if (!r->paused && r->exchange != NULL) {
		http_exchange_pause(r->exchange, false);
	}
}

void
chat_relay_pass(struct chat_relay *r, const char *bytes, size_t len)
{
	relay_enter(r);
	r->held = false;
	if (r->is_stream_body) {
		if (r->is_usage)
			relay_keep_usage(r, bytes, len);
		else
			relay_pass_event(r, bytes, len);
		if (!r->asking) /* else who asks goes on by himself */
			go_on(r);
	} else {
		buf_clear(&r->body);
		buf_add(&r->body, bytes, len);
		relay_send_whole(r);
	}
	relay_leave(r);
}

void
relay_pass_rest(struct chat_relay *r)
{
	struct buf rest = { 0 };

	if (r->events->on_rest == NULL || !r->relayed)
		return;
	r->events->on_rest(r, &rest, r->arg);
	relay_pass_event(r, rest.data, rest.len);
	buf_done(&rest);
}
