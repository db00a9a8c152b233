/*
 * origin.h - is a request really meant for us? Host and Origin of browsers that were led astray.
 *
 * Pure.
 */
#ifndef JANUS_GATEWAY_ORIGIN_H
#define JANUS_GATEWAY_ORIGIN_H
#include <stdbool.h>

/** host_accepted - a Host header that names loopback, the configured host, or one of public_hosts
 *  (names apart by blanks or commas, "*" for any; NULL: none), with any port.  Where the configured
 *  host is the unspecified address, any numeric address too: no name was led astray to it. */
bool host_accepted(const char *host, const char *listen_host, const char *public_hosts);
/** public_hosts_valid - is that a list of names, without ports? */
bool public_hosts_valid(const char *text);
/** origin_accepted - does an Origin header name the same host and port as the Host header? */
bool origin_accepted(const char *origin, const char *host);
#endif
