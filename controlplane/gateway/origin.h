/*
 * origin.h - is a request really meant for us? Host and Origin of browsers that were led astray.
 *
 * Pure.
 */
#ifndef JANUS_GATEWAY_ORIGIN_H
#define JANUS_GATEWAY_ORIGIN_H
#include <stdbool.h>

/** host_accepted - a Host header that names loopback or the configured host, with any port. */
bool host_accepted(const char *host, const char *listen_host);
/** origin_accepted - does an Origin header name the same host and port as the Host header? */
bool origin_accepted(const char *origin, const char *host);
#endif
