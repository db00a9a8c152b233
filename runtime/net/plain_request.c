/*
 * plain_request.c - what is not exactly as expected is not plain.
 */
#include "runtime/net/plain_request.h"

#include <string.h>
#include <strings.h>

#include "runtime/net/http_head.h"

#define LENGTH_DIGITS 5

struct facts {
	bool host, length;
};

static bool
is_word(const char *at, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(at, word, len) == 0;
}

/* A name that stands in the way: framing, or what concerns the connection. */
static bool
is_special(const char *name, size_t len)
{
	static const char *const words[] = { "transfer-encoding", "expect", "upgrade", "te",
		"trailer", "keep-alive", "proxy-connection", "http2-settings" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (is_word(name, len, words[i]))
			return true;
	return false;
}

static bool
is_host(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(" \t,/@\\?#", value[i]) != NULL)
			return false;
	return true;
}

static bool
read_length(const char *value, size_t len, size_t *out)
{
	*out = 0;
	if (len > LENGTH_DIGITS || value[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		*out = *out * 10 + (size_t)(value[i] - '0');
	}
	return true;
}

/* Is the header fine, and if it is one of ours, noted? */
static bool
note(const char *name, size_t name_len, const char *value, size_t len, struct facts *f,
    struct plain_request *out)
{
	if (is_word(name, name_len, "host")) {
		const bool first = !f->host;

		f->host = true;
		return first && is_host(value, len);
	}
	if (is_word(name, name_len, "content-length")) {
		const bool first = !f->length;

		f->length = true;
		return first && read_length(value, len, &out->body_len);
	}
	if (is_word(name, name_len, "connection"))
		return is_word(value, len, "keep-alive");
	return !is_special(name, name_len);
}

/* "name: value", up to its CR; NULL if it is not like that, else what follows CR LF. */
static const char *
read_header(
    const char *bytes, const char *at, const char *end, struct facts *f, struct plain_request *out)
{
	const size_t name_len = http_token_len(at, (size_t)(end - at));
	const char *const value = at + name_len + 2;
	const char *stop = value;

	if (name_len == 0 || value >= end || value[-2] != ':' || value[-1] != ' ' ||
	    out->nheaders == PLAIN_HEADERS_MAX)
		return NULL;
	while (stop < end && *stop >= ' ' && *stop <= '~')
		stop++;
	if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n' || stop == value ||
	    *value == ' ' || stop[-1] == ' ')
		return NULL;
	if (!note(at, name_len, value, (size_t)(stop - value), f, out))
		return NULL;
	out->headers[out->nheaders].name =
	    (struct plain_span){ (uint16_t)(at - bytes), (uint16_t)name_len };
	out->headers[out->nheaders++].value =
	    (struct plain_span){ (uint16_t)(value - bytes), (uint16_t)(stop - value) };
	return stop + 2;
}

/* The request line; NULL, or what follows it. */
static const char *
read_line(const char *bytes, const char *end, struct plain_request *out)
{
	static const char version[] = " HTTP/1.1\r\n";
	const size_t len = (size_t)(end - bytes);
	const size_t method = len > 5 && memcmp(bytes, "POST ", 5) == 0 ? 4
	    : len > 5 && memcmp(bytes, "GET ", 4) == 0                  ? 3
									: 0;
	const char *const target = bytes + method + 1;
	const char *at = target;

	if (method == 0 || *target != '/')
		return NULL;
	while (at<end && * at> ' ' && *at <= '~' && *at != '?' && *at != '#')
		at++;
	if ((size_t)(end - at) < sizeof(version) - 1 ||
	    memcmp(at, version, sizeof(version) - 1) != 0)
		return NULL;
	out->method = (struct plain_span){ 0, (uint16_t)method };
	out->target = (struct plain_span){ (uint16_t)(method + 1), (uint16_t)(at - target) };
	return at + sizeof(version) - 1;
}

bool
plain_request_parse(const char *bytes, size_t len, struct plain_request *out)
{
	const char *const end = bytes + len;
	struct facts f = { 0 };

	out->nheaders = 0;
	out->body_len = 0;
	if (len > PLAIN_REQUEST_MAX)
		return false;
	const char *at = read_line(bytes, end, out);
	while (at != NULL && end - at >= 2 && *at != '\r')
		at = read_header(bytes, at, end, &f, out);
	if (at == NULL || end - at < 2 || at[0] != '\r' || at[1] != '\n' || !f.host)
		return false;
	out->head_len = (size_t)(at + 2 - bytes);
	return f.length == (out->method.len == strlen("POST")) &&
	    len - out->head_len == out->body_len;
}
