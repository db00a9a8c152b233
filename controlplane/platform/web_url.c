/*
 * web_url.c - take apart, and put together for redirects.
 */
#include "controlplane/platform/web_url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define URL_MAX 8192

static int
parse_target(const char *text, char *out, size_t cap, struct error *err)
{
	const size_t len = strcspn(text, "#");
	const char *slash = text[0] == '/' ? "" : "/";

	if (len + 2 > cap)
		return error_set(err, ERROR_INVALID, "URL is longer than %zu bytes", cap);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f ||
		    text[i] == '\\')
			return error_set(
			    err, ERROR_INVALID, "URL has a byte that must be percent-encoded");
	snprintf(out, cap, "%s%.*s", slash, (int)len, text);
	return 0;
}

int
web_url_parse(const char *text, struct web_url *out, struct error *err)
{
	const char *begin = strstr(text, "://");
	struct web_url url;

	if (begin == NULL ||
	    (strncasecmp(text, "http://", 7) != 0 && strncasecmp(text, "https://", 8) != 0))
		return error_set(
		    err, ERROR_DENIED, "only http:// and https:// URLs can be asked for");
	const size_t head = (size_t)(begin - text) + 3 + strcspn(begin + 3, "/?#");
	_cleanup_free_ char *origin = str_ndup(text, head);
	if (url_parse(origin, &url.at, err) < 0 ||
	    parse_target(text + head, url.target, sizeof(url.target), err) < 0)
		return -1;
	*out = url;
	return 0;
}

int
web_authority_parse(const char *text, struct url *out, struct error *err)
{
	const char *colon = strrchr(text, ':');
	char url[300];

	if (colon == NULL || !isdigit((unsigned char)colon[1]) || strpbrk(text, "/?#@") != NULL ||
	    snprintf(url, sizeof(url), "http://%s", text) >= (int)sizeof(url))
		return error_set(err, ERROR_INVALID, "CONNECT needs host:port");
	return url_parse(url, out, err);
}

char *
web_url_text(const struct web_url *u)
{
	const bool v6 = strchr(u->at.host, ':') != NULL;
	char port[16] = "";

	if (u->at.port != (u->at.tls ? 443 : 80))
		snprintf(port, sizeof(port), ":%d", u->at.port);
	return str_printf("%s://%s%s%s%s%s", u->at.tls ? "https" : "http", v6 ? "[" : "",
	    u->at.host, v6 ? "]" : "", port, u->target);
}

int
web_url_follow(
    const struct web_url *from, const char *location, struct web_url *out, struct error *err)
{
	_cleanup_free_ char *base = web_url_text(from);
	CURLU *url = curl_url();
	char *text = NULL;
	int rc;

	if (strlen(location) < URL_MAX && url != NULL &&
	    curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK &&
	    curl_url_set(url, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK)
		rc = web_url_parse(text, out, err);
	else
		rc = error_set(err, ERROR_INVALID, "a location that is no URL");
	curl_free(text);
	curl_url_cleanup(url);
	return rc;
}
