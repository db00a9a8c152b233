/*
 * plain_request.h - is that one whole HTTP/1.1 request, and as plain as most are?
 *
 * Pure.  Accepts only what every reader must understand alike; whatever is unusual, allowed or not, is
 * for the full parser to judge: a query, another method than GET and POST, a body in chunks, a value
 * with odd blanks or bytes over 0x7e, a framing or connection header beside content-length and
 * keep-alive, more requests than one, less than one.
 */
#ifndef JANUS_NET_PLAIN_REQUEST_H
#define JANUS_NET_PLAIN_REQUEST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAIN_REQUEST_MAX 16384
#define PLAIN_HEADERS_MAX 40

struct plain_span {
	uint16_t at, len;
};
struct plain_request {
	struct plain_span method, target;
	struct {
		struct plain_span name, value;
	} headers[PLAIN_HEADERS_MAX];
	unsigned nheaders;
	size_t head_len, body_len; /* all bytes that were given */
};

/** plain_request_parse - see above; out is of use only if it returns true. */
bool plain_request_parse(const char *bytes, size_t len, struct plain_request *out);
#endif
