/*
 * metrics.c - Prometheus text.
 */
#include "controlplane/artifacts/metrics.h"

#include "controlplane/artifacts/index.h"
#include "runtime/base/buf.h"
#include "runtime/base/metrics.h"

#define COMPETITORS_MAX 200 /* then "other" */

void
artifacts_counts_served(struct artifacts_counts *c, int status, uint64_t bytes)
{
	c->downloads[status >= 100 && status < 600 ? status / 100 : 5]++;
	c->sent_bytes += bytes;
}

static void
add_result(struct buf *out, const char *competitor, const char *result, uint64_t n)
{
	_cleanup_buf_ struct buf labels = { 0 };

	metrics_label(&labels, "competitor", competitor);
	buf_add_char(&labels, ',');
	metrics_label(&labels, "result", result);
	metrics_value(out, "janus_artifacts_ingested_total", buf_str(&labels), (double)n);
}

static void
add_ingested(const struct index *x, struct buf *out)
{
	uint64_t others[ARTIFACT_REASON_COUNT] = { 0 };
	size_t at = 0, n = 0;
	const char *name;
	void *value;

	metrics_head(out, "janus_artifacts_ingested_total", "counter",
	    "Artifacts that competitors announced, by what became of them.");
	while (map_next(&x->tallies, &at, &name, &value)) {
		const struct tally *t = value;
		const bool named = t->is_competitor && n++ < COMPETITORS_MAX;

		for (int i = 0; i < ARTIFACT_REASON_COUNT && t->is_competitor; i++)
			if (!named)
				others[i] += t->counts[i];
			else if (t->counts[i] > 0 || i == ARTIFACT_NONE)
				add_result(out, name,
				    i == ARTIFACT_NONE
					? "stored"
					: artifact_reason_word((enum artifact_reason)i),
				    t->counts[i]);
	}
	for (int i = 0; i < ARTIFACT_REASON_COUNT; i++)
		if (others[i] > 0)
			add_result(out, "other",
			    i == ARTIFACT_NONE ? "stored"
					       : artifact_reason_word((enum artifact_reason)i),
			    others[i]);
}

void
artifacts_counts_text(const struct artifacts_counts *c, const struct index *x, struct buf *out)
{
	metrics_head(
	    out, "janus_artifacts", "gauge", "Artifacts and uploaded files that are kept.");
	metrics_value(out, "janus_artifacts", "kind=\"artifact\"", (double)(x->count - x->uploads));
	metrics_value(out, "janus_artifacts", "kind=\"file\"", (double)x->uploads);
	metrics_head(out, "janus_artifacts_size_bytes", "gauge",
	    "What they take on the disk, the same bytes counted once.");
	metrics_value(out, "janus_artifacts_size_bytes", "", (double)x->blob_bytes);
	add_ingested(x, out);
	metrics_head(out, "janus_artifacts_collected_total", "counter",
	    "Blobs that were removed because nothing named them any more.");
	metrics_value(out, "janus_artifacts_collected_total", "", (double)c->collected);
	metrics_head(out, "janus_artifacts_downloads_total", "counter",
	    "Requests for artifacts and files, by the class of their status.");
	for (int i = 2; i < 6; i++) {
		char label[] = "status=\"0xx\"";

		label[8] = (char)('0' + i);
		metrics_value(
		    out, "janus_artifacts_downloads_total", label, (double)c->downloads[i]);
	}
	metrics_head(
	    out, "janus_artifacts_sent_bytes_total", "counter", "Their bytes that went out.");
	metrics_value(out, "janus_artifacts_sent_bytes_total", "", (double)c->sent_bytes);
}
