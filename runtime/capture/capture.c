/*
 * capture.c - heads and frames, written and read.
 */
#include "runtime/capture/capture.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define INFLATED_MAX ((size_t)256 << 20)
#define STEP_BYTES 65536

static const char *const kind_names[CAPTURE_KIND_COUNT] = {
#define X(name, word) [CAPTURE_##name] = word,
	CAPTURE_KINDS(X)
#undef X
};

const char *
capture_kind_name(enum capture_kind kind)
{
	return kind_names[kind];
}

/* ---- the head ---- */

static const struct {
	const char *name;
	size_t at, cap;
} texts[] = {
#define TEXT(field)                                           \
	{                                                     \
#field, offsetof(struct capture_head, field), \
		    sizeof(((struct capture_head *)0)->field) \
	}
	TEXT(id),
	TEXT(request_id),
	TEXT(competitor),
	TEXT(competitor_id),
	TEXT(digest),
	TEXT(model),
	TEXT(instance_id),
	TEXT(key_id),
	TEXT(code),
#undef TEXT
};

void
capture_head_add(struct buf *out, const struct capture_head *h)
{
	const size_t from = out->len;

	buf_add_str(out, CAPTURE_MAGIC "{");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *text = (const char *)h + texts[i].at;

		buf_printf(out, "\"%s\":", texts[i].name);
		json_add_quoted(out, text, strnlen(text, texts[i].cap));
		buf_add_char(out, ',');
	}
	buf_printf(out,
	    "\"accepted_at_ms\":%lld,\"duration_us\":%lld,\"ttft_us\":%lld,\"status\":%d,"
	    "\"stream\":%s,\"content\":%s,\"complete\":%s,\"frames\":%llu,\"bytes\":%llu,"
	    "\"skipped\":%llu}",
	    (long long)h->accepted_at_ms, (long long)h->duration_us, (long long)h->ttft_us,
	    h->status, h->stream ? "true" : "false", h->content ? "true" : "false",
	    h->complete ? "true" : "false", (unsigned long long)h->frames,
	    (unsigned long long)h->bytes, (unsigned long long)h->skipped);
	/* The texts are bounded, and six bytes for each of theirs at worst would still fit but for
	 * the model, which may hold anything: better none than a head that cannot be read. */
	if (out->len - from >= CAPTURE_HEAD_BYTES) {
		struct capture_head shorter = *h;

		out->len = from;
		shorter.model[0] = '\0';
		capture_head_add(out, &shorter);
		return;
	}
	while (out->len - from < CAPTURE_HEAD_BYTES - 1)
		buf_add_char(out, ' ');
	buf_add_char(out, '\n');
}

int
capture_head_read(const char *bytes, size_t len, struct capture_head *out, struct error *err)
{
	const size_t magic = strlen(CAPTURE_MAGIC);
	size_t end = len < CAPTURE_HEAD_BYTES ? len : CAPTURE_HEAD_BYTES;
	_cleanup_json_ cJSON *json = NULL;
	struct capture_head h = { 0 };

	if (len < magic || memcmp(bytes, CAPTURE_MAGIC, magic) != 0)
		return error_set(err, ERROR_INVALID, "it is not a capture");
	while (end > magic && (bytes[end - 1] == ' ' || bytes[end - 1] == '\n'))
		end--;
	if (json_parse(bytes + magic, end - magic, &json, err) < 0 || !cJSON_IsObject(json))
		return error_set(err, ERROR_INVALID, "its head cannot be read");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *text = json_str(json, texts[i].name);

		snprintf((char *)&h + texts[i].at, texts[i].cap, "%s", text != NULL ? text : "");
	}
	h.accepted_at_ms = json_int(json, "accepted_at_ms", 0);
	h.duration_us = json_int(json, "duration_us", -1);
	h.ttft_us = json_int(json, "ttft_us", -1);
	h.status = (int)(json_int(json, "status", 0) & 0xffff);
	h.stream = json_bool(json, "stream", false);
	h.content = json_bool(json, "content", false);
	h.complete = json_bool(json, "complete", false);
	h.frames = (uint64_t)json_int(json, "frames", 0);
	h.bytes = (uint64_t)json_int(json, "bytes", 0);
	h.skipped = (uint64_t)json_int(json, "skipped", 0);
	*out = h;
	return 0;
}

/* ---- frames ---- */

static void
add_number(struct buf *out, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		buf_add_char(out, (char)(n | 0x80));
	buf_add_char(out, (char)n);
}

void
capture_frame_add(struct buf *out, const struct capture_frame *f)
{
	buf_add_char(out, (char)f->kind);
	add_number(out, f->t_us);
	add_number(out, f->len);
	buf_add(out, f->bytes, f->len);
}

static int
read_number(const char *bytes, size_t len, size_t *at, uint64_t *out)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 63 && *at < len; shift += 7) {
		const unsigned char c = (unsigned char)bytes[(*at)++];

		n |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80) {
			*out = n;
			return 0;
		}
	}
	return -1;
}

int
capture_frame_read(const char *bytes, size_t len, size_t *at, struct capture_frame *out)
{
	size_t p = *at;
	uint64_t t, n;

	if (p >= len)
		return -1;
	const unsigned char kind = (unsigned char)bytes[p++];
	if (kind == CAPTURE_END) {
		*at = p;
		return 1;
	}
	if (kind >= CAPTURE_KIND_COUNT || read_number(bytes, len, &p, &t) < 0 ||
	    read_number(bytes, len, &p, &n) < 0 || n > CAPTURE_FRAME_MAX || n > len - p)
		return -1;
	*out = (struct capture_frame){ (enum capture_kind)kind, t, bytes + p, (size_t)n };
	*at = p + (size_t)n;
	return 0;
}

/* ---- a file ---- */

/* All that can be inflated; *why is "" at the stream's own end. */
static void
inflate_all(const char *bytes, size_t len, struct buf *out, const char **why)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)len };
	int rc = inflateInit(&z);

	*why = "";
	while (rc == Z_OK) {
		z.next_out = (Bytef *)buf_reserve(out, STEP_BYTES);
		z.avail_out = STEP_BYTES;
		rc = inflate(&z, Z_NO_FLUSH);
		out->len += STEP_BYTES - z.avail_out;
		if (out->len > INFLATED_MAX) {
			*why = "it holds more than may be";
			break;
		}
		if (rc == Z_BUF_ERROR || (rc == Z_OK && z.avail_in == 0 && z.avail_out != 0)) {
			*why = "the file is cut";
			break;
		}
	}
	if (**why == '\0' && rc != Z_STREAM_END)
		*why = len == 0 ? "the file is cut" : "the file is damaged";
	else if (**why == '\0' && z.avail_in != 0)
		*why = "bytes follow its end";
	inflateEnd(&z);
}

int
capture_read(const char *file, size_t len, struct capture_head *head, capture_frame_fn *fn,
    void *arg, char cut[120], struct error *err)
{
	const size_t from = len < CAPTURE_HEAD_BYTES ? len : CAPTURE_HEAD_BYTES;
	_cleanup_buf_ struct buf plain = { 0 };
	struct capture_frame f = { 0 };
	uint64_t t_us = 0, frames = 0;
	const char *why = "";
	size_t at = 0;
	int rc;

	if (capture_head_read(file, len, head, err) < 0)
		return -1;
	inflate_all(file + from, len - from, &plain, &why);
	while ((rc = capture_frame_read(plain.data, plain.len, &at, &f)) == 0) {
		frames++;
		f.t_us = t_us += f.t_us;
		fn(&f, arg);
	}
	if (rc == 1 && at != plain.len)
		why = "bytes follow its end";
	else if (rc == -1 && *why == '\0')
		why = "a frame is damaged";
	cut[0] = '\0';
	if (*why != '\0')
		snprintf(cut, 120, "%s: %llu frames are whole, %zu bytes of the next one", why,
		    (unsigned long long)frames, plain.len - at);
	return 0;
}
