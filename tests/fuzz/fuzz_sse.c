/*
 * fuzz_sse.c - the first byte says how the rest is split; raw bytes must come out as they went in,
 * and the data must not depend on the split.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/net/sse.h"

#define MAX_BYTES 4096

struct record {
	struct buf raw, data;
};

static void
note(const struct sse_event *e, void *arg)
{
	struct record *r = arg;

	if (e->data[e->data_len] != '\0' || e->raw_len == 0 || e->raw_len > MAX_BYTES + 1)
		abort();
	buf_add(&r->raw, e->raw, e->raw_len);
	buf_printf(&r->data, "%d %s ", e->has_data, e->name);
	buf_add(&r->data, e->data, e->data_len);
	buf_add_char(&r->data, '\n');
}

static int
run(const char *bytes, size_t len, size_t step, struct record *r)
{
	struct sse_parser p = { .max_bytes = MAX_BYTES };
	int result = 0;

	for (size_t at = 0; at < len && result == 0; at += step)
		result = sse_feed(&p, bytes + at, step < len - at ? step : len - at, note, r, NULL);
	if (r->raw.len > len || (r->raw.len > 0 && memcmp(r->raw.data, bytes, r->raw.len) != 0))
		abort();
	if (result == 0) {
		const size_t rest = len - r->raw.len, pending = sse_pending(&p);

		if (rest != pending && !(rest == 1 && pending == 0 && bytes[len - 1] == '\n'))
			abort();
	}
	sse_done(&p);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct record split = { 0 }, whole = { 0 };

	if (size < 2)
		return 0;
	const char *const bytes = (const char *)input + 1;
	const int a = run(bytes, size - 1, (size_t)input[0] + 1, &split);
	const int b = run(bytes, size - 1, size - 1, &whole);
	/* Near the limit the LF of a split CRLF may count for the next event. */
	if (a == 0 && b == 0 && strcmp(buf_str(&split.data), buf_str(&whole.data)) != 0)
		abort();
	buf_done(&split.raw);
	buf_done(&split.data);
	buf_done(&whole.raw);
	buf_done(&whole.data);
	return 0;
}
