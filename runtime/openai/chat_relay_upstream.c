/*
 * chat_relay_upstream.c - from upstream: what it says, for how long it says nothing, and how it ends.
 */
#include <stddef.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/metrics.h"
#include "runtime/base/str.h"
#include "runtime/net/http_exchange.h"
#include "runtime/openai/chat_relay_internal.h"
#include "runtime/openai/chat_unfold.h"
#include "runtime/openai/dialect.h"
#include "runtime/openai/relay_tap.h"

#define ERROR_BODY_BYTES 65536 /* of a status other than 200 that is looked at */
#define ERROR_BODY_MS 2000 /* and how long it may take to come */

void
relay_drop_exchange(struct chat_relay *r)
{
	struct http_exchange *x = r->exchange;

	r->exchange = NULL;
	timer_cancel(&r->silence);
	if (x != NULL) {
		r->result.sent = r->result.sent || http_exchange_sent(x);
		http_exchange_close(x);
	}
}

void
relay_pause(struct chat_relay *r)
{
	r->paused = true;
	http_exchange_pause(r->exchange, true);
}

/* ---- its silence ---- */

static void on_silence(struct timer *, void *);

/* The timers of a stream are not moved at each event: they look, when they are due, whether they
 * still are. */
static void
expect_within(struct chat_relay *r, int64_t ms)
{
	r->silence_due_ms = loop_now_ms(r->loop) + ms;
	if (!timer_is_set(&r->silence) || r->silence.due_ms > r->silence_due_ms)
		timer_set(r->loop, &r->silence, ms, on_silence, r);
}

void
chat_relay_drained(struct chat_relay *r)
{
	if (r->exchange == NULL)
		return;
	/* The pause was ours: upstream is not charged for the client's slowness. */
	if (r->progressed)
		relay_waited(r);
	r->paused = false;
	if (!r->held)
		http_exchange_pause(r->exchange, false);
}

void
relay_waited(struct chat_relay *r)
{
	r->last_event_ms = loop_now_ms(r->loop);
	expect_within(r, r->limits->gap_ms);
}

static void
heard(struct chat_relay *r, bool content)
{
	const int64_t now_ms = loop_now_ms(r->loop);

	if (r->progressed && now_ms - r->last_event_ms > r->result.max_gap_ms) {
		r->result.max_gap_ms = now_ms - r->last_event_ms;
		r->result.max_gap_at_us = now_ms * 1000 - r->accepted_us;
	}
	if (r->result.first_event_us == 0)
		r->result.first_event_us = clock_now_us() - r->accepted_us;
	r->last_event_ms = now_ms;
	if (content || !r->progressed)
		expect_within(r, r->limits->gap_ms);
	r->progressed = true;
	if (content && r->result.ttft_us < 0)
		r->result.ttft_us = clock_now_us() - r->accepted_us;
}

/* ---- the end of an attempt ---- */

static void
on_failed(struct timer *t, void *arg)
{
	struct chat_relay *r = arg;

	(void)t;
	relay_enter(r);
	relay_pass_rest(r);
	relay_tally(r);
	r->events->on_attempt_failed(r, &r->result, r->arg);
	relay_leave(r);
}

/* Who is upstream, in sentences. */
static const char *
subject(const struct chat_relay *r)
{
	return r->events->subject != NULL ? r->events->subject : "The competitor";
}

/* The attempt is over without an answer.  The owner hears of it in a turn of its own: we may be
 * deep inside the parser that the next attempt starts afresh.  The sentence begins with whoever is
 * upstream. */
static void __attribute__((format(printf, 3, 4)))
attempt_failed(struct chat_relay *r, enum wire_code code, const char *fmt, ...)
{
	char *const text = r->result.text;
	const size_t cap = sizeof(r->result.text);
	size_t len;
	va_list ap;

	relay_drop_exchange(r);
	r->result.code = code;
	snprintf(text, cap, "%s", subject(r));
	len = strlen(text);
	va_start(ap, fmt);
	vsnprintf(text + len, cap - len, fmt, ap);
	va_end(ap);
	if (r->relayed && !r->goes_on)
		relay_finish(r, code, text, NULL);
	else
		timer_set(r->loop, &r->failed, 0, on_failed, r);
}

static void answer_whole(struct chat_relay *);

static void
on_silence(struct timer *t, void *arg)
{
	struct chat_relay *r = arg;

	const int64_t left_ms = r->silence_due_ms - loop_now_ms(r->loop);
	if (left_ms > 0) {
		timer_set_about(r->loop, t, left_ms, on_silence, r);
		return;
	}
	if (r->paused || r->held) {
		/* Upstream waits for the client or for the owner, who have their own limits. */
		expect_within(r, r->limits->gap_ms);
		return;
	}
	relay_enter(r);
	if (r->result.upstream_status != 0 && r->result.upstream_status != 200) {
		answer_whole(
		    r); /* its status says enough; the rest of its body is not waited for */
	} else if (r->progressed) {
		attempt_failed(r, CODE_UPSTREAM_TIMEOUT_GAP,
		    " sent nothing for %lld s in the middle of its answer.",
		    (long long)r->limits->gap_ms / 1000);
	} else {
		attempt_failed(r, CODE_UPSTREAM_TIMEOUT_FIRST_BYTE,
		    " did not begin to answer within %lld s.",
		    (long long)r->limits->first_byte_ms / 1000);
	}
	relay_leave(r);
}

/* ---- events ---- */

/* Unmodified, but for a byte order mark that would no longer stand at the very beginning. */
void
relay_pass_event(struct chat_relay *r, const char *raw, size_t len)
{
	const size_t bom = !r->began && len >= 3 && (r->result.bytes_out > 0 || r->sink != NULL) &&
		memcmp(raw, "\xEF\xBB\xBF", 3) == 0
	    ? 3
	    : 0;

	if (len == 0)
		return;
	r->began = true;
	relay_tap_show(r->tap, RELAY_CLIENT, raw + bom, len - bom);
	relay_send(r, raw + bom, len - bom);
}

/* Upstream's stream is over by its own word; exchange_body sees to the rest of the exchange. */
static void
complete(struct chat_relay *r, enum wire_code code, const char *text)
{
	if (r->exchange != NULL)
		r->result.sent = r->result.sent || http_exchange_sent(r->exchange);
	r->exchange = NULL;
	r->done_here = true;
	timer_cancel(&r->silence);
	relay_finish(r, code, text, NULL);
}

void
relay_on_event(const struct sse_event *ev, void *arg)
{
	struct chat_relay *r = arg;
	bool content = false;

	if (r->over || (r->exchange == NULL && !r->ended)) {
		r->extra = true;
		return;
	}
	if (relay_keeps(r, ev))
		return;
	const enum chat_verdict verdict = chat_stream_event(&r->watch, ev, &content);
	heard(r, content);
	switch (verdict) {
	case CHAT_PASS:
		if (!r->relayed && r->events->on_answering != NULL)
			r->events->on_answering(r, r->arg);
		r->relayed = true;
		if (relay_taken(r, ev->raw, ev->raw_len, ev->data, ev->data_len))
			break; /* fallthrough */
	case CHAT_PING: relay_pass_event(r, ev->raw, ev->raw_len); break;
	case CHAT_DROP: break;
	case CHAT_USAGE:
		r->is_usage = true;
		if (!relay_taken(r, ev->raw, ev->raw_len, ev->data, ev->data_len))
			relay_keep_usage(r, ev->raw, ev->raw_len);
		break;
	case CHAT_DONE:
		if (r->relayed)
			complete(r, CODE_NONE, NULL);
		else
			attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE,
			    " ended its stream without an answer in it.");
		break;
	case CHAT_LAST:
		r->relayed = true;
		relay_pass_event(r, ev->raw, ev->raw_len);
		complete(r, CODE_NONE, NULL);
		break;
	case CHAT_FAILED:
	case CHAT_ERROR: {
		char text[sizeof(r->watch.error_text) + 80];

		if (verdict != CHAT_FAILED || !r->relayed) {
			attempt_failed(
			    r, CODE_UPSTREAM_ERROR_FRAME, " reported: %s", r->watch.error_text);
			break;
		}
		snprintf(text, sizeof(text), "%s reported: %s", subject(r), r->watch.error_text);
		r->told = true;
		relay_pass_event(r, ev->raw, ev->raw_len);
		complete(r, CODE_UPSTREAM_ERROR_FRAME, text);
		break;
	}
	}
}

/* ---- the exchange ---- */

static int
exchange_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct chat_relay *r = arg;

	(void)x;
	relay_enter(r);
	r->result.upstream_status = head->status;
	r->result.head_us = clock_now_us() - r->accepted_us;
	str_copy(r->result.retry_after, sizeof(r->result.retry_after), head->retry_after);
	r->is_stream_body = head->status == 200 && r->stream &&
	    strcmp(head->content_type, "text/event-stream") == 0;
	r->is_json_body = strcmp(head->content_type, "application/json") == 0;
	if (head->encoded && head->status == 200)
		attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE,
		    " compressed its answer though that was not asked for.");
	else if (head->status != 200)
		expect_within(r, ERROR_BODY_MS);
	relay_leave(r);
	return 0;
}

static void
exchange_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	struct chat_relay *r = arg;
	const size_t max =
	    r->result.upstream_status == 200 ? r->limits->json_bytes : ERROR_BODY_BYTES;
	struct metric_histogram *const delay = r->limits->delay;
	const int64_t read_us = delay != NULL ? clock_now_us() : 0;

	relay_enter(r);
	if (r->client != NULL)
		http_stream_warm(r->client);
	__builtin_prefetch(r->arg);
	r->result.bytes_in += len;
	relay_tap_show(r->tap, RELAY_UPSTREAM, bytes, len);
	r->stream_len += len;
	if (r->is_stream_body && r->exchange != NULL && r->limits->stream_bytes != 0 &&
	    r->stream_len > r->limits->stream_bytes) {
		attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE, "'s answer is too large.");
	} else if (r->is_stream_body) {
		if (sse_feed(&r->sse, bytes, len, relay_on_event, r, NULL) < 0 && !r->over &&
		    r->exchange != NULL)
			attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE, " sent an event over 1 MiB.");
		if (r->done_here && !r->extra && sse_pending(&r->sse) == 0)
			http_exchange_finish(x);
		else if (r->done_here)
			http_exchange_close(x);
	} else if (r->body.len + len <= max) {
		buf_add(&r->body, bytes, len);
	} else if (r->result.upstream_status == 200) {
		attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE, "'s whole answer is too large.");
	} else {
		answer_whole(r);
	}
	if (r->client != NULL && delay != NULL)
		http_stream_count_delay(r->client, read_us, delay);
	relay_leave(r);
}

/* A completion came for a client that waits for a stream: it gets one. */
static void
answer_unfolded(struct chat_relay *r)
{
	struct buf events = { 0 };

	if (chat_unfold(&events, buf_str(&r->body), r->body.len, r->watch.want_usage) < 0) {
		attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE,
		    " answered with JSON that cannot be turned into the stream that was asked "
		    "for.");
		return;
	}
	r->relayed = true;
	r->result.chunks = 1;
	relay_send_ours(r, events.data, events.len);
	buf_done(&events);
	relay_finish(r, CODE_NONE, NULL, NULL);
}

/* A complete body that is not a stream. */
static void
answer_whole(struct chat_relay *r)
{
	struct chat_usage usage = r->result.usage;
	char why[240];

	if (r->result.upstream_status != 200) {
		str_copy(
		    r->result.upstream_body, sizeof(r->result.upstream_body), buf_str(&r->body));
		attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE, " answered with status %d.",
		    r->result.upstream_status);
		return;
	}
	if (r->stream && (!r->is_json_body || !r->dialect->unfolds)) {
		attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE,
		    " did not answer with an event stream though a stream was asked for.");
		return;
	}
	if (!chat_answer_read(
		r->dialect, buf_str(&r->body), r->body.len, &usage, r->watch.answer, why)) {
		attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE, "'s answer is not %s: %s",
		    r->dialect->answer, why);
		return;
	}
	heard(r, true);
	relay_drop_exchange(r);
	r->result.usage = usage;
	if (!relay_taken(r, buf_str(&r->body), r->body.len, buf_str(&r->body), r->body.len))
		relay_send_whole(r);
}

void
relay_send_whole(struct chat_relay *r)
{
	if (r->stream) {
		answer_unfolded(r);
		return;
	}
	relay_reply_whole(r);
	relay_finish(r, CODE_NONE, NULL, NULL);
}

void
relay_upstream_ended(struct chat_relay *r, enum exchange_end end, const struct error *err)
{
	relay_enter(r);
	/* Nothing is missing but the [DONE]: a connection that breaks now breaks nothing. */
	if (r->is_stream_body && r->relayed && r->watch.finish_seen &&
	    end != EXCHANGE_BAD_RESPONSE) {
		relay_finish(r, CODE_NONE, NULL, NULL);
		relay_leave(r);
		return;
	}
	switch (end) {
	case EXCHANGE_COMPLETE:
	case EXCHANGE_CLOSED:
		if (!r->is_stream_body)
			answer_whole(r);
		else
			attempt_failed(r, CODE_UPSTREAM_DIED, "'s stream ended without %s.",
			    r->dialect->ending);
		break;
	case EXCHANGE_NO_RESPONSE:
		attempt_failed(
		    r, CODE_UPSTREAM_BAD_RESPONSE, " closed the connection without an answer.");
		break;
	case EXCHANGE_BAD_RESPONSE:
		attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE, "'s answer is not valid HTTP: %.180s",
		    err->text);
		break;
	case EXCHANGE_DIED:
		if (r->result.upstream_status == 0)
			attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE,
			    " closed the connection inside the head of its answer.");
		else if (r->result.upstream_status != 200)
			answer_whole(r);
		else
			attempt_failed(r, CODE_UPSTREAM_DIED,
			    "'s connection was lost in the middle of its answer.");
		break;
	}
	relay_leave(r);
}

static void
exchange_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct chat_relay *r = arg;

	r->result.sent = r->result.sent || http_exchange_sent(x);
	r->exchange = NULL; /* freed by itself after this */
	timer_cancel(&r->silence);
	if (!relay_keeps_end(r, end, err))
		relay_upstream_ended(r, end, err);
}

static const struct http_exchange_events exchange_events = {
	.on_head = exchange_head,
	.on_body = exchange_body,
	.on_end = exchange_end,
};

void
chat_relay_attempt(
    struct chat_relay *r, struct transport *t, const struct iovec *parts, size_t nparts)
{
	const bool want_usage = r->watch.want_usage;
	struct chat_answer *const answer = r->watch.answer;

	r->result.code = CODE_NONE;
	r->result.upstream_status = 0;
	r->result.head_us = 0;
	r->result.upstream_body[0] = r->result.retry_after[0] = '\0';
	r->watch = (struct chat_stream){ .dialect = r->dialect,
		.want_usage = want_usage,
		.answer = answer,
		.usage = { .cost_micro_usd = -1, .sandbox_seconds = -1 } };
	sse_done(&r->sse);
	r->sse = (struct sse_parser){ .max_bytes = r->limits->event_bytes };
	buf_clear(&r->body);
	relay_forget_kept(r);
	r->is_stream_body = r->began = r->progressed = false;
	r->stream_len = 0;
	r->paused = false;
	/* A whole answer comes when all of it is thought out: only the total limits that. */
	if (r->stream)
		expect_within(r, r->limits->first_byte_ms);
	r->exchange = http_exchange_open(r->loop, t, "POST", parts, nparts, &exchange_events, r);
	http_exchange_warm(
	    r->exchange, offsetof(struct chat_relay, watch) + offsetof(struct chat_stream, usage));
}
