/*
 * fuzz_sse_id.c - events with an id line of ours are the same events, each with our id as its last.
 *
 * The first byte says how the rest is split.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/net/sse.h"
#include "runtime/net/sse_id.h"

#define MAX_BYTES 4096

struct record {
	struct buf data; /* of events that have some */
	struct buf with_ids;
	unsigned events;
};

static void
note(const struct sse_event *e, void *arg)
{
	struct record *r = arg;

	if (!e->has_data)
		return;
	buf_printf(&r->data, "%s|", e->name);
	buf_add(&r->data, e->data, e->data_len);
	buf_add_char(&r->data, '\n');
}

static void
note_and_mark(const struct sse_event *e, void *arg)
{
	struct record *r = arg;
	const char *raw = e->raw;
	size_t len = e->raw_len;

	if (r->events == 0 && len >= 3 && memcmp(raw, "\xEF\xBB\xBF", 3) == 0) {
		raw += 3;
		len -= 3;
	}
	/* A second mark would now be the first: what is fed begins with a line, as a stream with pings may. */
	if (r->events == 0)
		buf_add_str(&r->with_ids, ":\n");
	note(e, arg);
	if (len == 0)
		abort();
	const size_t at = sse_id_place(raw, len);
	if (at >= len)
		abort();
	buf_add(&r->with_ids, raw, at);
	buf_printf(&r->with_ids, "id: %u\n", ++r->events);
	buf_add(&r->with_ids, raw + at, len - at);
}

/* The last id before each blank line is ours, in order. */
static unsigned
count_ids(const struct buf *b)
{
	const char *line = buf_str(b), *const end = line + b->len;
	unsigned events = 0, id = 0;

	while (line < end) {
		size_t len = 0;
		while (line + len < end && line[len] != '\n' && line[len] != '\r')
			len++;
		if (len >= 2 && memcmp(line, "id", 2) == 0 && (len == 2 || line[2] == ':'))
			id = len > 3 ? (unsigned)strtoul(line + 3, NULL, 10) : 0;
		if (len == 0 && id != 0) {
			if (id != ++events)
				abort();
			id = 0;
		}
		if (line + len < end && line[len] == '\r' && line + len + 1 < end &&
		    line[len + 1] == '\n')
			len++;
		line += len + 1;
	}
	return events;
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct sse_parser p = { .max_bytes = MAX_BYTES }, q = { .max_bytes = 2 * MAX_BYTES };
	struct record sent = { 0 }, seen = { 0 };
	const char *bytes = (const char *)input + 1;

	if (size < 2)
		return 0;
	const size_t len = size - 1, step = (size_t)input[0] + 1;
	for (size_t at = 0; at < len; at += step)
		if (sse_feed(&p, bytes + at, step < len - at ? step : len - at, note_and_mark,
			&sent, NULL) < 0)
			break;
	if (sse_feed(&q, buf_str(&sent.with_ids), sent.with_ids.len, note, &seen, NULL) < 0)
		abort();
	if (sent.data.len != seen.data.len ||
	    (sent.data.len > 0 && memcmp(sent.data.data, seen.data.data, sent.data.len) != 0))
		abort();
	if (count_ids(&sent.with_ids) != sent.events)
		abort();
	sse_done(&p);
	sse_done(&q);
	buf_done(&sent.data);
	buf_done(&sent.with_ids);
	buf_done(&seen.data);
	return 0;
}
