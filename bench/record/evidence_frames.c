/*
 * evidence_frames.c - what came over the wire, as lines.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/evidence_line.h"
#include "runtime/base/base64.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define T_US_MAX INT64_C(1000000000000)

/* Text that JSON takes and gives back as it was. */
static bool
is_text(const struct buf *b)
{
	return b->len == 0 ||
	    (memchr(b->data, '\0', b->len) == NULL && str_utf8_valid(b->data, b->len));
}

static void
add_frame(const char *id, const struct frame *f, struct buf *out)
{
	const int64_t t_us = f->t_us > 0 ? f->t_us : 0;

	buf_add_str(out, "{\"attempt\":");
	json_add_quoted(out, id, strlen(id));
	buf_printf(out, ",\"turn\":%d,\"t_ms\":%lld.%03d,\"kind\":\"%s\",", f->turn,
	    (long long)(t_us / 1000), (int)(t_us % 1000), frame_kind_name(f->kind));
	if (is_text(&f->bytes)) {
		buf_add_str(out, "\"bytes\":");
		json_add_quoted(out, buf_str(&f->bytes), f->bytes.len);
	} else {
		buf_add_str(out, "\"base64\":\"");
		base64_add(out, f->bytes.data, f->bytes.len);
		buf_add_char(out, '"');
	}
	buf_add_str(out, "}\n");
}

void
frames_text(const struct attempt *a, struct buf *out)
{
	for (size_t i = 0; i < a->nframes; i++)
		add_frame(a->id, &a->frames[i], out);
}

/* ---- reading ---- */

static int
take_bytes(const cJSON *json, struct frame *f, struct error *err)
{
	const char *text = json_str(json, "bytes"), *base64 = json_str(json, "base64");

	if ((text == NULL) == (base64 == NULL))
		return error_set(err, ERROR_INVALID, "neither bytes nor base64, or both");
	if (text != NULL)
		buf_add_str(&f->bytes, text);
	else if (base64_decode(&f->bytes, base64, strlen(base64)) < 0)
		return error_set(err, ERROR_INVALID, "'base64' is none");
	return 0;
}

static int
take_kind(const cJSON *json, struct frame *f, struct error *err)
{
	const char *word = json_str(json, "kind");

	for (int k = 0; k < FRAME_KIND_COUNT; k++) {
		if (str_eq(word, frame_kind_name(k))) {
			f->kind = k;
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID, "'kind' is none");
}

static int
take_frame(const cJSON *json, const struct attempt *a, struct frame *f, struct error *err)
{
	const struct frame *before = a->nframes > 0 ? &a->frames[a->nframes - 1] : NULL;
	const double turn = json_num(json, "turn", -1), t_ms = json_num(json, "t_ms", -1);

	if (!str_eq(json_str(json, "attempt"), a->id))
		return error_set(err, ERROR_INVALID, "of another attempt than %.40s", a->id);
	if (!(turn >= 0 && turn <= 100000) || turn != floor(turn))
		return error_set(err, ERROR_INVALID, "'turn' is none");
	if (!(t_ms >= 0 && t_ms * 1000 <= (double)T_US_MAX))
		return error_set(err, ERROR_INVALID, "'t_ms' is no time");
	f->turn = (int)turn;
	f->t_us = llround(t_ms * 1000);
	if (before != NULL && (f->turn < before->turn || f->t_us < before->t_us))
		return error_set(err, ERROR_INVALID, "it is before the frame before it");
	return take_kind(json, f, err) < 0 ? -1 : take_bytes(json, f, err);
}

static struct frame *
grow(struct attempt *a)
{
	if ((a->nframes & (a->nframes - 1)) == 0) { /* at each power of two */
		const size_t room = a->nframes > 0 ? 2 * a->nframes : 1;
		a->frames = mem_realloc(a->frames, room * sizeof(*a->frames));
	}
	a->frames[a->nframes] = (struct frame){ 0 };
	return &a->frames[a->nframes];
}

int
frames_read(const char *text, size_t len, struct attempt *a, struct error *err)
{
	size_t line = 0;

	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		_cleanup_json_ cJSON *json = NULL;

		line++;
		if (end == NULL)
			return error_set(err, ERROR_INVALID, "line %zu: it is cut", line);
		struct frame *f = grow(a);
		if (json_parse(text, (size_t)(end - text), &json, err) < 0 ||
		    take_frame(json, a, f, err) < 0) {
			buf_done(&f->bytes);
			return error_add(err, "line %zu", line);
		}
		a->nframes++;
		len -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	return 0;
}
