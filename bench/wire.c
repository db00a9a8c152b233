/*
 * wire.c - connect, send, record.
 */
#include "bench/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "bench/record/attempt.h"
#include "bench/target.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_exchange.h"
#include "runtime/net/sse.h"
#include "runtime/net/unix_socket.h"

#define CONNECT_MS 10000
#define LOOK_MS 100
#define RETRY_AFTER_MAX_S 3600

struct wire {
	const struct target *target;
	const struct wire_ask *ask;
	struct attempt *attempt;
	int64_t *t0_us;
	struct wire_seen *seen;
	struct loop *loop;
	struct dialer *dialer;
	struct dial *dial;
	struct http_exchange *exchange;
	struct buf head;
	struct timer look;
	struct sse_parser events;
	size_t bytes; /* of the body so far */
	bool over;
};

static const char *const ends[] = {
#define X(name, word) word,
	WIRE_ENDS(X)
#undef X
};

const char *
wire_end_name(enum wire_end e)
{
	return ends[e];
}

static void
add_frame(struct wire *w, enum frame_kind kind, const void *bytes, size_t len)
{
	struct attempt *a = w->attempt;

	/* Doubles at powers of two. */
	if ((a->nframes & (a->nframes - 1)) == 0) {
		const size_t cap = a->nframes == 0 ? 1 : a->nframes * 2;

		a->frames = mem_realloc(a->frames, cap * sizeof(*a->frames));
	}
	struct frame *f = &a->frames[a->nframes++];

	*f = (struct frame){ .turn = w->ask->turn, .kind = kind };
	f->t_us = *w->t0_us == 0 ? 0 : clock_now_us() - *w->t0_us;
	buf_add(&f->bytes, bytes, len);
}

/* Once: no more of it is looked at. */
static void
over(struct wire *w, enum wire_end end, const char *why)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (w->over)
		return;
	w->over = true;
	w->seen->end = end;
	str_copy(w->seen->why, sizeof(w->seen->why), why);
	buf_printf(&text, "%s%s%s", ends[end], why[0] == '\0' ? "" : ": ", why);
	add_frame(w, FRAME_END, text.data, text.len);
	timer_cancel(&w->look);
	loop_stop(w->loop);
}

/* ---- the answer ---- */

void
wire_header(const char *head, size_t len, const char *name, char *out, size_t cap)
{
	const size_t n = strlen(name);
	const char *at = head, *const end = head + len;

	out[0] = '\0';
	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const size_t line = (size_t)((lf == NULL ? end : lf) - at);

		if (line > n && at[n] == ':' && strncasecmp(at, name, n) == 0) {
			const char *v = at + n + 1, *stop = at + line;

			while (v < stop && (*v == ' ' || *v == '\t'))
				v++;
			while (stop > v && (stop[-1] == '\r' || stop[-1] == ' '))
				stop--;
			str_copy(
			    out, (size_t)(stop - v) + 1 < cap ? (size_t)(stop - v) + 1 : cap, v);
			return;
		}
		if (lf == NULL)
			return;
		at = lf + 1;
	}
}

static int64_t
header_number(const struct http_head *head, const char *name, int64_t max)
{
	char text[32];
	int64_t v = 0;

	wire_header(head->bytes, head->len, name, text, sizeof(text));
	return str_parse_int(text, 0, max, &v, NULL) == 0 ? v : 0;
}

static int
on_head(struct http_exchange *x, const struct http_head *head, void *arg)
{
	struct wire *w = arg;

	(void)x;
	add_frame(w, FRAME_HEAD, head->bytes, head->len);
	w->seen->status = head->status;
	w->seen->is_stream = str_eq(head->content_type, "text/event-stream");
	w->seen->retry_after_s = (int)header_number(head, "retry-after", RETRY_AFTER_MAX_S);
	w->seen->queue_ms = header_number(head, "x-janus-queue-ms", INT32_MAX);
	wire_header(head->bytes, head->len, "x-request-id", w->seen->request_id,
	    sizeof(w->seen->request_id));
	return 0;
}

static void
on_event(const struct sse_event *e, void *arg)
{
	struct wire *w = arg;

	/* As OpenAI's clients: it is over, however long the connection stays. */
	if (str_eq(e->data, "[DONE]"))
		over(w, WIRE_COMPLETE, "");
}

static void
on_body(struct http_exchange *x, const char *bytes, size_t len, void *arg)
{
	struct wire *w = arg;
	const size_t max = w->ask->answer_max > 0 ? w->ask->answer_max : WIRE_ANSWER_MAX;

	(void)x;
	if (w->over)
		return;
	w->bytes += len;
	if (w->bytes > max) {
		over(w, WIRE_TOO_LARGE, "");
		return;
	}
	add_frame(w, FRAME_BODY, bytes, len);
	if (w->seen->is_stream)
		sse_feed(&w->events, bytes, len, on_event, w, NULL);
}

static void
on_end(struct http_exchange *x, enum exchange_end end, const struct error *err, void *arg)
{
	struct wire *w = arg;
	const char *why = err == NULL ? "" : err->text;

	(void)x;
	w->exchange = NULL;
	switch (end) {
	case EXCHANGE_COMPLETE:
	case EXCHANGE_CLOSED: over(w, WIRE_COMPLETE, ""); break;
	case EXCHANGE_BAD_RESPONSE: over(w, WIRE_MALFORMED, why); break;
	case EXCHANGE_NO_RESPONSE:
	case EXCHANGE_DIED: over(w, WIRE_CUT, why); break;
	}
}

/* ---- the request ---- */

static void
begin(struct wire *w, struct transport *t)
{
	static const struct http_exchange_events events = { on_head, on_body, on_end };
	const struct iovec parts[] = {
		{ w->head.data, w->head.len },
		{ (void *)(uintptr_t)w->ask->body, w->ask->len },
	};

	add_frame(w, FRAME_REQUEST, w->ask->body, w->ask->len);
	if (*w->t0_us == 0)
		*w->t0_us = clock_now_us();
	w->exchange = http_exchange_open(w->loop, t, "POST", parts, 2, &events, w);
}

static void
dialled(struct transport *t, const struct error *err, void *arg)
{
	struct wire *w = arg;

	w->dial = NULL;
	if (t == NULL)
		over(w, WIRE_UNREACHABLE, err->text);
	else
		begin(w, t);
}

static int
connect_socket(const char *path, struct error *err)
{
	_cleanup_close_ int fd = -1;
	struct sockaddr_un at;

	if (unix_address(path, &at, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return error_errno(err, "%s", path);
	return TAKE_FD(fd);
}

static void
look(struct timer *t, void *arg)
{
	struct wire *w = arg;
	const int64_t left_ms = (w->ask->until_us - clock_now_us()) / 1000;

	if (w->ask->stop != NULL && atomic_load(w->ask->stop)) {
		over(w, WIRE_STOPPED, "");
		return;
	}
	if (left_ms <= 0) {
		over(w, WIRE_TIMEOUT, "");
		return;
	}
	timer_set(w->loop, t, left_ms < LOOK_MS ? left_ms + 1 : LOOK_MS, look, w);
}

static void
start(struct wire *w)
{
	struct error err = { 0 };
	struct transport t = { .fd = -1 };

	look(&w->look, w);
	if (w->over)
		return;
	if (w->target->socket == NULL) {
		w->dial = dial_url(w->dialer, &w->target->url, CONNECT_MS, dialled, w);
		return;
	}
	t.fd = connect_socket(w->target->socket, &err);
	if (t.fd < 0)
		over(w, WIRE_UNREACHABLE, err.text);
	else
		begin(w, &t);
}

void
wire_chat(const struct target *target, const struct wire_ask *ask, struct attempt *attempt,
    int64_t *t0_us, struct wire_seen *out)
{
	struct wire w = { .target = target, .ask = ask, .attempt = attempt, .t0_us = t0_us };
	struct error err = { 0 };

	*out = (struct wire_seen){ .end = WIRE_UNREACHABLE };
	w.seen = out;
	w.events.max_bytes = WIRE_ANSWER_MAX * 2;
	w.loop = loop_new(&err);
	if (w.loop == NULL) {
		str_copy(out->why, sizeof(out->why), err.text);
		return;
	}
	w.dialer = dialer_new(w.loop, &err);
	target_head(target, "/chat/completions", ask->len, &w.head);
	if (w.dialer == NULL)
		over(&w, WIRE_UNREACHABLE, err.text);
	else
		start(&w);
	if (!w.over)
		loop_run(w.loop);
	timer_cancel(&w.look);
	if (w.dial != NULL)
		dial_cancel(w.dial);
	http_exchange_close(w.exchange);
	dialer_free(w.dialer);
	loop_free(w.loop);
	sse_done(&w.events);
	buf_done(&w.head);
}
