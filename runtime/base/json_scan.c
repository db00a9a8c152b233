/*
 * json_scan.c - the strict validator: one pass, an explicit stack, no recursion.
 */
#include "runtime/base/json_scan.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/json_keys.h"
#include "runtime/base/str.h"

struct frame { /* an array or object that is open */
	bool object;
	struct json_value value; /* as it will be reported, all but len */
	size_t children;
	size_t keys; /* where its keys start on the stack */
};
struct scan {
	const char *text;
	size_t len, at;
	json_value_fn *on_value;
	void *arg;
	struct error *err;
	struct json_keys keys;
	int depth;
	struct frame frames[JSON_MAX_DEPTH];
};

/* What a byte means inside a string. */
enum byte_class {
	PLAIN,
	QUOTE,
	ESCAPE,
	CONTROL,
	LEAD2,
	LEAD3,
	LEAD4,
	BAD, /* never starts a character */
};
static const uint8_t byte_classes[256] = {
	[0 ... 0x1f] = CONTROL,
	['"'] = QUOTE,
	['\\'] = ESCAPE, /* all other ASCII is PLAIN, which is 0 */
	[0x80 ... 0xc1] = BAD,
	[0xc2 ... 0xdf] = LEAD2,
	[0xe0 ... 0xef] = LEAD3,
	[0xf0 ... 0xf4] = LEAD4,
	[0xf5 ... 0xff] = BAD,
};

static int
fail(struct scan *s, size_t at, const char *what)
{
	return error_set(s->err, ERROR_INVALID, "byte %zu: %s", at, what);
}

static int
unexpected(struct scan *s, const char *wanted)
{
	if (s->at >= s->len)
		return error_set(s->err, ERROR_INVALID, "byte %zu: the text ends, %s was expected",
		    s->at, wanted);
	return error_set(s->err, ERROR_INVALID, "byte %zu: %s was expected", s->at, wanted);
}

static int
peek(const struct scan *s)
{
	return s->at < s->len ? (unsigned char)s->text[s->at] : -1;
}

static void
skip_space(struct scan *s)
{
	while (s->at < s->len) {
		const char c = s->text[s->at];

		if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
			return;
		s->at++;
	}
}

static bool
continuation(const struct scan *s, size_t at, unsigned char low, unsigned char high)
{
	return at < s->len && (unsigned char)s->text[at] >= low &&
	    (unsigned char)s->text[at] <= high;
}

/* A character of n bytes starts at s->at: the second byte's range depends on the first. */
static int
scan_utf8(struct scan *s, size_t n)
{
	const unsigned char lead = (unsigned char)s->text[s->at];
	unsigned char low = 0x80, high = 0xbf;

	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f; /* surrogates */
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (!continuation(s, s->at + 1, low, high))
		return fail(s, s->at, "invalid UTF-8");
	for (size_t i = 2; i < n; i++)
		if (!continuation(s, s->at + i, 0x80, 0xbf))
			return fail(s, s->at, "invalid UTF-8");
	s->at += n;
	return 0;
}

/* Four hex digits at p; -1 if they are not. */
static int
hex4(const char *p, size_t left)
{
	int value = 0;

	if (left < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const int digit = str_hex_digit(p[i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static int
scan_escape(struct scan *s)
{
	const size_t at = s->at++;

	if (peek(s) != 'u') {
		if (peek(s) < 1 || strchr("\"\\/bfnrt", peek(s)) == NULL)
			return fail(s, at, "invalid escape");
		s->at++;
		return 0;
	}
	const int first = hex4(s->text + s->at + 1, s->len - s->at - 1);
	if (first < 0)
		return fail(s, at, "invalid \\u escape");
	if (first == 0)
		return fail(s, at, "\\u0000 is not accepted");
	s->at += 5;
	if (first < 0xd800 || first > 0xdfff)
		return 0;
	if (first > 0xdbff || peek(s) != '\\' || s->at + 1 >= s->len || s->text[s->at + 1] != 'u')
		return fail(s, at, "lone surrogate");
	const int second = hex4(s->text + s->at + 2, s->len - s->at - 2);
	if (second < 0xdc00 || second > 0xdfff)
		return fail(s, at, "lone surrogate");
	s->at += 6;
	return 0;
}

/* How many of eight bytes are plain before the first that is not, 8 if all are. */
static size_t
plain_of_8(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t v, quote, escape;

	memcpy(&v, p, sizeof(v));
	v = le64toh(v);
	quote = v ^ (ones * '"');
	escape = v ^ (ones * '\\');
	/* A lane may be flagged wrongly only behind one that is flagged rightly. */
	const uint64_t odd = (v | (v - ones * 0x20) | (quote - ones) | (escape - ones)) & tops;
	return odd == 0 ? 8 : (size_t)__builtin_ctzll(odd) / 8;
}

/* A string literal from its quote; *escaped tells if it has escapes. */
static int
scan_string(struct scan *s, bool *escaped)
{
	*escaped = false;
	s->at++;
	for (;;) {
		size_t plain = 8;

		while (plain == 8 && s->len - s->at >= 8)
			s->at += plain = plain_of_8(s->text + s->at);
		while (s->at < s->len && byte_classes[(unsigned char)s->text[s->at]] == PLAIN)
			s->at++;
		if (s->at >= s->len)
			return fail(s, s->at, "the text ends inside a string");
		const enum byte_class class = byte_classes[(unsigned char)s->text[s->at]];
		switch (class) {
		case QUOTE: s->at++; return 0;
		case ESCAPE:
			*escaped = true;
			if (scan_escape(s) < 0)
				return -1;
			break;
		case LEAD2:
		case LEAD3:
		case LEAD4:
			if (scan_utf8(s, (size_t)(class - LEAD2) + 2) < 0)
				return -1;
			break;
		case CONTROL: return fail(s, s->at, "control character in a string");
		case PLAIN:
		case BAD: return fail(s, s->at, "invalid UTF-8");
		}
	}
}

static bool
skip_digits(struct scan *s)
{
	const size_t from = s->at;

	while (s->at < s->len && s->text[s->at] >= '0' && s->text[s->at] <= '9')
		s->at++;
	return s->at > from;
}

static int
scan_number(struct scan *s)
{
	if (peek(s) == '-')
		s->at++;
	if (peek(s) == '0')
		s->at++;
	else if (!skip_digits(s))
		return unexpected(s, "a digit");
	if (peek(s) == '.') {
		s->at++;
		if (!skip_digits(s))
			return unexpected(s, "a digit");
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		if (!skip_digits(s))
			return unexpected(s, "a digit");
	}
	return 0;
}

static int
scan_word(struct scan *s, const char *word)
{
	const size_t n = strlen(word);

	if (s->len - s->at < n || memcmp(s->text + s->at, word, n) != 0)
		return fail(s, s->at, "not a JSON value");
	s->at += n;
	return 0;
}

static int
report(struct scan *s, const struct json_value *v)
{
	return s->on_value != NULL && s->on_value(v, s->arg) < 0 ? -1 : 0;
}

/* The value that starts here: a scalar is reported, a bracket opens a frame. */
static int
begin_value(struct scan *s, struct json_value *v)
{
	bool escaped;
	int rc;

	v->at = s->at;
	v->depth = s->depth;
	v->parent = s->depth > 0 ? &s->frames[s->depth - 1].value : NULL;
	if (v->key_len == 0)
		v->member_at = s->at;
	switch (peek(s)) {
	case '{':
	case '[':
		if (s->depth == JSON_MAX_DEPTH)
			return fail(s, s->at, "nested deeper than 64");
		v->type = peek(s) == '{' ? JSON_OBJECT : JSON_ARRAY;
		s->frames[s->depth++] = (struct frame){
			.object = v->type == JSON_OBJECT,
			.value = *v,
			.keys = s->keys.n,
		};
		s->at++;
		return 0;
	case '"':
		v->type = JSON_STRING;
		rc = scan_string(s, &escaped);
		break;
	case 't':
		v->type = JSON_TRUE;
		rc = scan_word(s, "true");
		break;
	case 'f':
		v->type = JSON_FALSE;
		rc = scan_word(s, "false");
		break;
	case 'n':
		v->type = JSON_NULL;
		rc = scan_word(s, "null");
		break;
	case '-':
	case '0' ... '9':
		v->type = JSON_NUMBER;
		rc = scan_number(s);
		break;
	default: return unexpected(s, "a value");
	}
	if (rc < 0)
		return -1;
	v->len = s->at - v->at;
	return report(s, v);
}

/* Key and colon of the next member, into v. */
static int
scan_key(struct scan *s, struct json_value *v)
{
	skip_space(s);
	if (peek(s) != '"')
		return unexpected(s, "a key");
	v->key_at = v->member_at = s->at;
	if (scan_string(s, &v->key_escaped) < 0)
		return -1;
	v->key_len = s->at - v->key_at;
	json_keys_add(&s->keys, v->key_at, v->key_len, v->key_escaped);
	skip_space(s);
	if (peek(s) != ':')
		return unexpected(s, "a colon");
	s->at++;
	return 0;
}

static int
close_frame(struct scan *s)
{
	struct frame *f = &s->frames[--s->depth];

	s->at++;
	const struct json_key *twice = json_keys_twice(&s->keys, f->keys);
	if (twice != NULL)
		return fail(s, twice->at, "duplicate key");
	s->keys.n = f->keys;
	f->value.len = s->at - f->value.at;
	return report(s, &f->value);
}

static int
scan_text(struct scan *s)
{
	struct json_value v = { 0 };

	skip_space(s);
	if (begin_value(s, &v) < 0)
		return -1;
	while (s->depth > 0) {
		struct frame *f = &s->frames[s->depth - 1];
		const char close = f->object ? '}' : ']';

		skip_space(s);
		if (peek(s) == close) {
			if (close_frame(s) < 0)
				return -1;
			continue;
		}
		if (f->children > 0) {
			if (peek(s) != ',')
				return unexpected(s, f->object ? "a comma or }" : "a comma or ]");
			s->at++;
		}
		v = (struct json_value){ .index = f->children++ };
		if (f->object && scan_key(s, &v) < 0)
			return -1;
		skip_space(s);
		if (begin_value(s, &v) < 0)
			return -1;
	}
	skip_space(s);
	return s->at < s->len ? fail(s, s->at, "something follows the value") : 0;
}

int
json_scan(const char *text, size_t len, json_value_fn *on_value, void *arg, struct error *err)
{
	struct scan s;

	if (len > UINT32_MAX)
		return error_set(err, ERROR_TOO_BIG, "more than 4 GiB of JSON");
	s.text = text;
	s.len = len;
	s.at = 0;
	s.on_value = on_value;
	s.arg = arg;
	s.err = err;
	json_keys_init(&s.keys, text);
	s.depth = 0; /* frames stay as they are: 6 KiB that most texts never touch */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return fail(&s, 0, "a byte order mark is not accepted");
	const int rc = scan_text(&s);
	json_keys_done(&s.keys);
	return rc;
}

bool
json_escaped_key_is(const char *text, const struct json_value *v, const char *name)
{
	_cleanup_free_ char *decoded = json_unquote(text + v->key_at, v->key_len);

	return strcmp(decoded, name) == 0;
}

double
json_number(const char *text, const struct json_value *v)
{
	const char *at = text + v->at;
	int64_t whole = 0;
	size_t n = 0;

	/* Fifteen digits are exact. */
	while (n < v->len && n <= 15 && at[n] >= '0' && at[n] <= '9')
		whole = whole * 10 + (at[n++] - '0');
	if (n == v->len && n <= 15)
		return (double)whole;
	_cleanup_free_ char *number = str_ndup(at, v->len);
	return strtod(number, NULL);
}

static char *
put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/* The escape after a backslash at p; *out takes the character; returns what follows it. */
static const char *
unescape(const char *p, const char *end, char **out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

	if (*p != 'u') {
		const char *known = strchr(from, *p);

		*(*out)++ = known != NULL ? to[known - from] : *p;
		return p + 1;
	}
	int c = hex4(p + 1, (size_t)(end - p - 1));
	p += 5;
	if (c >= 0xd800 && c <= 0xdbff) {
		c = 0x10000 + ((c - 0xd800) << 10) + (hex4(p + 2, (size_t)(end - p - 2)) - 0xdc00);
		p += 6;
	}
	*out = put_utf8(*out, (unsigned)c);
	return p;
}

char *
json_unquote(const char *literal, size_t len)
{
	/* Never longer than its literal; two quotes leave room for NUL. */
	char *text = mem_realloc(NULL, len);
	char *out = text;

	for (const char *p = literal + 1, *end = literal + len - 1; p < end;) {
		const char *escape = memchr(p, '\\', (size_t)(end - p));
		const size_t plain = (size_t)((escape != NULL ? escape : end) - p);

		memcpy(out, p, plain);
		out += plain;
		p += plain;
		if (escape != NULL)
			p = unescape(escape + 1, end, &out);
	}
	*out = '\0';
	return text;
}
