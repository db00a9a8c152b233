/*
 * chat_head.c - checks and texts.
 */
#include "controlplane/gateway/chat_head.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "controlplane/registry/routes.h"
#include "runtime/base/buf.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#ifndef JANUS_VERSION
#define JANUS_VERSION "0"
#endif

static const char *
skip_blank(const char *p)
{
	return p + strspn(p, " \t");
}

bool
content_type_accepted(const char *type)
{
	static const char json[] = "application/json", charset[] = "charset=";

	if (type == NULL)
		return true;
	type = skip_blank(type);
	if (strncasecmp(type, json, strlen(json)) != 0)
		return false;
	for (type = skip_blank(type + strlen(json)); *type == ';';) {
		type = skip_blank(type + 1);
		const size_t len = strcspn(type, "; \t");

		if (strncasecmp(type, charset, strlen(charset)) == 0) {
			const size_t value = len - strlen(charset);
			const char *at = type + strlen(charset);

			if (!(value == 5 && strncasecmp(at, "utf-8", 5) == 0) &&
			    !(value == 7 && strncasecmp(at, "\"utf-8\"", 7) == 0))
				return false;
		}
		type = skip_blank(type + len);
	}
	return *type == '\0';
}

static bool
hex_field(const char *text, size_t len)
{
	bool any = false;

	for (size_t i = 0; i < len; i++) {
		if ((text[i] < '0' || text[i] > '9') && (text[i] < 'a' || text[i] > 'f'))
			return false;
		any |= text[i] != '0';
	}
	return any;
}

bool
traceparent_valid(const char *text)
{
	return text != NULL && strlen(text) == TRACEPARENT_LEN && memcmp(text, "00-", 3) == 0 &&
	    hex_field(text + 3, 32) && text[35] == '-' && hex_field(text + 36, 16) &&
	    text[52] == '-' && strspn(text + 53, "0123456789abcdef") == 2;
}

void
traceparent_new(char *out)
{
	unsigned char bytes[24];
	char *p = out;

	hash_random(bytes, sizeof(bytes));
	bytes[0] |= 1; /* neither part may be all zero */
	bytes[16] |= 1;
	*p++ = '0';
	*p++ = '0';
	*p++ = '-';
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 16)
			*p++ = '-';
		*p++ = "0123456789abcdef"[bytes[i] >> 4];
		*p++ = "0123456789abcdef"[bytes[i] & 15];
	}
	memcpy(p, "-01", sizeof("-01"));
}

void
traceparent_set_span(char *traceparent, uint64_t span)
{
	char hex[17];

	snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)span);
	memcpy(traceparent + 36, hex, 16);
}

/* key=value, the value of visible bytes and inner spaces. */
static bool
trace_member_valid(const char *p, size_t len)
{
	const char *equals = memchr(p, '=', len);

	if (equals == NULL || equals == p || equals + 1 == p + len || equals - p > 256)
		return false;
	for (const char *k = p; k < equals; k++)
		if (*k == '\0' || strchr("abcdefghijklmnopqrstuvwxyz0123456789_-*/@", *k) == NULL)
			return false;
	for (const char *v = equals + 1; v < p + len; v++)
		if (*v < ' ' || *v > '~' || *v == '=')
			return false;
	return true;
}

bool
tracestate_valid(const char *text)
{
	unsigned members = 0;

	if (text == NULL || strlen(text) > TRACESTATE_MAX)
		return false;
	while (*text != '\0') {
		size_t len;

		text = skip_blank(text);
		const size_t whole = len = strcspn(text, ",");
		while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
			len--;
		if (len > 0 && (!trace_member_valid(text, len) || ++members > 32))
			return false;
		text += whole + (text[whole] == ',');
	}
	return members > 0;
}

void
chat_head_add(struct buf *out, const struct route_target *t, const struct forwarded *f)
{
	const struct url *url = &t->url;
	const bool v6 = strchr(url->host, ':') != NULL;

	buf_reserve(out, 500); /* most heads */
	if (t->is_pod) {
		buf_add_str(out, "POST ");
		buf_add_str(out, f->path);
		buf_add_str(out, " HTTP/1.1\r\nhost: 127.0.0.1:");
		buf_add_int(out, t->port);
	} else {
		buf_add_str(out, "POST ");
		buf_add_str(out, str_eq(url->path, "/") ? "" : url->path);
		buf_add_str(out, f->path);
		buf_add_str(out, " HTTP/1.1\r\nhost: ");
		buf_add_str(out, v6 ? "[" : "");
		buf_add_str(out, url->host);
		buf_add_str(out, v6 ? "]" : "");
		if (url->port != (url->tls ? 443 : 80)) {
			buf_add_char(out, ':');
			buf_add_int(out, url->port);
		}
	}
	buf_add_str(out, "\r\ncontent-type: application/json\r\ncontent-length: ");
	buf_add_int(out, (int64_t)f->content_length);
	buf_add_str(out,
	    "\r\naccept: text/event-stream, application/json\r\n"
	    "accept-encoding: identity\r\n"
	    "x-request-id: ");
	buf_add_str(out, f->request_id);
	buf_add_str(out, "\r\ntraceparent: ");
	buf_add_str(out, f->traceparent);
	buf_add_str(out, "\r\nuser-agent: janus/" JANUS_VERSION "\r\n");
	if (f->tracestate != NULL)
		buf_printf(out, "tracestate: %s\r\n", f->tracestate);
	buf_add_str(out, "\r\n");
}

void
upstream_details(struct buf *out, int status, const char *body, char *message, size_t cap)
{
	_cleanup_json_ cJSON *json = NULL;
	const char *text = body;
	size_t len;

	if (json_parse(body, strlen(body), &json, NULL) == 0) {
		const cJSON *error = json_get(json, "error");

		if (json_str(error, "message") != NULL)
			text = json_str(error, "message");
		else if (cJSON_IsString(error))
			text = error->valuestring;
		else if (json_str(json, "detail") != NULL)
			text = json_str(json, "detail");
	}
	_cleanup_buf_ struct buf clean = { 0 };
	for (const char *p = text; *p != '\0' && clean.len < 2048; p++)
		buf_add_char(&clean, (unsigned char)*p < ' ' || *p == 0x7f ? ' ' : *p);
	buf_printf(out, "[{\"upstream_status\":%d,\"upstream_message\":", status);
	json_add_quoted(out, buf_str(&clean), clean.len);
	buf_add_str(out, "}]");

	len = str_utf8_len(buf_str(&clean), clean.len < cap ? clean.len : cap - 1);
	memcpy(message, buf_str(&clean), len);
	message[len] = '\0';
}
