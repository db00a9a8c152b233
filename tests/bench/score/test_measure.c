/*
 * test_measure.c - times and texts out of frames, honest ones and others. [G12]
 */
#include "tests/bench/score/judged.h"

#define ASK                                                                      \
	"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hello " \
	"there\"}],\"stream\":true}"
#define SSE "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#define JSON "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
#define CHUNK(delta)                                                                            \
	"data: {\"id\":\"c\",\"model\":\"mm\",\"choices\":[{\"index\":0,\"delta\":" delta "}]}" \
	"\n\n"
#define SAY(text) CHUNK("{\"content\":\"" text "\"}")
#define STOP     \
	"data: " \
	"{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define USAGE(p, c, more)                                                    \
	"data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":" p \
	",\"completion_tokens\":" c more "}}\n\n"
#define DONE "data: [DONE]\n\n"
#define MS 1000

struct seen { /* a frame of a test */
	int64_t ms;
	enum frame_kind kind;
	const char *bytes;
};

static void
add(struct attempt *a, int64_t ms, enum frame_kind kind, const char *bytes)
{
	a->frames = realloc(a->frames, (a->nframes + 1) * sizeof(*a->frames));
	struct frame *f = &a->frames[a->nframes++];

	*f = (struct frame){ .kind = kind, .t_us = ms * MS };
	buf_add_str(&f->bytes, bytes);
}

static void
measure_frames(const struct seen *frames, size_t n, int64_t platform_ms, struct measured *out)
{
	struct attempt a = { .platform_us = platform_ms * MS, .metered_micro_usd = -1 };
	struct scoring s;
	const char *text = scoring_builtin(NULL);

	ck_assert_int_eq(scoring_parse(text, strlen(text), &s, NULL), 0);
	for (size_t i = 0; i < n; i++)
		add(&a, frames[i].ms, frames[i].kind, frames[i].bytes);
	measure(&a, &s, out);
	attempt_done(&a);
}
#define MEASURE(platform, out, ...)                          \
	measure_frames((const struct seen[]){ __VA_ARGS__ }, \
	    sizeof((const struct seen[]){ __VA_ARGS__ }) / sizeof(struct seen), platform, out)

START_TEST(test_times)
{
	struct measured m;

	MEASURE(0, &m, { 0, FRAME_REQUEST, ASK }, { 50, FRAME_HEAD, SSE },
	    { 60, FRAME_BODY, ": ping\n\n" },
	    { 70, FRAME_BODY, CHUNK("{\"role\":\"assistant\",\"content\":\"\"}") },
	    { 80, FRAME_BODY, SAY(" \\n\\u200b\\ufeff") },
	    { 90, FRAME_BODY, CHUNK("{\"reasoning_content\":\"... \\u2026\"}") },
	    { 300, FRAME_BODY, SAY("one") }, { 301, FRAME_BODY, ": ping\n\n: ping\n\n" },
	    { 5300, FRAME_BODY, SAY(" two") },
	    { 5350, FRAME_BODY, STOP USAGE("9", "4", ",\"cost_usd\":0.002") },
	    { 5400, FRAME_BODY, DONE }, { 5401, FRAME_END, "complete" });
	ck_assert(m.complete && m.asked_stream);
	ck_assert_int_eq(m.turns, 1);
	ck_assert_int_eq(m.status, 200);
	ck_assert_int_eq(m.ttft_us, 300 * MS);
	ck_assert_int_eq(m.duration_us, 5401 * MS);
	ck_assert_int_eq(m.max_gap_us, 5000 * MS);
	ck_assert_int_eq(m.stall_us, 3000 * MS); /* above two seconds */
	ck_assert_int_eq(m.pings, 3);
	ck_assert_int_eq(m.content_events, 2);
	ck_assert_int_eq(m.prompt_tokens, 9);
	ck_assert_int_eq(m.completion_tokens, 4);
	ck_assert(!m.tokens_estimated);
	ck_assert_int_eq(m.reported_micro_usd, 2000);
	ck_assert_str_eq(m.text, " \n\xe2\x80\x8b\xef\xbb\xbfone two");
	ck_assert_str_eq(m.model, "mm");
	ck_assert_str_eq(m.finish_reason, "stop");
	ck_assert_str_eq(m.odd, "");
	measured_done(&m);
}
END_TEST

/* An event may be cut anywhere: its time is that of the read that ended it. */
START_TEST(test_cut_events)
{
	struct measured m;

	MEASURE(0, &m, { 0, FRAME_REQUEST, ASK }, { 1, FRAME_HEAD, SSE },
	    { 10, FRAME_BODY, "data: {\"choi" },
	    { 400, FRAME_BODY, "ces\":[{\"delta\":{\"content\":\"x\"}}]}\n" },
	    { 500, FRAME_BODY, "\n" STOP DONE }, { 501, FRAME_END, "complete" });
	ck_assert_int_eq(m.ttft_us, 500 * MS);
	ck_assert_str_eq(m.text, "x");
	ck_assert(m.complete);
	measured_done(&m);
}
END_TEST

/* Silence before the one chunk of a would-be stream is silence. [G12] */
START_TEST(test_one_chunk)
{
	struct measured m;

	MEASURE(0, &m, { 0, FRAME_REQUEST, ASK }, { 1, FRAME_HEAD, SSE },
	    { 9000, FRAME_BODY, SAY("all of it") STOP DONE }, { 9000, FRAME_END, "complete" });
	ck_assert_int_eq(m.ttft_us, 9000 * MS);
	ck_assert_int_eq(m.max_gap_us, 9000 * MS);
	ck_assert_int_eq(m.stall_us, 7000 * MS);
	measured_done(&m);
}
END_TEST

/* What the platform took to start it is not the target's. */
START_TEST(test_platform_time)
{
	struct measured m;

	MEASURE(4000, &m, { 0, FRAME_REQUEST, ASK }, { 1, FRAME_HEAD, SSE },
	    { 4500, FRAME_BODY, SAY("a") }, { 4700, FRAME_BODY, STOP DONE },
	    { 4700, FRAME_END, "complete" });
	ck_assert_int_eq(m.ttft_us, 500 * MS);
	ck_assert_int_eq(m.duration_us, 700 * MS);
	ck_assert_int_eq(m.max_gap_us, 500 * MS);
	measured_done(&m);
	MEASURE(40000, &m, { 0, FRAME_REQUEST, ASK }, { 1, FRAME_HEAD, SSE },
	    { 4500, FRAME_BODY, SAY("a") }, { 4700, FRAME_BODY, STOP DONE },
	    { 4700, FRAME_END, "complete" });
	ck_assert_int_eq(m.ttft_us, 0);
	ck_assert_int_eq(m.duration_us, 0);
	measured_done(&m);
}
END_TEST

/* Calls come in pieces; the simulator's time between the turns is not counted. */
START_TEST(test_turns_and_calls)
{
	struct measured m;

	MEASURE(0, &m, { 0, FRAME_REQUEST, ASK }, { 1, FRAME_HEAD, SSE },
	    { 100, FRAME_BODY,
		CHUNK("{\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"find\","
		      "\"arguments\":\"\"}}]}") },
	    { 110, FRAME_BODY,
		CHUNK("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\"\"}}]"
		      "}") },
	    { 120, FRAME_BODY,
		CHUNK("{\"tool_calls\":[{\"index\":1,\"id\":\"y\",\"function\":{\"name\":\"pay\","
		      "\"arguments\":\"{}\"}},"
		      "{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]}") },
	    { 130, FRAME_BODY, STOP USAGE("5", "10", "") DONE }, { 130, FRAME_END, "complete" },
	    { 5000, FRAME_REQUEST, ASK }, { 5001, FRAME_HEAD, JSON },
	    { 5200, FRAME_BODY,
		"{\"choices\":[{\"message\":{\"content\":\"done\",\"reasoning_content\":\"so\"},"
		"\"finish_reason\":\"stop\"}],"
		"\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}" },
	    { 5300, FRAME_END, "complete" });
	ck_assert_int_eq(m.turns, 2);
	ck_assert_int_eq(m.ttft_us, 100 * MS);
	ck_assert_int_eq(m.duration_us, 430 * MS);
	ck_assert_int_eq(m.prompt_tokens, 12);
	ck_assert_int_eq(m.completion_tokens, 12);
	ck_assert_int_eq(m.reported_micro_usd, -1);
	ck_assert_str_eq(m.text, "done");
	ck_assert_str_eq(m.reasoning, "so");
	ck_assert(m.complete);
	ck_assert_str_eq(m.odd, "no stream though one was asked for");
	_cleanup_free_ char *calls = json_print(m.calls);
	ck_assert_str_eq(calls,
	    "[{\"turn\":0,\"name\":\"find\",\"arguments\":\"{\\\"a\\\":1}\",\"id\":\"x\"},"
	    "{\"turn\":0,\"name\":\"pay\",\"arguments\":\"{}\",\"id\":\"y\"}]");
	measured_done(&m);
}
END_TEST

/* What is odd, whether it is complete, and whether its usage was believed. */
static const struct {
	const char *head, *body, *end, *odd; /* odd: what it begins with */
	bool complete, estimated;
} odds[] = {
	{ SSE, SAY("hello") STOP USAGE("9", "4", "") DONE, "complete", "", true, false },
	{ SSE, SAY("hello") STOP USAGE("9", "4", ""), "complete", "no [DONE]", true, false },
	{ SSE, SAY("hello") DONE, "complete", "no finish_reason", true, true },
	{ SSE, SAY("hello"), "complete", "no [DONE]; no finish_reason", false, true },
	{ SSE, SAY("hello") STOP DONE, "reset", "it broke off", false, true },
	{ SSE, SAY("hello") STOP DONE SAY("more"), "complete", "something after [DONE]", true,
	    true },
	{ SSE, SAY("hello") STOP SAY("more") DONE, "complete", "content after the end", true,
	    true },
	{ SSE, SAY("hello") "data: {oops\n\n" STOP DONE, "complete", "something that is no JSON",
	    true, true },
	{ SSE, SAY("hello") "data: {\"error\":{\"message\":\"bad\\nluck\"}}\n\n", "complete",
	    "no [DONE]; no finish_reason; error: bad luck", false, true },
	{ SSE, SAY("hello") "data: {\"id\":\"d\",\"choices\":[]}\n\n" STOP DONE, "complete",
	    "chunks of two ids", true, true },
	{ SSE,
	    SAY("hello") "data: "
			 "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"other\"}}]}\n\n" STOP
			     DONE,
	    "complete", "more than one answer", true, true },
	{ SSE, SAY("hello") STOP USAGE("-9", "4", "") DONE, "complete", "usage that cannot be",
	    true, true },
	{ SSE, SAY("hello") STOP USAGE("9", "0", "") DONE, "complete", "usage that cannot be", true,
	    true },
	{ SSE, SAY("hello") STOP USAGE("1e300", "4", "") DONE, "complete", "usage that cannot be",
	    true, true },
	{ SSE, SAY("hello") STOP USAGE("9", "\"4\"", "") DONE, "complete", "usage that cannot be",
	    true, true },
	{ SSE, SAY("hello") STOP "data: {\"choices\":[],\"usage\":null}\n\n" DONE, "complete", "",
	    true, true },
	{ "HTTP/1.1 503 Busy\r\n\r\n", "{\"error\":{\"message\":\"later\"}}", "complete",
	    "status 503", false, true },
	{ "nonsense", "", "complete", "no status", false, true },
	{ JSON, "{\"choices\":[", "complete", "no stream though", false, true },
	{ JSON, "", "complete", "no stream though", false, true },
};

START_TEST(test_odd)
{
	struct measured m;

	MEASURE(0, &m, { 0, FRAME_REQUEST, ASK }, { 1, FRAME_HEAD, odds[_i].head },
	    { 2, FRAME_BODY, odds[_i].body }, { 3, FRAME_END, odds[_i].end });
	ck_assert_msg(strncmp(m.odd, odds[_i].odd, strlen(odds[_i].odd)) == 0 &&
		(odds[_i].odd[0] != '\0' || m.odd[0] == '\0'),
	    "%d: %s", _i, m.odd);
	ck_assert_msg(m.complete == odds[_i].complete, "%d: complete", _i);
	ck_assert_msg(m.tokens_estimated == odds[_i].estimated, "%d: estimated", _i);
	if (strstr(odds[_i].body, "hello") != NULL)
		ck_assert_str_eq(m.text, "hello");
	if (odds[_i].estimated && strstr(odds[_i].body, "hello") != NULL)
		ck_assert_int_ge(m.completion_tokens, 2);
	measured_done(&m);
}
END_TEST

START_TEST(test_nothing)
{
	struct measured m;

	measure_frames(NULL, 0, 0, &m);
	ck_assert(!m.complete && m.asked_stream);
	ck_assert_int_eq(m.ttft_us, -1);
	ck_assert_int_eq(m.reported_micro_usd, -1);
	ck_assert_str_eq(m.text, "");
	measured_done(&m);
	MEASURE(0, &m, { 0, FRAME_BODY, SAY("stray") }, { 5, FRAME_END, "complete" },
	    { 1, FRAME_REQUEST, ASK });
	ck_assert(!m.complete);
	ck_assert_int_eq(m.duration_us, 0); /* time does not go back */
	measured_done(&m);
}
END_TEST

/* 20 MB of answer: counted, kept up to 16 MiB, and said to be odd. */
START_TEST(test_giant)
{
	struct attempt a = { .metered_micro_usd = -1 };
	struct scoring s;
	struct measured m;
	const char *text = scoring_builtin(NULL);
	_cleanup_buf_ struct buf chunk = { 0 };

	ck_assert_int_eq(scoring_parse(text, strlen(text), &s, NULL), 0);
	buf_add_str(&chunk, "data: {\"choices\":[{\"delta\":{\"content\":\"");
	for (int i = 0; i < 100000; i++)
		buf_add_str(&chunk, "giant text");
	buf_add_str(&chunk, "\"}}]}\n\n");
	add(&a, 0, FRAME_REQUEST, ASK);
	add(&a, 1, FRAME_HEAD, SSE);
	for (int i = 0; i < 20; i++)
		add(&a, 10 + i, FRAME_BODY, buf_str(&chunk));
	add(&a, 40, FRAME_BODY, STOP DONE);
	add(&a, 41, FRAME_END, "complete");
	measure(&a, &s, &m);
	ck_assert_int_eq(m.content_bytes, 20000000);
	ck_assert_int_eq(m.completion_tokens, 5000000);
	ck_assert_uint_le(strlen(m.text), 16 << 20);
	ck_assert_str_eq(m.odd, "more than 16 MiB of text");
	measured_done(&m);
	attempt_done(&a);
}
END_TEST

int
main(void)
{
	TCase *t = tcase_create("all");

	tcase_add_test(t, test_times);
	tcase_add_test(t, test_cut_events);
	tcase_add_test(t, test_one_chunk);
	tcase_add_test(t, test_platform_time);
	tcase_add_test(t, test_turns_and_calls);
	tcase_add_loop_test(t, test_odd, 0, ARRAY_LEN(odds));
	tcase_add_test(t, test_nothing);
	tcase_add_test(t, test_giant);
	return run_tests("measure", t);
}
