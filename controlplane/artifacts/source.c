/*
 * source.c - http://127.0.0.1:8080/artifacts/plot.png
 */
#include "controlplane/artifacts/source.h"

#include <string.h>

#include "runtime/base/str.h"
#include "runtime/net/url.h"

#define PLATFORM_PORT 8600 /* in a pod: not the competitor's own, but our broker's */

static bool
is_plain(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (*p <= ' ' || (unsigned char)*p >= 0x7f || *p == '\\' || *p == '"')
			return false;
	return true;
}

/* Path and query, without the fragment, which is not sent. */
static bool
take_path(const char *from, struct source *out)
{
	const size_t len = strcspn(from, "#");

	if (len + 2 > sizeof(out->path))
		return false;
	if (*from != '/') { /* of "http://host" and "http://host?x" */
		out->path[0] = '/';
		memcpy(out->path + 1, from, len);
		out->path[len + 1] = '\0';
		return true;
	}
	memcpy(out->path, from, len);
	out->path[len] = '\0';
	return true;
}

static bool
is_loopback(const char *host)
{
	return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "localhost") == 0;
}

bool
source_parse(const char *url, const struct source_home *home, struct source *out)
{
	char origin[300];
	struct url u;

	if (!is_plain(url))
		return false;
	out->port = home->port;
	if (url[0] == '/' && url[1] != '/')
		return take_path(url, out);
	const char *slashes = strstr(url, "://");
	const char *rest = slashes != NULL ? slashes + 3 + strcspn(slashes + 3, "/?#") : url;
	if (slashes == NULL || (size_t)(rest - url) >= sizeof(origin))
		return false;
	str_copy(origin, (size_t)(rest - url) + 1, url);
	if (url_parse(origin, &u, NULL) < 0)
		return false;
	if (home->is_pod) {
		if (u.tls || !is_loopback(u.host) || u.port == PLATFORM_PORT)
			return false;
		out->port = u.port;
	} else if (u.tls != home->tls || strcmp(u.host, home->host) != 0 || u.port != home->port) {
		return false;
	}
	return take_path(rest, out);
}
