/*
 * elsewhere.h - a request that only another janusd can answer: the one before us, which still has the stream.
 *
 * It is sent there as it came, with whose key it was, over a socket that goes there alone, and what comes
 * back is the answer.
 */
#ifndef JANUS_GATEWAY_ELSEWHERE_H
#define JANUS_GATEWAY_ELSEWHERE_H
#include <stdbool.h>
struct gateway;
struct http_request;

/** elsewhere_ask - true: the request is answered by another, and not ours any more. */
bool elsewhere_ask(struct gateway *, struct http_request *);
/** elsewhere_abandon_all - the gateway goes away. */
void elsewhere_abandon_all(struct gateway *);
#endif
