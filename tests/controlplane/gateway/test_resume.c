/*
 * test_resume.c - streams that outlive their client: cut anywhere, followed from anywhere.
 *
 * Two gateways on two loops share the streams, as in janusd; chats begin on the first, and are
 * mostly resumed on the second.
 */
#include "controlplane/gateway/streams.h"
#include "controlplane/registry/keys.h"
#include "tests/controlplane/gateway/house.h"

#define RESUME "x-janus-resume: 1\r\n"
#define WORLD "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" w\\u00f6rld\"}}]}\n\n"
#define EVENTS HI WORLD STOP DONE
#define WITH_IDS "id: 1\n" HI "id: 2\n" WORLD "id: 3\n" STOP "id: 4\n" DONE

static const struct step drips[] = { { SEND, SSE_HEAD, 0 }, { DRIP, EVENTS, 0 }, { 0 } };
static const struct step waits[] = { { SEND, SSE_HEAD HI, 0 }, { GATE, NULL, 0 },
	{ SEND, WORLD STOP DONE, 0 }, { 0 } };
static const struct step hangs[] = { { SEND, SSE_HEAD HI, 0 }, { HANG, NULL, 0 }, { 0 } };
static const struct step mute[] = { { GATE, NULL, 0 }, { SEND, SSE_HEAD EVENTS, 0 }, { 0 } };
static const struct step dies[] = { { SEND, SSE_HEAD HI, 0 }, { GATE, NULL, 0 }, { RESET, NULL, 0 },
	{ 0 } };

static struct streams_limits limits;
static struct streams *streams;
static struct {
	struct loop *loop;
	struct gateway *gw;
	pthread_t thread;
	int port;
} other;

static void *
other_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void
up(const struct step *script)
{
	struct error err = { 0 };

	h.script = script;
	streams = streams_new(&limits);
	h.config.streams = streams;
	house_up();
	other.loop = loop_new(&err);
	other.gw = gateway_new(other.loop, &h.config, &house_hooks, NULL, &err);
	ck_assert_int_eq(gateway_serve(other.gw, listen_any(&other.port), &err), 0);
	pthread_create(&other.thread, NULL, other_loop, other.loop);
}

static void
down(void)
{
	loop_stop(other.loop);
	pthread_join(other.thread, NULL);
	house_down();
	gateway_free(other.gw);
	loop_free(other.loop);
	streams_free(streams);
}

static void
set_up(void)
{
	limits = streams_defaults;
	h.config = (struct gateway_config){ .relay = house_relay(),
		.connect_ms = WAIT_MS,
		.body_bytes = 1 << 20,
		.anonymous = true,
		.listen_host = "127.0.0.1" };
}

/* ---- clients ---- */

static struct peer
open_other(void)
{
	const int port = h.port;

	h.port = other.port;
	struct peer p = peer_open();
	h.port = port;
	return p;
}

/* method and what follows /v1/streams, with headers; on the second gateway. */
static struct peer
ask_open(const char *method, const char *rest, const char *headers)
{
	struct peer p = open_other();
	_cleanup_free_ char *text = str_printf(
	    "%s /v1/streams%s HTTP/1.1\r\nhost: localhost\r\n%s\r\n", method, rest, headers);

	peer_send(&p, text);
	return p;
}

static struct answer
ask(const char *method, const char *rest, const char *headers)
{
	struct peer p = ask_open(method, rest, headers);

	if (str_eq(method, "HEAD")) { /* its lengths are of what is not sent */
		struct answer a = { 0 };

		peer_until(&p, "\r\n\r\n");
		a.head = str_dup(p.in.data);
		a.status = atoi(a.head + 9);
		peer_close(&p);
		return a;
	}
	struct answer a = peer_answer(&p);
	peer_close(&p);
	return a;
}

static struct answer
resume(const char *id, const char *query, const char *headers)
{
	_cleanup_free_ char *rest = str_printf("/%s%s", id, query);

	return ask("GET", rest, headers);
}

/* A chat whose stream may be resumed; returns when its head and n bytes of its body are there. */
static char *
begin(struct peer *p, const char *headers, size_t n, struct buf *body)
{
	_cleanup_free_ char *all = str_printf(RESUME "%s", headers);
	_cleanup_free_ char *head = NULL;
	bool more = true;

	*p = peer_open();
	peer_send_chat(p, all, CHAT_STREAM, strlen(CHAT_STREAM));
	ck_assert(peer_until(p, "\r\n\r\n"));
	const size_t len = (size_t)(strstr(p->in.data, "\r\n\r\n") + 4 - p->in.data);
	head = str_ndup(p->in.data, len);
	buf_drop(&p->in, len);
	const char *id = header_of(head, "x-janus-stream-id");
	ck_assert_msg(id != NULL, "%s", head);
	while (body->len < n && more) {
		while (p->in.len == 0 || memmem(p->in.data, p->in.len, "\r\n", 2) == NULL)
			ck_assert(peer_fill(p));
		const size_t line = (size_t)(strstr(p->in.data, "\r\n") + 2 - p->in.data);
		const size_t size = strtoul(p->in.data, NULL, 16);

		while (p->in.len < line + size + 2)
			ck_assert(peer_fill(p));
		buf_add(body, p->in.data + line, size);
		buf_drop(&p->in, line + size + 2);
		more = size > 0;
	}
	return str_ndup(id, strcspn(id, "\r"));
}

static void
without(struct buf *b, const char *text)
{
	char *at;

	while (b->len > 0 && (at = memmem(b->data, b->len, text, strlen(text))) != NULL) {
		memmove(at, at + strlen(text), b->len - strlen(text) - (size_t)(at - b->data));
		b->len -= strlen(text);
		b->data[b->len] = '\0';
	}
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

static struct answer
list(const char *query)
{
	return ask("GET", query, "");
}

static bool
list_has(const char *text)
{
	struct answer a = list("");
	const bool has = answer_has(&a, text);

	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	return has;
}

static void
list_until(const char *text, bool wanted)
{
	const int64_t until_ms = clock_now_ms() + WAIT_MS;

	while (list_has(text) != wanted)
		ck_assert_msg(clock_now_ms() < until_ms, "waited for %s", text);
}

/* ---- what a client sees ---- */

START_TEST(numbered_events)
{
	static const struct step at_once[] = { { SEND, SSE_HEAD EVENTS, 0 }, { 0 } };

	up(at_once);
	struct answer a = chat(RESUME "x-request-id: my-request-1\r\n", CHAT_STREAM);
	ck_assert_int_eq(a.status, 200);
	ck_assert_ptr_nonnull(strstr(a.head, "\r\nx-janus-stream-id: strm_"));
	ck_assert(a.whole);
	without(&a.body, ": ping\n\n");
	ck_assert_str_eq(buf_str(&a.body), WITH_IDS);
	answer_done(&a);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_NONE);
	ck_assert_int_eq(h.used.usage.completion_tokens > 0, 1);
	a = list("");
	ck_assert_msg(answer_has(&a,
			  "\"request_id\":\"my-request-1\",\"model\":\"janus\","
			  "\"competitor\":\"web\",\"state\":\"done\",\"first_seq\":1,"
			  "\"last_seq\":4,\"readers\":0,\"resumed\":0,"),
	    "%s", buf_str(&a.body));
	answer_done(&a);

	/* Not asked for, or not a stream: as ever. */
	a = chat("", CHAT_STREAM);
	ck_assert_str_eq(buf_str(&a.body), EVENTS);
	ck_assert_ptr_null(strstr(a.head, "x-janus-stream-id"));
	answer_done(&a);
	house_script(answers_whole);
	a = chat(RESUME, CHAT);
	ck_assert_str_eq(buf_str(&a.body), WHOLE);
	ck_assert_ptr_null(strstr(a.head, "x-janus-stream-id"));
	answer_done(&a);
	down();
}
END_TEST

static const struct framing {
	const char *name, *sent, *seen;
} framings[] = {
	{ "CRLF", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\n" STOP DONE,
	    "id: 1\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\nid: 2\n" STOP
	    "id: 3\n" DONE },
	{ "CR and a comment",
	    ": hello\r\rdata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\r" STOP DONE,
	    "id: 1\n: hello\r\rid: 2\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\rid: "
	    "3\n" STOP "id: 4\n" DONE },
	{ "a byte order mark", "\xEF\xBB\xBF" HI STOP DONE,
	    "id: 1\n" HI "id: 2\n" STOP "id: 3\n" DONE },
	{ "ids of its own",
	    "id: 9\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n" STOP DONE,
	    "id: 9\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\nid: 1\n\nid: 2\n" STOP
	    "id: 3\n" DONE },
	{ "no [DONE]", HI STOP, "id: 1\n" HI "id: 2\n" STOP "id: 3\n" DONE },
};

START_TEST(any_framing) /* [C16] events are passed on with a number, otherwise as they came */
{
	const struct framing *f = &framings[_i];
	const struct step script[] = { { SEND, SSE_HEAD, 0 },
		{ _i % 2 == 0 ? SEND : DRIP, f->sent, 0 }, { 0 } };

	up(script);
	struct answer a = chat(RESUME, CHAT_STREAM);
	without(&a.body, ": ping\n\n");
	ck_assert_msg(strcmp(buf_str(&a.body), f->seen) == 0, "%s: %s", f->name, buf_str(&a.body));
	answer_done(&a);
	down();
}
END_TEST

/* ---- cut and resumed ---- */

/* Of a body that was cut: its whole events; *last is the number of the last one. */
static void
keep_whole_events(struct buf *body, unsigned *last)
{
	size_t whole = 0;
	const char *blank;

	*last = 0;
	while (body->len > whole &&
	    (blank = memmem(body->data + whole, body->len - whole, "\n\n", 2)) != NULL) {
		if (strncmp(body->data + whole, "id: ", 4) == 0)
			*last = (unsigned)atoi(body->data + whole + 4);
		whole = (size_t)(blank + 2 - body->data);
	}
	body->len = whole;
	buf_add(body, "", 0);
}

static void
cut_at(size_t n)
{
	_cleanup_buf_ struct buf body = { 0 };
	struct peer p;
	_cleanup_free_ char *id = begin(&p, "", n, &body);
	char headers[64] = "";
	unsigned last;

	peer_close(&p);
	if (body.len > n)
		body.len = n;
	keep_whole_events(&body, &last);
	if (last > 0)
		snprintf(headers, sizeof(headers), "last-event-id: %u\r\n", last);
	struct answer a = resume(id, "", headers);
	ck_assert_int_eq(a.status, last == 4 ? 204 : 200);
	ck_assert(a.whole);
	if (last < 4)
		buf_add(&body, a.body.data, a.body.len);
	without(&body, ": ping\n\n");
	ck_assert_msg(strcmp(buf_str(&body), WITH_IDS) == 0, "cut at %zu: %s", n, buf_str(&body));
	answer_done(&a);
}

START_TEST(cut_at_every_byte) /* [A16] a client of a resumable stream goes at any byte */
{
	up(drips);
	for (size_t n = 0; n <= strlen(WITH_IDS); n++)
		cut_at(n);
	house_wait(&h.usages, (int)strlen(WITH_IDS) + 1);
	house_wait_idle();
	ck_assert_int_eq(house_get(&h.cancelled), 0); /* upstream never noticed */
	down();
}
END_TEST

START_TEST(gone_before_the_head) /* [A16] and before its head */
{
	up(mute);
	struct peer p = peer_open();
	peer_send_chat(
	    &p, RESUME "x-request-id: early-leaver\r\n", CHAT_STREAM, strlen(CHAT_STREAM));
	house_wait(&h.requests, 1);
	peer_close(&p);
	list_until("\"request_id\":\"early-leaver\"", true);
	struct answer a = list("");
	_cleanup_free_ char *id = str_ndup(strstr(buf_str(&a.body), "strm_"), 31);
	answer_done(&a);
	p = ask_open("GET", "/x", ""); /* not one's own: 404, while the other goes on */
	a = peer_answer(&p);
	assert_envelope("no such stream", &a, 404, "resource_not_found", "client");
	answer_done(&a);
	peer_close(&p);
	house_open_gate();
	a = resume(id, "", "");
	ck_assert_int_eq(a.status, 200);
	without(&a.body, ": ping\n\n");
	ck_assert_str_eq(buf_str(&a.body), WITH_IDS);
	answer_done(&a);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_NONE);
	down();
}
END_TEST

START_TEST(two_readers_and_their_pings)
{
	h.config.relay.ping_ms = 30;
	up(waits);
	_cleanup_buf_ struct buf body = { 0 };
	struct peer first;
	_cleanup_free_ char *id = begin(&first, "", strlen("id: 1\n" HI), &body);
	_cleanup_free_ char *rest = str_printf("/%s", id);
	_cleanup_free_ char *later = str_printf("/%s?from=2", id);
	struct peer a = ask_open("GET", rest, ""), b = ask_open("GET", later, "");

	ck_assert(peer_until(&a, "id: 1\n" HI));
	ck_assert(peer_until(&a, ": ping\n\n"));
	ck_assert(peer_until(&b, ": ping\n\n")); /* nothing else has come for it */
	ck_assert_ptr_null(strstr(b.in.data, "\nid: "));
	ck_assert(list_has("\"state\":\"running\""));
	ck_assert(list_has("\"readers\":3,\"resumed\":2"));
	house_open_gate();
	struct answer whole = peer_answer(&a), tail = peer_answer(&b);
	ck_assert(whole.whole && tail.whole);
	without(&whole.body, ": ping\n\n");
	without(&tail.body, ": ping\n\n");
	ck_assert_str_eq(whole.body.data, WITH_IDS);
	ck_assert_str_eq(tail.body.data, WITH_IDS + strlen("id: 1\n" HI));
	answer_done(&whole);
	answer_done(&tail);
	while (peer_fill(&first) && strstr(first.in.data, "[DONE]") == NULL)
		;
	peer_close(&a);
	peer_close(&b);
	peer_close(&first);
	down();
}
END_TEST

START_TEST(upstream_dies_while_nobody_listens) /* [C04] */
{
	up(dies);
	_cleanup_buf_ struct buf body = { 0 };
	struct peer p;
	_cleanup_free_ char *id = begin(&p, "", strlen("id: 1\n" HI), &body);

	peer_close(&p);
	list_until("\"readers\":0", true);
	house_open_gate();
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_UPSTREAM_DIED);
	list_until("\"state\":\"failed\"", true);
	struct answer a = resume(id, "", "last-event-id: 1\r\n");
	ck_assert(answer_has(&a, "\"code\":\"upstream_died\""));
	ck_assert_uint_eq(count(buf_str(&a.body), "[DONE]"), 1);
	ck_assert_uint_eq(count(buf_str(&a.body), "id: 2\n"), 1);
	answer_done(&a);
	down();
}
END_TEST

/* ---- the end ---- */

START_TEST(stopped)
{
	up(hangs);
	_cleanup_buf_ struct buf body = { 0 };
	struct peer p;
	_cleanup_free_ char *id = begin(&p, "", strlen("id: 1\n" HI), &body);
	_cleanup_free_ char *rest = str_printf("/%s", id);
	struct peer reader = ask_open("GET", rest, "");

	ck_assert(peer_until(&reader, "id: 1\n"));
	struct answer a = ask("DELETE", rest, "");
	ck_assert_int_eq(a.status, 200);
	ck_assert(answer_has(&a, "\"state\":\"stopped\""));
	answer_done(&a);
	house_wait(&h.cancelled, 1);
	a = peer_answer(&reader);
	ck_assert(a.whole);
	ck_assert(answer_has(&a, "\"code\":\"stream_stopped\""));
	ck_assert_uint_eq(count(buf_str(&a.body), "[DONE]"), 1);
	answer_done(&a);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_STREAM_STOPPED);
	for (int i = 0; i < 2; i++) { /* idempotent */
		a = ask("DELETE", rest, "");
		ck_assert_int_eq(a.status, 200);
		ck_assert(answer_has(&a, "\"state\":\"stopped\""));
		answer_done(&a);
	}
	ck_assert_int_eq(house_get(&h.usages), 1);
	peer_close(&reader);
	peer_close(&p);
	down();
}
END_TEST

START_TEST(nobody_comes_for_it)
{
	limits.idle_ms = 60;
	up(hangs);
	_cleanup_buf_ struct buf body = { 0 };
	struct peer p;
	_cleanup_free_ char *id = begin(&p, "", strlen("id: 1\n" HI), &body);

	peer_close(&p);
	house_wait(&h.cancelled, 1);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_STREAM_ABANDONED);
	struct answer a = resume(id, "?from=2", "");
	ck_assert(answer_has(&a, "\"code\":\"stream_abandoned\""));
	answer_done(&a);
	down();
}
END_TEST

static void
drain_now(void *arg)
{
	gateway_drain(arg);
}

START_TEST(drained) /* [A23] streams that are resumed while the gateway drains */
{
	up(hangs);
	_cleanup_buf_ struct buf body = { 0 };
	struct peer p;
	_cleanup_free_ char *id = begin(&p, "", strlen("id: 1\n" HI), &body);
	_cleanup_free_ char *rest = str_printf("/%s", id);
	struct peer reader = ask_open("GET", rest, "");

	ck_assert(peer_until(&reader, "id: 1\n"));
	loop_post(h.loop, drain_now, h.gw);
	peer_close(&p);
	list_until("\"readers\":1", true);
	ck_assert_int_ge((int)gateway_busy(h.gw), 1); /* it is waited for */
	ck_assert_int_eq(house_get(&h.usages), 0);
	peer_close(&reader);
	house_wait(&h.usages, 1); /* nobody is left who could want it */
	ck_assert_int_eq(h.used.code, CODE_DRAINING);
	down();
}
END_TEST

START_TEST(cut_off_at_the_end)
{
	up(hangs);
	_cleanup_buf_ struct buf body = { 0 };
	struct peer p;
	_cleanup_free_ char *id = begin(&p, "", strlen("id: 1\n" HI), &body);
	_cleanup_free_ char *rest = str_printf("/%s", id);
	struct peer reader = ask_open("GET", rest, "");

	ck_assert(peer_until(&reader, "id: 1\n"));
	down();
	while (peer_fill(&reader))
		;
	ck_assert_msg(
	    strstr(reader.in.data, "\"code\":\"draining\"") != NULL, "%s", reader.in.data);
	ck_assert_uint_eq(count(reader.in.data, "[DONE]"), 1);
	peer_close(&reader);
	peer_close(&p);
}
END_TEST

START_TEST(an_early_failure_is_a_status)
{
	static const struct step refuses[] = {
		{ SEND, "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", 0 }, { 0 }
	};

	up(refuses);
	struct answer a = chat(RESUME, CHAT_STREAM);
	assert_envelope("early failure", &a, 502, "upstream_bad_response", "miner");
	ck_assert_ptr_null(strstr(a.head, "x-janus-stream-id"));
	answer_done(&a);
	ck_assert(list_has("\"data\":[]"));
	down();
}
END_TEST

/* ---- bounds ---- */

static char *
many_events(size_t n, size_t size)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_printf(
		    &out, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%zu ", i);
		for (size_t k = 0; k < size; k++)
			buf_add_char(&out, 'x');
		buf_add_str(&out, "\"}}]}\n\n");
	}
	return buf_take(&out);
}

START_TEST(what_fell_out_is_gone)
{
	_cleanup_free_ char *events = many_events(200, 10);
	const struct step script[] = { { SEND, SSE_HEAD, 0 }, { SEND, events, 0 },
		{ SEND, STOP DONE, 0 }, { 0 } };

	limits.stream_bytes = 2048;
	up(script);
	struct answer a = chat(RESUME, CHAT_STREAM);
	const char *id_at = header_of(a.head, "x-janus-stream-id");
	_cleanup_free_ char *id = str_ndup(id_at, strcspn(id_at, "\r"));
	answer_done(&a);
	house_wait(&h.usages, 1);
	a = resume(id, "", "");
	assert_envelope("from the beginning", &a, 410, "stream_expired", "client");
	answer_done(&a);
	a = resume(id, "", "last-event-id: 5\r\n");
	assert_envelope("from the sixth", &a, 410, "stream_expired", "client");
	answer_done(&a);
	a = list("");
	const int first = atoi(strstr(buf_str(&a.body), "\"first_seq\":") + 12);
	ck_assert_int_gt(first, 100);
	ck_assert(answer_has(&a, "\"last_seq\":202"));
	answer_done(&a);
	_cleanup_free_ char *query = str_printf("?from=%d", first);
	a = resume(id, query, "");
	ck_assert_int_eq(a.status, 200);
	ck_assert_uint_eq(count(buf_str(&a.body), "id: "), 203U - (unsigned)first);
	answer_done(&a);
	down();
}
END_TEST

/* Of what has come of an answer's body: its whole chunks. */
static void
take_whole_chunks(struct peer *p, struct buf *body, bool *ended)
{
	const char *line;

	while (
	    !*ended && p->in.len > 0 && (line = memmem(p->in.data, p->in.len, "\r\n", 2)) != NULL) {
		const size_t at = (size_t)(line + 2 - p->in.data);
		const size_t size = strtoul(p->in.data, NULL, 16);

		if (p->in.len < at + size + 2)
			return;
		buf_add(body, p->in.data + at, size);
		buf_drop(&p->in, at + size + 2);
		*ended = size == 0;
	}
}

/* Its kernel keeps little for it: a buffer that grew would be a reader. */
static struct peer
slow_reader(const char *rest)
{
	struct peer p = ask_open("GET", rest, "");
	const int small = 262144;

	setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	ck_assert(peer_until(&p, "\r\n\r\n"));
	buf_drop(&p.in, (size_t)(strstr(p.in.data, "\r\n\r\n") + 4 - p.in.data));
	return p;
}

/* All events, each once, in order. */
static void
check_all_events(struct buf *body, unsigned events)
{
	unsigned n = 1;

	buf_add(body, "", 1);
	for (const char *at = body->data; (at = strstr(at, "id: ")) != NULL; at++)
		ck_assert_uint_eq((unsigned)atoi(at + 4), n++);
	ck_assert_uint_eq(n - 1, events);
	ck_assert_uint_eq(count(body->data, "[DONE]"), 1);
	ck_assert_ptr_null(strstr(body->data, "\"error\""));
}

#define MANY 256 /* events of 64 KiB: many times what a ring of 1 MiB holds */

START_TEST(slow_reader_is_waited_for) /* [A17] one of several who follow a stream */
{
	_cleanup_free_ char *events = many_events(MANY, 65536);
	const struct step script[] = { { SEND, SSE_HEAD HI, 0 }, { GATE, NULL, 0 },
		{ SEND, events, 0 }, { SEND, STOP DONE, 0 }, { 0 } };

	limits.stream_bytes = 1 << 20;
	up(script);
	_cleanup_buf_ struct buf fast_body = { 0 }, slow_body = { 0 };
	struct peer fast;
	_cleanup_free_ char *id = begin(&fast, "", 1, &fast_body);
	_cleanup_free_ char *rest = str_printf("/%s", id);
	struct peer slow = slow_reader(rest);
	bool fast_ended = false, slow_ended = false;

	house_open_gate();
	/* The slow one reads only what it must, so that the other gets anything. */
	while (!fast_ended || !slow_ended) {
		struct pollfd wait[] = { { .fd = fast_ended ? -1 : fast.fd, .events = POLLIN },
			{ .fd = slow.fd, .events = POLLIN } };

		ck_assert_int_gt(poll(wait, 2, WAIT_MS), 0);
		if (wait[0].revents != 0) {
			ck_assert(peer_fill(&fast));
			take_whole_chunks(&fast, &fast_body, &fast_ended);
		} else {
			ck_assert(peer_fill(&slow));
			take_whole_chunks(&slow, &slow_body, &slow_ended);
		}
	}
	check_all_events(&fast_body, MANY + 3);
	check_all_events(&slow_body, MANY + 3);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_NONE);
	peer_close(&slow);
	peer_close(&fast);
	down();
}
END_TEST

START_TEST(slow_reader_that_goes) /* [A17] and is waited for no more, by nobody */
{
	_cleanup_free_ char *events = many_events(MANY, 65536);
	const struct step script[] = { { SEND, SSE_HEAD HI, 0 }, { GATE, NULL, 0 },
		{ SEND, events, 0 }, { SEND, STOP DONE, 0 }, { 0 } };

	limits.stream_bytes = 1 << 20;
	up(script);
	_cleanup_buf_ struct buf body = { 0 };
	struct peer fast;
	_cleanup_free_ char *id = begin(&fast, "", 1, &body);
	_cleanup_free_ char *rest = str_printf("/%s", id);
	struct peer slow = slow_reader(rest);
	struct pollfd wait = { .fd = fast.fd, .events = POLLIN };
	bool ended = false;

	house_open_gate();
	while (poll(&wait, 1, 50) > 0) { /* until the slow one has them all wait */
		ck_assert(peer_fill(&fast));
		take_whole_chunks(&fast, &body, &ended);
		ck_assert(!ended);
	}
	if (_i == 0) { /* both, and then nobody follows: it goes on into the ring */
		peer_close(&fast);
		peer_close(&slow);
		house_wait(&h.usages, 1);
		ck_assert_int_eq(h.used.code, CODE_NONE);
		list_until("\"last_seq\":259", true);
	} else {
		peer_close(&slow);
		while (!ended) {
			ck_assert(peer_fill(&fast));
			take_whole_chunks(&fast, &body, &ended);
		}
		check_all_events(&body, MANY + 3);
		peer_close(&fast);
	}
	down();
}
END_TEST

START_TEST(no_more_than_so_many)
{
	limits.count = 2;
	up(hangs);
	_cleanup_buf_ struct buf body = { 0 };
	struct peer a, b;
	_cleanup_free_ char *first = begin(&a, "", 1, &body);
	_cleanup_free_ char *second = begin(&b, "", 1, &body);

	house_script(answers_stream);
	struct answer r = chat(RESUME, CHAT_STREAM); /* both run: no room, yet a stream */
	ck_assert_int_eq(r.status, 200);
	ck_assert_ptr_null(strstr(r.head, "x-janus-stream-id"));
	ck_assert_str_eq(buf_str(&r.body), HI STOP DONE);
	answer_done(&r);
	_cleanup_free_ char *rest = str_printf("/%s", first);
	r = ask("DELETE", rest, "");
	answer_done(&r);
	house_wait(&h.usages, 2);
	r = chat(RESUME, CHAT_STREAM); /* an ended one gives its place */
	ck_assert_ptr_nonnull(strstr(r.head, "x-janus-stream-id"));
	answer_done(&r);
	ck_assert(!list_has(first));
	ck_assert(list_has(second));
	r = list("?limit=1");
	ck_assert(answer_has(&r, "\"has_more\":true"));
	const char *at = strstr(buf_str(&r.body), "strm_");
	_cleanup_free_ char *query = str_printf("?limit=1&after=%.31s", at);
	answer_done(&r);
	r = list(query);
	ck_assert(answer_has(&r, second));
	ck_assert(answer_has(&r, "\"has_more\":false"));
	answer_done(&r);
	peer_close(&a);
	peer_close(&b);
	down();
}
END_TEST

START_TEST(no_more_memory_than_so_much)
{
	_cleanup_free_ char *events = many_events(100, 1000);
	const struct step script[] = { { SEND, SSE_HEAD, 0 }, { SEND, events, 0 },
		{ SEND, STOP DONE, 0 }, { 0 } };

	limits.total_bytes = 300000; /* of two such streams, and a bit */
	up(script);
	for (int i = 0; i < 5; i++) {
		struct answer a = chat(RESUME, CHAT_STREAM);

		ck_assert(a.whole);
		answer_done(&a);
	}
	house_wait(&h.usages, 5);
	const int64_t until_ms = clock_now_ms() + WAIT_MS;
	struct answer a = list("");
	while (count(buf_str(&a.body), "\"id\":") != 2) { /* the oldest went */
		ck_assert_msg(clock_now_ms() < until_ms, "%s", buf_str(&a.body));
		answer_done(&a);
		a = list("");
	}
	ck_assert_uint_eq(count(buf_str(&a.body), "\"first_seq\":1,"), 2);
	answer_done(&a);
	down();
}
END_TEST

START_TEST(forgotten_in_the_end)
{
	limits.ttl_ms = 60;
	up(answers_stream);
	struct answer a = chat(RESUME, CHAT_STREAM);
	const char *at = header_of(a.head, "x-janus-stream-id");
	_cleanup_free_ char *id = str_ndup(at, strcspn(at, "\r"));
	answer_done(&a);
	list_until(id, false);
	a = resume(id, "", "");
	assert_envelope("expired", &a, 404, "resource_not_found", "client");
	answer_done(&a);
	down();
}
END_TEST

/* ---- asked wrongly ---- */

static const struct wrong {
	const char *name, *query, *headers;
	int status;
	const char *code;
} wrongs[] = {
	{ "words for a number", "", "last-event-id: abc\r\n", 400, "invalid_value" },
	{ "a negative one", "", "last-event-id: -1\r\n", 400, "invalid_value" },
	{ "one beyond 2^63", "", "last-event-id: 9223372036854775807\r\n", 400, "invalid_value" },
	{ "from nothing", "?from=0", "", 400, "invalid_value" },
	{ "from words", "?from=all", "", 400, "invalid_value" },
	{ "from the future", "?from=5", "", 400, "invalid_value" },
	{ "after the future", "", "last-event-id: 4\r\n", 400, "invalid_value" },
};

START_TEST(asked_wrongly)
{
	up(answers_stream);
	struct answer a = chat(RESUME, CHAT_STREAM);
	const char *at = header_of(a.head, "x-janus-stream-id");
	_cleanup_free_ char *id = str_ndup(at, strcspn(at, "\r"));
	_cleanup_free_ char *rest = str_printf("/%s", id);

	answer_done(&a);
	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
		a = resume(id, wrongs[i].query, wrongs[i].headers);
		assert_envelope(wrongs[i].name, &a, wrongs[i].status, wrongs[i].code, "client");
		answer_done(&a);
	}
	a = resume(id, "?from=1", "last-event-id: 3\r\n"); /* a reconnecting client: all was seen */
	ck_assert_int_eq(a.status, 204);
	answer_done(&a);
	a = ask("HEAD", rest, "");
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	a = ask("PUT", rest, "");
	assert_envelope("PUT", &a, 405, "method_not_allowed", "client");
	answer_done(&a);
	a = list("?limit=0");
	assert_envelope("limit", &a, 400, "invalid_value", "client");
	answer_done(&a);
	down();
}
END_TEST

/* ---- keys ---- */

struct new_keys {
	struct gateway *gw;
	struct keys *keys;
};

static void
set_keys(void *arg)
{
	struct new_keys *n = arg;

	gateway_set_keys(n->gw, n->keys);
	free(n);
}

static void
give_keys(struct key_ring *ring)
{
	struct gateway *const gws[] = { h.gw, other.gw };
	struct loop *const loops[] = { h.loop, other.loop };

	for (int i = 0; i < 2; i++) {
		struct new_keys *n = mem_zalloc(sizeof(*n));

		n->gw = gws[i];
		n->keys = key_ring_snapshot(ring);
		loop_post(loops[i], set_keys, n);
	}
}

static struct held_key *
make_key(struct key_ring *ring, const char *name, char header[128])
{
	char secret[KEY_TEXT_LEN + 1];
	struct key row = { .scopes = SCOPE(CHAT) };

	key_text_new(KEY_SECRET, secret);
	key_set_secret(&row, secret);
	snprintf(row.id, sizeof(row.id), "key_%s", name);
	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(header, 128, "authorization: Bearer %s\r\n", secret);
	return key_ring_add(ring, &row);
}

START_TEST(nobody_elses)
{
	struct key_ring ring = { 0 };
	char mine[128], yours[128];
	struct held_key *key = make_key(&ring, "mine", mine);

	make_key(&ring, "yours", yours);
	up(hangs);
	give_keys(&ring);
	_cleanup_buf_ struct buf body = { 0 };
	struct peer p;
	_cleanup_free_ char *id = begin(&p, mine, strlen("id: 1\n" HI), &body);
	_cleanup_free_ char *rest = str_printf("/%s", id);
	const char *const others[] = { yours, "" };
	struct answer a;

	for (int i = 0; i < 2; i++) {
		a = ask("GET", rest, others[i]);
		assert_envelope("read", &a, 404, "resource_not_found", "client");
		answer_done(&a);
		a = ask("DELETE", rest, others[i]);
		assert_envelope("stop", &a, 404, "resource_not_found", "client");
		answer_done(&a);
		a = ask("GET", "", others[i]);
		ck_assert(answer_has(&a, "\"data\":[]"));
		answer_done(&a);
	}
	a = ask("GET", "", mine);
	ck_assert(answer_has(&a, id));
	answer_done(&a);

	/* Revoked: the stream ends for all who follow it, wherever they are. */
	struct peer reader = ask_open("GET", rest, mine);
	ck_assert(peer_until(&reader, "id: 1\n"));
	key->row.revoked_at_ms = clock_wall_ms();
	key->meter->revoked = true;
	give_keys(&ring);
	a = peer_answer(&reader);
	ck_assert(answer_has(&a, "\"code\":\"invalid_api_key\""));
	ck_assert_uint_eq(count(buf_str(&a.body), "[DONE]"), 1);
	answer_done(&a);
	house_wait(&h.cancelled, 1);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_INVALID_API_KEY);
	a = ask("GET", rest, mine);
	assert_envelope("with the revoked key", &a, 401, "invalid_api_key", "client");
	answer_done(&a);
	peer_close(&reader);
	peer_close(&p);
	down();
	key_ring_done(&ring);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("resume");
	TCase *tc = tcase_create("core");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, numbered_events);
	tcase_add_loop_test(tc, any_framing, 0, (int)ARRAY_LEN(framings));
	tcase_add_test(tc, cut_at_every_byte);
	tcase_add_test(tc, gone_before_the_head);
	tcase_add_test(tc, two_readers_and_their_pings);
	tcase_add_test(tc, upstream_dies_while_nobody_listens);
	tcase_add_test(tc, stopped);
	tcase_add_test(tc, nobody_comes_for_it);
	tcase_add_test(tc, drained);
	tcase_add_test(tc, cut_off_at_the_end);
	tcase_add_test(tc, an_early_failure_is_a_status);
	tcase_add_test(tc, what_fell_out_is_gone);
	tcase_add_test(tc, slow_reader_is_waited_for);
	tcase_add_loop_test(tc, slow_reader_that_goes, 0, 2);
	tcase_add_test(tc, no_more_than_so_many);
	tcase_add_test(tc, no_more_memory_than_so_much);
	tcase_add_test(tc, forgotten_in_the_end);
	tcase_add_test(tc, asked_wrongly);
	tcase_add_test(tc, nobody_elses);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
