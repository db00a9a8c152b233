/*
 * sse.c - find line ends, read the two fields that matter, hand out at blank lines.
 */
#include "runtime/net/sse.h"

#include <string.h>

#include "runtime/base/error.h"

#define KEEP_BYTES \
	4096 /* buffers above it are given back: most streams are idle most of the time */

/* The bytes under the knife: the caller's own when nothing was pending, else raw's. */
struct cut {
	const char *bytes;
	size_t len;
	size_t start; /* of the event */
	size_t line_at; /* of the line */
	size_t next_cr; /* first CR not yet passed, len if none: searched once, not once a line */
};

static size_t
line_end(struct cut *c, size_t from)
{
	if (c->next_cr < from) {
		const char *cr = memchr(c->bytes + from, '\r', c->len - from);

		c->next_cr = cr != NULL ? (size_t)(cr - c->bytes) : c->len;
	}
	const char *lf = memchr(c->bytes + from, '\n', c->next_cr - from);

	return lf != NULL ? (size_t)(lf - c->bytes) : c->next_cr;
}

/* The value of a line if it is the field of that name, else NULL. */
static const char *
field_value(const char *line, size_t len, const char *name, size_t name_len, size_t *value_len)
{
	if (len < name_len || memcmp(line, name, name_len) != 0)
		return NULL;
	size_t at = name_len;
	if (at < len && line[at++] != ':')
		return NULL;
	if (at < len && line[at] == ' ')
		at++;
	*value_len = len - at;
	return line + at;
}

static void
take_line(struct sse_parser *p, const char *line, size_t len)
{
	const char *value;
	size_t value_len;

	if ((value = field_value(line, len, "data", 4, &value_len)) != NULL) {
		if (p->has_data)
			buf_add_char(&p->data, '\n');
		buf_add(&p->data, value, value_len);
		p->has_data = true;
	} else if ((value = field_value(line, len, "event", 5, &value_len)) != NULL) {
		buf_clear(&p->name);
		buf_add(&p->name, value, value_len);
	}
}

static void
give_back(struct buf *b)
{
	if (b->cap > KEEP_BYTES)
		buf_done(b);
	else
		buf_clear(b);
}

static void
hand_out(struct sse_parser *p, const char *raw, size_t raw_len, sse_event_fn *on_event, void *arg)
{
	const struct sse_event event = {
		.raw = raw,
		.raw_len = raw_len,
		.data = buf_str(&p->data),
		.data_len = p->data.len,
		.has_data = p->has_data,
		.name = buf_str(&p->name),
	};

	on_event(&event, arg);
	give_back(&p->data);
	give_back(&p->name);
	p->has_data = false;
}

/* One line of c that ends at eol; returns where the next one starts. */
static size_t
pass_line(struct sse_parser *p, struct cut *c, size_t eol, sse_event_fn *on_event, void *arg)
{
	size_t next = eol + 1;

	if (c->bytes[eol] == '\r') {
		if (next < c->len && c->bytes[next] == '\n')
			next++;
		else
			p->cr = next == c->len;
	}
	if (!p->started) {
		p->started = true;
		if (eol - c->line_at >= 3 && memcmp(c->bytes + c->line_at, "\xEF\xBB\xBF", 3) == 0)
			c->line_at += 3;
	}
	if (eol > c->line_at) {
		take_line(p, c->bytes + c->line_at, eol - c->line_at);
	} else {
		hand_out(p, c->bytes + c->start, next - c->start, on_event, arg);
		c->start = next;
	}
	c->line_at = next;
	return next;
}

int
sse_feed(struct sse_parser *p, const char *bytes, size_t len, sse_event_fn *on_event, void *arg,
    struct error *err)
{
	const size_t pending = p->raw.len;
	struct cut c = { .bytes = bytes, .len = len, .line_at = p->line_at };
	size_t at = pending, eol;

	if (len == 0)
		return 0;
	if (pending > 0) {
		buf_add(&p->raw, bytes, len);
		c.bytes = p->raw.data;
		c.len = p->raw.len;
	}
	if (p->cr && c.bytes[at] == '\n')
		c.line_at = ++at;
	p->cr = false;

	const char *cr = memchr(c.bytes + at, '\r', c.len - at);
	c.next_cr = cr != NULL ? (size_t)(cr - c.bytes) : c.len;
	while ((eol = line_end(&c, at)) < c.len) {
		if (eol + 1 - c.start > p->max_bytes)
			break;
		at = pass_line(p, &c, eol, on_event, arg);
	}

	/* What is left begins an event; it has been looked at to its end. */
	if (pending > 0)
		buf_drop(&p->raw, c.start);
	else
		buf_add(&p->raw, bytes + c.start, len - c.start);
	p->line_at = c.line_at - c.start;
	if (p->raw.len == 0)
		give_back(&p->raw);
	if (eol < c.len || p->raw.len > p->max_bytes)
		return error_set(
		    err, ERROR_TOO_BIG, "an event is larger than %zu bytes", p->max_bytes);
	return 0;
}

size_t
sse_pending(const struct sse_parser *p)
{
	/* A lone LF is what was left of a CRLF that had already ended an event. */
	return p->raw.len == 1 && p->raw.data[0] == '\n' ? 0 : p->raw.len;
}

void
sse_done(struct sse_parser *p)
{
	buf_done(&p->raw);
	buf_done(&p->data);
	buf_done(&p->name);
}
