/*
 * web_url.h - the URLs that competitors ask for, strictly.
 *
 * Pure.  ASCII, http or https, no user, no fragment (it is dropped), a host that only one resolver
 * could read; what follows the host is kept as it was written.
 */
#ifndef JANUS_PLATFORM_WEB_URL_H
#define JANUS_PLATFORM_WEB_URL_H
#include "runtime/net/url.h"

#define WEB_TARGET_MAX 4096

struct web_url {
	struct url at; /* scheme, host, port; not the path */
	char target[WEB_TARGET_MAX]; /* path and query, from '/' on */
};

/** web_url_parse - 0; or -1 with err: DENIED for another scheme, else INVALID. */
int web_url_parse(const char *text, struct web_url *, struct error *);
/** web_authority_parse - "host:port" of a CONNECT; the port must be there. */
int web_authority_parse(const char *text, struct url *, struct error *);
/** web_url_follow - where a redirect from `from` leads; as web_url_parse. */
int web_url_follow(
    const struct web_url *from, const char *location, struct web_url *, struct error *);
/** web_url_text - whole, the caller's; the port only where it is not the usual one. */
char *web_url_text(const struct web_url *);
#endif
