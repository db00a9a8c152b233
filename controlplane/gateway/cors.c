/*
 * cors.c - the list, and the headers.
 */
#include "controlplane/gateway/cors.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"
#include "runtime/net/url.h"

#define ORIGINS_MAX 64
#define ASKED_MAX_BYTES 2048 /* of access-control-request-headers */
#define TOKENS "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz, \t"
#define EXPOSED                                                                                  \
	"x-request-id, x-janus-competitor, x-janus-version-digest, x-janus-attempts, "           \
	"x-janus-queue-ms, x-janus-overhead-ms, openai-processing-ms, x-janus-stream-id, "       \
	"x-janus-budget-remaining-usd, x-ratelimit-limit-requests, "                             \
	"x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-ratelimit-limit-tokens, " \
	"x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens, ratelimit-policy, ratelimit, "  \
	"retry-after, retry-after-ms"

struct cors {
	bool any, credentials;
	char *origins[ORIGINS_MAX]; /* owned; as browsers write them */
	size_t len;
};

/* Lower case, without a port that goes without saying: what a browser sends is so already. */
static char *
read_origin(const char *text, size_t len, struct error *err)
{
	_cleanup_free_ char *origin = str_ndup(text, len);
	struct url url = { 0 };

	for (char *p = origin; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	const char *authority = strstr(origin, "://");
	if (authority == NULL || authority[3 + strcspn(authority + 3, "/?#@")] != '\0' ||
	    url_parse(origin, &url, NULL) < 0) {
		error_set(err, ERROR_INVALID,
		    "'%.80s' is no origin: write it as https://host or https://host:port", origin);
		return NULL;
	}
	const bool v6 = strchr(url.host, ':') != NULL;
	const char *scheme = url.tls ? "https" : "http";
	if (url.port == (url.tls ? 443 : 80))
		return str_printf("%s://%s%s%s", scheme, v6 ? "[" : "", url.host, v6 ? "]" : "");
	return str_printf(
	    "%s://%s%s%s:%d", scheme, v6 ? "[" : "", url.host, v6 ? "]" : "", url.port);
}

/* One word of the list. */
static int
add_origin(struct cors *c, const char *text, size_t len, struct error *err)
{
	if (len == 1 && *text == '*') {
		c->any = true;
		return 0;
	}
	if (c->len == ORIGINS_MAX)
		return error_set(err, ERROR_INVALID, "more than %d origins", ORIGINS_MAX);
	c->origins[c->len] = read_origin(text, len, err);
	return c->origins[c->len++] != NULL ? 0 : -1;
}

static int
read_list(struct cors *c, const char *text, struct error *err)
{
	for (size_t len;; text += len) {
		text += strspn(text, " ,\t");
		len = strcspn(text, " ,\t");
		if (len == 0)
			break;
		if (add_origin(c, text, len, err) < 0)
			return -1;
	}
	if (c->any && c->credentials)
		return error_set(err, ERROR_INVALID,
		    "'*' cannot go with credentials: name the origins that may use them");
	return 0;
}

struct cors *
cors_new(const char *origins, bool credentials, struct error *err)
{
	struct cors *c = mem_zalloc(sizeof(*c));

	c->credentials = credentials;
	if (read_list(c, origins, err) < 0) {
		cors_free(c);
		return NULL;
	}
	return c;
}

void
cors_free(struct cors *c)
{
	for (size_t i = 0; c != NULL && i < c->len; i++)
		free(c->origins[i]);
	free(c);
}

bool
cors_allows(const struct cors *c, const char *origin)
{
	if (c == NULL || origin == NULL)
		return false;
	for (size_t i = 0; i < c->len; i++)
		if (str_eq(c->origins[i], origin))
			return true;
	return c->any;
}

bool
cors_accepts(const struct cors *c, const struct http_request *req)
{
	return http_header_count(req, "origin") == 1 &&
	    cors_allows(c, http_header_get(req, "origin"));
}

/* The origin is trusted, so it gets what headers it asks for; SDKs have many of their own. */
static void
answer_preflight(struct http_request *req)
{
	const char *headers = http_header_get(req, "access-control-request-headers");

	http_always_add(
	    req, "access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
	if (headers != NULL && strlen(headers) <= ASKED_MAX_BYTES &&
	    headers[strspn(headers, TOKENS)] == '\0')
		http_always_add(req, "access-control-allow-headers", headers);
	http_always_add(req, "access-control-max-age", "600");
}

void
cors_answer(const struct cors *c, struct http_request *req)
{
	if (c == NULL || (c->len == 0 && !c->any) || req->is_unix)
		return;
	/* Also where no origin was sent: the next request for the same may come with one. */
	http_always_add(req, "vary", "origin");
	if (!cors_accepts(c, req))
		return;
	http_always_add(
	    req, "access-control-allow-origin", c->any ? "*" : http_header_get(req, "origin"));
	if (c->credentials)
		http_always_add(req, "access-control-allow-credentials", "true");
	http_always_add(req, "access-control-expose-headers", EXPOSED);
	if (str_eq(req->method, "OPTIONS") &&
	    http_header_get(req, "access-control-request-method") != NULL)
		answer_preflight(req);
}
