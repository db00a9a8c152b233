/*
 * probes.h - /livez, /readyz, /health and /metrics.
 */
#ifndef JANUS_GATEWAY_PROBES_H
#define JANUS_GATEWAY_PROBES_H
struct gateway;
struct http_request;

void probe_livez(struct gateway *, struct http_request *);
void probe_readyz(struct gateway *, struct http_request *);
void probe_health(struct gateway *, struct http_request *);
void probe_metrics(struct gateway *, struct http_request *);
#endif
