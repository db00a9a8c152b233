/*
 * metrics.c - relaxed counters, and the text that scrapers read.
 */
#include "runtime/base/metrics.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/buf.h"

const struct metric_buckets buckets_http = { 11,
	{ 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 } };
const struct metric_buckets buckets_chat = { 14,
	{ 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96,
	    81.92 } };
const struct metric_buckets buckets_ttft = { 16,
	{ 0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10 } };
const struct metric_buckets buckets_overhead = { 10,
	{ 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 5e-3, 0.01 } };

/* One thread writes, so the readers need no more than values that are not torn. */
static uint64_t
look(const _Atomic uint64_t *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

void
metric_add(metric_counter *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void
metric_observe_us(struct metric_histogram *h, const struct metric_buckets *buckets, uint64_t us)
{
	const double seconds = (double)us / 1e6;
	size_t i = 0;

	while (i < buckets->len && seconds > buckets->le[i])
		i++;
	metric_add(&h->bucket[i < buckets->len ? i : METRIC_BUCKETS_MAX], 1);
	metric_add(&h->sum_us, us);
}

void
metric_merge(struct metric_histogram *dst, const struct metric_histogram *src)
{
	for (size_t i = 0; i <= METRIC_BUCKETS_MAX; i++)
		metric_add(&dst->bucket[i], look(&src->bucket[i]));
	metric_add(&dst->sum_us, look(&src->sum_us));
}

void
metrics_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void
metrics_value(struct buf *out, const char *name, const char *labels, double value)
{
	const char *open = labels[0] != '\0' ? "{" : "", *close = labels[0] != '\0' ? "}" : "";

	buf_printf(out, "%s%s%s%s %.17g\n", name, open, labels, close, value);
}

void
metrics_histogram(struct buf *out, const char *name, const char *labels,
    const struct metric_buckets *buckets, const struct metric_histogram *h)
{
	const char *comma = labels[0] != '\0' ? "," : "";
	const char *open = labels[0] != '\0' ? "{" : "", *close = labels[0] != '\0' ? "}" : "";
	uint64_t total = 0;

	for (size_t i = 0; i < buckets->len; i++) {
		total += look(&h->bucket[i]);
		buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma,
		    buckets->le[i], (unsigned long long)total);
	}
	total += look(&h->bucket[METRIC_BUCKETS_MAX]);
	buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma,
	    (unsigned long long)total);
	buf_printf(
	    out, "%s_sum%s%s%s %.6f\n", name, open, labels, close, (double)look(&h->sum_us) / 1e6);
	buf_printf(
	    out, "%s_count%s%s%s %llu\n", name, open, labels, close, (unsigned long long)total);
}

void
metrics_label(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buf_add_str(out, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_printf(out, "\\%c", *value);
		else
			buf_add_char(out, *value);
	}
	buf_add_char(out, '"');
}

/* "# TYPE x_total counter" names the family x, and "# HELP x_total ..." before it as well. */
void
metrics_open(struct buf *out, const char *text)
{
	static const char counter[] = " counter";
	const char *help = NULL; /* a line that waits for its TYPE */

	for (size_t len; *text != '\0'; text += len) {
		len = strcspn(text, "\n");
		const char *name = text + 7, *end = name + strcspn(name, " ");
		len += text[len] == '\n';
		if (strncmp(text, "# HELP ", 7) == 0) {
			help = text;
			continue;
		}
		if (strncmp(text, "# TYPE ", 7) != 0) {
			buf_add(out, text, len);
			continue;
		}
		const bool cut = strncmp(end, counter, sizeof(counter) - 1) == 0 &&
		    end - name > 6 && strncmp(end - 6, "_total", 6) == 0;
		const int family = (int)(end - name) - (cut ? 6 : 0);
		buf_printf(
		    out, "# TYPE %.*s%.*s", family, name, (int)(len - (size_t)(end - text)), end);
		if (help != NULL) {
			const char *words = help + 7 + (end - name);

			buf_printf(out, "# HELP %.*s%.*s\n", family, name,
			    (int)strcspn(words, "\n"), words);
		}
		help = NULL;
	}
	buf_add_str(out, "# EOF\n");
}
