/*
 * counts.c - how often each route of the control API was answered, and with what.
 *
 * Any loop counts, any reads.
 */
#include <string.h>

#include "controlplane/api/handlers.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"

static const int statuses[API_STATUSES] = { 200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409,
	412, 413, 415, 422, 428, 429, 500, 502, 503, 0 };

void
api_count(struct api *api, size_t route, int status, int64_t duration_us)
{
	size_t s = 0;

	while (s < API_STATUSES - 1 && statuses[s] != status)
		s++;
	metric_add(&api->http[route][s], 1);
	metric_observe_us(
	    &api->durations[route][s], &buckets_http, duration_us > 0 ? (uint64_t)duration_us : 0);
}

void
api_counts_text(const struct api *api, size_t route, const char *path, const char *method,
    enum gateway_metric which, struct buf *out)
{
	_cleanup_buf_ struct buf labels = { 0 };

	for (size_t s = 0; s < API_STATUSES; s++) {
		const uint64_t n = api->http[route][s];

		if (n == 0 && (s != 0 || path == NULL)) /* the usual answer begins at zero */
			continue;
		buf_clear(&labels);
		buf_add_str(&labels, "surface=\"api\",");
		metrics_label(&labels, "route", path != NULL ? path : "none");
		buf_printf(&labels, ",method=\"%s\",code=\"%d\"", method, statuses[s]);
		if (which == GATEWAY_HTTP_REQUESTS)
			metrics_value(out, "janus_http_requests_total", labels.data, (double)n);
		else
			metrics_histogram(out, "janus_http_request_duration_seconds", labels.data,
			    &buckets_http, &api->durations[route][s]);
	}
}
