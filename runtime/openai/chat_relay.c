/*
 * chat_relay.c - the relay's life: waiting, attempt, committed, over.
 */
#include "runtime/openai/chat_relay.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/spare.h"
#include "runtime/base/str.h"
#include "runtime/openai/chat_relay_internal.h"
#include "runtime/openai/dialect.h"
#include "runtime/openai/relay_tap.h"

const struct chat_relay_limits chat_relay_defaults = {
	.hold_ms = 1500,
	.ping_ms = 1500,
	.first_byte_ms = 30000,
	.gap_ms = 30000,
	.total_ms = 300000,
	.event_bytes = 1 << 20,
	.json_bytes = 32 << 20,
	.stream_bytes = 64 << 20,
};

static _Thread_local struct spare spares; /* of struct chat_relay */

void
relay_release(struct chat_relay *r)
{
	timer_cancel(&r->ping);
	timer_cancel(&r->silence);
	timer_cancel(&r->total);
	timer_cancel(&r->failed);
	sse_done(&r->sse);
	buf_done(&r->usage);
	buf_done(&r->body);
	relay_forget_kept(r);
	if (r->tap != NULL)
		r->tap->end(r->tap);
	spare_give(&spares, r);
}

void
relay_tally(struct chat_relay *r)
{
	if (!r->is_stream_body || !r->progressed)
		return;
	r->result.usage = *chat_stream_usage(&r->watch);
	r->result.chunks = r->watch.chunks;
}

const char *
chat_result_words(const struct chat_result *r, char out[CHAT_WORDS_MAX])
{
	if (r->code == CODE_NONE)
		return NULL;
	str_copy(out, CHAT_WORDS_MAX, r->text);
	char *colon = strstr(out, ": ");
	if (colon != NULL)
		strcpy(colon, ".");
	return out;
}

void
relay_finish(struct chat_relay *r, enum wire_code code, const char *text, const char *details)
{
	if (r->over)
		return;
	relay_drop_exchange(r);
	timer_cancel(&r->failed);
	timer_cancel(&r->ping);
	timer_cancel(&r->total);
	r->result.code = code;
	r->result.fault = wire_code_fault(code, r->blamed != NULL ? r->blamed : r->events->fault);
	if (text != r->result.text) /* an owner may hand back what we told it */
		str_copy(r->result.text, sizeof(r->result.text), text);
	if (r->result.committed && (r->client != NULL || r->sink != NULL)) {
		relay_pass_rest(r);
		relay_end_stream(r, code, text);
	} else if (r->client != NULL)
		relay_reply_error(r, code, text, details);
	r->client = NULL;
	r->over = true;
	relay_tally(r);
	r->events->on_done(r, &r->result, r->arg);
}

static void
on_total(struct timer *t, void *arg)
{
	struct chat_relay *r = arg;
	char text[160];

	(void)t;
	relay_enter(r);
	snprintf(text, sizeof(text), "The answer was not complete within %lld s.",
	    (long long)r->limits->total_ms / 1000);
	relay_finish(r, CODE_UPSTREAM_TIMEOUT_TOTAL, text, NULL);
	relay_leave(r);
}

/* ---- the owner's side ---- */

static struct chat_relay *
relay_new(struct loop *loop, int64_t accepted_us, struct http_request *client, bool stream,
    const struct chat_relay_limits *limits, const struct chat_relay_events *events, void *arg)
{
	struct chat_relay *r = spare_take(&spares, sizeof(*r));

	r->client = client;
	r->loop = loop;
	r->limits = limits;
	r->events = events;
	r->arg = arg;
	r->dialect = &dialects[DIALECT_CHAT];
	r->stream = stream;
	r->accepted_us = accepted_us;
	r->sse.max_bytes = limits->event_bytes;
	r->result.ttft_us = -1;
	r->result.usage = (struct chat_usage){ .cost_micro_usd = -1, .sandbox_seconds = -1 };
	relay_client_begin(r);
	timer_set(r->loop, &r->total, limits->total_ms, on_total, r);
	return r;
}

struct chat_relay *
chat_relay_new(struct http_request *client, bool stream, bool want_usage,
    const struct chat_relay_limits *limits, const struct chat_relay_events *events, void *arg)
{
	struct chat_relay *r =
	    relay_new(client->loop, client->accepted_us, client, stream, limits, events, arg);

	r->watch.want_usage = want_usage;
	return r;
}

struct chat_relay *
chat_relay_new_into(struct loop *loop, int64_t accepted_us, struct chat_sink *sink,
    const struct chat_relay_limits *limits, const struct chat_relay_events *events, void *arg)
{
	struct chat_relay *r = relay_new(loop, accepted_us, NULL, true, limits, events, arg);

	r->sink = sink;
	return r;
}

void
chat_relay_speak(struct chat_relay *r, const struct dialect *dialect)
{
	r->dialect = r->watch.dialect = dialect;
}

void
chat_relay_into(struct chat_relay *r, struct chat_sink *sink)
{
	r->sink = sink;
}

void
chat_relay_go_on(struct chat_relay *r)
{
	r->goes_on = true;
}

bool
chat_relay_answering(const struct chat_relay *r)
{
	return r->relayed;
}

void
chat_relay_say(struct chat_relay *r, const char *events, size_t len)
{
	relay_send_ours(r, events, len);
}

void
chat_relay_retry_after(struct chat_relay *r, int64_t seconds)
{
	snprintf(r->result.retry_after, sizeof(r->result.retry_after), "%lld", (long long)seconds);
}

void
chat_relay_fail(struct chat_relay *r, enum wire_code code, const char *text, const char *details)
{
	chat_relay_fail_as(r, code, NULL, text, details);
}

void
chat_relay_fail_as(struct chat_relay *r, enum wire_code code, const char *instead, const char *text,
    const char *details)
{
	relay_enter(r);
	r->blamed = instead;
	relay_finish(r, code, text, details);
	relay_leave(r);
}

void
chat_relay_abandon(struct chat_relay *r)
{
	relay_drop_exchange(r);
	if (r->sink != NULL && r->result.committed)
		relay_end_stream(r, CODE_DRAINING, "Janus is stopping.");
	if (r->client != NULL) {
		if (r->result.committed)
			http_stream_abort(r->client);
		else
			relay_reply_error(r, CODE_DRAINING, "Janus is stopping.", NULL);
	}
	relay_release(r);
}

void
chat_relay_tap(struct chat_relay *r, struct relay_tap *tap)
{
	r->tap = tap;
}

void
chat_relay_learn(struct chat_relay *r, struct chat_answer *answer)
{
	r->watch.answer = answer;
}

const struct chat_result *
chat_relay_result(struct chat_relay *r)
{
	relay_tally(r);
	return &r->result;
}
