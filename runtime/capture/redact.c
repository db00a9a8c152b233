/*
 * redact.c - one byte after the other: where in a stream, where in JSON, and may it stay.
 */
#include "runtime/capture/redact.h"

#include <ctype.h>
#include <string.h>

#include "runtime/base/cleanup.h"

#define DEPTH_MAX 64

enum { MODE_UNKNOWN, MODE_STREAM, MODE_JSON };
enum { LINE_NAME, LINE_DATA, LINE_EVENT, LINE_COMMENT, LINE_OTHER };
enum { SECRET_NONE, SECRET_URL, SECRET_QUERY, SECRET_KEY };

struct known_key {
	const char *name;
	enum redact_class class;
};
static const struct known_key keys[] = {
	{ "object", REDACT_WORD },
	{ "role", REDACT_WORD },
	{ "type", REDACT_WORD },
	{ "finish_reason", REDACT_WORD },
	{ "code", REDACT_WORD },
	{ "fault", REDACT_WORD },
	{ "id", REDACT_HIDE },
	{ "model", REDACT_HIDE },
	{ "choices", REDACT_HIDE },
	{ "delta", REDACT_HIDE },
	{ "message", REDACT_HIDE },
	{ "messages", REDACT_HIDE },
	{ "content", REDACT_HIDE },
	{ "text", REDACT_HIDE },
	{ "reasoning", REDACT_HIDE },
	{ "reasoning_content", REDACT_HIDE },
	{ "refusal", REDACT_HIDE },
	{ "tool_calls", REDACT_HIDE },
	{ "function", REDACT_HIDE },
	{ "name", REDACT_HIDE },
	{ "arguments", REDACT_HIDE },
	{ "usage", REDACT_HIDE },
	{ "error", REDACT_HIDE },
	{ "janus", REDACT_HIDE },
	{ "event", REDACT_HIDE },
	{ "payload", REDACT_HIDE },
	{ "stream", REDACT_HIDE },
	{ "stream_options", REDACT_HIDE },
	{ "include_usage", REDACT_HIDE },
	{ "index", REDACT_NUMBER },
	{ "created", REDACT_NUMBER },
	{ "prompt_tokens", REDACT_NUMBER },
	{ "completion_tokens", REDACT_NUMBER },
	{ "total_tokens", REDACT_NUMBER },
	{ "prompt_tokens_details", REDACT_HIDE },
	{ "completion_tokens_details", REDACT_HIDE },
	{ "reasoning_tokens", REDACT_NUMBER },
	{ "cached_tokens", REDACT_NUMBER },
	{ "cost_usd", REDACT_NUMBER },
	{ "sandbox_seconds", REDACT_NUMBER },
	{ "max_tokens", REDACT_NUMBER },
	{ "max_completion_tokens", REDACT_NUMBER },
	{ "temperature", REDACT_NUMBER },
	{ "top_p", REDACT_NUMBER },
	{ "seed", REDACT_NUMBER },
	{ "n", REDACT_NUMBER },
	{ "chutes_access_token", REDACT_SECRET },
	{ "access_token", REDACT_SECRET },
	{ "refresh_token", REDACT_SECRET },
	{ "token", REDACT_SECRET },
	{ "api_key", REDACT_SECRET },
	{ "apikey", REDACT_SECRET },
	{ "api-key", REDACT_SECRET },
	{ "x-api-key", REDACT_SECRET },
	{ "authorization", REDACT_SECRET },
	{ "Authorization", REDACT_SECRET },
	{ "cookie", REDACT_SECRET },
	{ "Cookie", REDACT_SECRET },
	{ "set-cookie", REDACT_SECRET },
	{ "Set-Cookie", REDACT_SECRET },
	{ "password", REDACT_SECRET },
	{ "secret", REDACT_SECRET },
	{ "client_secret", REDACT_SECRET },
};

static const char *const words[] = { "assistant", "user", "system", "developer", "tool", "stop",
	"length", "tool_calls", "function_call", "content_filter", "chat.completion",
	"chat.completion.chunk", "function", "text", "image_url", "input_audio", "file",
	"invalid_request_error", "authentication_error", "rate_limit_error", "server_error",
	"overloaded_error", "upstream_error", "upstream_died", "upstream_error_frame",
	"upstream_timeout_first_byte", "upstream_timeout_gap", "upstream_timeout_total",
	"upstream_bad_response", "upstream_connect_failed", "client", "miner", "platform",
	"upstream", "judge" };
static const char *const literals[] = { "true", "false", "null", "DONE" };
static const char *const events[] = { "error", "message", "ping", "done" };
static const char *const comments[] = { "ping" };
static const char *const names[] = { "data", "event", "id", "retry" };

static bool
begins_one(const char *const *list, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(list[i], text, len) == 0)
			return true;
	return false;
}

static bool
begins_key(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strncmp(keys[i].name, text, len) == 0)
			return true;
	return false;
}

static enum redact_class
class_of_key(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strlen(keys[i].name) == len && memcmp(keys[i].name, text, len) == 0)
			return keys[i].class;
	return REDACT_HIDE;
}

static void
begin_word(struct redact *r)
{
	r->word_len = 0;
	r->known = true;
}

/* One byte more of a word; false once it is none of the list. */
static bool
grow_word(struct redact *r, char c, const char *const *list, size_t n)
{
	if (r->known && r->word_len < sizeof(r->word))
		r->word[r->word_len++] = c;
	else
		r->known = false;
	r->known = r->known &&
	    (list != NULL ? begins_one(list, n, r->word, r->word_len)
			  : begins_key(r->word, r->word_len));
	return r->known;
}

/* ---- secrets in texts that stay ---- */

static bool
tail_is(const struct redact *r, const char *text)
{
	const size_t len = strlen(text);

	return memcmp(r->tail + sizeof(r->tail) - len, text, len) == 0;
}

static bool
ends_secret(int secret, char c)
{
	if (secret == SECRET_KEY)
		return !isalnum((unsigned char)c) && strchr("_-.=+/~", c) == NULL;
	return isspace((unsigned char)c) || strchr("\"<>\\`'", c) != NULL;
}

static bool
begins_key_text(const struct redact *r)
{
	const char before = r->tail[sizeof(r->tail) - 4];

	return tail_is(r, "jns_") || tail_is(r, "Bearer ") || tail_is(r, "bearer ") ||
	    (tail_is(r, "sk-") && !isalnum((unsigned char)before));
}

/* Is this byte part of a secret? */
static bool
is_secret(struct redact *r, char c)
{
	const bool ends = c == '\0' || ends_secret(r->secret, c);
	bool masked = false;

	if (r->secret != SECRET_NONE && ends)
		r->secret = SECRET_NONE;
	else
		masked = r->secret == SECRET_QUERY || r->secret == SECRET_KEY;
	memmove(r->tail, r->tail + 1, sizeof(r->tail) - 1);
	r->tail[sizeof(r->tail) - 1] = c;
	if (r->secret == SECRET_URL && c == '?')
		r->secret = SECRET_QUERY;
	else if (r->secret == SECRET_NONE && tail_is(r, "://"))
		r->secret = SECRET_URL;
	else if (r->secret != SECRET_QUERY && begins_key_text(r))
		r->secret = SECRET_KEY;
	return masked;
}

/* ---- JSON ---- */

static char
of_string(struct redact *r, char c)
{
	bool stays = r->content && r->class != REDACT_SECRET;

	if (r->escaped) {
		r->escaped = false;
		r->known = false;
	} else if (c == '\\') {
		r->escaped = true;
		r->known = false;
	} else if (c == '"') {
		r->in_string = false;
		if (r->is_key)
			r->class = r->known ? class_of_key(r->word, r->word_len) : REDACT_HIDE;
		is_secret(r, c);
		return c;
	} else if (r->is_key) {
		stays = grow_word(r, c, NULL, 0) || r->content;
	} else if (r->class == REDACT_WORD) {
		stays = grow_word(r, c, words, ARRAY_LEN(words)) || r->content;
	}
	if (is_secret(r, c))
		stays = false;
	return stays ? c : REDACT_MASK;
}

static void
open_bracket(struct redact *r, bool is_object)
{
	if (r->depth < DEPTH_MAX) {
		r->objects &= ~(UINT64_C(1) << r->depth);
		r->objects |= (uint64_t)is_object << r->depth;
	}
	r->depth++;
	r->wants_key = is_object;
	if (r->class != REDACT_SECRET)
		r->class = REDACT_HIDE;
}

static void
close_bracket(struct redact *r)
{
	if (r->depth > 0)
		r->depth--;
	r->class = REDACT_HIDE;
	r->wants_key = false;
}

static bool
in_object(const struct redact *r)
{
	return r->depth > 0 && r->depth <= DEPTH_MAX && (r->objects >> (r->depth - 1) & 1) != 0;
}

static char
of_json(struct redact *r, char c)
{
	if (r->in_string)
		return of_string(r, c);
	if (!isalpha((unsigned char)c))
		begin_word(r);
	switch (c) {
	case '"':
		r->in_string = true;
		r->escaped = false;
		r->is_key = r->wants_key;
		return c;
	case '{': open_bracket(r, true); return c;
	case '[': open_bracket(r, false); return c;
	case '}':
	case ']': close_bracket(r); return c;
	case ':': r->wants_key = false; return c;
	case ',':
		r->wants_key = in_object(r);
		if (r->wants_key)
			r->class = REDACT_HIDE;
		return c;
	case ' ':
	case '\t':
	case '\r':
	case '\n': return c;
	default: break;
	}
	if (r->content && r->class != REDACT_SECRET)
		return is_secret(r, c) ? REDACT_MASK : c;
	if (isdigit((unsigned char)c))
		return r->class == REDACT_NUMBER ? c : '0';
	if (strchr("+-.", c) != NULL || (r->class == REDACT_NUMBER && (c == 'e' || c == 'E')))
		return c;
	if (isalpha((unsigned char)c) && grow_word(r, c, literals, ARRAY_LEN(literals)))
		return c;
	return REDACT_MASK;
}

/* ---- event streams ---- */

static void
begin_line(struct redact *r)
{
	r->line = LINE_NAME;
	r->field_len = 0;
	begin_word(r);
}

/* Each event's JSON begins anew, whatever the one before left open. */
static void
begin_data(struct redact *r)
{
	r->line = LINE_DATA;
	r->depth = 0;
	r->in_string = r->escaped = r->wants_key = false;
	r->class = REDACT_HIDE;
}

static char
of_name(struct redact *r, char c)
{
	static const struct {
		const char *name;
		int line;
	} fields[] = { { "data", LINE_DATA }, { "event", LINE_EVENT }, { "", LINE_COMMENT } };

	if (c != ':') {
		if (r->field_len == 0 &&
		    ((unsigned char)c == 0xEF || (unsigned char)c == 0xBB ||
			(unsigned char)c == 0xBF))
			return c; /* a byte order mark */
		if (r->field_len < sizeof(r->field))
			r->field[r->field_len++] = c;
		const bool known = grow_word(r, c, names, ARRAY_LEN(names));
		if (r->content)
			return is_secret(r, c) ? REDACT_MASK : c;
		return known ? c : REDACT_MASK;
	}
	r->line = LINE_OTHER;
	begin_word(r);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strlen(fields[i].name) == r->field_len &&
		    memcmp(fields[i].name, r->field, r->field_len) == 0)
			r->line = fields[i].line;
	if (r->line == LINE_DATA)
		begin_data(r);
	return c;
}

static char
of_words(struct redact *r, char c, const char *const *list, size_t n)
{
	if (c == ' ' && r->word_len == 0)
		return c;
	const bool known = grow_word(r, c, list, n);
	if (r->content)
		return is_secret(r, c) ? REDACT_MASK : c;
	return known ? c : REDACT_MASK;
}

static char
of_stream(struct redact *r, char c)
{
	if (c == '\n' || c == '\r') {
		is_secret(r, c);
		begin_line(r);
		return c;
	}
	switch (r->line) {
	case LINE_NAME: return of_name(r, c);
	case LINE_DATA: return of_json(r, c);
	case LINE_EVENT: return of_words(r, c, events, ARRAY_LEN(events));
	case LINE_COMMENT: return of_words(r, c, comments, ARRAY_LEN(comments));
	default: return of_words(r, c, events, 0);
	}
}

void
redact(struct redact *r, char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (r->mode == MODE_UNKNOWN && !isspace((unsigned char)bytes[i])) {
			r->mode = bytes[i] == '{' || bytes[i] == '[' ? MODE_JSON : MODE_STREAM;
			begin_word(r);
		}
		if (r->mode != MODE_UNKNOWN)
			bytes[i] =
			    r->mode == MODE_JSON ? of_json(r, bytes[i]) : of_stream(r, bytes[i]);
	}
}
