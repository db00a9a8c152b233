/*
 * test_faults_upstream.c - what competitors do to a gateway, by the ids of docs/faults.md.
 *
 * Every chat asks for the default model with another competitor at hand: that upstream is asked
 * once shows that what may have run is not run again.
 */
#include <math.h>

#include "tests/controlplane/gateway/house.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define SSE_TYPE "content-type: text/event-stream\r\n"
#define HI_HEX "3a" /* the length of HI */
_Static_assert(sizeof(HI) - 1 == 0x3a, "HI_HEX");
#define BOM "\xef\xbb\xbf"
#define CONTENT(text) "{\"choices\":[{\"delta\":{\"content\":\"" text "\"}}]}"

static const struct fault {
	const char *name;
	bool whole; /* no stream is asked for */
	struct step script[4];
	int status;
	enum wire_code code;
	const char *events; /* what the client gets of the stream, byte for byte */
} faults[] = {
	{ "[C01] accepts and closes", false, { { 0 } }, 502, CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C01] resets before its head", false, { { RESET, NULL, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C02] silence before its head", false, { { HANG, NULL, 0 } }, 504,
	    CODE_UPSTREAM_TIMEOUT_FIRST_BYTE, NULL },
	{ "[C02] silence before its first event", false,
	    { { SEND, SSE_HEAD, 0 }, { HANG, NULL, 0 } }, 504, CODE_UPSTREAM_TIMEOUT_FIRST_BYTE,
	    NULL },
	{ "[C02] silence between events", false, { { SEND, SSE_HEAD HI, 0 }, { HANG, NULL, 0 } },
	    200, CODE_UPSTREAM_TIMEOUT_GAP, HI },
	{ "[C02] silence inside an event", false,
	    { { SEND, SSE_HEAD HI "data: {", 0 }, { HANG, NULL, 0 } }, 200,
	    CODE_UPSTREAM_TIMEOUT_GAP, HI },
	{ "[C02] silence where no stream is asked for", true, { { HANG, NULL, 0 } }, 504,
	    CODE_UPSTREAM_TIMEOUT_TOTAL, NULL },
	{ "[C04] dies between chunks", false, { { SEND, SSE_CHUNKED HI_HEX "\r\n" HI "\r\n", 0 } },
	    200, CODE_UPSTREAM_DIED, HI },
	{ "[C04] dies inside a chunk", false, { { SEND, SSE_CHUNKED "ff\r\n" HI "data: {", 0 } },
	    200, CODE_UPSTREAM_DIED, HI },
	{ "[C04] dies before a chunk's CRLF", false, { { SEND, SSE_CHUNKED HI_HEX "\r\n" HI, 0 } },
	    200, CODE_UPSTREAM_DIED, HI },
	{ "[C04] a length too long", false,
	    { { SEND, OK SSE_TYPE "content-length: 999\r\n\r\n" HI, 0 } }, 200, CODE_UPSTREAM_DIED,
	    HI },
	{ "[C04] reset after an event", false, { { SEND, SSE_HEAD HI, 0 }, { RESET, NULL, 0 } },
	    200, CODE_UPSTREAM_DIED, HI },
	{ "[C05] no finish reason, no [DONE]", false, { { SEND, SSE_HEAD HI, 0 } }, 200,
	    CODE_UPSTREAM_DIED, HI },
	{ "[C05] a finish reason, no [DONE]", false, { { SEND, SSE_HEAD HI STOP, 0 } }, 200,
	    CODE_NONE, HI STOP },
	{ "[C05] a whole answer cut", true, { { SEND, JSON_HEAD "{\"choices\":[{\"mess", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C06] its head is cut", false, { { SEND, OK SSE_TYPE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C06] its status line is cut", true, { { SEND, "HTTP/1.1 200", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C07] a length too short", false,
	    { { SEND, OK SSE_TYPE "content-length: 58\r\n\r\n" HI STOP DONE, 0 } }, 200,
	    CODE_UPSTREAM_DIED, HI },
	{ "[C07] 1e3", false, { { SEND, OK SSE_TYPE "content-length: 1e3\r\n\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C07] -1", false, { { SEND, OK SSE_TYPE "content-length: -1\r\n\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C07] +58", false, { { SEND, OK SSE_TYPE "content-length: +58\r\n\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C07] 58, 58", false, { { SEND, OK SSE_TYPE "content-length: 58, 58\r\n\r\n" HI, 0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C07] 58 twice", false,
	    { { SEND, OK SSE_TYPE "content-length: 58\r\ncontent-length: 58\r\n\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C07] 2^64", false,
	    { { SEND, OK SSE_TYPE "content-length: 18446744073709551616\r\n\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C07] no number", false, { { SEND, OK SSE_TYPE "content-length:\r\n\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C08] length and coding", false,
	    { { SEND,
		OK SSE_TYPE "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n" HI_HEX
			    "\r\n" HI "\r\n0\r\n\r\n",
		0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C08] bytes after the last chunk", false,
	    { { SEND, SSE_CHUNKED HI_HEX "\r\n" HI "\r\n0\r\n\r\n" STOP DONE, 0 } }, 200,
	    CODE_UPSTREAM_DIED, HI },
	{ "[C09] a chunk size of no digits", false,
	    { { SEND, SSE_CHUNKED HI_HEX "\r\n" HI "\r\nzz\r\n", 0 } }, 200,
	    CODE_UPSTREAM_BAD_RESPONSE, HI },
	{ "[C09] a bad first chunk size", false, { { SEND, SSE_CHUNKED "-1\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C09] chunks with bare LF", false, { { SEND, SSE_CHUNKED HI_HEX "\n" HI "\n0\n\n", 0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C09] an unknown coding", false,
	    { { SEND, OK SSE_TYPE "transfer-encoding: cow\r\n\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C09] gzip, chunked", false,
	    { { SEND, OK SSE_TYPE "transfer-encoding: gzip, chunked\r\n\r\n", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C10] a NUL in its head", false,
	    { { SEND, OK SSE_TYPE "x-a: \0\r\n\r\n" HI STOP DONE,
		sizeof(OK SSE_TYPE "x-a: \0\r\n\r\n" HI STOP DONE) - 1 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C10] no colon", false, { { SEND, OK SSE_TYPE "broken\r\n\r\n" HI STOP DONE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C10] a bare CR", false, { { SEND, OK SSE_TYPE "x-a: 1\r2\r\n\r\n" HI STOP DONE, 0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C10] a bare LF", false, { { SEND, OK SSE_TYPE "x-a: 1\n\r\n" HI STOP DONE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C10] a space before a colon", false,
	    { { SEND, OK SSE_TYPE "x-a : 1\r\n\r\n" HI STOP DONE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C10] a folded line", false,
	    { { SEND, OK SSE_TYPE "x-a: 1\r\n 2\r\n\r\n" HI STOP DONE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C12] some 1xx", false,
	    { { SEND,
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\n" SSE_HEAD HI
		    STOP DONE,
		0 } },
	    200, CODE_NONE, HI STOP },
	{ "[C12] 1xx without end", false, { { REPEAT, "HTTP/1.1 102 Processing\r\n\r\n", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C12] 101", false, { { SEND, "HTTP/1.1 101 Switch\r\nupgrade: x\r\n\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C12] 204 with a body", false,
	    { { SEND, "HTTP/1.1 204 No\r\ncontent-length: 58\r\n\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C12] 304 with a body", false,
	    { { SEND, "HTTP/1.1 304 No\r\n" SSE_TYPE "\r\n" HI STOP DONE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C12] a redirect to a file", false,
	    { { SEND, "HTTP/1.1 302 Go\r\nlocation: file:///etc/passwd\r\n\r\n", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C12] a redirect to a host", false,
	    { { SEND, "HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1/\r\n\r\n", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C12] 999", false, { { SEND, "HTTP/1.1 999 No\r\n" SSE_TYPE "\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C12] HTTP/0.9", false, { { SEND, HI STOP DONE, 0 } }, 502, CODE_UPSTREAM_BAD_RESPONSE,
	    NULL },
	{ "[C12] HTTP/1.1 abc", false, { { SEND, "HTTP/1.1 abc\r\n\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C12] HTTP/2", false, { { SEND, "HTTP/2 200\r\n" SSE_TYPE "\r\n" HI, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C13] an error page without end", false,
	    { { SEND, "HTTP/1.1 500 No\r\ncontent-type: text/html\r\n\r\n", 0 },
		{ REPEAT, "<p>no", 0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C15] HTML", false, { { SEND, OK "content-type: text/html\r\n\r\n<p>", 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C15] no type", false, { { SEND, OK "\r\n" HI STOP DONE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C15] gzip", false,
	    { { SEND, OK SSE_TYPE "content-encoding: gzip\r\n\r\n\x1f\x8b", 0 },
		{ HANG, NULL, 0 } },
	    502, CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C16] a byte at a time", false, { { DRIP, SSE_HEAD HI STOP DONE, 0 } }, 200, CODE_NONE,
	    HI STOP },
	{ "[C16] all line ends, a byte at a time", false,
	    { { DRIP,
		SSE_HEAD "data: " CONTENT("a") "\r\rdata: " CONTENT("b") "\r\n\r\ndata: " CONTENT(
		    "c") "\n\r\ndata: " CONTENT("d") "\r\n\n" STOP DONE,
		0 } },
	    200, CODE_NONE,
	    "data: " CONTENT("a") "\r\rdata: " CONTENT("b") "\r\n\r\ndata: " CONTENT(
		"c") "\n\r\ndata: " CONTENT("d") "\r\n\n" STOP },
	{ "[C16] a byte order mark, a byte at a time", false,
	    { { DRIP, SSE_HEAD BOM HI STOP DONE, 0 } }, 200, CODE_NONE, BOM HI STOP },
	{ "[C16] fields, names and comments", false,
	    { { DRIP,
		SSE_HEAD ": a comment\nid: 1\nretry: 5\nevent: message\nodd: x\ndata\ndata:{\n"
			 "data: \"choices\":[]}\n\n" HI STOP DONE,
		0 } },
	    200, CODE_NONE,
	    ": a comment\nid: 1\nretry: 5\nevent: message\nodd: x\ndata\ndata:{\n"
	    "data: \"choices\":[]}\n\n" HI STOP },
	{ "[C16] a CR at the end of a read", false,
	    { { SEND, SSE_HEAD "data: " CONTENT("a") "\r\n\r", 0 },
		{ DRIP, "\n" HI STOP DONE, 0 } },
	    200, CODE_NONE, "data: " CONTENT("a") "\r\n\r\n" HI STOP },
	{ "[C17] an event that never ends", false,
	    { { SEND, SSE_HEAD HI, 0 }, { REPEAT, "data: aaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 0 } }, 200,
	    CODE_UPSTREAM_BAD_RESPONSE, HI },
	{ "[C17] a line that never ends", false,
	    { { SEND, SSE_HEAD HI "data: ", 0 },
		{ REPEAT, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0 } },
	    200, CODE_UPSTREAM_BAD_RESPONSE, HI },
	{ "[C18] not JSON", false, { { SEND, SSE_HEAD "data: hello\n\n" HI STOP DONE, 0 } }, 200,
	    CODE_NONE, "data: hello\n\n" HI STOP },
	{ "[C18] invalid UTF-8", false,
	    { { SEND, SSE_HEAD "data: " CONTENT("\xff\xc0\xaf") "\n\n" STOP DONE, 0 } }, 200,
	    CODE_NONE, "data: " CONTENT("\xff\xc0\xaf") "\n\n" STOP },
	{ "[C18] another object, null choices, a huge index", false,
	    { { SEND,
		SSE_HEAD "data: [1]\n\ndata: {\"choices\":null}\n\ndata: {\"choices\":[{\"index\":"
			 "1e99,\"delta\":null}]}\n\n" HI STOP DONE,
		0 } },
	    200, CODE_NONE,
	    "data: [1]\n\ndata: {\"choices\":null}\n\ndata: {\"choices\":[{\"index\":"
	    "1e99,\"delta\":null}]}\n\n" HI STOP },
	{ "[C18] an error frame first", false,
	    { { SEND, SSE_HEAD "data: {\"error\":{\"message\":\"no ink\"}}\n\n" DONE, 0 } }, 502,
	    CODE_UPSTREAM_ERROR_FRAME, NULL },
	{ "[C18] an error frame in the middle", false,
	    { { SEND, SSE_HEAD HI "data: {\"error\":{\"message\":\"no ink\"}}\n\n" HI DONE, 0 } },
	    200, CODE_UPSTREAM_ERROR_FRAME, HI },
	{ "[C18] an error frame last", false,
	    { { SEND, SSE_HEAD HI STOP "data: {\"error\":\"no ink\"}\n\n" DONE, 0 } }, 200,
	    CODE_UPSTREAM_ERROR_FRAME, HI STOP },
	{ "[C18] an event called error", false,
	    { { SEND, SSE_HEAD HI "event: error\ndata: {\"message\":\"no ink\"}\n\n", 0 } }, 200,
	    CODE_UPSTREAM_ERROR_FRAME, HI },
	{ "[C19] [DONE] twice and more", false,
	    { { SEND, SSE_HEAD HI STOP DONE DONE HI STOP DONE, 0 } }, 200, CODE_NONE, HI STOP },
	{ "[C19] [DONE] early", false, { { SEND, SSE_HEAD HI DONE HI STOP DONE, 0 } }, 200,
	    CODE_NONE, HI },
	{ "[C19] [DONE] at once", false, { { SEND, SSE_HEAD DONE, 0 } }, 502,
	    CODE_UPSTREAM_BAD_RESPONSE, NULL },
	{ "[C19] [DONE] with spaces", false, { { SEND, SSE_HEAD HI STOP "data:  [DONE] \n\n", 0 } },
	    200, CODE_NONE, HI STOP },
	{ "[C19] [DONE], then an open connection", false,
	    { { SEND, SSE_HEAD HI STOP DONE, 0 }, { HANG, NULL, 0 } }, 200, CODE_NONE, HI STOP },
};

static int
count(const char *text, const char *word)
{
	int n = 0;

	for (const char *p = text; (p = strstr(p, word)) != NULL; p += strlen(word))
		n++;
	return n;
}

/* The events, then the typed error if there is one, then one [DONE], and nothing else; where the head went with a
 * comment of upstream's, then what it could not say before that. */
static void
assert_stream(const char *name, const char *body, const char *events, enum wire_code code)
{
	const struct wire_code_info *info = wire_code_info(code);
	_cleanup_free_ char *error = str_printf("\"code\":\"%s\"", info->code);
	_cleanup_free_ char *fault = str_printf("\"fault\":\"%s\"", info->fault);

	ck_assert_msg(str_starts(body, events), "%s: events: %s", name, body);
	const char *rest = body + strlen(events);
	const char *end = strstr(events, "\n\n"), *data = strstr(events, "data:");
	if (end != NULL && (data == NULL || end < data)) {
		ck_assert_msg(str_starts(rest, ": done attempts=1 "), "%s: then %s", name, rest);
		rest = strstr(rest, "\n\n") + 2;
	}
	ck_assert_msg(count(rest, "[DONE]") == 1 && str_ends(rest, DONE), "%s: %s", name, body);
	if (code == CODE_NONE) {
		ck_assert_msg(strcmp(rest, DONE) == 0, "%s: then %s", name, rest);
		return;
	}
	ck_assert_msg(str_starts(rest, "data: {\"error\":") && count(rest, "data: ") == 2,
	    "%s: then %s", name, rest);
	ck_assert_msg(strstr(rest, error) != NULL && strstr(rest, fault) != NULL, "%s: not %s: %s",
	    name, error, rest);
}

static void
assert_ended(const char *name, enum wire_code code, int before)
{
	house_wait(&h.usages, 1);
	ck_assert_msg(h.used.code == code, "%s: used: %s", name, wire_code_info(h.used.code)->code);
	assert_serves(name);
	ck_assert_msg(house_get(&h.requests) <= 1, "%s: asked again", name);
	assert_not_busy();
	assert_descriptors(before + 2);
}

static void
limits(int64_t connect_ms, int64_t stream_bytes)
{
	h.config = (struct gateway_config){
		.connect_ms = connect_ms, .body_bytes = 1 << 20, .anonymous = true
	};
	h.config.relay = house_relay();
	h.config.relay.event_bytes = 64 << 10;
	h.config.relay.json_bytes = 1 << 20;
	h.config.relay.stream_bytes = stream_bytes;
}

/* Of the limits that end a chat only the one that it should end by is short; and that of all a flood's time. */
static void
up_for(enum wire_code code, int64_t ping_ms, bool flood)
{
	limits(WAIT_MS, 0);
	h.config.relay.hold_ms = h.config.relay.ping_ms = ping_ms;
	if (code == CODE_UPSTREAM_TIMEOUT_FIRST_BYTE)
		h.config.relay.first_byte_ms = 1000;
	if (code == CODE_UPSTREAM_TIMEOUT_GAP)
		h.config.relay.gap_ms = 1000;
	if (code == CODE_UPSTREAM_TIMEOUT_TOTAL || flood)
		h.config.relay.total_ms = 2000;
	house_up();
}

static void
play(const struct fault *f)
{
	const struct wire_code_info *info = wire_code_info(f->code);
	const int before = open_descriptors();

	house_script(f->script);
	struct answer a = chat("", f->whole ? CHAT : CHAT_STREAM);
	if (f->events != NULL) {
		ck_assert_msg(a.status == 200 && a.whole, "%s: %d", f->name, a.status);
		assert_stream(f->name, buf_str(&a.body), f->events, f->code);
	} else {
		assert_envelope(f->name, &a, f->status, info->code, info->fault);
		ck_assert_ptr_null(strstr(buf_str(&a.body), "[DONE]"));
		ck_assert_ptr_null(strstr(buf_str(&a.body), "passwd"));
	}
	ck_assert_str_eq(info->fault, f->code == CODE_NONE ? "" : "miner");
	ck_assert_ptr_nonnull(strstr(a.head, "x-janus-attempts: 1\r\n"));
	answer_done(&a);
	assert_ended(f->name, f->code, before);
	if (f->script[0].act == HANG || f->script[1].act == HANG)
		house_wait(&h.cancelled, 1);
}

START_TEST(test_fault)
{
	up_for(faults[_i].code, WAIT_MS, false);
	play(&faults[_i]);
}
END_TEST

START_TEST(test_refused) /* [C01] refuses the connection: another is asked, then 502 */
{
	shutdown(h.upstream, SHUT_RDWR);
	for (int i = 0; i < 2; i++) {
		struct answer a = chat(i == 0 ? "" : "x-janus-fallback: none\r\n", CHAT_STREAM);
		assert_envelope("refused", &a, 502, "upstream_connect_failed", "miner");
		ck_assert_ptr_nonnull(
		    strstr(a.head, i == 0 ? "x-janus-attempts: 2\r\n" : "x-janus-attempts: 1\r\n"));
		house_wait(&h.usages, i + 1);
		ck_assert_int_eq(h.row.attempts, i == 0 ? 2 : 1);
		ck_assert_int_eq(h.row.status, 502);
		answer_done(&a);
	}
	assert_serves("refused");
}
END_TEST

START_TEST(test_never_accepts) /* [C01] never accepts: 504, after each connect's own limit */
{
	struct answer a = chat("", CHAT_STREAM);

	assert_envelope("deaf", &a, 504, "upstream_timeout_connect", "miner");
	answer_done(&a);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.sent, false);
}
END_TEST

/* Silence towards the client is filled from the hold on. */
static const struct silent {
	const char *name;
	struct step script[3];
	enum wire_code code;
	const char *has;
} silents[] = {
	{ "[C02] pings before the head, then the error", { { HANG, NULL, 0 } },
	    CODE_UPSTREAM_TIMEOUT_FIRST_BYTE, ": ping\n\n: ping\n\n" },
	{ "[C02] pings between events, then the error",
	    { { SEND, SSE_HEAD HI, 0 }, { HANG, NULL, 0 } }, CODE_UPSTREAM_TIMEOUT_GAP,
	    HI ": ping\n\n: ping\n\n" },
	{ "[C03] comments without end", { { SEND, SSE_HEAD, 0 }, { PACE, ": busy\n\n", 0 } },
	    CODE_UPSTREAM_TIMEOUT_GAP, ": busy\n\n" },
	{ "[C03] blank lines without end", { { SEND, SSE_HEAD, 0 }, { PACE, "\n", 0 } },
	    CODE_UPSTREAM_TIMEOUT_GAP, "\n\n\n" },
	{ "[C03] empty deltas without end",
	    { { SEND, SSE_HEAD, 0 },
		{ PACE, "data: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n", 0 } },
	    CODE_UPSTREAM_TIMEOUT_GAP, "\"content\":\"\"" },
	{ "[C03] content without end", { { SEND, SSE_HEAD, 0 }, { PACE, HI, 0 } },
	    CODE_UPSTREAM_TIMEOUT_TOTAL, HI HI },
	{ "[C21] a flood of content",
	    { { SEND, SSE_CHUNKED, 0 }, { REPEAT, "3a\r\n" HI "\r\n", 0 } },
	    CODE_UPSTREAM_TIMEOUT_TOTAL, HI HI },
	{ "[C21] a flood of one-byte chunks",
	    { { SEND, SSE_CHUNKED, 0 },
		{ REPEAT, "1\r\nd\r\n1\r\na\r\n1\r\nt\r\n1\r\na\r\n1\r\n\n\r\n1\r\n\n\r\n", 0 } },
	    CODE_UPSTREAM_TIMEOUT_GAP, "data\n\n" },
};

START_TEST(test_silent)
{
	const struct silent *s = &silents[_i];
	const struct wire_code_info *info = wire_code_info(s->code);

	up_for(s->code, 20, s->script[1].act == REPEAT);
	const int before = open_descriptors();
	struct peer p = peer_open();
	house_script(s->script);
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	house_wait(&h.requests, 1);
	if (s->script[1].act == REPEAT) { /* others have their turn meanwhile */
		house_script(answers_stream);
		for (int i = 0; i < 5; i++) {
			struct answer a = chat("", CHAT_STREAM);
			ck_assert_msg(
			    str_ends(buf_str(&a.body), HI STOP DONE), "%s", buf_str(&a.body));
			answer_done(&a);
		}
	}
	struct answer a = peer_answer(&p);
	const char *body = buf_str(&a.body);
	ck_assert_int_eq(a.status, 200);
	ck_assert_msg(strstr(body, s->has) != NULL, "%s: %.2000s", s->name, body);
	/* While we did not read it waited for us, which is no silence of the competitor. */
	const bool late = s->script[1].act == REPEAT && strstr(body, "upstream_timeout_total");
	ck_assert_msg(late || strstr(body, info->code) != NULL, "%s: %s", s->name,
	    body + (a.body.len > 600 ? a.body.len - 600 : 0));
	ck_assert_int_eq(count(body, "[DONE]"), 1);
	ck_assert(str_ends(body, "\n\n" DONE));
	answer_done(&a);
	peer_close(&p);
	house_wait(&h.cancelled, 1);
	if (s->script[1].act != REPEAT)
		assert_ended(s->name, s->code, before);
}
END_TEST

static const struct big {
	const char *name, *head, *more, *tail;
	size_t bytes;
} bigs[] = {
	{ "[C10] a header line of 200 kB", OK SSE_TYPE "x-a: ", "a", "\r\n\r\n" HI STOP DONE,
	    200000 },
	{ "[C10] a head of 300 kB", OK SSE_TYPE "x-a: 1", "\r\nx-b: 1234567890",
	    "\r\n\r\n" HI STOP DONE, 300000 },
	{ "[C10] a status line of 100 kB", "HTTP/1.1 200 ", "O", "\r\n\r\n" HI, 100000 },
};

START_TEST(test_big_head)
{
	const struct big *b = &bigs[_i];
	_cleanup_buf_ struct buf out = { 0 };
	struct step script[] = { { 0 }, { 0 } };

	buf_add_str(&out, b->head);
	while (out.len < b->bytes)
		buf_add_str(&out, b->more);
	buf_add_str(&out, b->tail);
	script[0] = (struct step){ SEND, out.data, out.len };
	house_script(script);
	struct answer a = chat("", CHAT_STREAM);
	assert_envelope(b->name, &a, 502, "upstream_bad_response", "miner");
	answer_done(&a);
	house_wait_idle();
}
END_TEST

START_TEST(test_headers_are_dropped) /* [C11] nothing of a competitor's head is copied */
{
	static const struct step script[] = {
		{ SEND,
		    OK SSE_TYPE
		    "set-cookie: evil=1\r\nlocation: http://evil\r\ncontent-security-policy: "
		    "evil\r\n"
		    "access-control-allow-origin: evil\r\nalt-svc: evil\r\nrefresh: 0; evil\r\n"
		    "keep-alive: evil\r\nx-janus-competitor: evil\r\nx-request-id: evil\r\n"
		    "trailer: evil\r\nserver: evil\r\nupgrade: evil\r\n\r\n" HI STOP DONE,
		    0 },
		{ 0 }
	};

	house_script(script);
	struct answer a = chat("x-request-id: mine-and-no-other\r\n", CHAT_STREAM);
	ck_assert_int_eq(a.status, 200);
	ck_assert_msg(strcasestr(a.head, "evil") == NULL, "%s", a.head);
	ck_assert(str_starts(header_of(a.head, "x-request-id"), "mine-and-no-other\r\n"));
	ck_assert(str_starts(header_of(a.head, "x-janus-competitor"), "web\r\n"));
	ck_assert(
	    str_starts(header_of(a.head, "content-type"), "text/event-stream; charset=utf-8\r\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&h.seen), "accept-encoding: identity\r\n"));
	answer_done(&a);
}
END_TEST

static const struct mapped {
	const char *name, *answer;
	int status;
	const char *code, *fault, *has, *retry_after;
} mapped[] = {
	{ "[C13] 400 with JSON",
	    "HTTP/1.1 400 No\r\n\r\n{\"error\":{\"message\":\"bad\\u001b[31mpen\"}}", 400,
	    "bad_request", "client", "\"upstream_message\":\"bad [31mpen\"", NULL },
	{ "[C13] 422", "HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n", 422, "unprocessable",
	    "client", "refused the request with status 422", NULL },
	{ "[C13] 500 with HTML",
	    "HTTP/1.1 500 No\r\ncontent-type: text/html\r\n\r\n<b>\x1b[1m</b>\n", 502,
	    "upstream_bad_response", "miner", "\"upstream_message\":\"<b> [1m</b> \"", NULL },
	{ "[C13] 418 without a body", "HTTP/1.1 418 No\r\ncontent-length: 0\r\n\r\n", 502,
	    "upstream_bad_response", "miner", "\"upstream_status\":418", NULL },
	{ "[C13] 500 cut", "HTTP/1.1 500 No\r\ncontent-length: 99\r\n\r\nhalf", 502,
	    "upstream_bad_response", "miner", "\"upstream_message\":\"half\"", NULL },
	{ "[C14] 429 with seconds",
	    "HTTP/1.1 429 No\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", 429,
	    "rate_limit_exceeded", "miner", "refused the request with status 429", "7\r\n" },
	{ "[C14] 429 with too many seconds",
	    "HTTP/1.1 429 No\r\nretry-after: 99999999999999999999\r\ncontent-length: 0\r\n\r\n",
	    429, "rate_limit_exceeded", "miner", "429", "3600\r\n" },
	{ "[C14] 503 with a date of the year 9999",
	    "HTTP/1.1 503 No\r\nretry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\ncontent-length: "
	    "0\r\n\r\n",
	    503, "no_ready_competitor", "miner", "503", "3600\r\n" },
	{ "[C14] 503 with a date that is past",
	    "HTTP/1.1 503 No\r\nretry-after: Thu, 01 Jan 1970 00:00:00 GMT\r\ncontent-length: "
	    "0\r\n\r\n",
	    503, "no_ready_competitor", "miner", "503", "1\r\n" },
	{ "[C14] 503 with garbage",
	    "HTTP/1.1 503 No\r\nretry-after: soon\x7f\r\ncontent-length: 0\r\n\r\n", 502,
	    "upstream_bad_response", "miner", "not valid HTTP", NULL },
	{ "[C14] 503 with words", "HTTP/1.1 503 No\r\nretry-after: -5\r\ncontent-length: 0\r\n\r\n",
	    503, "no_ready_competitor", "miner", "503", "1\r\n" },
};

START_TEST(test_mapped)
{
	const struct mapped *m = &mapped[_i];
	const struct step script[] = { { SEND, m->answer, 0 }, { 0 } };
	_cleanup_free_ char *code = str_printf("\"code\":\"%s\"", m->code);
	_cleanup_free_ char *fault = str_printf("\"fault\":\"%s\"", m->fault);

	house_script(script);
	for (int i = 0; i < 2; i++) {
		struct answer a = chat("", i == 0 ? CHAT_STREAM : CHAT);
		ck_assert_msg(a.status == m->status, "%s: %d", m->name, a.status);
		ck_assert_msg(answer_has(&a, code), "%s: %s", m->name, buf_str(&a.body));
		ck_assert_msg(answer_has(&a, fault), "%s: %s", m->name, buf_str(&a.body));
		ck_assert_msg(answer_has(&a, m->has), "%s: %s", m->name, buf_str(&a.body));
		const char *after = header_of(a.head, "retry-after");
		if (m->retry_after != NULL)
			ck_assert_msg(after != NULL && str_starts(after, m->retry_after), "%s: %s",
			    m->name, a.head);
		answer_done(&a);
		house_wait(&h.usages, i + 1);
		ck_assert_msg(
		    str_eq(h.used.fault, m->fault), "%s: used: %s", m->name, h.used.fault);
		house_wait_idle(); /* closed: the next one is no chat on a dying connection */
	}
	ck_assert_int_eq(house_get(&h.requests), 2);
}
END_TEST

START_TEST(test_error_text_is_cut) /* [C13] their text comes cut to 2 KiB */
{
	_cleanup_buf_ struct buf out = { 0 };
	struct step script[] = { { 0 }, { 0 } };

	buf_add_str(&out, "HTTP/1.1 500 No\r\n\r\n");
	for (int i = 0; i < 50000; i++)
		buf_add_str(&out, "\xc3\xa4");
	script[0] = (struct step){ SEND, out.data, out.len };
	house_script(script);
	struct answer a = chat("", CHAT);
	assert_envelope("cut", &a, 502, "upstream_bad_response", "miner");
	ck_assert_uint_lt(a.body.len, 3500);
	answer_done(&a);
	house_wait_idle();
}
END_TEST

START_TEST(test_json_becomes_a_stream) /* [C15] JSON where a stream was asked */
{
	struct answer a = chat("", CHAT_STREAM);

	ck_assert_int_eq(a.status, 200);
	ck_assert(str_starts(header_of(a.head, "content-type"), "text/event-stream"));
	ck_assert(answer_has(&a, "\"delta\":{\"content\":\"hi\"}"));
	ck_assert(answer_has(&a, "\"finish_reason\":\"stop\""));
	ck_assert_int_eq(count(buf_str(&a.body), "[DONE]"), 1);
	ck_assert(str_ends(buf_str(&a.body), DONE));
	answer_done(&a);
}
END_TEST

#define USED(p, c)                                                                          \
	"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":" p ",\"completion_tokens\":" c \
	",\"total_tokens\":0}}\n\n"
static const struct usage {
	const char *name, *body;
	const char *asked; /* what a client that asked for it gets of it: at the end, once */
	bool reported;
	int64_t prompt, completion;
} usages[] = {
	{ "[C20] usage once", HI STOP USED("5", "2") DONE, USED("5", "2"), true, 5, 2 },
	{ "[C20] usage twice: the last wins", HI STOP USED("5", "2") USED("6", "3") DONE,
	    USED("6", "3"), true, 6, 3 },
	{ "[C20] usage before the content", USED("5", "2") HI STOP DONE, USED("5", "2"), true, 5,
	    2 },
	{ "[C20] no usage: estimated", HI STOP DONE, "", false, 1, 1 },
	{ "[C20] negative usage: estimated", HI STOP USED("-5", "2") DONE, USED("-5", "2"), false,
	    1, 1 },
	{ "[C20] absurd usage: estimated", HI STOP USED("5", "1e15") DONE, USED("5", "1e15"), false,
	    1, 1 },
	{ "[C20] half a token: estimated", HI STOP USED("5", "2.5") DONE, USED("5", "2.5"), false,
	    1, 1 },
	{ "[C20] usage in words: estimated", HI STOP USED("\"5\"", "2") DONE, USED("\"5\"", "2"),
	    false, 1, 1 },
	{ "[C20] usage, then an absurd one", HI STOP USED("5", "2") USED("-1", "0") DONE,
	    USED("5", "2"), true, 5, 2 },
};

START_TEST(test_usage)
{
	const struct usage *u = &usages[_i / 2];
	const bool asks = _i % 2 != 0;
	_cleanup_free_ char *bytes = str_printf("%s%s", SSE_HEAD, u->body);
	_cleanup_free_ char *told = str_printf("%s%s%s", HI STOP, asks ? u->asked : "", DONE);
	const struct step script[] = { { SEND, bytes, 0 }, { 0 } };

	house_script(script);
	struct answer a = chat("",
	    asks ? "{\"model\":\"janus\",\"stream\":true,\"stream_options\":"
		   "{\"include_usage\":true}," MESSAGES "}"
		 : CHAT_STREAM);
	ck_assert_msg(strcmp(buf_str(&a.body), told) == 0, "%s: %s", u->name, buf_str(&a.body));
	answer_done(&a);
	house_wait(&h.usages, 1);
	ck_assert_msg(h.used.usage.reported == u->reported, "%s", u->name);
	ck_assert_msg(h.used.usage.prompt_tokens == u->prompt &&
		h.used.usage.completion_tokens == u->completion,
	    "%s: %lld %lld", u->name, (long long)h.used.usage.prompt_tokens,
	    (long long)h.used.usage.completion_tokens);
	house_wait_idle();
}
END_TEST

START_TEST(test_whole_answer_too_large) /* [C21] a whole answer beyond the limit */
{
	static const struct step script[] = { { SEND, JSON_HEAD "{\"choices\":\"", 0 },
		{ REPEAT, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0 },
		{ 0 } };

	house_script(script);
	struct answer a = chat("", CHAT);
	assert_envelope("large", &a, 502, "upstream_bad_response", "miner");
	answer_done(&a);
	house_wait(&h.cancelled, 1);
	house_wait(&h.usages, 1);
	ck_assert_uint_lt(h.used.bytes_in, (1u << 20) + 65536);
}
END_TEST

START_TEST(test_stream_too_large) /* [C21] a stream beyond the limit ends; others go on */
{
	static const struct step flood[] = { { SEND, SSE_CHUNKED, 0 },
		{ REPEAT, HI_HEX "\r\n" HI "\r\n", 0 }, { 0 } };
	struct peer p = peer_open();

	house_script(flood);
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	house_wait(&h.requests, 1);
	house_script(answers_stream);
	for (int i = 0; i < 5; i++) {
		struct answer other = chat("", CHAT_STREAM);
		ck_assert_str_eq(buf_str(&other.body), HI STOP DONE);
		answer_done(&other);
	}
	struct answer a = peer_answer(&p);
	ck_assert_int_eq(a.status, 200);
	ck_assert(str_starts(buf_str(&a.body), HI HI) && str_ends(buf_str(&a.body), "\n\n" DONE));
	ck_assert(answer_has(&a, "\"code\":\"upstream_bad_response\""));
	ck_assert(answer_has(&a, "too large") && answer_has(&a, "\"fault\":\"miner\""));
	ck_assert_int_eq(count(buf_str(&a.body), "[DONE]"), 1);
	/* Whole events up to the limit, then the error, and no more than one read beyond it. */
	ck_assert_uint_lt(a.body.len, (1u << 20) + 65536);
	answer_done(&a);
	peer_close(&p);
	house_wait(&h.cancelled, 1);
	house_wait(&h.usages, 6);
	assert_not_busy();
}
END_TEST

START_TEST(test_ignores_cancel) /* [C22] goes on sending after the client has left */
{
	static const struct step script[] = { { SEND, SSE_HEAD HI, 0 }, { IGNORE, HI, 0 }, { 0 } };
	struct peer p = peer_open();

	house_script(script);
	peer_send_chat(&p, "", CHAT_STREAM, strlen(CHAT_STREAM));
	ck_assert(peer_until(&p, "\"hi\""));
	reset_at_close(p.fd);
	peer_close(&p);
	house_wait(&h.usages, 1);
	ck_assert_int_eq(h.used.code, CODE_CLIENT_CLOSED);
	assert_serves("ignores"); /* a turn later nothing of it is left */
	assert_not_busy();
	house_open_gate();
}
END_TEST

START_TEST(test_no_shared_connections) /* [C24] [C25] two competitors at one address */
{
	static const char *const bodies[] = { "{\"model\":\"janus/web\"," MESSAGES "}",
		"{\"model\":\"janus/pod\"," MESSAGES "}" };

	for (int i = 1; i <= 6; i++) {
		struct answer a = chat("", bodies[i % 2]);
		ck_assert_int_eq(a.status, 200);
		answer_done(&a);
		ck_assert_int_eq(house_get(&h.connections), i);
		ck_assert_int_eq(house_get(&h.links), (i + 1) / 2);
	}
	house_script((const struct step[]){ { RESET, NULL, 0 }, { 0 } });
	struct answer a = chat("", CHAT);
	ck_assert_int_eq(a.status, 502); /* it was on the wire: it may have run */
	answer_done(&a);
	ck_assert_int_eq(house_get(&h.requests), 7);
	house_wait_idle();
}
END_TEST

START_TEST(test_closed_while_idle) /* [C25] a kept connection dies: no chat runs twice */
{
	static const struct step script[] = { { SEND, SSE_CHUNKED "3a\r\n" HI "\r\n0\r\n\r\n", 0 },
		{ 0 } };
	int served = 0;

	house_script(script);
	for (int i = 1; i <= 20; i++) {
		struct answer a = chat("", CHAT_STREAM);

		served += a.status == 200;
		ck_assert_msg(a.status == 200 || a.status == 502, "%d", a.status);
		answer_done(&a);
		house_wait(&h.usages, i);
		ck_assert_int_le(house_get(&h.requests), i);
	}
	ck_assert_int_le(house_get(&h.requests), 20);
	ck_assert_int_le(served, house_get(&h.requests));
	house_wait_idle();
}
END_TEST

static const struct linked {
	const char *name;
	enum link_mode mode;
	int status;
	const char *code;
} linked[] = {
	{ "[C26] no descriptor", LINK_NONE, 502, "upstream_connect_failed" },
	{ "[C26] the link closes", LINK_CLOSED, 502, "upstream_connect_failed" },
	{ "[C26] a descriptor that is no socket", LINK_FILE, 502, "upstream_connect_failed" },
	{ "[C26] two descriptors", LINK_TWO, 502, "upstream_connect_failed" },
	{ "[C26] garbage", LINK_GARBAGE, 502, "upstream_connect_failed" },
	{ "[C26] silence", LINK_HANGS, 504, "upstream_timeout_connect" },
};

START_TEST(test_link)
{
	static const char pod[] = "{\"model\":\"janus/pod\",\"stream\":true," MESSAGES "}";
	const struct linked *l = &linked[_i];
	struct answer a = chat("", pod); /* opens the link */

	while (l->mode == LINK_HANGS && a.status == 504) { /* its limit is short */
		answer_done(&a);
		a = chat("", pod);
	}
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	assert_serves(l->name);
	const int before = open_descriptors();
	for (int i = 0; i < 5; i++) {
		pthread_mutex_lock(&h.lock);
		h.link_mode = l->mode;
		pthread_mutex_unlock(&h.lock);
		a = chat("", pod);
		ck_assert_msg(
		    a.status == l->status, "%s: %d %s", l->name, a.status, buf_str(&a.body));
		ck_assert_msg(answer_has(&a, l->code), "%s: %s", l->name, buf_str(&a.body));
		answer_done(&a);
	}
	ck_assert_int_eq(house_get(&h.requests), 1);
	pthread_mutex_lock(&h.lock);
	h.link_mode = LINK_GOOD;
	pthread_mutex_unlock(&h.lock);
	a = chat("", CHAT); /* the other competitor never noticed */
	ck_assert_int_eq(a.status, 200);
	answer_done(&a);
	assert_descriptors(before + 2);
}
END_TEST

/* ---- a stream cut, reset and stalled at every byte ---- */

#define RECORDED_HEAD SSE_CHUNKED
#define RECORDED_1 ": hello\n\n"
#define RECORDED_2 "data: " CONTENT("a") "\n\n"
#define RECORDED_3 "data: " CONTENT("b") "\r\n\r\n"
static const struct recorded {
	const char *event;
	bool content, finish, shown;
} recorded[] = {
	{ RECORDED_1, false, false, true },
	{ RECORDED_2, true, false, true },
	{ RECORDED_3, true, false, true },
	{ STOP, true, true, true },
	{ USAGE, true, false, false },
	{ DONE, true, false, false },
};

static void
record(struct buf *out, size_t ends[ARRAY_LEN(recorded)])
{
	buf_add_str(out, RECORDED_HEAD);
	for (size_t i = 0; i < ARRAY_LEN(recorded); i++) {
		buf_printf(out, "%zx\r\n%s", strlen(recorded[i].event), recorded[i].event);
		ends[i] = out->len;
		buf_add_str(out, "\r\n");
	}
	buf_add_str(out, "0\r\n\r\n");
}

static void
assert_cut(const char *how, size_t at, size_t head, const size_t *ends, const struct answer *a,
    enum act act)
{
	_cleanup_free_ char *name = str_printf("%s at byte %zu", how, at);
	_cleanup_buf_ struct buf events = { 0 };
	bool content = false, finish = false, done = false;
	enum wire_code code = CODE_UPSTREAM_DIED;
	size_t whole = 0;

	/* Of a CRLF pair that ends an event the CR alone does. */
	for (; whole < ARRAY_LEN(recorded); whole++) {
		const bool crlf = str_ends(recorded[whole].event, "\r\n");

		if (at < ends[whole] - crlf)
			break;
		content |= recorded[whole].content;
		finish |= recorded[whole].finish;
		done |= whole == ARRAY_LEN(recorded) - 1;
		if (recorded[whole].shown)
			buf_add(&events, recorded[whole].event,
			    strlen(recorded[whole].event) - (at < ends[whole]));
	}
	if (act == HANG)
		code = whole == 0 ? CODE_UPSTREAM_TIMEOUT_FIRST_BYTE : CODE_UPSTREAM_TIMEOUT_GAP;
	else if (at < head)
		code = CODE_UPSTREAM_BAD_RESPONSE;
	if (done || (finish && act != HANG))
		code = CODE_NONE;
	if (a->status == 200) {
		ck_assert_msg(whole > 0 && a->whole, "%s: 200", name);
		assert_stream(name, buf_str(&a->body), buf_str(&events), code);
	} else {
		ck_assert_msg(!content, "%s: %d: events are missing", name, a->status);
		assert_envelope(
		    name, a, act == HANG ? 504 : 502, wire_code_info(code)->code, "miner");
	}
}

#define BATCH 128
enum part { ALL, BEFORE_AN_EVENT, AFTER_AN_EVENT };

static void
cut_everywhere(const char *how, enum act act, enum part part)
{
	_cleanup_buf_ struct buf bytes = { 0 };
	size_t ends[ARRAY_LEN(recorded)];
	struct step script[] = { { 0 }, { 0 } };
	int chats = 0;

	record(&bytes, ends);
	script[0] = (struct step){ SEND, bytes.data, bytes.len };
	pthread_mutex_lock(&h.lock);
	h.by_seed = true;
	h.after_cut = act;
	h.script = script;
	pthread_mutex_unlock(&h.lock);
	const size_t first = part == AFTER_AN_EVENT ? ends[0] : 0,
		     last = part == BEFORE_AN_EVENT ? ends[0] - 1 : bytes.len;
	for (size_t from = first; from <= last; from += BATCH) {
		struct peer peers[BATCH];
		size_t n = 0;

		for (size_t at = from; n < BATCH && at <= last; at++) {
			_cleanup_free_ char *body = str_printf(
			    "{\"model\":\"janus\",\"stream\":true,\"seed\":%zu," MESSAGES "}", at);

			peers[n] = peer_open();
			peer_send_chat(&peers[n++], "", body, strlen(body));
		}
		for (size_t i = 0; i < n; i++) {
			struct answer a = peer_answer(&peers[i]);

			assert_cut(how, from + i, strlen(RECORDED_HEAD), ends, &a, act);
			answer_done(&a);
			peer_close(&peers[i]);
			chats++;
		}
	}
	house_wait(&h.usages, chats);
	ck_assert_int_eq(house_get(&h.requests), chats); /* none was asked twice */
	assert_serves(how);
	assert_not_busy();
	house_wait_idle();
}

START_TEST(test_cut_everywhere) /* [C04] [C05] [C06] closed at every byte of a stream */
{
	cut_everywhere("cut", END, ALL);
}
END_TEST

START_TEST(test_reset_everywhere) /* [C04] reset at every byte of a stream */
{
	cut_everywhere("reset", RESET, ALL);
}
END_TEST

START_TEST(test_stall_before) /* [C02] stalled at every byte of a stream's head */
{
	cut_everywhere("stall", HANG, BEFORE_AN_EVENT);
}
END_TEST

START_TEST(test_stall_after) /* [C02] stalled at every byte of a stream's events */
{
	cut_everywhere("stall", HANG, AFTER_AN_EVENT);
}
END_TEST

#define CROWD 60
START_TEST(test_no_mix_up) /* [C23] sixty chats at once: each gets the answer to its own question */
{
	static const struct step script[] = { { GATE, NULL, 0 }, { ECHO, NULL, 0 }, { 0 } };
	struct peer peers[CROWD];

	house_script(script);
	for (int i = 0; i < CROWD; i++) {
		_cleanup_free_ char *body =
		    str_printf("{\"model\":\"janus%s\",\"stream\":%s,\"seed\":%d," MESSAGES "}",
			i % 3 == 0 ? "/pod" : "", i % 2 == 0 ? "true" : "false", 1000 + i);

		peers[i] = peer_open();
		peer_send_chat(&peers[i], "x-request-id: the-same-id\r\n", body, strlen(body));
	}
	house_wait(&h.requests, CROWD);
	house_open_gate();
	for (int i = CROWD - 1; i >= 0; i--) {
		_cleanup_free_ char *want = str_printf("\"content\":\"echo %d.\"", 1000 + i);
		struct answer a = peer_answer(&peers[i]);

		ck_assert_int_eq(a.status, 200);
		ck_assert_msg(answer_has(&a, want), "%d: %s", i, buf_str(&a.body));
		ck_assert_int_eq(count(buf_str(&a.body), "echo"), 1);
		answer_done(&a);
		peer_close(&peers[i]);
	}
}
END_TEST

/* ---- */

static void
up_exact(void)
{
	limits(WAIT_MS, 0);
	house_up();
}

static void
up_small(void)
{
	limits(WAIT_MS, 1 << 20);
	house_up();
}

static void
up_impatient(void)
{
	limits(500, 0);
	house_up();
}

static void
up_deaf(void)
{
	h.deaf = true;
	limits(150, 0);
	house_up();
}

static void
up_first(void)
{
	up_for(CODE_UPSTREAM_TIMEOUT_FIRST_BYTE, WAIT_MS, false);
}

static void
up_gap(void)
{
	up_for(CODE_UPSTREAM_TIMEOUT_GAP, WAIT_MS, false);
}

static TCase *
tcase(Suite *suite, const char *name, SFun up)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, up, house_down);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("faults of competitors");
	TCase *tc = tcase(suite, "exact", up_exact);

	tcase_add_test(tc, test_refused);
	tcase_add_loop_test(tc, test_big_head, 0, (int)ARRAY_LEN(bigs));
	tcase_add_test(tc, test_headers_are_dropped);
	tcase_add_loop_test(tc, test_mapped, 0, (int)ARRAY_LEN(mapped));
	tcase_add_test(tc, test_error_text_is_cut);
	tcase_add_test(tc, test_json_becomes_a_stream);
	tcase_add_loop_test(tc, test_usage, 0, 2 * (int)ARRAY_LEN(usages));
	tcase_add_test(tc, test_whole_answer_too_large);
	tcase_add_test(tc, test_ignores_cancel);
	tcase_add_test(tc, test_no_shared_connections);
	tcase_add_test(tc, test_closed_while_idle);
	for (int i = 0; i < (int)ARRAY_LEN(linked); i++)
		tcase_add_loop_test(
		    linked[i].mode != LINK_HANGS ? tc : tcase(suite, "silent link", up_impatient),
		    test_link, i, i + 1);
	tc = tcase(suite, "one short limit", NULL); /* each test starts its own */
	tcase_add_loop_test(tc, test_fault, 0, (int)ARRAY_LEN(faults));
	tcase_add_loop_test(tc, test_silent, 0, (int)ARRAY_LEN(silents));
	tcase_add_test(tcase(suite, "deaf", up_deaf), test_never_accepts);
	tcase_add_test(tcase(suite, "small", up_small), test_stream_too_large);
	tc = tcase(suite, "every byte", up_exact);
	tcase_add_test(tc, test_cut_everywhere);
	tcase_add_test(tc, test_reset_everywhere);
	tcase_add_test(tc, test_no_mix_up);
	tcase_add_test(tcase(suite, "stalled at first", up_first), test_stall_before);
	tcase_add_test(tcase(suite, "stalled later", up_gap), test_stall_after);
	return run_suite(suite);
}
