/*
 * probes.c - is it alive, is it ready, how is it, and the numbers.
 */
#include "controlplane/gateway/probes.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/core.h"
#include "controlplane/registry/routes.h"
#include "controlplane/registry/traffic.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/str.h"
#include "runtime/net/http_server.h"

#ifndef JANUS_VERSION
#define JANUS_VERSION "0"
#endif

void
probe_livez(struct gateway *gw, struct http_request *req)
{
	answer(gw, req, GATEWAY_LIVEZ, 200, "text/plain; charset=utf-8", NULL, "ok\n", 3);
}

/* How many competitors answer, or wake when they are asked. */
static size_t
count_ready(const struct gateway *gw)
{
	size_t ready = 0;

	for (size_t i = 0; i < gw->routes->len; i++)
		ready += gw->routes->at[i].ntargets > 0 || gw->routes->at[i].wakes;
	return ready;
}

/* Adds "checks":{...}; returns whether chats can be served. */
static bool
add_checks(struct gateway *gw, struct buf *out)
{
	const size_t ready = count_ready(gw);
	bool good = true;

	buf_add_str(out, "\"checks\":{");
	const size_t empty = out->len;
	if (gw->hooks->health != NULL)
		good = gw->hooks->health(out, gw->arg);
	buf_printf(out, "%s\"routes\":{\"ok\":%s,\"detail\":\"%zu of %zu competitors ready\"}}",
	    out->len > empty ? "," : "", ready > 0 ? "true" : "false", ready, gw->routes->len);
	return good && ready > 0;
}

void
probe_readyz(struct gateway *gw, struct http_request *req)
{
	_cleanup_buf_ struct buf checks = { 0 };
	_cleanup_buf_ struct buf out = { 0 };
	const bool good = add_checks(gw, &checks);
	const char *status = gw->draining ? "draining" : good ? "ready" : "not_ready";

	buf_printf(&out, "{\"status\":\"%s\",%s}\n", status, checks.data);
	answer(gw, req, GATEWAY_READYZ, good && !gw->draining ? 200 : 503, "application/json", NULL,
	    out.data, out.len);
}

void
probe_health(struct gateway *gw, struct http_request *req)
{
	_cleanup_buf_ struct buf checks = { 0 };
	_cleanup_buf_ struct buf out = { 0 };
	const bool good = add_checks(gw, &checks);

	buf_printf(&out,
	    "{\"status\":\"%s\",\"version\":\"" JANUS_VERSION "\",\"uptime_seconds\":%lld,%s}\n",
	    good && !gw->draining ? "ok" : "degraded",
	    (long long)(clock_now_ms() - gw->started_ms) / 1000, checks.data);
	answer(gw, req, GATEWAY_HEALTH, 200, "application/json", NULL, out.data, out.len);
}

/* What the queues and breakers are like now.  All instances of a competitor share one of each. */
static void
traffic_text(const struct gateway *gw, struct buf *out)
{
	_cleanup_free_ struct traffic_view *views =
	    mem_zalloc((gw->routes->len + 1) * sizeof(*views));
	_cleanup_buf_ struct buf labels = { 0 };

	for (size_t i = 0; i < gw->routes->len; i++)
		traffic_look(route_traffic(&gw->routes->at[i]), loop_now_ms(gw->loop), &views[i]);
	metrics_head(out, "janus_queue_depth", "gauge", "Chats that wait for a free slot.");
	for (size_t i = 0; i < gw->routes->len && i < COUNTED_COMPETITORS; i++)
		for (unsigned class = 0; class < FAIR_CLASS_COUNT; class ++) {
			buf_clear(&labels);
			metrics_label(&labels, "competitor", gw->routes->at[i].slug);
			buf_printf(&labels, ",class=\"%s\"", fair_class_name(class));
			metrics_value(out, "janus_queue_depth", buf_str(&labels),
			    (double)views[i].depth[class]);
		}
	metrics_head(out, "janus_routes_ready", "gauge",
	    "Competitors that answer, or wake when they are asked.");
	metrics_value(out, "janus_routes_ready", "", (double)count_ready(gw));
	metrics_head(out, "janus_breaker_state", "gauge", "0 closed, 1 half-open, 2 open.");
	for (size_t i = 0; i < gw->routes->len && i < COUNTED_COMPETITORS; i++) {
		buf_clear(&labels);
		metrics_label(&labels, "competitor", gw->routes->at[i].slug);
		metrics_value(
		    out, "janus_breaker_state", buf_str(&labels), (double)views[i].breaker);
	}
}

void
probe_metrics(struct gateway *gw, struct http_request *req)
{
	_cleanup_free_ const struct counters **all = mem_zalloc((gw->npeers + 1) * sizeof(*all));
	_cleanup_buf_ struct buf out = { 0 };
	_cleanup_buf_ struct buf open = { 0 };
	const char *accept = http_header_get(req, "accept");

	for (unsigned i = 0; i < gw->npeers; i++)
		all[i] = &gw->peers[i]->counters;
	counters_text(&out, all, gw->npeers, gw->hooks, gw->arg);
	traffic_text(gw, &out);
	process_metrics(&out);
	if (gw->hooks->metrics != NULL)
		gw->hooks->metrics(&out, gw->arg);
	if (accept == NULL || strstr(accept, "application/openmetrics-text") == NULL) {
		answer(gw, req, GATEWAY_METRICS, 200, "text/plain; version=0.0.4; charset=utf-8",
		    NULL, out.data, out.len);
		return;
	}
	metrics_open(&open, buf_str(&out));
	answer(gw, req, GATEWAY_METRICS, 200,
	    "application/openmetrics-text; version=1.0.0; charset=utf-8", NULL, open.data,
	    open.len);
}
