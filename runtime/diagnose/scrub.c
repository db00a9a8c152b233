/*
 * scrub.c - text that is to leave the machine: without what opens something.
 */
#include "runtime/diagnose/scrub.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

#define NAME_MAX_LEN 64
#define MARK_LEN (sizeof(SCRUB_MARK) - 1)

struct text { /* what is left of it */
	const char *at, *end, *begin;
	struct buf *out;
	size_t found;
	bool fresh; /* an escape ended here: what follows begins a word */
};

static size_t
left(const struct text *t)
{
	return (size_t)(t->end - t->at);
}

static bool
begins(const struct text *t, const char *word)
{
	const size_t len = strlen(word);

	return left(t) >= len && memcmp(t->at, word, len) == 0;
}

static void
copy(struct text *t, size_t n)
{
	buf_add(t->out, t->at, n);
	t->at += n;
}

static void
cut(struct text *t, size_t n)
{
	/* What stands there from the first time is none. */
	t->found += n != MARK_LEN || memcmp(t->at, SCRUB_MARK, MARK_LEN) != 0;
	buf_add_str(t->out, SCRUB_MARK);
	t->at += n;
}

static bool
is_token(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* A word of a token68 or a URL's parameter, as secrets are made of. */
static bool
is_secret(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && strchr("\"'\\<>&;,(){}#", c) == NULL;
}

static size_t
run(const struct text *t, size_t from, bool (*is)(char))
{
	size_t n = from;

	while (n < left(t) && is(t->at[n]))
		n++;
	return n - from;
}

/* ---- by shape ---- */

static const struct {
	const char *prefix;
	size_t more; /* at least so many of [A-Za-z0-9_-] follow */
} shapes[] = {
	{ "jns_sk_", 8 },
	{ "jns_ad_", 8 },
	{ "jns_mn_", 8 },
	{ "jns_rt_", 8 },
	{ "sk-", 12 },
	{ "sk_live_", 8 },
	{ "sk_test_", 8 },
	{ "rk_live_", 8 },
	{ "cpk_", 12 },
	{ "cak_", 12 },
	{ "gsk_", 12 },
	{ "hf_", 16 },
	{ "r8_", 16 },
	{ "pplx-", 16 },
	{ "tvly-", 12 },
	{ "xai-", 16 },
	{ "ghp_", 16 },
	{ "gho_", 16 },
	{ "ghs_", 16 },
	{ "ghu_", 16 },
	{ "github_pat_", 16 },
	{ "glpat-", 12 },
	{ "xoxb-", 8 },
	{ "xoxp-", 8 },
	{ "AKIA", 16 },
	{ "ASIA", 16 },
	{ "AIza", 30 },
	{ "dckr_pat_", 12 },
};

/* The length of a key that stands here, 0 for none. */
static size_t
key_here(const struct text *t)
{
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		if (begins(t, shapes[i].prefix)) {
			const size_t head = strlen(shapes[i].prefix);
			const size_t tail = run(t, head, is_token);

			if (tail >= shapes[i].more)
				return head + tail;
		}
	return 0;
}

/* header.payload.signature, each base64url; the first is an object. */
static size_t
web_token_here(const struct text *t)
{
	size_t n = 0;

	if (!begins(t, "eyJ"))
		return 0;
	for (int part = 0; part < 3; part++) {
		const size_t len = run(t, n, is_token);

		if (len < 8)
			return 0;
		n += len;
		if (part < 2 && (n >= left(t) || t->at[n++] != '.'))
			return 0;
	}
	return n;
}

static bool
is_label(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
}

/* -----BEGIN ... PRIVATE KEY----- to the end of its END line, or of the text. */
static size_t
private_key_here(const struct text *t)
{
	static const char begin[] = "-----BEGIN ", name[] = "PRIVATE KEY-----",
			  last[] = "-----END ";
	const size_t head = sizeof(begin) - 1, word = sizeof("PRIVATE KEY") - 1;
	const char *end;
	size_t len;

	if (!begins(t, begin))
		return 0;
	len = head + run(t, head, is_label);
	if (len < head + word || left(t) < len - word + sizeof(name) - 1 ||
	    memcmp(t->at + len - word, name, sizeof(name) - 1) != 0)
		return 0;
	end = memmem(t->at + len, left(t) - len, last, sizeof(last) - 1);
	end = end != NULL ? memmem(end, (size_t)(t->end - end), name, sizeof(name) - 1) : NULL;
	return end != NULL ? (size_t)(end - t->at) + sizeof(name) - 1 : left(t);
}

/* ---- by what stands before ---- */

/* Whole names, '-' and capitals aside; and how others end. */
static const char *const names[] = { "authorization", "proxy_authorization", "cookie", "set_cookie",
	"password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "sig",
	"signature", "credential", "credentials", "private_key", "sas", "auth" };
static const char *const endings[] = { "_key", "_token", "_secret", "_password", "_passwd",
	"_signature", "_credential", "_credentials", "_authorization", "_apikey", "_cookie" };

static bool
is_secret_name(const char *word, size_t len, bool parameter)
{
	char name[NAME_MAX_LEN];

	if (len == 0 || len >= sizeof(name))
		return false;
	for (size_t i = 0; i < len; i++)
		name[i] = word[i] == '-' ? '_' : (char)tolower((unsigned char)word[i]);
	name[len] = '\0';
	if (parameter && strcmp(name, "key") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		const size_t n = strlen(endings[i]);

		if (len > n && strcmp(name + len - n, endings[i]) == 0)
			return true;
	}
	return false;
}

static bool
is_line_name(const char *word, size_t len) /* whose value may have blanks in it */
{
	return (len >= 13 && strncasecmp(word + len - 13, "authorization", 13) == 0) ||
	    (len >= 6 && strncasecmp(word + len - 6, "cookie", 6) == 0);
}

static bool
is_line(char c)
{
	return c != '\n' && c != '\r' && c != '\0' && c != '"' && c != '\\';
}

/* A quote, and the backslashes before it where a string is in a string; its length or 0. */
static size_t
quote_at(const struct text *t, size_t n)
{
	size_t slashes = 0;

	while (n + slashes < left(t) && t->at[n + slashes] == '\\')
		slashes++;
	return n + slashes < left(t) && t->at[n + slashes] == '"' ? slashes + 1 : 0;
}

/* To the next quote that has no more backslashes before it than the one that opened. */
static size_t
string_len(const struct text *t, size_t from, size_t quote)
{
	for (size_t n = from; n < left(t);) {
		size_t slashes = 0;

		while (n + slashes < left(t) && t->at[n + slashes] == '\\')
			slashes++;
		if (n + slashes >= left(t))
			break;
		if (t->at[n + slashes] == '"' && slashes < quote)
			return n - from;
		n += slashes + 1;
	}
	return left(t) - from;
}

static bool
is_word_of_json(const struct text *t, size_t from, size_t len)
{
	return (len == 4 && memcmp(t->at + from, "null", 4) == 0) ||
	    (len == 4 && memcmp(t->at + from, "true", 4) == 0) ||
	    (len == 5 && memcmp(t->at + from, "false", 5) == 0);
}

/* Its strings are looked at one by one. */
static bool
is_list(const struct text *t, size_t from)
{
	return from < left(t) && t->at[from] == '[' &&
	    (left(t) - from < MARK_LEN || memcmp(t->at + from, SCRUB_MARK, MARK_LEN) != 0);
}

/* How much of a word may be copied: ours are found wherever they are. */
static size_t
before_own(const struct text *t)
{
	static const char own[] = "jns_";
	const size_t len = sizeof(own) - 1;
	size_t n = 1;

	while (n < left(t) && is_token(t->at[n]) &&
	    (left(t) - n < len || memcmp(t->at + n, own, len) != 0))
		n++;
	return n;
}

/* A name of `len` bytes, but for a key of ours that its last part is. */
static void
copy_name(struct text *t, size_t len)
{
	const char *end = t->at + len;

	while (t->at < end) {
		const size_t key = begins(t, "jns_") ? key_here(t) : 0;

		if (key > 0)
			cut(t, key);
		else
			copy(t, before_own(t));
	}
}

/*
 * NAME=VALUE, NAME: VALUE, "NAME": "VALUE", also within a string.  A word of `len` bytes stands here; true if
 * it and its value were dealt with.
 */
static bool
take_named(struct text *t, size_t len)
{
	const char before = t->at > t->begin ? t->at[-1] : '\0';
	const size_t closing = before == '"' ? quote_at(t, len) : 0;
	size_t n = len + closing;

	while (n < left(t) && (t->at[n] == ' ' || t->at[n] == '\t') && n < len + closing + 8)
		n++;
	if (n >= left(t) || (t->at[n] != '=' && t->at[n] != ':') ||
	    !is_secret_name(t->at, len, before == '?' || before == '&'))
		return false;
	const bool header = t->at[n] == ':' && closing == 0;
	for (n++; n < left(t) && (t->at[n] == ' ' || t->at[n] == '\t');)
		n++;
	const size_t quote = quote_at(t, n);
	const bool line = is_line_name(t->at, len) && (header || quote > 0);
	if (quote > 0) {
		const size_t value = string_len(t, n + quote, quote);

		copy_name(t, len);
		copy(t, n - len + quote);
		if (value > 0)
			cut(t, value);
		return true;
	}
	if (is_list(t, n)) /* before its end is looked for: lists stand in lists */
		return false;
	const size_t value = run(t, n, line ? is_line : is_secret);
	if (value == 0 || is_word_of_json(t, n, value))
		return false;
	copy_name(t, len);
	copy(t, n - len);
	if (closing > 0)
		buf_add_char(t->out, '"'); /* a number was there: JSON it stays */
	cut(t, value);
	if (closing > 0)
		buf_add_char(t->out, '"');
	return true;
}

/* Bearer TOKEN */
static bool
take_scheme(struct text *t, size_t len)
{
	static const char *const schemes[] = { "bearer", "basic", "digest" };
	size_t n = len, value;

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		if (len != strlen(schemes[i]) || strncasecmp(t->at, schemes[i], len) != 0)
			continue;
		while (n < left(t) && (t->at[n] == ' ' || t->at[n] == '\t'))
			n++;
		if (n + 3 < left(t) && memcmp(t->at + n, "%20", 3) == 0)
			n += 3;
		value = n > len ? run(t, n, is_secret) : 0;
		if (value < 8) /* a word of a sentence */
			return false;
		copy(t, n);
		cut(t, value);
		return true;
	}
	return false;
}

/* ---- by place ---- */

static bool
is_authority(char c)
{
	return (unsigned char)c > ' ' && strchr("/?#\"'<>\\", c) == NULL;
}

/* ://user:password@ */
static bool
take_userinfo(struct text *t)
{
	size_t len, at = 0;

	if (!begins(t, "://"))
		return false;
	len = run(t, 3, is_authority);
	for (size_t i = 0; i < len; i++)
		if (t->at[3 + i] == '@')
			at = i;
	copy(t, 3);
	if (at > 0)
		cut(t, at);
	return true;
}

/* What is left of an escape whose first byte was just copied: \n, \u0041, %20. */
static size_t
escape_here(const struct text *t)
{
	const char before = t->at > t->begin ? t->at[-1] : '\0';
	const size_t hex = before == '%' ? 2 : before == '\\' && *t->at == 'u' ? 5 : 0;

	if (before == '\\' && hex == 0)
		return strchr("ntrbf", *t->at) != NULL && *t->at != '\0';
	if (hex == 0 || left(t) < hex)
		return 0;
	for (size_t i = hex == 5; i < hex; i++)
		if (!isxdigit((unsigned char)t->at[i]))
			return 0;
	return hex;
}

/* A word begins here that says of what follows it that it is a secret; both were dealt with. */
static bool
take_word(struct text *t)
{
	const size_t len = run(t, 0, is_token);

	return take_named(t, len) || take_scheme(t, len);
}

static void
take(struct text *t)
{
	const bool fresh = t->fresh || t->at == t->begin || !is_token(t->at[-1]);
	size_t len = private_key_here(t);

	t->fresh = false;
	if (len == 0 && (fresh || begins(t, "jns_")))
		len = key_here(t);
	if (len == 0 && fresh)
		len = web_token_here(t);
	if (len > 0) {
		cut(t, len);
		return;
	}
	if (take_userinfo(t))
		return;
	len = escape_here(t);
	if (len > 0) {
		copy(t, len);
		t->fresh = true;
		return;
	}
	if (!is_token(*t->at))
		copy(t, 1);
	else if (!fresh || !take_word(t))
		copy(t, before_own(t));
}

size_t
scrub(struct buf *out, const char *text, size_t len)
{
	struct text t = { .at = text, .begin = text, .end = text + len, .out = out };

	while (t.at < t.end)
		take(&t);
	return t.found;
}
