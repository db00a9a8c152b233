/*
 * fuzz_bench.c - what a target may send, a suite may say and a picture may hold: each ends, and stays
 * in its bounds.
 *
 * The first byte says which: frames of an attempt (parts ended by 0xff, each a kind, a time and bytes),
 * a line of a suite, a PNG as it is or from its parts, or an answer to each kind of text scorer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bench/record/suite.h"
#include "bench/score/png.h"
#include "bench/score/score.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES_MAX 64

static void
check(const struct result *r)
{
	for (int d = 0; d < SCORE_DIMENSION_COUNT; d++)
		if (!(r->score[d] >= 0) || !(r->score[d] <= 1) || (r->score[d] > 0 && !r->passed))
			abort();
	if (!str_utf8_valid(r->why, strlen(r->why)))
		abort();
}

static const struct scoring *
scoring(void)
{
	static struct scoring s;
	const char *text = scoring_builtin(NULL);

	if (s.samples == 0 && scoring_parse(text, strlen(text), &s, NULL) < 0)
		abort();
	return &s;
}

static const char *const scorers[] = {
	"{\"kind\":\"answer\",\"accept\":[\"x\"],\"number\":{\"value\":5,\"units\":[\"kg\"]},"
	"\"forbid\":[\"no\"]}",
	"{\"kind\":\"cover\",\"points\":[{\"any\":[\"x\",\"y "
	"z\"]},{\"all\":[\"v\",\"w\"]}],\"min_words\":3}",
	"{\"kind\":\"citations\",\"sources\":[\"a.b/c\",\"a.b/"
	"d\"],\"points\":[{\"any\":[\"x\"],\"from\":[\"a.b/d\"]}]}",
	"{\"kind\":\"stream\",\"lines\":{\"from\":1,\"to\":3,\"rule\":\"spelled\"}}",
	"{\"kind\":\"stream\",\"expect\":[\"a\",\"b\",\"a\",\"b\",\"a\",\"b\",\"a\",\"b\",\"a\","
	"\"b\"]}",
	"{\"kind\":\"code\",\"language\":\"python\",\"entry\":\"program\",\"cases\":[{\"expect_"
	"stdout\":\"a\"}]}",
	"{\"kind\":\"calls\",\"sequence\":[{\"name\":\"f\",\"arguments\":{\"a\":1}}],\"extra\":3}",
};

/* The attempt, measured, to each of the scorers; then its text as code to run. */
static void
judge(const struct attempt *a)
{
	struct measured m;

	measure(a, scoring(), &m);
	if (m.max_gap_us < 0 || m.stall_us < 0 || m.duration_us < 0 || m.completion_tokens < 0 ||
	    m.prompt_tokens < 0 || m.stall_us > m.duration_us + m.max_gap_us)
		abort();
	for (size_t i = 0; i < ARRAY_LEN(scorers); i++) {
		_cleanup_json_ cJSON *spec = NULL;
		struct result r;

		if (json_parse(scorers[i], strlen(scorers[i]), &spec, NULL) < 0)
			abort();
		const struct item item = { .id = "a", .weight = 1, .scorer = spec };
		score_attempt(&item, a, &m, scoring(), &r);
		check(&r);
		result_done(&r);
		_cleanup_json_ cJSON *runs = score_needs_run(&item, m.text);
		(void)runs;
	}
	measured_done(&m);
}

static void
frames(const char *data, size_t size)
{
	struct frame list[FRAMES_MAX] = { 0 };
	struct attempt a = { .frames = list, .metered_micro_usd = -1 };

	while (size > 2 && a.nframes < FRAMES_MAX) {
		const char *end = memchr(data + 2, '\xff', size - 2);
		const size_t len = end != NULL ? (size_t)(end - data) : size;
		struct frame *f = &list[a.nframes++];

		f->kind = (enum frame_kind)((unsigned char)data[0] % FRAME_KIND_COUNT);
		f->t_us = (int64_t)(unsigned char)data[1] * 100000;
		buf_add(&f->bytes, data + 2, len - 2);
		data += len;
		size -= len;
		if (end != NULL) {
			data++;
			size--;
		}
	}
	judge(&a);
	for (size_t i = 0; i < a.nframes; i++)
		buf_done(&list[i].bytes);
}

/* The bytes as an answer, so that text alone is fuzzed too. */
static void
answer(const char *data, size_t size)
{
	struct frame list[4] = { { .kind = FRAME_REQUEST }, { .kind = FRAME_HEAD },
		{ .kind = FRAME_BODY }, { .kind = FRAME_END } };
	const struct attempt a = { .frames = list, .nframes = 4, .metered_micro_usd = -1 };

	buf_add_str(&list[1].bytes, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
	buf_add_str(
	    &list[2].bytes, "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":");
	json_add_quoted(&list[2].bytes, data, size);
	buf_add_str(&list[2].bytes, "}}]}");
	buf_add_str(&list[3].bytes, "complete");
	judge(&a);
	for (size_t i = 0; i < 4; i++)
		buf_done(&list[i].bytes);
}

static void
line(const char *data, size_t size)
{
	const struct suite_files none = { 0 };
	struct item item = { 0 };
	struct error err = { 0 };

	if (suite_item_parse(data, size, &none, &item, &err) == 0)
		scorer_check(&item, &err);
	else if (err.kind != ERROR_INVALID)
		abort();
	item_done(&item);
}

static void
picture(const char *data, size_t size)
{
	struct png p = { 0 };
	struct error err;

	if (png_read(data, size, &p, &err) == 0 &&
	    (p.width > PNG_SIDE_MAX || p.height > PNG_SIDE_MAX))
		abort();
	png_done(&p);
}

static void
add_number(struct buf *out, size_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_add_char(out, (char)(n >> shift));
}

static void
add_chunk(struct buf *out, const char *type, const void *bytes, size_t len)
{
	add_number(out, len);
	buf_add_str(out, type);
	buf_add(out, bytes, len);
	add_number(out, crc32(0, (const Bytef *)out->data + out->len - len - 4, (uInt)(len + 4)));
}

/* A header, a palette and transparency, and rows, with checksums that are right. */
static void
drawn(const char *data, size_t size)
{
	_cleanup_buf_ struct buf png = { 0 };
	unsigned char packed[16384];
	uLongf n = sizeof(packed);

	if (size < 16)
		return;
	const size_t colours = (unsigned char)data[13], clear = (unsigned char)data[14];
	buf_add(&png, "\x89PNG\r\n\x1a\n", 8);
	add_chunk(&png, "IHDR", data, 13);
	data += 16;
	size -= 16;
	if (colours > 0 && colours <= size)
		add_chunk(&png, "PLTE", data, colours);
	if (clear > 0 && clear <= size)
		add_chunk(&png, "tRNS", data, clear);
	if (compress(packed, &n, (const Bytef *)data, size) != Z_OK)
		return;
	add_chunk(&png, "IDAT", packed, n);
	add_chunk(&png, "IEND", "", 0);
	picture(png.data, png.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(
	    const char *, size_t) = { frames, line, picture, answer, drawn };

	if (size > 0)
		kinds[data[0] % ARRAY_LEN(kinds)]((const char *)data + 1, size - 1);
	return 0;
}
