/*
 * http_head.c - heads and chunks, with no second way to read them.
 */
#include "runtime/net/http_head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define CHUNK_SIZE_DIGITS 16
#define CHUNK_LINE_MAX 1024 /* size and extensions */

struct span { /* a header value, blanks around it taken off */
	const char *at;
	size_t len;
};

struct head_seen {
	bool length, coding, type, keep_alive;
};

static int
bad(struct error *err, const char *what)
{
	return error_set(err, ERROR_UPSTREAM, "malformed response: %s", what);
}

static bool
span_is(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct span
trim(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	while (end > at && is_blank(end[-1]))
		end--;
	return (struct span){ at, (size_t)(end - at) };
}

static const bool token_chars[256] = {
	['0' ... '9'] = true,
	['A' ... 'Z'] = true,
	['a' ... 'z'] = true,
	['!'] = true,
	['#'] = true,
	['$'] = true,
	['%'] = true,
	['&'] = true,
	['\''] = true,
	['*'] = true,
	['+'] = true,
	['-'] = true,
	['.'] = true,
	['^'] = true,
	['_'] = true,
	['`'] = true,
	['|'] = true,
	['~'] = true,
};

size_t
http_token_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && token_chars[(unsigned char)text[n]])
		n++;
	return n;
}

/* Text of a value, a reason or a chunk extension: no control bytes but the tab. */
static bool
is_text_char(unsigned char c)
{
	return (c >= 0x20 && c != 0x7f) || c == '\t';
}

static bool
is_text(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_text_char((unsigned char)s.at[i]))
			return false;
	return true;
}

static void
copy_cut(char *out, size_t cap, struct span s)
{
	const size_t n = s.len < cap ? s.len : cap - 1;

	memcpy(out, s.at, n);
	out[n] = '\0';
}

/* HTTP/1.x SP 3DIGIT [SP reason]; line may be the beginning of one, when the rest is to come. */
static int
parse_status_line(struct span line, bool whole, struct http_head *out, struct error *err)
{
	static const char shape[] = "HTTP/1.d ddd ";
	const size_t shape_len = sizeof(shape) - 1;

	/* The CR that ends a line without a reason may be there already. */
	if (!whole && line.len == shape_len && line.at[shape_len - 1] == '\r')
		line.len--;
	for (size_t i = 0; i < line.len && i < shape_len; i++)
		if (shape[i] == 'd' ? !is_digit(line.at[i]) : line.at[i] != shape[i])
			return bad(err, "not an HTTP/1 status line");
	if (!whole)
		return 0;
	if (line.len < shape_len - 1)
		return bad(err, "short status line");
	if (!is_text(line))
		return bad(err, "control byte in the status line");
	out->minor = line.at[7] - '0';
	out->status = (line.at[9] - '0') * 100 + (line.at[10] - '0') * 10 + (line.at[11] - '0');
	if (out->status < 100 || out->status > 599)
		return bad(err, "no such status");
	return 0;
}

static int
parse_length(struct span v, struct http_head *out, struct head_seen *seen, struct error *err)
{
	int64_t n = 0;

	if (seen->length)
		return bad(err, "more than one content-length");
	if (v.len == 0 || v.len > 18)
		return bad(err, "content-length is not a length");
	for (size_t i = 0; i < v.len; i++) {
		if (!is_digit(v.at[i]))
			return bad(err, "content-length is not a length");
		n = n * 10 + (v.at[i] - '0');
	}
	seen->length = true;
	out->content_length = n;
	return 0;
}

static int
parse_coding(struct span v, struct http_head *out, struct head_seen *seen, struct error *err)
{
	if (seen->coding || !span_is(v, "chunked"))
		return bad(err, "transfer-encoding other than chunked");
	seen->coding = true;
	out->chunked = true;
	return 0;
}

static void
parse_connection(struct span v, struct http_head *out, struct head_seen *seen)
{
	const char *const end = v.at + v.len;

	for (const char *at = v.at; at < end;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *const stop = comma != NULL ? comma : end;
		const struct span word = trim(at, stop);

		out->close = out->close || span_is(word, "close");
		seen->keep_alive = seen->keep_alive || span_is(word, "keep-alive");
		at = stop + 1;
	}
}

static int
parse_type(struct span v, struct http_head *out, struct head_seen *seen, struct error *err)
{
	char type[sizeof(out->content_type)];
	const char *semicolon = v.len > 0 ? memchr(v.at, ';', v.len) : NULL;

	copy_cut(type, sizeof(type), trim(v.at, semicolon != NULL ? semicolon : v.at + v.len));
	for (char *c = type; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (seen->type && strcmp(type, out->content_type) != 0)
		return bad(err, "two different content-types");
	seen->type = true;
	memcpy(out->content_type, type, sizeof(type));
	return 0;
}

static int
parse_field(struct span line, struct http_head *out, struct head_seen *seen, struct error *err)
{
	const size_t n = http_token_len(line.at, line.len);

	if (n == 0 || n == line.len || line.at[n] != ':')
		return bad(err, "a header line without a proper name");
	const struct span name = { line.at, n };
	const struct span v = trim(line.at + n + 1, line.at + line.len);
	if (!is_text(v))
		return bad(err, "control byte in a header");

	if (span_is(name, "content-length"))
		return parse_length(v, out, seen, err);
	if (span_is(name, "transfer-encoding"))
		return parse_coding(v, out, seen, err);
	if (span_is(name, "content-type"))
		return parse_type(v, out, seen, err);
	if (span_is(name, "connection"))
		parse_connection(v, out, seen);
	else if (span_is(name, "retry-after"))
		copy_cut(out->retry_after, sizeof(out->retry_after), v);
	else if (span_is(name, "content-encoding"))
		out->encoded = out->encoded || (v.len > 0 && !span_is(v, "identity"));
	return 0;
}

static int
check_framing(struct http_head *out, const struct head_seen *seen, struct error *err)
{
	if (seen->length && seen->coding)
		return bad(err, "both content-length and transfer-encoding");
	if (seen->coding && out->minor == 0)
		return bad(err, "transfer-encoding in HTTP/1.0");
	if ((out->status < 200 || out->status == 204) && (out->chunked || out->content_length > 0))
		return bad(err, "a body where there can be none");
	out->close = out->close || (out->minor == 0 && !seen->keep_alive);
	return 0;
}

long
http_head_parse(const char *bytes, size_t len, struct http_head *out, struct error *err)
{
	struct http_head head = { .content_length = -1 };
	struct head_seen seen = { 0 };
	const char *const end = bytes + len;
	const char *at = bytes, *lf;

	for (; at < end && (lf = memchr(at, '\n', (size_t)(end - at))) != NULL; at = lf + 1) {
		if ((size_t)(lf + 1 - bytes) > HTTP_HEAD_MAX)
			return bad(err, "head over 32 KiB");
		if (lf == at || lf[-1] != '\r')
			return bad(err, "a line that does not end in CR LF");
		const struct span line = { at, (size_t)(lf - 1 - at) };
		if (at == bytes) {
			if (parse_status_line(line, true, &head, err) < 0)
				return -1;
		} else if (line.len > 0) {
			if (parse_field(line, &head, &seen, err) < 0)
				return -1;
		} else {
			if (check_framing(&head, &seen, err) < 0)
				return -1;
			*out = head;
			return (long)(lf + 1 - bytes);
		}
	}
	if (len >= HTTP_HEAD_MAX)
		return bad(err, "head over 32 KiB");
	if (at == bytes)
		return parse_status_line((struct span){ at, len }, false, &head, err);
	return 0;
}

void
http_body_begin(struct http_body *b, const struct http_head *head, const char *method)
{
	*b = (struct http_body){ .kind = HTTP_BODY_CLOSE };
	if (strcmp(method, "HEAD") == 0 || head->status < 200 || head->status == 204 ||
	    head->status == 304) {
		b->kind = HTTP_BODY_NONE;
		b->ended = true;
	} else if (head->chunked) {
		b->kind = HTTP_BODY_CHUNKED;
	} else if (head->content_length >= 0) {
		b->kind = HTTP_BODY_LENGTH;
		b->left = head->content_length;
		b->ended = b->left == 0;
	}
}

enum chunk_state {
	CHUNK_SIZE, /* hex digits */
	CHUNK_BLANK, /* blanks that only an extension may follow */
	CHUNK_EXTENSION, /* ignored up to CR */
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER, /* at the start of a trailer line, or of the last, empty one */
	CHUNK_TRAILER_IN, /* inside one */
	CHUNK_TRAILER_LF,
	CHUNK_END_LF,
};

static int
step_size(struct http_body *b, char c, struct error *err)
{
	const int digit = str_hex_digit(c);

	if (digit >= 0) {
		if (b->line > CHUNK_SIZE_DIGITS || b->left > (INT64_MAX >> 4))
			return bad(err, "chunk size too large");
		b->left = b->left * 16 + digit;
		return 0;
	}
	if (b->line == 1)
		return bad(err, "chunk size is not a number");
	if (c == '\r')
		b->state = CHUNK_SIZE_LF;
	else if (c == ';')
		b->state = CHUNK_EXTENSION;
	else if (is_blank(c))
		b->state = CHUNK_BLANK;
	else
		return bad(err, "chunk size is not a number");
	return 0;
}

/* Inside a line whose text does not matter: on to `after` at CR. */
static int
step_text(struct http_body *b, char c, int after, struct error *err)
{
	if (c == '\r')
		b->state = after;
	else if (!is_text_char((unsigned char)c))
		return bad(err, "control byte between chunks");
	return 0;
}

/* One byte that is not chunk data. */
static int
step(struct http_body *b, char c, struct error *err)
{
	switch ((enum chunk_state)b->state) {
	case CHUNK_SIZE:
		if (++b->line == 1)
			b->left = 0;
		return step_size(b, c, err);
	case CHUNK_BLANK:
		if (++b->line > CHUNK_LINE_MAX || (c != ';' && !is_blank(c)))
			return bad(err, "chunk size is not a number");
		if (c == ';')
			b->state = CHUNK_EXTENSION;
		return 0;
	case CHUNK_EXTENSION:
		if (++b->line > CHUNK_LINE_MAX)
			return bad(err, "chunk line too long");
		return step_text(b, c, CHUNK_SIZE_LF, err);
	case CHUNK_DATA_CR:
		if (c != '\r')
			return bad(err, "a chunk does not end where it said");
		b->state = CHUNK_DATA_LF;
		return 0;
	case CHUNK_TRAILER:
		if (c == '\r') {
			b->state = CHUNK_END_LF;
			return 0;
		}
		if (!token_chars[(unsigned char)c])
			return bad(err, "malformed trailer");
		b->state = CHUNK_TRAILER_IN;
		b->line++;
		return 0;
	case CHUNK_TRAILER_IN:
		if (++b->line > HTTP_HEAD_MAX)
			return bad(err, "trailers over 32 KiB");
		return step_text(b, c, CHUNK_TRAILER_LF, err);
	case CHUNK_SIZE_LF:
	case CHUNK_DATA_LF:
	case CHUNK_TRAILER_LF:
	case CHUNK_END_LF:
		if (c != '\n')
			return bad(err, "CR without LF between chunks");
		b->ended = b->state == CHUNK_END_LF;
		if (b->state == CHUNK_DATA_LF)
			b->state = CHUNK_SIZE;
		else
			b->state =
			    b->state == CHUNK_SIZE_LF && b->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
		/* A trailer's bytes add up over its lines; a size line starts from nothing. */
		if (b->state != CHUNK_TRAILER || b->left > 0)
			b->line = 0;
		return 0;
	case CHUNK_DATA: break;
	}
	return 0;
}

static size_t
feed_data(struct http_body *b, const char *bytes, size_t len, http_body_fn *on_bytes, void *arg)
{
	const size_t n = (int64_t)len < b->left ? len : (size_t)b->left;

	if (n > 0)
		on_bytes(bytes, n, arg);
	b->left -= (int64_t)n;
	return n;
}

long
http_body_feed(struct http_body *b, const char *bytes, size_t len, http_body_fn *on_bytes,
    void *arg, struct error *err)
{
	size_t at = 0;

	if (b->ended)
		return 0;
	if (b->kind == HTTP_BODY_CLOSE) {
		if (len > 0)
			on_bytes(bytes, len, arg);
		return (long)len;
	}
	if (b->kind == HTTP_BODY_LENGTH) {
		at = feed_data(b, bytes, len, on_bytes, arg);
		b->ended = b->left == 0;
		return (long)at;
	}
	while (at < len && !b->ended) {
		if (b->state != CHUNK_DATA) {
			if (step(b, bytes[at++], err) < 0)
				return -1;
			continue;
		}
		at += feed_data(b, bytes + at, len - at, on_bytes, arg);
		if (b->left == 0)
			b->state = CHUNK_DATA_CR;
	}
	return (long)at;
}

bool
http_body_eof(struct http_body *b)
{
	if (b->kind == HTTP_BODY_CLOSE)
		b->ended = true;
	return b->ended;
}
