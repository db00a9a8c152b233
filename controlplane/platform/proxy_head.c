/*
 * proxy_head.c - read it line by line, write what is sent on.
 */
#include "controlplane/platform/proxy_head.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "controlplane/platform/web_url.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/http_head.h"

#define METHOD_MAX 15
#define HEADERS_MAX 100
#define BODY_MAX (1LL << 30)

struct parts {
	struct proxy_head *out;
	bool (*is_ours)(const char *, const void *);
	const void *arg;
	int hosts, lengths, ids;
	char host[300];
};

int
proxy_is_asked(const char *bytes, size_t len)
{
	static const char scheme[] = "http://";
	const char *space = memchr(bytes, ' ', len);
	const size_t method = space != NULL ? (size_t)(space - bytes) : len;

	if (method == 0 || method > METHOD_MAX || http_token_len(bytes, method) < method)
		return 0;
	if (space == NULL)
		return -1;
	if (method == 7 && memcmp(bytes, "CONNECT", 7) == 0)
		return 1;
	const size_t have = len - method - 1;
	const size_t want = sizeof(scheme) - 1;
	if (strncasecmp(space + 1, scheme, have < want ? have : want) != 0)
		return 0;
	return have >= want ? 1 : -1;
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcasecmp(name, *names) == 0)
			return true;
	return false;
}

/* Between us and the competitor alone, or ours to say. */
static bool
is_not_sent_on(const char *name)
{
	static const char *const names[] = { "connection", "proxy-connection", "keep-alive",
		"proxy-authorization", "proxy-authenticate", "te", "trailer", "upgrade", "host",
		"expect", "x-request-id", "http2-settings", "forwarded", "via", "x-forwarded-for",
		NULL };

	return is_one_of(name, names);
}

static int
on_header(struct parts *p, const char *name, const char *value, struct error *err)
{
	struct proxy_head *h = p->out;

	if (strcasecmp(name, "host") == 0) {
		p->hosts++;
		str_copy(p->host, sizeof(p->host), value);
	} else if (strcasecmp(name, "transfer-encoding") == 0) {
		return error_set(
		    err, ERROR_INVALID, "the proxy takes bodies with a content-length");
	} else if (strcasecmp(name, "content-length") == 0) {
		if (p->lengths++ > 0 || str_parse_int(value, 0, BODY_MAX, &h->body, err) < 0)
			return error_set(err, ERROR_INVALID, "content-length is not one number");
	} else if (strcasecmp(name, "x-request-id") == 0) {
		str_copy(h->request_id, sizeof(h->request_id), p->ids++ == 0 ? value : "");
	}
	if (h->is_connect || is_not_sent_on(name) ||
	    (strcasecmp(name, "authorization") == 0 && p->is_ours(value, p->arg)))
		return 0;
	buf_printf(&h->out, "%s: %s\r\n", name, value);
	return 0;
}

/* One line of a head, NUL-terminated. */
static int
on_line(struct parts *p, char *line, struct error *err)
{
	const size_t len = strlen(line), name = http_token_len(line, len);
	char *value;

	if (name == 0 || line[name] != ':')
		return error_set(err, ERROR_INVALID, "a header that is none");
	line[name] = '\0';
	value = line + name + 1;
	value += strspn(value, " \t");
	for (size_t n = strlen(value); n > 0 && strchr(" \t", value[n - 1]) != NULL; n--)
		value[n - 1] = '\0';
	for (const char *c = value; *c != '\0'; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return error_set(err, ERROR_INVALID, "a header with a control character");
	return on_header(p, line, value, err);
}

/* "GET http://host/path HTTP/1.1", NUL-terminated. */
static int
on_first_line(struct proxy_head *h, char *line, struct error *err)
{
	char *target = strchr(line, ' ');
	char *version = target != NULL ? strchr(target + 1, ' ') : NULL;

	if (version == NULL || target - line > METHOD_MAX ||
	    (strcmp(version, " HTTP/1.1") != 0 && strcmp(version, " HTTP/1.0") != 0))
		return error_set(err, ERROR_INVALID, "the request line is none");
	*target++ = *version = '\0';
	str_copy(h->method, sizeof(h->method), line);
	h->is_connect = strcmp(line, "CONNECT") == 0;
	if (h->is_connect)
		return web_authority_parse(target, &h->at, err);
	struct web_url url;
	if (web_url_parse(target, &url, err) < 0)
		return -1;
	if (url.at.tls)
		return error_set(err, ERROR_INVALID, "https goes through CONNECT");
	h->at = url.at;
	buf_printf(&h->out, "%s %s HTTP/1.1\r\nhost: %s%s%s", h->method, url.target,
	    strchr(h->at.host, ':') != NULL ? "[" : "", h->at.host,
	    strchr(h->at.host, ':') != NULL ? "]" : "");
	if (h->at.port != 80)
		buf_printf(&h->out, ":%d", h->at.port);
	buf_add_str(&h->out, "\r\nconnection: close\r\n");
	return 0;
}

/* The Host of a whole URL is that of the URL, or there are two opinions about where it goes. */
static int
check_host(const struct parts *p, struct error *err)
{
	const struct proxy_head *h = p->out;
	char url[320];
	struct url host;

	if (p->hosts > 1)
		return error_set(err, ERROR_INVALID, "there is more than one host");
	if (h->is_connect || p->hosts == 0)
		return 0;
	snprintf(url, sizeof(url), "http://%s", p->host);
	if (strpbrk(p->host, "/?#@") != NULL || url_parse(url, &host, err) < 0 ||
	    strcmp(host.host, h->at.host) != 0 || host.port != h->at.port)
		return error_set(err, ERROR_INVALID, "host is not that of the URL");
	return 0;
}

long
proxy_head_parse(const char *bytes, size_t len,
    bool (*is_ours)(const char *authorization, const void *arg), const void *arg,
    struct proxy_head *out, struct error *err)
{
	struct parts p = { .out = out, .is_ours = is_ours, .arg = arg };
	const char *end = memmem(bytes, len, "\r\n\r\n", 4);
	int lines = 0;

	*out = (struct proxy_head){ 0 };
	if (end == NULL && len < PROXY_HEAD_MAX)
		return 0;
	if (end == NULL || end - bytes > PROXY_HEAD_MAX)
		return error_set(err, ERROR_INVALID, "the head is too long");
	_cleanup_free_ char *head = str_ndup(bytes, (size_t)(end - bytes) + 2);
	if (strlen(head) != (size_t)(end - bytes) + 2)
		return error_set(err, ERROR_INVALID, "a head with a NUL");
	for (char *line = head, *stop; (stop = strstr(line, "\r\n")) != NULL; line = stop + 2) {
		*stop = '\0';
		if (strpbrk(line, "\r\n") != NULL || lines > HEADERS_MAX)
			return error_set(err, ERROR_INVALID, "a head whose lines are not clear");
		if ((lines++ == 0 ? on_first_line(out, line, err) : on_line(&p, line, err)) < 0)
			return -1;
	}
	if (check_host(&p, err) < 0)
		return -1;
	if (out->is_connect && out->body > 0)
		return error_set(err, ERROR_INVALID, "CONNECT has no body");
	if (!out->is_connect)
		buf_add_str(&out->out, "\r\n");
	return end + 4 - bytes;
}

void
proxy_head_done(struct proxy_head *h)
{
	buf_done(&h->out);
}
