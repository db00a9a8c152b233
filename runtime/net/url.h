/*
 * url.h - take http and https URLs apart, strictly.
 */
#ifndef JANUS_NET_URL_H
#define JANUS_NET_URL_H
#include <stdbool.h>
#include <stddef.h>
struct buf;
struct error;

struct url {
	bool tls;
	char host[256]; /* lower case; IPv6 without brackets */
	int port;
	char path[2048]; /* begins with '/', no trailing one unless it is the only byte; no query */
};

/** url_parse - http(s)://host[:port][/path] with nothing else: no userinfo, query or fragment. */
int url_parse(const char *text, struct url *out, struct error *);
/** url_endpoint_check - may somebody's endpoint be there?  INVALID for numeric addresses that are
 *  nobody's: link-local (cloud metadata), multicast, broadcast, unspecified.  Loopback may. */
int url_endpoint_check(const struct url *, struct error *);
/** url_encode - append text percent-encoded for a path segment or query value. */
void url_encode(struct buf *out, const char *text);
/** url_decode - percent-decode (plus stays plus); -1 on bad escapes or NUL. caller frees *out. */
int url_decode(const char *text, size_t len, char **out);
#endif
