/*
 * inside_frames.c - a type, four bytes of length, a payload.
 */
#include "controlplane/sandbox/inside_frames.h"

#include <inttypes.h>
#include <string.h>

#include "controlplane/sandbox/inside/protocol.h"
#include "runtime/base/error.h"

#define ERRNO_MAX 4095
#define SIGNAL_MAX 64

void
inside_add_text(struct buf *payload, const char *text)
{
	buf_add(payload, text, strlen(text) + 1);
}

void
inside_add_number(struct buf *payload, uint64_t number)
{
	buf_printf(payload, "%" PRIu64, number);
	buf_add_char(payload, '\0');
}

static void
add_one(struct buf *out, char type, const void *payload, size_t len)
{
	const unsigned char head[INSIDE_HEAD_BYTES] = { (unsigned char)type,
		(unsigned char)(len >> 24), (unsigned char)(len >> 16), (unsigned char)(len >> 8),
		(unsigned char)len };

	buf_add(out, head, sizeof(head));
	buf_add(out, payload, len);
}

void
inside_add_frame(struct buf *out, char type, const void *payload, size_t len)
{
	const char *at = payload;

	while (type == INSIDE_DATA && len > INSIDE_FRAME_MAX_BYTES) {
		add_one(out, type, at, INSIDE_FRAME_MAX_BYTES);
		at += INSIDE_FRAME_MAX_BYTES;
		len -= INSIDE_FRAME_MAX_BYTES;
	}
	add_one(out, type, at, len);
}

static uint32_t
get32(const char *at)
{
	const unsigned char *b = (const unsigned char *)at;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint64_t
get64(const char *at)
{
	return (uint64_t)get32(at) << 32 | get32(at + 4);
}

/* A head that nothing may follow is refused before its payload is waited for. */
static int
check_head(const char *head, size_t *len, struct error *err)
{
	const char type = head[0];

	*len = get32(head + 1);
	if (type != INSIDE_STDOUT && type != INSIDE_STDERR && type != INSIDE_DATA &&
	    type != INSIDE_END)
		return error_set(err, ERROR_UPSTREAM,
		    "the sandbox's agent sent a frame of no known type (%u)",
		    (unsigned)(unsigned char)type);
	if (*len > INSIDE_FRAME_MAX_BYTES || (type == INSIDE_END && *len != INSIDE_END_BYTES))
		return error_set(err, ERROR_UPSTREAM,
		    "the sandbox's agent sent a frame of a wrong length (%zu)", *len);
	return 0;
}

/* One frame from the front of what is kept: 1, 0 if it is not whole, or -1. */
static int
take_frame(struct inside_reader *r, size_t *at, inside_frame_fn *fn, void *arg, struct error *err)
{
	const size_t left = r->in.len - *at;
	size_t len;

	if (left < INSIDE_HEAD_BYTES)
		return 0;
	if (check_head(r->in.data + *at, &len, err) < 0)
		return -1;
	if (left < INSIDE_HEAD_BYTES + len)
		return 0;
	const struct inside_frame frame = { r->in.data[*at], r->in.data + *at + INSIDE_HEAD_BYTES,
		len };
	*at += INSIDE_HEAD_BYTES + len;
	r->ended = frame.type == INSIDE_END;
	return fn(&frame, arg) < 0 ? -1 : 1;
}

int
inside_feed(struct inside_reader *r, const char *bytes, size_t len, inside_frame_fn *fn, void *arg,
    struct error *err)
{
	size_t at = 0;
	int rc = 1;

	buf_add(&r->in, bytes, len);
	while (rc > 0 && !r->ended)
		rc = take_frame(r, &at, fn, arg, err);
	if (rc >= 0 && r->ended && at < r->in.len)
		rc = error_set(
		    err, ERROR_UPSTREAM, "the sandbox's agent went on after the end of its answer");
	buf_drop(&r->in, at);
	return rc < 0 ? -1 : 0;
}

void
inside_reader_done(struct inside_reader *r)
{
	buf_done(&r->in);
}

int
inside_end_parse(const struct inside_frame *f, struct inside_end *out, struct error *err)
{
	const char *p = f->payload;

	if (f->type != INSIDE_END || f->len != INSIDE_END_BYTES)
		return error_set(err, ERROR_UPSTREAM, "the sandbox's agent sent no proper end");
	const uint32_t error = get32(p), code = get32(p + 4), signo = get32(p + 8);
	const uint32_t flags = get32(p + 12);
	if (error > ERRNO_MAX || code > 255 || signo > SIGNAL_MAX)
		return error_set(
		    err, ERROR_UPSTREAM, "the sandbox's agent sent an end that makes no sense");
	*out = (struct inside_end){
		.error = (int)error,
		.exit_code = (int)code,
		.signal = (int)signo,
		.timed_out = (flags & INSIDE_FLAG_TIMED_OUT) != 0,
		.cut = (flags & INSIDE_FLAG_CUT) != 0,
		.total = { get64(p + 16), get64(p + 24) },
	};
	return 0;
}

int
inside_entry_parse(const struct inside_frame *f, struct inside_entry *out, struct error *err)
{
	const char *p = f->payload;

	if (f->type != INSIDE_DATA || f->len <= INSIDE_ENTRY_HEAD_BYTES ||
	    f->len - INSIDE_ENTRY_HEAD_BYTES >= sizeof(out->name) || strchr("fdlo", p[0]) == NULL ||
	    p[0] == '\0' ||
	    memchr(p + INSIDE_ENTRY_HEAD_BYTES, '\0', f->len - INSIDE_ENTRY_HEAD_BYTES) != NULL ||
	    get64(p + 1) > INT64_MAX || get64(p + 9) > INT64_MAX)
		return error_set(err, ERROR_UPSTREAM, "the sandbox's agent sent no proper entry");
	out->kind = p[0];
	out->size = (int64_t)get64(p + 1);
	out->changed_at_ms = (int64_t)get64(p + 9);
	memcpy(out->name, p + INSIDE_ENTRY_HEAD_BYTES, f->len - INSIDE_ENTRY_HEAD_BYTES);
	out->name[f->len - INSIDE_ENTRY_HEAD_BYTES] = '\0';
	return 0;
}
