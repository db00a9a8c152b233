/*
 * chat_relay.c - the relay's life: waiting, attempt, committed, over.
 */
#include "runtime/openai/chat_relay.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/metrics.h"
#include "runtime/base/spare.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_exchange.h"
#include "runtime/net/sse.h"
#include "runtime/openai/chat_unfold.h"
#include "runtime/openai/dialect.h"
#include "runtime/openai/envelope.h"
#include "runtime/openai/relay_tap.h"

#define HEADERS_MAX 24 /* an owner adds up to 13, of them 9 about limits */
#define ERROR_BODY_BYTES 65536 /* of a status other than 200 that is looked at */
#define ERROR_BODY_MS 2000 /* and how long it may take to come */
#define RETRY_AFTER_MAX_SECONDS 3600

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

struct chat_relay {
	struct http_request *client; /* NULL once it is over for the client, or is the sink's */
	struct chat_sink *sink; /* NULL: the client itself */
	struct loop *loop;
	const struct chat_relay_limits *limits;
	const struct chat_relay_events *events;
	void *arg;
	const struct dialect *dialect;
	bool stream;
	int64_t accepted_us;
	struct chat_result result;
	struct relay_tap *tap; /* NULL: nobody looks */

	struct http_exchange *exchange; /* of the running attempt */
	struct sse_parser sse;
	struct chat_stream watch;
	struct buf body; /* a collected answer: non-stream, or of a failed status */
	bool is_stream_body, is_json_body;
	size_t stream_len; /* bytes of this attempt's stream so far */
	bool paused; /* upstream is not read until the client has read more */
	bool began; /* an event of this attempt was passed on */
	bool progressed; /* an event has come in this attempt */
	bool done_here; /* upstream's [DONE] was in what is being read */
	bool extra; /* upstream went on after its [DONE] */
	bool told; /* how it ended stood in upstream's own last event */
	bool relayed; /* an event has gone to the client: no other attempt may follow, but if */
	bool goes_on; /* the client takes another's stream as the rest of this one */
	int64_t last_sent_ms; /* when the client was last sent anything */
	int64_t silence_due_ms; /* the timer may be set for earlier: it then sets itself again */
	int64_t last_event_ms; /* when upstream last said anything */

	struct timer ping, silence, total, failed;
	bool over; /* on_done is due or called: nothing more may start */
	int busy; /* callbacks on the stack: freeing waits for them */
};

static _Thread_local struct spare spares; /* of struct chat_relay */

static void finish(struct chat_relay *, enum wire_code, const char *text, const char *details);

static void
release(struct chat_relay *r)
{
	timer_cancel(&r->ping);
	timer_cancel(&r->silence);
	timer_cancel(&r->total);
	timer_cancel(&r->failed);
	sse_done(&r->sse);
	buf_done(&r->body);
	if (r->tap != NULL)
		r->tap->end(r->tap);
	spare_give(&spares, r);
}

static void
enter(struct chat_relay *r)
{
	r->busy++;
}

/* The relay may be gone after it. */
static void
leave(struct chat_relay *r)
{
	if (--r->busy == 0 && r->over)
		release(r);
}

static void
drop_exchange(struct chat_relay *r)
{
	struct http_exchange *x = r->exchange;

	r->exchange = NULL;
	timer_cancel(&r->silence);
	if (x != NULL) {
		r->result.sent = r->result.sent || http_exchange_sent(x);
		http_exchange_close(x);
	}
}

/* ---- towards the client ---- */

static size_t
answer_headers(struct chat_relay *r, struct http_header *h)
{
	size_t n = r->events->on_headers(r, h, HEADERS_MAX - 4, r->arg);

	h[n] = (struct http_header){ 0 };
	return n;
}

static void on_ping(struct timer *, void *);
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

static void
commit(struct chat_relay *r)
{
	struct http_header h[HEADERS_MAX];
	size_t n;

	if (r->result.committed)
		return;
	r->result.committed = true;
	r->result.committed_us = clock_now_us() - r->accepted_us;
	if (r->sink != NULL)
		timer_cancel(&r->ping); /* its readers have each their own */
	else
		timer_set(r->loop, &r->ping, r->limits->ping_ms, on_ping, r);
	n = answer_headers(r, h);
	h[n++] = (struct http_header){ "content-type", "text/event-stream; charset=utf-8" };
	h[n++] = (struct http_header){ "cache-control", "no-cache, no-transform" };
	h[n++] = (struct http_header){ "x-accel-buffering", "no" };
	h[n] = (struct http_header){ 0 };
	if (r->sink != NULL)
		r->sink->begin(r->sink, TAKE(r->client), h);
	else
		http_stream_begin(r->client, 200, h);
}

static void
send_stream(struct chat_relay *r, const char *bytes, size_t len)
{
	commit(r);
	r->result.bytes_out += len;
	r->last_sent_ms = loop_now_ms(r->loop);
	const bool more = r->sink != NULL ? r->sink->write(r->sink, bytes, len)
					  : http_stream_write(r->client, bytes, len);
	if (!more && r->exchange != NULL) {
		r->paused = true;
		http_exchange_pause(r->exchange, true);
	}
}

static void
ping(struct chat_relay *r)
{
	struct buf told = { 0 };

	r->result.pings++;
	if (r->events->on_ping != NULL)
		r->events->on_ping(r, &told, r->arg);
	if (told.len == 0)
		buf_add_str(&told, ": ping\n\n");
	relay_tap_show(r->tap, RELAY_PING, told.data, told.len);
	send_stream(r, told.data, told.len);
	buf_done(&told);
}

static void
on_ping(struct timer *t, void *arg)
{
	struct chat_relay *r = arg;
	const int64_t left_ms = r->last_sent_ms + r->limits->ping_ms - loop_now_ms(r->loop);

	if (r->sink != NULL) {
		commit(r);
		return;
	}
	if (r->result.committed && left_ms > 0) {
		timer_set(r->loop, t, left_ms, on_ping, r);
		return;
	}
	ping(r);
	timer_set(r->loop, t, r->limits->ping_ms, on_ping, r);
}

static void
client_gone(struct http_request *req, void *arg)
{
	struct chat_relay *r = arg;

	(void)req;
	r->client = NULL;
	if (r->sink != NULL) {
		commit(r); /* it goes on: somebody may come for it */
		return;
	}
	enter(r);
	finish(r, CODE_CLIENT_CLOSED, "the client closed the connection", NULL);
	leave(r);
}

void
chat_relay_drained(struct chat_relay *r)
{
	if (r->exchange == NULL)
		return;
	/* The pause was ours: upstream is not charged for the client's slowness. */
	if (r->progressed) {
		r->last_event_ms = loop_now_ms(r->loop);
		expect_within(r, r->limits->gap_ms);
	}
	r->paused = false;
	http_exchange_pause(r->exchange, false);
}

static void
client_drained(struct http_request *req, void *arg)
{
	(void)req;
	chat_relay_drained(arg);
}

/* The client sent FIN: it may only have finished sending, or be gone.  A write finds out. */
static void
client_half_closed(struct http_request *req, void *arg)
{
	struct chat_relay *r = arg;

	(void)req;
	if (r->result.committed)
		ping(r);
}

static const struct http_request_events client_events = {
	.on_gone = client_gone,
	.on_drain = client_drained,
	.on_half_closed = client_half_closed,
};

int64_t
retry_after_seconds(const char *sent)
{
	struct tm tm = { 0 };
	int64_t seconds = 1;

	if (str_parse_int(sent, 0, INT64_MAX, &seconds, NULL) < 0) {
		const char *end = strptime(sent, "%a, %d %b %Y %H:%M:%S GMT", &tm);

		if (end != NULL && *end == '\0')
			seconds = (int64_t)timegm(&tm) - clock_wall_ms() / 1000;
		else if (sent[0] != '\0' && strspn(sent, "0123456789") == strlen(sent))
			seconds = RETRY_AFTER_MAX_SECONDS; /* a number beyond all */
	}
	if (seconds > RETRY_AFTER_MAX_SECONDS)
		seconds = RETRY_AFTER_MAX_SECONDS;
	return seconds > 0 ? seconds : 1;
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
	send_stream(r, events, len);
}

void
chat_relay_retry_after(struct chat_relay *r, int64_t seconds)
{
	snprintf(r->result.retry_after, sizeof(r->result.retry_after), "%lld", (long long)seconds);
}

static void
reply_error(struct chat_relay *r, enum wire_code code, const char *text, const char *details)
{
	struct http_header h[HEADERS_MAX];
	const int status = wire_code_info(code)->status;
	struct buf body = { 0 };
	char seconds[24];
	size_t n = answer_headers(r, h);

	snprintf(seconds, sizeof(seconds), "%lld",
	    (long long)retry_after_seconds(r->result.retry_after));
	h[n++] = (struct http_header){ "content-type", "application/json" };
	if (status == 503 || status == 429)
		h[n++] = (struct http_header){ "retry-after", seconds };
	h[n] = (struct http_header){ 0 };
	envelope_add_as(&body, code, r->events->fault, text, NULL, r->client->id, details);
	r->result.bytes_out += body.len;
	relay_tap_show(r->tap, RELAY_OURS, body.data, body.len);
	http_reply(r->client, status, h, body.data, body.len);
	buf_done(&body);
}

static void
end_stream(struct chat_relay *r, enum wire_code code, const char *text)
{
	struct buf tail = { 0 };

	if (code != CODE_NONE && !r->told)
		dialect_add_error(r->dialect, &tail, code, r->events->fault, text,
		    r->sink != NULL ? r->sink->request_id : r->client->id, r->watch.sequence + 1);
	if (r->dialect->done != NULL)
		buf_add_str(&tail, r->dialect->done);
	if (tail.len > 0) {
		relay_tap_show(r->tap, RELAY_OURS, tail.data, tail.len);
		send_stream(r, tail.data, tail.len);
	}
	if (r->sink != NULL)
		r->sink->end(r->sink, code);
	else
		http_stream_end(r->client);
	buf_done(&tail);
}

/* The only way out. */
static void
finish(struct chat_relay *r, enum wire_code code, const char *text, const char *details)
{
	if (r->over)
		return;
	drop_exchange(r);
	timer_cancel(&r->failed);
	timer_cancel(&r->ping);
	timer_cancel(&r->total);
	r->result.code = code;
	if (text != r->result.text) /* an owner may hand back what we told it */
		str_copy(r->result.text, sizeof(r->result.text), text);
	if (r->result.committed && (r->client != NULL || r->sink != NULL))
		end_stream(r, code, text);
	else if (r->client != NULL)
		reply_error(r, code, text, details);
	r->client = NULL;
	r->over = true;
	r->events->on_done(r, &r->result, r->arg);
}

/* ---- from upstream ---- */

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

static void
on_failed(struct timer *t, void *arg)
{
	struct chat_relay *r = arg;

	(void)t;
	enter(r);
	r->events->on_attempt_failed(r, &r->result, r->arg);
	leave(r);
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

	drop_exchange(r);
	r->result.code = code;
	snprintf(text, cap, "%s", subject(r));
	len = strlen(text);
	va_start(ap, fmt);
	vsnprintf(text + len, cap - len, fmt, ap);
	va_end(ap);
	if (r->relayed && !r->goes_on)
		finish(r, code, text, NULL);
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
		timer_set(r->loop, t, left_ms, on_silence, r);
		return;
	}
	if (r->paused) {
		/* Upstream waits for the client, who has its own limit. */
		expect_within(r, r->limits->gap_ms);
		return;
	}
	enter(r);
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
	leave(r);
}

static void
on_total(struct timer *t, void *arg)
{
	struct chat_relay *r = arg;
	char text[160];

	(void)t;
	enter(r);
	snprintf(text, sizeof(text), "The answer was not complete within %lld s.",
	    (long long)r->limits->total_ms / 1000);
	finish(r, CODE_UPSTREAM_TIMEOUT_TOTAL, text, NULL);
	leave(r);
}

/* Unmodified, but for a byte order mark that would no longer stand at the very beginning. */
static void
pass_event(struct chat_relay *r, const struct sse_event *ev)
{
	const size_t bom = !r->began && ev->raw_len >= 3 &&
		(r->result.bytes_out > 0 || r->sink != NULL) &&
		memcmp(ev->raw, "\xEF\xBB\xBF", 3) == 0
	    ? 3
	    : 0;

	r->began = true;
	relay_tap_show(r->tap, RELAY_CLIENT, ev->raw + bom, ev->raw_len - bom);
	send_stream(r, ev->raw + bom, ev->raw_len - bom);
}

/* Upstream's stream is over by its own word; exchange_body sees to the rest of the exchange. */
static void
complete(struct chat_relay *r, enum wire_code code, const char *text)
{
	r->result.sent = r->result.sent || http_exchange_sent(r->exchange);
	r->exchange = NULL;
	r->done_here = true;
	timer_cancel(&r->silence);
	finish(r, code, text, NULL);
}

static void
on_event(const struct sse_event *ev, void *arg)
{
	struct chat_relay *r = arg;
	bool content = false;

	if (r->over || r->exchange == NULL) {
		r->extra = true;
		return;
	}
	const enum chat_verdict verdict = chat_stream_event(&r->watch, ev, &content);
	heard(r, content);
	r->result.usage = r->watch.usage;
	r->result.chunks = r->watch.chunks;
	switch (verdict) {
	case CHAT_PASS:
		if (!r->relayed && r->events->on_answering != NULL)
			r->events->on_answering(r, r->arg);
		r->relayed = true; /* fallthrough */
	case CHAT_PING: pass_event(r, ev); break;
	case CHAT_DROP: break;
	case CHAT_DONE:
		if (r->relayed)
			complete(r, CODE_NONE, NULL);
		else
			attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE,
			    " ended its stream without an answer in it.");
		break;
	case CHAT_LAST:
		r->relayed = true;
		pass_event(r, ev);
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
		pass_event(r, ev);
		complete(r, CODE_UPSTREAM_ERROR_FRAME, text);
		break;
	}
	}
}

static int
exchange_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct chat_relay *r = arg;

	(void)x;
	enter(r);
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
	leave(r);
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
	struct error err = { 0 };

	enter(r);
	r->result.bytes_in += len;
	relay_tap_show(r->tap, RELAY_UPSTREAM, bytes, len);
	r->stream_len += len;
	if (r->is_stream_body && r->exchange != NULL && r->limits->stream_bytes != 0 &&
	    r->stream_len > r->limits->stream_bytes) {
		attempt_failed(r, CODE_UPSTREAM_BAD_RESPONSE, "'s answer is too large.");
	} else if (r->is_stream_body) {
		if (sse_feed(&r->sse, bytes, len, on_event, r, &err) < 0 && !r->over &&
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
	if (r->client != NULL)
		http_stream_flush(r->client);
	if (delay != NULL)
		metric_observe_us(delay, &buckets_overhead, (uint64_t)(clock_now_us() - read_us));
	leave(r);
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
	relay_tap_show(r->tap, RELAY_OURS, events.data, events.len);
	send_stream(r, events.data, events.len);
	buf_done(&events);
	finish(r, CODE_NONE, NULL, NULL);
}

/* A complete body that is not a stream. */
static void
answer_whole(struct chat_relay *r)
{
	struct http_header h[HEADERS_MAX];
	struct chat_usage usage = r->result.usage;
	char why[240];
	size_t n;

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
	drop_exchange(r);
	r->result.usage = usage;
	if (r->stream) {
		answer_unfolded(r);
		return;
	}
	n = answer_headers(r, h);
	h[n++] = (struct http_header){ "content-type", "application/json" };
	h[n] = (struct http_header){ 0 };
	r->result.committed = true;
	r->result.bytes_out += r->body.len;
	relay_tap_show(r->tap, RELAY_CLIENT, r->body.data, r->body.len);
	http_reply(r->client, 200, h, r->body.data, r->body.len);
	r->client = NULL;
	finish(r, CODE_NONE, NULL, NULL);
}

static void
exchange_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct chat_relay *r = arg;

	r->result.sent = r->result.sent || http_exchange_sent(x);
	r->exchange = NULL; /* freed by itself after this */
	timer_cancel(&r->silence);
	enter(r);
	/* Nothing is missing but the [DONE]: a connection that breaks now breaks nothing. */
	if (r->is_stream_body && r->relayed && r->watch.finish_seen &&
	    end != EXCHANGE_BAD_RESPONSE) {
		finish(r, CODE_NONE, NULL, NULL);
		leave(r);
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
	leave(r);
}

static const struct http_exchange_events exchange_events = {
	.on_head = exchange_head,
	.on_body = exchange_body,
	.on_end = exchange_end,
};

/* ---- the owner's side ---- */

struct chat_relay *
chat_relay_new(struct http_request *client, bool stream, bool want_usage,
    const struct chat_relay_limits *limits, const struct chat_relay_events *events, void *arg)
{
	struct chat_relay *r = spare_take(&spares, sizeof(*r));

	r->client = client;
	r->loop = client->loop;
	r->limits = limits;
	r->events = events;
	r->arg = arg;
	r->dialect = &dialects[DIALECT_CHAT];
	r->stream = stream;
	r->accepted_us = client->accepted_us;
	r->watch.want_usage = want_usage;
	r->sse.max_bytes = limits->event_bytes;
	r->result.ttft_us = -1;
	r->result.usage = (struct chat_usage){ .cost_micro_usd = -1, .sandbox_seconds = -1 };
	http_request_watch(client, &client_events, r);
	if (stream)
		timer_set(r->loop, &r->ping, limits->hold_ms, on_ping, r);
	timer_set(r->loop, &r->total, limits->total_ms, on_total, r);
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
chat_relay_attempt(
    struct chat_relay *r, struct transport *t, const struct iovec *parts, size_t nparts)
{
	const bool want_usage = r->watch.want_usage;
	struct chat_answer *const answer = r->watch.answer;

	r->result.attempts++;
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
	r->is_stream_body = r->began = r->progressed = false;
	r->stream_len = 0;
	r->paused = false;
	/* A whole answer comes when all of it is thought out: only the total limits that. */
	if (r->stream)
		expect_within(r, r->limits->first_byte_ms);
	r->exchange = http_exchange_open(r->loop, t, "POST", parts, nparts, &exchange_events, r);
}

void
chat_relay_fail(struct chat_relay *r, enum wire_code code, const char *text, const char *details)
{
	enter(r);
	finish(r, code, text, details);
	leave(r);
}

void
chat_relay_abandon(struct chat_relay *r)
{
	drop_exchange(r);
	if (r->sink != NULL && r->result.committed)
		end_stream(r, CODE_DRAINING, "Janus is stopping.");
	if (r->client != NULL) {
		if (r->result.committed)
			http_stream_abort(r->client);
		else
			reply_error(r, CODE_DRAINING, "Janus is stopping.", NULL);
	}
	release(r);
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
chat_relay_result(const struct chat_relay *r)
{
	return &r->result;
}
